//! The guide's topology, from the example a stranger would copy, through every real client: built, found unchanged,
//! repaired, moved, rebuilt, imported and taken down. Judged by what the cloud holds, not by what Terraform says.

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::harness::{
    emulator_process::EmulatorProcess,
    run::Run,
    terraform::{Cli, REPOSITORY, Workspace, for_each_cli},
};

const CHECK_OFF: &str = "1.1.1.1/0";
const IN_PLACE: &str = "update";

#[test]
fn the_guide_from_first_plan_to_destroy() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.is_planned_without_touching_anything();
        guide.is_built_and_then_left_alone();
        guide.is_repaired_without_harm_to_what_is_foreign();
        guide.moves_a_range_in_place();
        guide.follows_a_server_that_was_rebuilt();
        guide.is_imported(cli);
        guide.goes_and_leaves_everything_else();
    });
}

/// The example in a workspace, the emulator with the guide's two servers and a spare one.
struct Guide {
    workspace: Workspace,
    cloud: EmulatorProcess,
    table: String,
    group: String,
    _scenario: NamedTempFile,
}

impl Guide {
    fn new(cli: &'static Cli) -> Self {
        let scenario = scenario_with_a_spare_server();
        let cloud = EmulatorProcess::start(scenario.path().to_str().expect("a path"));
        let state = cloud.state();
        let text = |path: &str| state.pointer(path).and_then(Value::as_str).expect(path).to_owned();
        let mut workspace = Workspace::new(cli);
        workspace
            .set("HW_REGION_NAME", "cn-north-4")
            .set("HW_ACCESS_KEY", "EMULATORACCESSKEY001")
            .set("HW_SECRET_KEY", "emulator-secret-key-not-a-real-one-00001")
            .set("TF_VAR_vpc_id", text("/vpcs/0/id"))
            .set("TF_VAR_security_group_id", text("/security_groups/0/id"))
            .set(
                "TF_VAR_endpoints",
                json!({"iam": cloud.url(), "vpc": cloud.url(), "ecs": cloud.url()}).to_string(),
            );
        workspace.copy("examples/guide");
        workspace.init();
        let (table, group) = (text("/route_tables/0/id"), text("/security_groups/0/id"));
        Self { workspace, cloud, table, group, _scenario: scenario }
    }

    fn is_planned_without_touching_anything(&self) {
        let before = self.cloud.state();
        let plan = self.workspace.plan().expect_changes();
        assert_eq!(plan.changes("planned_change").len(), 5, "{plan}");
        assert!(plan.changes("planned_change").values().all(|action| action == "create"), "{plan}");
        assert_eq!(self.cloud.state(), before);
    }

    fn is_built_and_then_left_alone(&self) {
        let ports_before = self.ports_without_pairs();
        self.apply();
        assert_eq!(
            self.routes(),
            ["10.0.2.0/24 -> ECS1: Containers of ecs1", "10.0.3.0/24 -> ECS2: Containers of ecs2"]
        );
        assert_eq!(self.checks_off(), ["192.168.0.2", "192.168.0.3"]);
        assert_eq!(self.rules(), ["icmp from 0.0.0.0/0", "udp from 0.0.0.0/0"]);
        assert_eq!(
            self.ports_without_pairs(),
            ports_before,
            "name and groups of a port are not ours"
        );
        self.nothing_to_do();
        assert_eq!(
            self.workspace.output("first_containers"),
            json!({"ecs1": "10.0.2.2", "ecs2": "10.0.3.2"})
        );
    }

