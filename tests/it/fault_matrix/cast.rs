//! Who takes part in the matrix: for each resource its objects, how the cloud shows them, which calls they make, and
//! what somebody else may do beside them. A new resource joins with an entry in `ROLES`.

mod rules;

use std::ops::Range;

use serde_json::{Value as Json, json};

use self::rules::{deeds_on_rules, line_of_rule, names_of_rules, ranged, thefts_of_rules};
use crate::harness::{outsider::Sight, world::GUIDE};

pub struct Role {
    /// As the matrix prints it.
    pub title: &'static str,
    /// The resource, without the provider's prefix.
    pub name: &'static str,
    /// How many numbers there are at once: in seconds, and in the whole matrix.
    pub few: usize,
    pub many: usize,
    /// How many numbers one object answers for, at most.
    pub in_one: usize,
    /// How many servers so many numbers need.
    pub nodes: fn(usize) -> usize,
    /// The arguments of the object that answers for these numbers, as created or as changed.
    pub config: fn(&Sight, Range<usize>, bool) -> Json,
    /// Method and path of the calls that change something.
    pub writes: &'static [(&'static str, &'static str)],
    pub reads: &'static str,
    /// Everything of this kind that the cloud holds, of whomever, a line each.
    pub shown: fn(&Sight) -> Vec<String>,
    /// The lines that stand for a number, as created or as changed.
    pub lines: fn(usize, bool) -> Vec<String>,
    /// What an import takes over, where that is more than what was applied.
    pub imported: Option<Imported>,
    /// What somebody else may do to things of their own.
    pub deeds: fn(&Sight) -> Vec<Deed>,
    /// What somebody else may do to our first object.
    pub thefts: fn(&Sight) -> Vec<Deed>,
}

