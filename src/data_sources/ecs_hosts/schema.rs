//! What users type and see of `huaweivpc_ecs_hosts`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{ServerId, SubnetId, VpcId},
    framework::{
        Attribute, Default, Kind, Nesting, Schema,
        schema::{attribute, boolean, string},
    },
};

pub(super) const SCHEMA: Schema = Schema {
    version: 0,
    about: "Looks up servers with their private addresses, network interfaces and source checks, made for `for_each`.\n\n\
            A server has to be as every argument asks. Each of `ids` and `names` has to be found; `tags`, `subnet_id` and \
            `vpc_id` may find nothing. Many servers cost no more calls than a few.",
    key: &[],
    attributes: &[
        attribute("ids", Kind::Set(&Kind::String), "The servers, by their ids. At least one of `ids`, `names`, `tags`, `subnet_id` \
                and `vpc_id` is needed.")
            .optional()
            .of::<ServerId>(),
        attribute("names", Kind::Set(&Kind::String), "The servers, by their exact names.").optional(),
        attribute("tags", Kind::Map(&Kind::String), "Servers with all of these tags, by key.").optional(),
        string("subnet_id", "Servers with a network interface in this subnet.").optional().of::<SubnetId>(),
        string("vpc_id", "Servers of this VPC.").optional().of::<VpcId>(),
        string("key_by", "What `hosts` is keyed by: `name`, where no two servers may have the same, or `id`. Defaults to `name`.")
            .default(Default::Str("name"))
            .of::<KeyBy>(),
        attribute("hosts", Kind::Nested(Nesting::Map, HOST), "The servers that were found.").computed(),
    ],
    blocks: &[],
    timeouts: None,
};

const HOST: &[Attribute] = &[
    string("ecs_id", "The server.").computed(),
    string("name", "Its name.").computed(),
    string("status", "`ACTIVE`, `SHUTOFF`, `BUILD`, `ERROR` or another state.").computed(),
    string("vpc_id", "Its VPC.").computed(),
    string(
        "subnet_id",
        "The subnet of its primary network interface; where `subnet_id` is given, that subnet.",
    )
    .computed(),
    string("port_id", "Its network interface in that subnet, the primary one if that is there.")
        .computed(),
    string("host_ip", "The first private address of that interface.").computed(),
    boolean(
        "source_check_enabled",
        "Whether that interface has its source/destination check on, when this is read: not something to make \
         resources depend on, because they change it.",
    )
    .computed(),
    attribute(
        "private_ips",
        Kind::List(&Kind::String),
        "All private addresses, those of the primary interface first.",
    )
    .computed(),
    attribute(
        "nics",
        Kind::Nested(Nesting::List, NIC),
        "All network interfaces, the primary one first.",
    )
    .computed(),
    string("availability_zone", "Its zone.").computed(),
    attribute("tags", Kind::Map(&Kind::String), "Its tags, by key.").computed(),
];

const NIC: &[Attribute] = &[
    string("port_id", "The network interface.").computed(),
    string("subnet_id", "Its subnet.").computed(),
    attribute("private_ips", Kind::List(&Kind::String), "Its private addresses.").computed(),
    boolean("primary", "Whether it is the one that a route to the server leads to.").computed(),
    boolean(
        "source_check_enabled",
        "Whether its source/destination check is on; null where the port is hidden from you.",
    )
    .computed(),
    string("mac_address", "Its MAC address; null where the port is hidden from you.").computed(),
    attribute("security_group_ids", Kind::List(&Kind::String), "Its security groups.").computed(),
];

/// What tells the hosts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KeyBy {
    Name,
    Id,
}

impl FromStr for KeyBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "name" => Ok(Self::Name),
            "id" => Ok(Self::Id),
            other => Err(format!("`{other}` is none of the keys. Write `name` or `id`.")),
        }
    }
}
