//! The two servers of the measurements as a topology.

use std::net::Ipv4Addr;

use huaweivpc::network::{
    Cidr, NextHop, NextHopKind, Route,
    path::{
        Engine, Facts, Flow, GatewayMode, Group, Host, Network, Policy, Port, Protocol, Published,
        Remote, Rule, Subnet, Table, Topology,
    },
};
use serde_json::Value as Json;

pub const SERVERS: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 168, 0, 2), Ipv4Addr::new(192, 168, 0, 3)];
pub const CONTAINERS: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 2, 2), Ipv4Addr::new(10, 0, 3, 2)];

/// What decides about one case.
#[derive(Debug)]
pub struct Case {
    pub setups: [Json; 2],
    pub vpc: Json,
    pub fault: Option<String>,
}

pub fn flow(from: usize, to: Ipv4Addr, protocol: Protocol) -> Flow {
    Flow { from, container: Some(CONTAINERS[from]), to, protocol }
}

pub fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

impl Case {
    pub fn of(case: &Json, setups: &Json) -> Self {
        let setup = |number: usize| match &case["setups"][number] {
            Json::String(name) => setups[name].clone(),
            own => own.clone(),
        };
        Self {
            setups: [setup(0), setup(1)],
            vpc: case["vpc"].clone(),
            fault: case["fault"].as_str().map(str::to_owned),
        }
    }

    pub fn topology(&self) -> Topology {
        let guide = serde_json::json!([["10.0.2.0/24", 1], ["10.0.3.0/24", 2]]);
        let default = self.vpc.get("routes").unwrap_or(&guide);
        let own = self.vpc.get("own_table");
        let mut tables = vec![Table { id: "default".into(), routes: routes(default) }];
        tables.extend(own.map(|list| Table { id: "own".into(), routes: routes(list) }));
        let table_id = if own.is_some() { "own" } else { "default" }.to_owned();
        let range = cidr("192.168.0.0/24");
        Topology {
            subnets: vec![Subnet { id: "subnet".into(), range, table_id }],
            tables,
            ports: (0..2).map(|number| self.port(number)).collect(),
            lists_all_ports: true,
            groups: vec![self.group()],
            hosts: (0..2).map(|number| self.host(number)).collect(),
            checks_destinations: self.vpc["checks_destinations"].as_bool(),
        }
    }

    fn port(&self, number: usize) -> Port {
        let off = vec![Cidr::lenient("1.1.1.1/0").unwrap()];
        let pairs = match &self.vpc["pairs"][number] {
            Json::Array(ranges) => ranges.iter().map(|it| cidr(it.as_str().unwrap())).collect(),
            Json::String(on) if on == "on" => Vec::new(),
            _ => off,
        };
        Port {
            id: format!("port-{}", number + 1),
            server_id: format!("ecs-{}", number + 1),
            addresses: vec![SERVERS[number].into()],
            subnet_id: "subnet".into(),
            is_primary: true,
            pairs,
            groups: vec!["group".into()],
        }
    }

    fn group(&self) -> Group {
        let open = serde_json::json!([
            ["ingress", null, "group"],
            ["egress", null, "any"],
            ["ingress", "icmp", "any"],
            ["ingress", "udp", "any"],
            ["ingress", "tcp", "any"],
        ]);
        let rules = self.vpc.get("rules").unwrap_or(&open).as_array().unwrap();
        let rules = rules.iter().enumerate().map(|(number, it)| rule(number, it)).collect();
        Group { id: "group".into(), rules: Some(rules) }
    }

    fn host(&self, number: usize) -> Host {
        let range = Some([cidr("10.0.2.0/24"), cidr("10.0.3.0/24")][number]);
        let (fault, of) = match self.fault.as_deref().and_then(|it| it.rsplit_once('-')) {
            Some((fault, of)) => (fault, of.parse::<usize>().unwrap()),
            None => ("", 0),
        };
        let fault = if of == number + 1 { fault } else { "" };
        let mut facts = facts(&self.setups[number]);
        let guarded = self.setups[number]["loop_guard"] == true;
        match fault {
            "" | "input-drop" => {}
            "forward-off" => facts.forwards = Some(false),
            "container-stopped" => facts.network = Network::ContainerDown,
            "network-gone" => facts.network = Network::Gone { guarded },
            other => panic!("unheard-of fault {other}"),
        }
        facts.published = Some(vec![Published {
            server_port: Some(8080),
            container: CONTAINERS[number],
            container_port: 80,
        }]);
        Host { port_id: format!("port-{}", number + 1), range, facts }
    }
}

/// As they were recorded; forwarding is on, and what is not said is not known.
fn facts(setup: &Json) -> Facts {
    let flag = |name: &str| setup[name].as_bool();
    Facts {
        version: setup["engine_version"].as_str().map(|text| text.parse().unwrap()),
        is_nftables: flag("nftables") == Some(true),
        engine: if setup["engine"] == "podman" { Engine::Podman } else { Engine::Docker },
        gateway_mode: setup["gateway_mode"].as_str().map(|mode| match mode {
            "nat" => GatewayMode::Nat,
            "nat-unprotected" => GatewayMode::NatUnprotected,
            "routed" => GatewayMode::Routed,
            other => panic!("unheard-of mode {other}"),
        }),
        masquerades: flag("masquerade"),
        masquerades_to_servers: flag("masquerade_to_servers"),
        forwards: Some(true),
        forward_policy: setup["forward_policy"].as_str().map(|policy| match policy {
            "accept" => Policy::Accept,
            _ => Policy::Drop,
        }),
        admits: setup["admits"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|range| cidr(range.as_str().unwrap()))
            .collect(),
        allows_direct: flag("allows_direct") == Some(true),
        writes_rules: flag("writes_rules") != Some(false),
        ..Facts::UNKNOWN
    }
}

/// A list of destinations and the numbers of the servers that they lead to; 3 is nobody.
fn routes(list: &Json) -> Vec<Route> {
    let route = |it: &Json| Route {
        destination: cidr(it[0].as_str().unwrap()),
        next_hop: NextHop::new(NextHopKind::Ecs, format!("ecs-{}", it[1])),
        description: String::new(),
    };
    list.as_array().unwrap().iter().map(route).collect()
}

/// Direction, protocol, remote, action, priority; the last two may be left out.
pub fn rule(number: usize, it: &Json) -> Rule {
    let remote = match it[2].as_str().unwrap() {
        "any" => Remote::Anyone,
        "group" => Remote::Group("group".into()),
        "listed" => Remote::AddressGroup,
        range => Remote::Range(cidr(range)),
    };
    Rule {
        id: format!("rule-{number}"),
        is_egress: it[0] == "egress",
        is_ipv6: false,
        protocol: it[1].as_str().map(str::to_owned),
        ports: it[5].as_str().map(str::to_owned),
        remote,
        denies: it[3] == "deny",
        priority: it[4].as_i64().unwrap_or(100),
    }
}