    fn is_repaired_without_harm_to_what_is_foreign(&self) {
        let (one, spare) = (self.server("ECS1"), self.server("ECS3"));
        self.change_routes(&json!({
            "del": [{"destination": "10.0.2.0/24"}],
            "mod": [{"type": "ecs", "destination": "10.0.3.0/24", "nexthop": one, "description": "moved by hand"}],
            "add": [{"type": "ecs", "destination": "10.99.0.0/16", "nexthop": spare, "description": "foreign"}],
        }));
        self.set_pairs("192.168.0.2", &json!([{"ip_address": "192.168.0.100"}]));
        let icmp = self.rule_id("icmp");
        self.cloud.operate(
            "DELETE",
            &format!("/v3/{{p}}/vpc/security-group-rules/{icmp}"),
            &Value::Null,
        );
        self.add_foreign_rule();

        let plan = self.workspace.plan().expect_changes();
        let changes = plan.changes("planned_change");
        assert_eq!(changes["huaweivpc_container_route.host[\"ecs1\"]"], "create", "{plan}");
        assert_eq!(changes["huaweivpc_container_route.host[\"ecs2\"]"], IN_PLACE, "{plan}");
        assert_eq!(changes["huaweivpc_ecs_port_source_check.host[\"ecs1\"]"], IN_PLACE, "{plan}");
        assert_eq!(changes["huaweivpc_secgroup_icmp_udp_rule.containers"], IN_PLACE, "{plan}");
        assert_eq!(changes.len(), 4, "{plan}");

        self.apply();
        assert_eq!(
            self.routes(),
            [
                "10.0.2.0/24 -> ECS1: Containers of ecs1",
                "10.0.3.0/24 -> ECS2: Containers of ecs2",
                "10.99.0.0/16 -> ECS3: foreign",
            ]
        );
        assert_eq!(self.checks_off(), ["192.168.0.2", "192.168.0.3"]);
        assert_eq!(self.pairs("192.168.0.2"), [CHECK_OFF, "192.168.0.100"]);
        assert_eq!(
            self.rules(),
            ["icmp from 0.0.0.0/0", "tcp from 10.0.0.0/8", "udp from 0.0.0.0/0"]
        );
        self.nothing_to_do();
    }

    /// The containers of ecs2 move to the spare server.
    fn moves_a_range_in_place(&self) {
        self.hosts(&[
            ("ecs1", "192.168.0.2", "10.0.2.0/24"),
            ("ecs2", "192.168.0.4", "10.0.3.0/24"),
        ]);
        let plan = self.workspace.plan().expect_changes();
        let changes = plan.changes("planned_change");
        assert_eq!(changes["huaweivpc_container_route.host[\"ecs2\"]"], IN_PLACE, "{plan}");
        self.cloud.forget_requests();
        self.apply();
        assert_eq!(self.routes()[1], "10.0.3.0/24 -> ECS3: Containers of ecs2");
        assert_eq!(
            self.writes("/routetables/"),
            1,
            "one change of the table, not a deletion and an addition"
        );
        assert_eq!(
            self.checks_off(),
            ["192.168.0.2", "192.168.0.4"],
            "the former server is as it was found"
        );
        self.nothing_to_do();
    }

    /// Another server, another id, another port; the same private address.
    fn follows_a_server_that_was_rebuilt(&self) {
        let subnet = self.text("/subnets/0/id");
        let (old, vpc) = (self.server("ECS1"), self.text("/vpcs/0/id"));
        self.cloud.operate(
            "POST",
            "/v1/{p}/cloudservers/delete",
            &json!({"servers": [{"id": old}]}),
        );
        self.cloud.operate(
            "POST",
            "/v1/{p}/cloudservers",
            &json!({"server": {
                "name": "ECS1-rebuilt", "flavorRef": "s6.large.2", "imageRef": "image", "vpcid": vpc,
                "nics": [{"subnet_id": subnet, "ip_address": "192.168.0.2"}],
                "root_volume": {"volumetype": "GPSSD", "size": 40},
                "security_groups": [{"id": self.group}], "availability_zone": "cn-north-4a"}}),
        );
        let plan = self.workspace.plan().expect_changes();
        let changes = plan.changes("planned_change");
        assert_eq!(changes["huaweivpc_container_route.host[\"ecs1\"]"], IN_PLACE, "{plan}");
        self.apply();
        assert_eq!(self.routes()[0], "10.0.2.0/24 -> ECS1-rebuilt: Containers of ecs1");
        assert_eq!(self.checks_off(), ["192.168.0.2", "192.168.0.4"]);
        self.nothing_to_do();
    }

