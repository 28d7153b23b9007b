//! Who takes part in the matrix: for each resource its objects, how the cloud shows them, which calls they make, and
//! what somebody else may do beside them. A new resource joins with an entry in `ROLES`.

use serde_json::{Value as Json, json};

use crate::harness::{outsider::Sight, world::GUIDE};

pub struct Role {
    /// Without the provider's prefix.
    pub name: &'static str,
    /// How many objects are applied at once.
    pub many: usize,
    /// The arguments of the object with this number.
    pub config: fn(&Sight, usize) -> Json,
    /// The arguments that an update changes.
    pub change: fn(&Sight) -> Json,
    /// Method and path of the calls that change something.
    pub writes: &'static [(&'static str, &'static str)],
    pub reads: &'static str,
    /// Everything of this kind that the cloud holds, of whomever, a line each.
    pub shown: fn(&Sight) -> Vec<String>,
    /// The lines that an object is responsible for, as created and as changed.
    pub lines: fn(usize, bool) -> Vec<String>,
    /// What somebody else may do to things of their own.
    pub deeds: fn(&Sight) -> Vec<Deed>,
    /// What somebody else may do to our first object.
    pub thefts: fn(&Sight) -> Vec<Deed>,
}

/// Something a foreign writer does, and what it changes in the lines.
pub struct Deed {
    pub name: &'static str,
    pub call: Json,
    pub gains: Vec<String>,
    pub loses: Vec<String>,
    /// It may come directly before one of our writes. A whole list that is read, changed and written back loses what
    /// comes in between, and the cloud offers no way to notice.
    pub may_precede_a_write: bool,
}

pub const ROLES: &[Role] = &[
    Role {
        name: "container_route",
        many: 50,
        config: |sight, number| {
            json!({ "route_table_id": table(sight), "destination": format!("10.{number}.0.0/24"),
                    "ecs_id": server(sight, 0) })
        },
        change: |sight| json!({ "ecs_id": server(sight, 1) }),
        writes: &[("PUT", "/v1/*/routetables/*")],
        reads: "/v1/*/routetables/**",
        shown: |sight| sight.routes(&table(sight)),
        lines: |number, changed| {
            vec![format!("10.{number}.0.0/24 -> {}", if changed { "node-1" } else { "node-0" })]
        },
        deeds: |sight| {
            let (one, other) = (server(sight, 0), server(sight, 1));
            vec![
                deed("adds", routes(sight, "add", "172.30.0.0/24", &one))
                    .gains("172.30.0.0/24 -> node-0"),
                deed("changes", routes(sight, "mod", "172.31.0.0/24", &other))
                    .gains("172.31.0.0/24 -> node-1")
                    .loses("172.31.0.0/24 -> node-0"),
                deed("deletes", routes(sight, "del", "172.31.1.0/24", &other))
                    .loses("172.31.1.0/24 -> node-1"),
            ]
        },
        thefts: |sight| {
            let hop = sight.route(&table(sight), "10.0.0.0/24")["nexthop"].clone();
            let hop = hop.as_str().expect("an id").to_owned();
            vec![
                deed("deletes ours", routes(sight, "del", "10.0.0.0/24", &hop)),
                deed("changes ours", routes(sight, "mod", "10.0.0.0/24", &server(sight, 2))),
            ]
        },
    },
    Role {
        name: "ecs_port_source_check",
        many: NODES,
        config: |sight, number| json!({ "port_id": port(sight, number) }),
        change: |_| json!({ "enabled": true }),
        writes: &[("PUT", "/v1/*/ports/*")],
        reads: "/v1/*/ports/**",
        shown: |sight| {
            let pairs = |number| {
                let pairs = sight.pairs(&port(sight, number));
                pairs.into_iter().map(move |pair| format!("{number}: {pair}"))
            };
            (0..NODES).flat_map(pairs).collect()
        },
        lines: |number, changed| {
            if changed { Vec::new() } else { vec![format!("{number}: 1.1.1.1/0")] }
        },
        deeds: |sight| {
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
        },
        thefts: |sight| {
            vec![deed("takes ours out", pairs(sight, &["172.31.0.0/24"])).not_before_a_write()]
        },
    },
    Role {
        name: "secgroup_icmp_udp_rule",
        many: 20,
        config: |sight, number| {
            json!({ "security_group_id": group(sight),
                    "remote_ip_prefix": format!("10.{number}.0.0/16") })
        },
        change: |_| json!({ "priority": 7 }),
        writes: &[
            ("POST", "/v3/*/vpc/security-group-rules"),
            ("DELETE", "/v3/*/vpc/security-group-rules/*"),
        ],
        reads: "/v3/*/vpc/security-group-rules/**",
        shown: |sight| ranged(sight).iter().map(line_of_rule).collect(),
        lines: |number, changed| {
            let priority = if changed { 7 } else { 1 };
            let line = |protocol| format!("{protocol} 10.{number}.0.0/16 {priority}");
            vec![line("icmp"), line("udp")]
        },
        deeds: |sight| {
            let new = json!({ "security_group_id": group(sight), "direction": "ingress",
                              "protocol": "tcp", "remote_ip_prefix": "172.30.0.0/16",
                              "priority": 3 });
            let add = json!({ "method": "POST", "path": "/v3/{project}/vpc/security-group-rules",
                              "body": { "security_group_rule": new } });
            vec![
                deed("adds", add).gains("tcp 172.30.0.0/16 3"),
                deed("deletes", without_rule(sight, "udp 172.31.1.0/24 1"))
                    .loses("udp 172.31.1.0/24 1"),
            ]
        },
        thefts: |sight| {
            let lines: Vec<String> = ranged(sight).iter().map(line_of_rule).collect();
            let ours = lines.iter().filter(|line| line.contains(" 10.0.0.0/16"));
            ours.map(|line| deed("deletes ours", without_rule(sight, line))).collect()
        },
    },
];

