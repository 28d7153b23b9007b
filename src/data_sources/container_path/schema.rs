//! What users type and see of `huaweivpc_container_path`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{ServerId, VpcId},
    framework::{
        Attribute, Default, Kind, Nesting, Schema,
        schema::{attribute, boolean, number, string},
    },
    network::{Address, Cidr, path::Version},
};

pub(super) const SCHEMA: Schema = Schema {
    version: 0,
    about: "Tells whether one container reaches another, and why not, hop by hop.\n\nThe route tables, the source/destination checks \
            and the security groups are read; what the servers do with the packets follows from what you say about them in `hosts`. \
            What nobody knows is tried every way, and only where it makes a difference the verdict is `undetermined`. No packet is \
            sent: the guide `is-it-reachable` tells what was measured and what is inferred. IPv4 only; network ACLs are not read.",
    key: &[],
    attributes: &[
        string("vpc_id", "The VPC of the servers.").of::<VpcId>(),
        attribute("from", Kind::Nested(Nesting::Single, END), "Who calls."),
        attribute("to", Kind::Nested(Nesting::Single, END), "Who is called."),
        string("protocol", "`icmp` for `ping` and a traceroute with ICMP, `udp` for a traceroute as it comes, or `tcp`. Defaults to `icmp`.")
            .default(Default::Str("icmp"))
            .of::<Means>(),
        number("port", "The port that is called, on which somebody listens. Needed for `tcp`; for `udp` it defaults to those of a traceroute.")
            .optional()
            .of::<PortNumber>(),
        attribute("hosts", Kind::Nested(Nesting::Map, FACTS), "What is known about the servers, by the private IP address or the id of each.")
            .optional(),
        string("verdict", "Of `forward`: `reachable` where the request arrives and its answer comes back, `unreachable`, or `undetermined`.")
            .computed(),
        attribute("forward", Kind::Nested(Nesting::Single, DIRECTION), "What becomes of a call of `to` by `from`.")
            .computed(),
        attribute("return", Kind::Nested(Nesting::Single, DIRECTION), "What becomes of a call of `from` by `to`; null where `to` is no server's.")
            .computed(),
        attribute("missing_facts", Kind::List(&Kind::String), "What would have to be known to say more, in either direction, such as `hosts[\"192.168.0.3\"].engine_version`.")
            .computed(),
    ],
    blocks: &[],
    timeouts: None,
};

const END: &[Attribute] = &[
    string("ecs_id", "The server, by its id.").optional().of::<ServerId>(),
    string("host_ip", "The server that owns this private IP address in the VPC.").optional().of::<Ipv4>(),
    string(
        "container_ip",
        "The container. Without it, the server itself is meant; without a server, the one that a route leads to.",
    )
    .optional()
    .of::<Ipv4>(),
    string(
        "container_cidr",
        "The range of the server's containers. Defaults to that of the route that leads to the server, or else to the /24 around \
         `container_ip`.",
    )
    .optional()
    .of::<Cidr>(),
];

const FACTS: &[Attribute] = &[
    string("engine", "`docker`, which is assumed, or `podman`.").optional().of::<EngineName>(),
    string("engine_version", "What `docker version` tells of the server, such as `28.5.2`.")
        .optional()
        .of::<WrittenVersion>(),
    string("firewall_backend", "`iptables`, which is assumed, or `nftables`, which Docker 29 can be set to.")
        .optional()
        .of::<Backend>(),
    string(
        "gateway_mode",
        "The `gateway_mode_ipv4` that the containers' network was made with: `nat` (Docker's default), `nat-unprotected` or `routed`.",
    )
    .optional()
    .of::<Mode>(),
    boolean(
        "masquerade",
        "Whether what containers send to containers of other servers carries the server's address. Docker does that unless it is told \
         otherwise.",
    )
    .optional(),
    boolean("forwarding", "Whether `net.ipv4.ip_forward` is 1.").optional(),
    string(
        "forward_policy",
        "The policy of the chain FORWARD, `accept` or `drop`. Docker sets `drop` where it has switched forwarding on itself.",
    )
    .optional()
    .of::<ForwardPolicy>(),
    attribute(
        "admitted_cidrs",
        Kind::List(&Kind::String),
        "Sources that a rule in `DOCKER-USER` lets through to the containers. Defaults to none.",
    )
    .optional()
    .of::<Cidr>(),
    boolean(
        "direct_routing",
        "Whether `allow-direct-routing` or `trusted_host_interfaces` is set. Defaults to false.",
    )
    .optional(),
    attribute(
        "published_ports",
        Kind::List(&Kind::Number),
        "The TCP ports of the container that are published.",
    )
    .optional()
    .of::<PortNumber>(),
];