    fn is_imported(&self, cli: &Cli) {
        let port = self.port("192.168.0.2")["id"].as_str().expect("an id").to_owned();
        let imports = [
            (
                "huaweivpc_container_route.host[\"ecs1\"]",
                format!("{}/10.0.2.0/24", self.table),
                &["route_table_id", "destination"][..],
            ),
            ("huaweivpc_ecs_port_source_check.host[\"ecs1\"]", port, &["port_id"]),
            (
                "huaweivpc_secgroup_icmp_udp_rule.containers",
                format!("{}/ingress/0.0.0.0/0", self.group),
                &["security_group_id", "direction", "remote_ip_prefix"],
            ),
        ];
        for (address, id, key) in &imports {
            let before = self.workspace.stored(address).expect("it is in the state");
            self.workspace.run(&["state", "rm", address]).succeeded();
            self.workspace.import(address, id).succeeded();
            self.is_as_before(address, &before);

            if cli.is_at_least((1, 12)) {
                self.workspace.run(&["state", "rm", address]).succeeded();
                let parts: Vec<&str> = id.splitn(key.len(), '/').collect();
                let identity = key
                    .iter()
                    .zip(parts)
                    .map(|(name, part)| format!("{name} = {part:?}"))
                    .collect::<Vec<_>>()
                    .join("\n");
                self.workspace.write(
                    "import.tf",
                    &format!("import {{\n  to = {address}\n  identity = {{\n{identity}\n}}\n}}\n"),
                );
                self.apply();
                self.workspace.write("import.tf", "");
                self.is_as_before(address, &before);
            }
        }
        let rules = format!("{},{}", self.rule_id("icmp"), self.rule_id("udp"));
        let (address, before) =
            (imports[2].0, self.workspace.stored(imports[2].0).expect("it is in the state"));
        self.workspace.run(&["state", "rm", address]).succeeded();
        self.workspace.import(address, &rules).succeeded();
        self.is_as_before(address, &before);
        self.apply();
        self.nothing_to_do();
    }

    /// An import tells what the cloud holds. Which of the ways to name a next hop the configuration uses, the cloud does
    /// not know, so that alone may differ, and applying it asks nothing of the cloud.
    fn is_as_before(&self, address: &str, before: &Value) {
        self.cloud.forget_requests();
        self.apply();
        assert_eq!(self.writes(""), 0, "an import changes nothing");
        assert_eq!(
            self.workspace.stored(address).expect("it is in the state"),
            *before,
            "{address}"
        );
    }

    fn goes_and_leaves_everything_else(&self) {
        self.workspace.destroy().succeeded();
        assert_eq!(self.routes(), ["10.99.0.0/16 -> ECS3: foreign"]);
        assert_eq!(self.checks_off(), ["192.168.0.2"], "it was off when it was imported");
        assert_eq!(self.rules(), ["tcp from 10.0.0.0/8"]);
    }
}

/// What the story is told with.
impl Guide {
    fn apply(&self) -> Run {
        self.workspace.apply().succeeded()
    }

    fn nothing_to_do(&self) {
        self.workspace.plan().expect_empty();
    }

    fn hosts(&self, hosts: &[(&str, &str, &str)]) {
        let host = |(name, ip, range): &(&str, &str, &str)| {
            format!("  {name} = {{ host_ip = {ip:?}, container_cidr = {range:?} }}\n")
        };
        let hosts: String = hosts.iter().map(host).collect();
        self.workspace.write("hosts.auto.tfvars", &format!("hosts = {{\n{hosts}}}\n"));
    }

    fn text(&self, path: &str) -> String {
        self.cloud.state().pointer(path).and_then(Value::as_str).expect(path).to_owned()
    }

    fn list(&self, path: &str) -> Vec<Value> {
        self.cloud.state().pointer(path).and_then(Value::as_array).expect(path).clone()
    }

    fn server(&self, name: &str) -> String {
        let servers = self.list("/servers");
        let server = servers.iter().find(|server| server["name"] == name).expect(name);
        server["id"].as_str().expect("an id").to_owned()
    }

    /// `10.0.2.0/24 -> ECS1: description`
    fn routes(&self) -> Vec<String> {
        let servers = self.list("/servers");
        let name = |id: &Value| {
            servers
                .iter()
                .find(|server| server["id"] == *id)
                .map_or("?", |server| server["name"].as_str().expect("a name"))
        };
        let route = |route: &Value| {
            let text = |member: &str| route[member].as_str().unwrap_or_default();
            format!(
                "{} -> {}: {}",
                text("destination"),
                name(&route["nexthop"]),
                text("description")
            )
        };
        let mut routes: Vec<String> =
            self.list("/route_tables/0/routes").iter().map(route).collect();
        routes.sort();
        routes
    }