/// Servers, each with one port.
const NODES: usize = 12;

/// The guide's world with more servers, temporary keys, and things of other people in it.
pub fn scenario() -> Json {
    let mut scenario = GUIDE.clone();
    scenario["access_keys"] = json!([{ "access_key": "TEMPORARYACCESSKEY01",
        "secret_key": "temporary-secret-key-of-the-matrix-0001", "security_token": "matrix" }]);
    let server = |number: usize| {
        json!({ "name": format!("node-{number}"), "nics": [{ "subnet": "subnet-containers",
            "ip_address": format!("192.168.0.{}", number + 10), "security_groups": ["sg-containers"],
            "allowed_address_pairs": [format!("172.31.{number}.0/24")] }] })
    };
    scenario["servers"] = (0..NODES).map(server).collect();
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

/// The rules of the group that name a range.
fn ranged(sight: &Sight) -> Vec<Json> {
    let rules = sight.find("security_groups", "name", "sg-containers")["rules"].as_array();
    let ranged = rules.into_iter().flatten().filter(|rule| rule["remote"]["prefix"].is_string());
    ranged.cloned().collect()
}

fn line_of_rule(rule: &Json) -> String {
    let text = |value: &Json| value.as_str().unwrap_or("any").to_owned();
    let (protocol, range) = (text(&rule["protocol"]), text(&rule["remote"]["prefix"]));
    format!("{protocol} {range} {}", rule["priority"])
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

fn without_rule(sight: &Sight, line: &str) -> Json {
    let rules = ranged(sight);
    let rule = rules.iter().find(|rule| line_of_rule(rule) == line).expect("such a rule");
    let id = rule["id"].as_str().expect("an id");
    json!({ "method": "DELETE", "path": format!("/v3/{{project}}/vpc/security-group-rules/{id}") })
}

fn deed(name: &'static str, call: Json) -> Deed {
    Deed { name, call, gains: Vec::new(), loses: Vec::new(), may_precede_a_write: true }
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
