//! What users type and see of `huaweivpc_container_cidr_plan`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    cloud::{RouteTableId, ServerId, VpcId},
    framework::{
        Attribute, Default, Kind, Nesting, Schema,
        schema::{attribute, boolean, number, string},
    },
    network::{Address, Cidr, InvalidCidr},
};

pub(super) const SCHEMA: Schema = Schema {
    version: 0,
    about: "Validates who hosts which container range before anything is touched.\n\nEvery finding is reported at once: the \
            addresses against each other, the VPC, its subnets and the system's ranges; the servers; what the route tables \
            hold; the quota. Those that break the plan are errors, those that work today are warnings, and those that \
            the resources make go when they are applied stand in `findings` only. The guide `findings` tells what each \
            code means, with an example, and what is read: each list once, however many hosts there are.",
    key: &[],
        attributes: &[
            string("vpc_id", "The VPC of the servers.").of::<VpcId>(),
            attribute("hosts", Kind::Nested(Nesting::Map, HOST), "Who hosts which range, by a name of your choice."),
            string("route_table_id", "The route table that gets the routes. Defaults, for each host, to the table of its subnet.")
                .optional()
                .of::<RouteTableId>(),
            attribute("reserved_cidrs", Kind::List(&Kind::String), "Ranges that must stay reachable elsewhere: on-premises networks, peers, services.")
                .optional()
                .of::<Cidr>(),
            attribute("docker_pools", Kind::List(&Kind::String), "The ranges from which Docker takes networks that are created without a subnet. Defaults to Docker's own.")
                .optional()
                .of::<Cidr>(),
            boolean("every_table", "Every route is made in each of `route_table_ids`, so that servers in subnets under different route tables reach each other's containers. Defaults to `false`: each route goes to the table of its host's subnet, or to `route_table_id`.")
                .default(Default::Bool(false)),
            string("on_error", "`fail` makes each error a diagnostic at the host it is about; `report` shows it in `findings` only. Defaults to `fail`.")
                .default(Default::Str("fail"))
                .of::<OnError>(),
            boolean("valid", "No finding is an error.").computed(),
            attribute("findings", Kind::Nested(Nesting::List, FINDING), "What was found: errors first, then warnings, then what resources are about to do; each in the order of the hosts' names.")
                .computed(),
            attribute("plan", Kind::Nested(Nesting::Map, PLANNED), "What each host is, by its name; made for `for_each`. Hosts that were not found are left out.")
                .computed(),
            attribute("route_table_ids", Kind::Set(&Kind::String), "The route tables that packets of the hosts follow: those of their subnets.")
                .computed(),
            number("routes_used", "Routes in the table, without local ones. Where the hosts use several tables, this and the two below are of the fullest.")
                .computed(),
            number("routes_quota", "How many routes a table may hold; null if there is no limit.").computed(),
            number("routes_free", "How many routes the table can still take; null if there is no limit.").computed(),
        ],
    blocks: &[],
    timeouts: None,
};

const HOST: &[Attribute] = &[
    string("ecs_id", "The server, by its id. Exactly one of `ecs_id` and `host_ip` is needed.")
        .optional()
        .of::<ServerId>(),
    string("host_ip", "The server that owns this private IP address in the VPC.")
        .optional()
        .of::<Address>(),
    string(
        "container_cidr",
        "The range of this server's containers, in CIDR form. Host bits are an error; with `on_error = \"report\"` they are \
         a finding.",
    )
    .of::<Written>(),
    number("containers", "How many containers the range has to hold.").optional().of::<Count>(),
];

const FINDING: &[Attribute] = &[
    string("code", "What was found, by a name that never changes its meaning.").computed(),
    string("severity", "`error` or `warning`.").computed(),
    string(
        "resolved_by",
        "The type of the resource whose creation or change makes the finding go; empty where nothing will. Such findings \
         are warnings and stand here only.",
    )
    .computed(),
    string(
        "subject",
        "What it is about: a host, a route table, Docker's pools, or what could not be read.",
    )
    .computed(),
    string(
        "conflicts_with",
        "The range, host, subnet, route or table on the other side; empty where there is none.",
    )
    .computed(),
    string("message", "What is wrong, with the addresses.").computed(),
    string("fix", "What to do about it, with a free range where the range is what is wrong.").computed(),
];

const PLANNED: &[Attribute] = &[
    string("ecs_id", "The server.").computed(),
    string("host_ip", "Its private IP address.").computed(),
    string("port_id", "Its network interface that the packets arrive at.").computed(),
    string("subnet_id", "The subnet of that interface.").computed(),
    string("vpc_id", "The VPC of that subnet.").computed(),
    string("route_table_id", "The route table that needs the route.").computed(),
    string("container_cidr", "The range of its containers.").computed(),
    string("gateway", "The first address of the range, which the server's bridge takes.")
        .computed(),
    string("first_container", "The second address of the range, which the first container takes.")
        .computed(),
    number("capacity", "How many containers the range holds.").computed(),
    boolean(
        "source_check_enabled",
        "Whether the interface has its source/destination check on, when this is read: not something to make \
         resources depend on, because they change it.",
    )
    .computed(),
    boolean(
        "route_exists",
        "Whether the table sends the range to this server, when this is read: not something to make resources depend \
         on, because they change it.",
    )
    .computed(),
];

/// A container range as the user wrote it. Host bits are for the examination to find.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) range: Cidr,
}

impl FromStr for Written {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let range = Cidr::lenient(text).ok_or_else(|| InvalidCidr::NotCidr(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), range })
    }
}

impl TryFrom<String> for Written {
    type Error = InvalidCidr;

    fn try_from(text: String) -> Result<Self, InvalidCidr> {
        text.parse()
    }
}

impl From<Written> for String {
    fn from(written: Written) -> Self {
        written.text
    }
}

/// What becomes of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnError {
    Fail,
    Report,
}

impl FromStr for OnError {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "fail" => Ok(OnError::Fail),
            "report" => Ok(OnError::Report),
            _ => Err(format!("`{text}` is not a way to treat errors. Write `fail` or `report`.")),
        }
    }
}

/// A number of containers.
struct Count;

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u64>() {
            Ok(1..) => Ok(Count),
            _ => {
                Err(format!("`{text}` is not a number of containers. Write a whole number from 1."))
            }
        }
    }
}