    fn port(&self, address: &str) -> Value {
        let ports = self.list("/ports");
        ports.into_iter().find(|port| port["ip_address"] == address).expect(address)
    }

    fn pairs(&self, address: &str) -> Vec<String> {
        let port = self.port(address);
        let pairs = port["allowed_address_pairs"].as_array().expect("pairs");
        let mut pairs: Vec<String> = pairs
            .iter()
            .map(|pair| pair["ip_address"].as_str().expect("an address").to_owned())
            .collect();
        pairs.sort();
        pairs
    }

    fn checks_off(&self) -> Vec<String> {
        ["192.168.0.2", "192.168.0.3", "192.168.0.4"]
            .into_iter()
            .filter(|address| self.pairs(address).iter().any(|pair| pair == CHECK_OFF))
            .map(str::to_owned)
            .collect()
    }

    fn ports_without_pairs(&self) -> Vec<Value> {
        let mut ports = self.list("/ports");
        for port in &mut ports {
            let port = port.as_object_mut().expect("an object");
            port.remove("allowed_address_pairs");
            port.remove("updated_at");
        }
        ports
    }

    /// The rules beside those every group has: `icmp from 0.0.0.0/0`
    fn rules(&self) -> Vec<String> {
        let mut rules: Vec<String> = self
            .list("/security_groups/0/rules")
            .iter()
            .filter(|rule| !rule["protocol"].is_null())
            .map(|rule| {
                format!(
                    "{} from {}",
                    rule["protocol"].as_str().expect("a protocol"),
                    rule["remote"]["prefix"].as_str().expect("a prefix")
                )
            })
            .collect();
        rules.sort();
        rules
    }

    fn rule_id(&self, protocol: &str) -> String {
        let rules = self.list("/security_groups/0/rules");
        let rule = rules.iter().find(|rule| rule["protocol"] == protocol).expect(protocol);
        rule["id"].as_str().expect("an id").to_owned()
    }

    fn change_routes(&self, routes: &Value) {
        let path = format!("/v1/{{p}}/routetables/{}", self.table);
        self.cloud.operate("PUT", &path, &json!({"routetable": {"routes": routes}}));
    }

    fn set_pairs(&self, address: &str, pairs: &Value) {
        let path = format!("/v1/{{p}}/ports/{}", self.port(address)["id"].as_str().expect("an id"));
        self.cloud.operate("PUT", &path, &json!({"port": {"allowed_address_pairs": pairs}}));
    }

    fn add_foreign_rule(&self) {
        self.cloud.operate(
            "POST",
            "/v3/{p}/vpc/security-group-rules",
            &json!({"security_group_rule": {
                "security_group_id": self.group, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
                "multiport": "22", "remote_ip_prefix": "10.0.0.0/8", "action": "allow", "priority": 1}}),
        );
    }

    /// How many requests have changed something below a path that contains `part`.
    fn writes(&self, part: &str) -> usize {
        let requests = self.cloud.requests();
        let requests = requests["requests"].as_array().expect("requests").clone();
        let is_write = |request: &&Value| {
            request["method"] != "GET"
                && request["path"].as_str().is_some_and(|path| {
                    path.contains(part)
                        && !path.contains("/auth/")
                        && !path.starts_with("/_emulator")
                })
        };
        requests.iter().filter(is_write).count()
    }
}

/// The guide's scenario, and a third server to which containers can move.
fn scenario_with_a_spare_server() -> NamedTempFile {
    let text =
        std::fs::read(format!("{REPOSITORY}/examples/scenarios/guide.json")).expect("the scenario");
    let mut scenario: Value = serde_json::from_slice(&text).expect("JSON");
    let servers = scenario["servers"].as_array_mut().expect("servers");
    let mut spare = servers[0].clone();
    spare["name"] = "ECS3".into();
    spare["nics"][0]["ip_address"] = "192.168.0.4".into();
    servers.push(spare);
    let file = NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), scenario.to_string()).expect("the scenario is written");
    file
}