/// An attribute, and the sorted keys it has after an import.
pub type Imported = (&'static str, fn(&Sight) -> Vec<String>);

/// Something a foreign writer does, and what it changes in the lines.
pub struct Deed {
    pub name: &'static str,
    pub call: Json,
    pub gains: Vec<String>,
    pub loses: Vec<String>,
    /// An exclusive set takes away what it gains, unless it is destroyed.
    pub is_swept: bool,
    /// It may come directly before one of our writes. A whole list that is read, changed and written back loses what
    /// comes in between, and the cloud offers no way to notice.
    pub may_precede_a_write: bool,
}

pub const ROLES: &[Role] = &[
    Role {
        title: "container_route",
        name: "container_route",
        few: 50,
        many: 50,
        in_one: 1,
        nodes: |_| 3,
        config: |sight, numbers, changed| {
            json!({ "route_table_id": table(sight), "ecs_id": server(sight, usize::from(changed)),
                    "destination": format!("10.{}.0.0/24", numbers.start) })
        },
        writes: &[("PUT", "/v1/*/routetables/*")],
        reads: "/v1/*/routetables/**",
        shown: |sight| sight.routes(&table(sight)),
        lines: |number, changed| {
            vec![format!("10.{number}.0.0/24 -> {}", if changed { "node-1" } else { "node-0" })]
        },
        imported: None,
        deeds: deeds_on_routes,
        thefts: thefts_of_routes,
    },
    Role {
        title: "container_routes",
        name: "container_routes",
        few: 10,
        many: 25,
        in_one: 5,
        nodes: |_| 3,
        config: set,
        writes: &[("PUT", "/v1/*/routetables/*")],
        reads: "/v1/*/routetables/**",
        shown: |sight| sight.routes(&table(sight)),
        lines: lines_of_set,
        imported: Some(("routes", destinations)),
        deeds: deeds_on_routes,
        thefts: thefts_of_routes,
    },
    Role {
        title: "container_routes, exclusive",
        name: "container_routes",
        few: 10,
        many: 25,
        in_one: usize::MAX,
        nodes: |_| 3,
        config: |sight, numbers, changed| {
            let mut set = set(sight, numbers, changed);
            set["mode"] = "exclusive".into();
            set["keep"] = json!([{ "destination_within": "172.16.0.0/12" }]);
            set
        },
        writes: &[("PUT", "/v1/*/routetables/*")],
        reads: "/v1/*/routetables/**",
        shown: |sight| sight.routes(&table(sight)),
        lines: lines_of_set,
        imported: Some(("routes", destinations)),
        deeds: |sight| {
            let stray = routes(sight, "add", "10.250.0.0/24", &server(sight, 0));
            let stray = deed("adds what is not kept", stray).gains("10.250.0.0/24 -> node-0");
            let mut deeds = deeds_on_routes(sight);
            deeds.push(Deed { is_swept: true, ..stray });
            deeds
        },
        thefts: thefts_of_routes,
    },
    Role {
        title: "ecs_port_source_check",
        name: "ecs_port_source_check",
        few: 12,
        many: 50,
        in_one: 1,
        nodes: |numbers| numbers.max(3),
        config: |sight, numbers, changed| json!({ "port_id": port(sight, numbers.start), "enabled": changed }),
        writes: &[("PUT", "/v1/*/ports/*")],
        reads: "/v1/*/ports/**",
        shown: shown_pairs,
        lines: lines_of_check,
        imported: None,
        deeds: deeds_on_pairs,
        thefts: thefts_of_pairs,
    },
    Role {
        title: "ecs_port_source_checks",
        name: "ecs_port_source_checks",
        few: 4,
        many: 10,
        in_one: 5,
        nodes: |numbers| numbers.max(3),
        config: |sight, numbers, changed| {
            let hosts: Vec<String> =
                numbers.map(|number| format!("192.168.0.{}", number + 10)).collect();
            json!({ "vpc_id": sight.id("vpcs", "vpc-containers"), "hosts": hosts, "enabled": changed })
        },
        writes: &[("PUT", "/v1/*/ports/*")],
        reads: "/v1/*/ports/**",
        shown: shown_pairs,
        lines: lines_of_check,
        imported: Some(("hosts", hosts_switched_off)),
        deeds: deeds_on_pairs,
        thefts: thefts_of_pairs,
    },
    Role {
        title: "secgroup_icmp_udp_rule",
        name: "secgroup_icmp_udp_rule",
        few: 20,
        many: 50,
        in_one: 1,
        nodes: |_| 3,
        config: |sight, numbers, changed| {
            json!({ "security_group_id": group(sight), "priority": if changed { 7 } else { 1 },
                    "remote_ip_prefix": format!("10.{}.0.0/16", numbers.start) })
        },
        writes: &[
            // Both rules in one call, or each in its own.
            ("POST", "/v3/*/vpc/**"),
            ("DELETE", "/v3/*/vpc/security-group-rules/*"),
        ],
        reads: "/v3/*/vpc/security-group-rules/**",
        shown: |sight| ranged(sight).iter().map(line_of_rule).collect(),
        lines: |number, changed| {
            let priority = if changed { 7 } else { 1 };
            let line = |protocol| format!("{protocol} 10.{number}.0.0/16 {priority}");
            vec![line("icmp"), line("udp")]
        },
        imported: None,
        deeds: deeds_on_rules,
        thefts: thefts_of_rules,
    },
    Role {
        title: "secgroup_rules",
        name: "secgroup_rules",
        few: 10,
        many: 25,
        in_one: 5,
        nodes: |_| 3,
        config: |sight, numbers, changed| {
            let rules = numbers.map(|number| {
                let prefix = format!("10.{number}.0.0/16");
                let priority = if changed { 7 } else { 1 };
                let rule =
                    json!({ "protocol": "udp", "remote_ip_prefix": prefix, "priority": priority });
                (format!("ingress-udp-{prefix}"), rule)
            });
            json!({ "security_group_id": group(sight), "rules": Json::Object(rules.collect()) })
        },
        writes: &[("POST", "/v3/*/vpc/**"), ("DELETE", "/v3/*/vpc/security-group-rules/*")],
        reads: "/v3/*/vpc/security-group-rules/**",
        shown: |sight| ranged(sight).iter().map(line_of_rule).collect(),
        lines: |number, changed| {
            vec![format!("udp 10.{number}.0.0/16 {}", if changed { 7 } else { 1 })]
        },
        imported: Some(("rules", names_of_rules)),
        deeds: deeds_on_rules,
        thefts: thefts_of_rules,
    },
];

/// The pairs of every port, each with the number of its server.
fn shown_pairs(sight: &Sight) -> Vec<String> {
    let pairs = |number| {
        let pairs = sight.pairs(&port(sight, number));
        pairs.into_iter().map(move |pair| format!("{number}: {pair}"))
    };
    let nodes = sight.0["servers"].as_array().expect("servers").len();
    (0..nodes).flat_map(pairs).collect()
}

fn lines_of_check(number: usize, changed: bool) -> Vec<String> {
    if changed { Vec::new() } else { vec![format!("{number}: 1.1.1.1/0")] }
}

/// Whatever an import of the VPC takes over: every check that is off.
fn hosts_switched_off(sight: &Sight) -> Vec<String> {
    let ports = sight.0["ports"].as_array().expect("ports");
    let is_off = |port: &&Json| {
        let pairs = port["allowed_address_pairs"].as_array().expect("pairs");
        pairs.iter().any(|pair| pair["ip_address"] == "1.1.1.1/0")
    };
    let addresses = ports.iter().filter(is_off).filter_map(|port| port["ip_address"].as_str());
    let mut addresses: Vec<String> = addresses.map(str::to_owned).collect();
    addresses.sort_unstable();
    addresses
}

fn deeds_on_pairs(sight: &Sight) -> Vec<Deed> {
    vec![
        deed("adds", pairs(sight, &["172.31.0.0/24", "172.30.0.0/24"]))
            .gains("0: 172.30.0.0/24")
            .not_before_a_write(),
        deed("changes", pairs(sight, &["172.29.0.0/24"]))
            .gains("0: 172.29.0.0/24")
            .loses("0: 172.31.0.0/24")
            .not_before_a_write(),
        deed("deletes", pairs(sight, &[])).loses("0: 172.31.0.0/24").not_before_a_write(),
    ]
}

fn thefts_of_pairs(sight: &Sight) -> Vec<Deed> {
    vec![deed("takes ours out", pairs(sight, &["172.31.0.0/24"])).not_before_a_write()]
}

/// Two routes for each number. A change moves one to another server, and gives the other another destination.
fn set(sight: &Sight, numbers: Range<usize>, changed: bool) -> Json {
    let entry = |node: usize| json!({ "ecs_id": server(sight, node) });
    let (mover, second) = (usize::from(changed), if changed { 2 } else { 1 });
    let routes = numbers.flat_map(|number| {
        [
            (format!("10.{number}.0.0/24"), entry(mover)),
            (format!("10.{number}.{second}.0/24"), entry(0)),
        ]
    });
    json!({ "route_table_id": table(sight), "routes": Json::Object(routes.collect()) })
}

fn lines_of_set(number: usize, changed: bool) -> Vec<String> {
    let (mover, second) = if changed { ("node-1", 2) } else { ("node-0", 1) };
    vec![format!("10.{number}.0.0/24 -> {mover}"), format!("10.{number}.{second}.0/24 -> node-0")]
}

/// Whatever an import of the table takes over: all of it.
fn destinations(sight: &Sight) -> Vec<String> {
    let lines = sight.routes(&table(sight));
    let mut names: Vec<String> =
        lines.iter().filter_map(|line| Some(line.split_once(" -> ")?.0.to_owned())).collect();
    names.sort_unstable();
    names
}

fn deeds_on_routes(sight: &Sight) -> Vec<Deed> {
    let (one, other) = (server(sight, 0), server(sight, 1));
    vec![
        deed("adds", routes(sight, "add", "172.30.0.0/24", &one)).gains("172.30.0.0/24 -> node-0"),
        deed("changes", routes(sight, "mod", "172.31.0.0/24", &other))
            .gains("172.31.0.0/24 -> node-1")
            .loses("172.31.0.0/24 -> node-0"),
        deed("deletes", routes(sight, "del", "172.31.1.0/24", &other))
            .loses("172.31.1.0/24 -> node-1"),
    ]
}

fn thefts_of_routes(sight: &Sight) -> Vec<Deed> {
    let hop = sight.route(&table(sight), "10.0.0.0/24")["nexthop"].clone();
    let hop = hop.as_str().expect("an id").to_owned();
    vec![
        deed("deletes ours", routes(sight, "del", "10.0.0.0/24", &hop)),
        deed("changes ours", routes(sight, "mod", "10.0.0.0/24", &server(sight, 2))),
    ]
}

/// The guide's world with so many servers of one port each, temporary keys, and things of other people in it.
pub fn scenario(nodes: usize) -> Json {
    let mut scenario = GUIDE.clone();
    scenario["access_keys"] = json!([{ "access_key": "TEMPORARYACCESSKEY01",
        "secret_key": "temporary-secret-key-of-the-matrix-0001", "security_token": "matrix" }]);
    let server = |number: usize| {
        json!({ "name": format!("node-{number}"), "nics": [{ "subnet": "subnet-containers",
            "ip_address": format!("192.168.0.{}", number + 10), "security_groups": ["sg-containers"],
            "allowed_address_pairs": [format!("172.31.{number}.0/24")] }] })
    };
    scenario["servers"] = (0..nodes).map(server).collect();
    let rule = |protocol: &str, range: &str| {
        json!({ "direction": "ingress", "protocol": protocol, "remote_ip_prefix": range,
                "priority": 1 })
    };
    scenario["security_groups"][0]["rules"] =
        json!([rule("tcp", "172.31.0.0/16"), rule("udp", "172.31.1.0/24")]);
    let route = |destination: &str, node: &str| json!({ "type": "ecs", "destination": destination, "nexthop": node });
    scenario["route_tables"] = json!([{ "vpc": "vpc-containers", "default": true,
        "routes": [route("172.31.0.0/24", "node-0"), route("172.31.1.0/24", "node-1")] }]);
    scenario
}

fn table(sight: &Sight) -> String {
    sight.default_table("vpc-containers")
}

fn server(sight: &Sight, number: usize) -> String {
    sight.id("servers", &format!("node-{number}"))
}

fn port(sight: &Sight, number: usize) -> String {
    let port = sight.port(&format!("192.168.0.{}", number + 10));
    port["id"].as_str().expect("an id").to_owned()
}

fn group(sight: &Sight) -> String {
    sight.id("security_groups", "sg-containers")
}

fn routes(sight: &Sight, kind: &str, destination: &str, hop: &str) -> Json {
    let route = json!({ "type": "ecs", "destination": destination, "nexthop": hop });
    json!({ "method": "PUT", "path": format!("/v1/{{project}}/routetables/{}", table(sight)),
            "body": { "routetable": { "routes": { kind: [route] } } } })
}

/// Replaces the pairs of the first port.
fn pairs(sight: &Sight, addresses: &[&str]) -> Json {
    let pairs: Vec<Json> = addresses.iter().map(|range| json!({ "ip_address": range })).collect();
    json!({ "method": "PUT", "path": format!("/v1/{{project}}/ports/{}", port(sight, 0)),
            "body": { "port": { "allowed_address_pairs": pairs } } })
}

fn deed(name: &'static str, call: Json) -> Deed {
    Deed {
        name,
        call,
        gains: Vec::new(),
        loses: Vec::new(),
        is_swept: false,
        may_precede_a_write: true,
    }
}

impl Deed {
    fn gains(mut self, line: &str) -> Self {
        self.gains.push(line.to_owned());
        self
    }

    fn loses(mut self, line: &str) -> Self {
        self.loses.push(line.to_owned());
        self
    }

    fn not_before_a_write(self) -> Self {
        Self { may_precede_a_write: false, ..self }
    }
}
