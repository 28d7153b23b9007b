//! Where a case takes place: one emulator, set back before each case, a machine with or without a data directory, and
//! things of other people that nobody may touch.

use std::sync::Arc;

use huaweivpc::{
    emulator::{Emulator, Scenario, Settings},
    provider::{Environment, provider},
};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use super::{
    run::Process,
    wanted::{Ids, SERVERS, route_line, rule_line},
};
use crate::harness::{
    config::config,
    core::Core,
    files::Memory,
    grpc::Grpc,
    outsider::{Outsider, Sight},
    provider::{now, nowhere},
    world::GUIDE,
};

/// The address pair that stands for a check that is off.
const OFF: &str = "1.1.1.1/0";

/// Somebody else's pair of a port.
const FOREIGN_PAIR: &str = "192.168.0.200";

pub struct Stage {
    pub outsider: Outsider,
    pub ids: Ids,
    url: String,
}

/// What the cloud holds: a line for each route, rule and port.
pub type Lines = Vec<String>;

impl Stage {
    pub async fn set_up() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let parsed = Scenario::parse(&GUIDE.to_string()).unwrap_or_else(|e| panic!("{e}"));
        let emulator =
            Emulator::new(parsed, Settings::with_clock(now)).expect("no state file is read");
        tokio::spawn(async move { emulator.serve(listener).await });
        let outsider = Outsider::log_in(&url, &GUIDE).await;
        let sight = outsider.look().await;
        let ids = Ids {
            table: sight.default_table("vpc-containers"),
            servers: SERVERS.map(|(name, _)| sight.id("servers", name)),
            ports: SERVERS.map(|(_, ip)| sight.port(ip)["id"].as_str().expect("an id").into()),
            group: sight.id("security_groups", "sg-containers"),
        };
        Self { outsider, ids, url }
    }

    /// The cloud as it is before anything happens. `off` are the ports whose check is off already.
    pub async fn set_back(&self, off: [bool; 2]) {
        self.outsider.call("POST", "/_emulator/reset", Json::Null).await;
        let Ids { table, servers, ports, group } = &self.ids;
        self.outsider.add_route(table, "10.9.0.0/24", "ecs", &servers[0]).await;
        for (port, is_off) in ports.iter().zip(off) {
            let pairs = if is_off { &[FOREIGN_PAIR, OFF][..] } else { &[FOREIGN_PAIR] };
            self.outsider.set_pairs(port, pairs).await;
        }
        let rule = json!({
            "direction": "ingress", "ethertype": "IPv4", "protocol": "udp",
            "remote_ip_prefix": "172.31.0.0/24", "action": "allow", "priority": 1,
        });
        self.outsider.add_rule(group, rule).await;
        self.outsider.forget_requests().await;
    }

    /// A new process of the provider on this machine.
    pub async fn process(&self, files: &Arc<Memory>, max_retries: u32) -> Process {
        let key = &GUIDE["access_keys"][0];
        let block = json!({
            "region": GUIDE["region"],
            "project_id": GUIDE["project"]["id"],
            "access_key": key["access_key"],
            "secret_key": key["secret_key"],
            "endpoints": { "iam": self.url, "vpc": self.url, "ecs": self.url },
            "max_retries": max_retries,
            // Nothing is encrypted here, and roots take long to load.
            "insecure": true,
        });
        let machine = || Environment { files: Arc::clone(files) as _, ..nowhere() };
        let plugin = Grpc::new(|| provider(machine()));
        let block = config(plugin.provider_schema(), &block);
        let problems = plugin.configure_with(&block).await;
        let is_error = crate::harness::plugin::is_error;
        assert!(!problems.iter().any(is_error), "{problems:?}");
        Core { plugin }
    }

    /// The routes and rules, and whether the checks are off.
    pub async fn shown(&self) -> (Lines, [bool; 2]) {
        let sight = self.outsider.look().await;
        let mut lines = routes(&sight, &self.ids.table);
        lines.extend(rules(&sight, &self.ids.group));
        lines.extend(self.ids.ports.iter().map(|port| {
            let mut pairs = sight.pairs(port);
            pairs.retain(|pair| pair != OFF);
            format!("{port}: {pairs:?}")
        }));
        lines.sort_unstable();
        let off = self.ids.ports.each_ref().map(|it| sight.pairs(it).contains(&OFF.to_owned()));
        (lines, off)
    }

    /// How many routes were added, changed and removed, and how many other writes there were.
    pub async fn writes(&self) -> Writes {
        let log = self.outsider.call("GET", "/_emulator/requests", Json::Null).await;
        let mut writes = Writes::default();
        for entry in log["requests"].as_array().into_iter().flatten() {
            let path = entry["path"].as_str().unwrap_or_default();
            if path.starts_with("/_emulator") || entry["method"] == "GET" {
                continue;
            }
            let count = |name: &str| entry["routes"][name].as_u64().unwrap_or_default();
            writes.add += count("add");
            writes.change += count("mod");
            writes.remove += count("del");
            writes.others += u64::from(entry["routes"].is_null());
        }
        writes
    }
}

#[derive(Debug, Default, PartialEq)]
pub struct Writes {
    pub add: u64,
    pub change: u64,
    pub remove: u64,
    pub others: u64,
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

fn routes(sight: &Sight, table: &str) -> Lines {
    let name = |id: &str| {
        let mut servers = sight.0["servers"].as_array().into_iter().flatten();
        let found = servers.find(|server| server["id"] == id);
        found.map_or_else(|| id.to_owned(), |server| text(&server["name"]).to_owned())
    };
    let routes = sight.find("route_tables", "id", table)["routes"].as_array().into_iter();
    let line = |route: &Json| {
        let next_hop = name(text(&route["nexthop"]));
        route_line(text(&route["destination"]), &next_hop, text(&route["description"]))
    };
    routes.flatten().map(line).collect()
}

fn rules(sight: &Sight, group: &str) -> Lines {
    let rules = sight.find("security_groups", "id", group)["rules"].as_array().into_iter();
    let line = |rule: &Json| {
        let prefix = rule["remote"]["prefix"].as_str()?;
        let protocol = rule["protocol"].as_str().unwrap_or("any");
        Some(rule_line(protocol, prefix, text(&rule["description"])))
    };
    rules.flatten().filter_map(line).collect()
}
