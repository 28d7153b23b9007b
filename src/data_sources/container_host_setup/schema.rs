//! What users type and see of `huaweivpc_container_host_setup`.

use crate::{
    framework::{
        Default, Kind, Schema,
        schema::{attribute, number, string},
    },
    network::host_setup::{
        BridgeName, Engine, HostRange, Mtu, NetworkName, Release, Source, TrafficRange,
    },
};

pub(super) const SCHEMA: Schema = Schema {
    version: 0,
    about: "Writes what a server has to run so that its containers and those of other servers reach each other.\n\nAsks \
            no cloud: the texts follow from the arguments. The script decides on the server what its engine needs, so one \
            text serves Docker 20.10 to 29, with either of its kinds of rules, and Podman. It sets up forwarding, keeps the \
            address of a container towards containers of other servers, leaves the way to the Internet as it is, lets no \
            packet circle while the bridge is missing, and makes the network. It touches nothing else, holds when the \
            engine or the server starts again, and can be run as often as you like. The guide `prepare-servers` tells why \
            each part is needed and how to do it by hand.",
    key: &[],
    attributes: &[
        string("container_cidr", "The range of the containers on this server. IPv4.")
            .of::<HostRange>(),
        attribute("peer_cidrs", Kind::List(&Kind::String), "The ranges of the containers on other servers. The list of all servers' ranges serves as well, and so does a range that holds them all: with such a one, `user_data` does not change when a server joins.")
            .of::<TrafficRange>(),
        attribute("vpc_cidrs", Kind::List(&Kind::String), "The ranges of the VPC. What the servers themselves send to containers comes from there.")
            .of::<TrafficRange>(),
        string("network_name", "The containers' network. Defaults to `my-net`.")
            .default(Default::Str("my-net"))
            .of::<NetworkName>(),
        string("bridge_name", "The interface that Docker makes for the network. Podman names it itself. Defaults to `br-hwvpc`.")
            .default(Default::Str("br-hwvpc"))
            .of::<BridgeName>(),
        number("mtu", "The longest packet of containers, in bytes. Defaults to that of the server's network interface, as the server finds it.")
            .optional()
            .of::<Mtu>(),
        string("source", "Whose address containers of other servers see: that of the container (`kept`), or of its server (`host`), as engines do it by themselves. Defaults to `kept`.")
            .default(Default::Str("kept"))
            .of::<Source>(),
        string("engine", "`docker` or `podman`. Defaults to what is found on the server.")
            .optional()
            .of::<Engine>(),
        string("engine_version", "The engine's version, such as `28.5.2`, for `docker_network_create` and for where the engine cannot be asked. What an engine says of itself counts more, so the script outlives its upgrade.")
            .optional()
            .of::<Release>(),
        string("script", "A program for the POSIX shell, for `/etc/huaweivpc/host`: `apply` sets everything up, `check` says what is not as it has to be and which command repairs it, `boot` is for the start of the server, `undo` takes everything away.")
            .computed(),
        string("user_data", "The same for cloud-init, which runs it when a server starts for the first time. The cloud takes 32 KiB; above that there is a warning.")
            .computed(),
        string("unit", "The systemd unit that `script` installs.").computed(),
        string("docker_network_create", "The command that makes the network by hand. `script` makes it too.")
            .computed(),
    ],
    blocks: &[],
    timeouts: None,
};