const DIRECTION: &[Attribute] = &[
    string("verdict", "`reachable`, `unreachable` or `undetermined`.").computed(),
    string("reason", "Why not, by a name that never changes its meaning; null where it is reachable.").computed(),
    string("message", "The same in words, with the addresses; empty where it is reachable.").computed(),
    string("fix", "What to change: the resource and the argument, or what to do on which server.").computed(),
    attribute(
        "traceroute",
        Kind::List(&Kind::String),
        "What a traceroute shows, line by line. The last `*` stands for all that follow; where it depends on what is not known, a line \
         names what it may be.",
    )
    .computed(),
    number("ttl", "What `ping` shows of an answer; null where none comes, or where it depends.").computed(),
    string("source_seen", "The source that the receiver sees; null where nothing arrives, or where it depends.").computed(),
    attribute(
        "steps",
        Kind::Nested(Nesting::List, STEP),
        "Every decision about the packet and its answer, in their order; where it depends, in the most favourable case.",
    )
    .computed(),
    attribute("missing_facts", Kind::List(&Kind::String), "What would have to be known to say more.").computed(),
];

const STEP: &[Attribute] = &[
    string("way", "`request` or `answer`.").computed(),
    string("where", "The server, its interface or the route table.").computed(),
    string(
        "stage",
        "`forwarding`, `forward`, `source_nat`, `destination_nat`, `source_check`, `routing`, `destination_check`, `group_egress`, \
         `group_ingress`, `arrival` or `delivery`.",
    )
    .computed(),
    string("decided_by", "The route, rule, pair or setting that decided, with its id.").computed(),
    boolean("passes", "Whether it goes on from here.").computed(),
    string("source_before", "The source of the packet before.").computed(),
    string("source_after", "The source of the packet afterwards.").computed(),
];

/// A text that is one of a few words.
macro_rules! words {
    ($about:literal $name:ident { $($member:ident $word:literal),* }) => {
        #[doc = $about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) enum $name { $(#[serde(rename = $word)] $member,)* }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($name::$member),)*
                    _ => {
                        let words = crate::framework::quoted(&[$($word),*]);
                        Err(format!("`{text}` is none of the words. Write {}.", crate::framework::one_of(&words)))
                    }
                }
            }
        }
    };
}

words! { "How one end calls the other." Means { Icmp "icmp", Udp "udp", Tcp "tcp" } }
words! { "What runs the containers." EngineName { Docker "docker", Podman "podman" } }
words! { "What the engine writes its rules with." Backend { Iptables "iptables", Nftables "nftables" } }
words! { "How a network lets others in." Mode { Nat "nat", NatUnprotected "nat-unprotected", Routed "routed" } }
words! { "What FORWARD does with what no rule is about." ForwardPolicy { Accept "accept", Drop "drop" } }

/// A version as the user wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct WrittenVersion {
    text: String,
    pub(super) version: Version,
}

impl FromStr for WrittenVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), version: text.parse()? })
    }
}

impl TryFrom<String> for WrittenVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<WrittenVersion> for String {
    fn from(written: WrittenVersion) -> Self {
        written.text
    }
}

/// An address of the family that was measured.
struct Ipv4;

impl FromStr for Ipv4 {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address: Address =
            text.parse().map_err(|error: crate::network::InvalidAddress| error.to_string())?;
        match std::net::IpAddr::from(address) {
            std::net::IpAddr::V4(_) => Ok(Ipv4),
            std::net::IpAddr::V6(_) => Err(format!(
                "`{text}` is an IPv6 address. What servers do with IPv6 was not measured; write an IPv4 address."
            )),
        }
    }
}

/// A port of TCP or UDP.
struct PortNumber;

impl FromStr for PortNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u16>() {
            Ok(1..) => Ok(PortNumber),
            _ => Err(format!("`{text}` is not a port. Write a whole number from 1 to 65535.")),
        }
    }
}
