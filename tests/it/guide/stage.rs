//! What the guide's story is told with: the example in a workspace, an emulator, and what can be seen of both.

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::harness::{
    emulator_process::EmulatorProcess,
    run::Run,
    terraform::{Cli, REPOSITORY, Workspace},
};

/// The pair that stands for "source check off".
pub const CHECK_OFF: &str = "1.1.1.1/0";

/// The example in a workspace, the emulator with the guide's two servers and a spare one.
pub struct Guide {
    pub workspace: Workspace,
    pub cloud: EmulatorProcess,
    pub table: String,
    pub group: String,
    _scenario: NamedTempFile,
}

impl Guide {
    pub fn new(cli: &'static Cli) -> Self {
        Self::with(cli, &[])
    }

    /// With further arguments for the emulator.
    pub fn with(cli: &'static Cli, arguments: &[&str]) -> Self {
        let scenario = scenario_with_a_spare_server();
        let path = scenario.path().to_str().expect("a path");
        let cloud = EmulatorProcess::start_with(path, arguments);
        let state = cloud.state();
        let text = |path: &str| state.pointer(path).and_then(Value::as_str).expect(path).to_owned();
        let mut workspace = Workspace::new(cli);
        workspace
            .connect(&cloud)
            .set("TF_VAR_vpc_id", text("/vpcs/0/id"))
            .set("TF_VAR_security_group_id", text("/security_groups/0/id"));
        workspace.copy("examples/guide");
        workspace.init();
        let (table, group) = (text("/route_tables/0/id"), text("/security_groups/0/id"));
        Self { workspace, cloud, table, group, _scenario: scenario }
    }

    pub fn apply(&self) -> Run {
        self.workspace.apply().succeeded()
    }

    pub fn nothing_to_do(&self) {
        self.workspace.plan().expect_empty();
    }

    pub fn hosts(&self, hosts: &[(&str, &str, &str)]) {
        let host = |(name, ip, range): &(&str, &str, &str)| {
            format!("  {name} = {{ host_ip = {ip:?}, container_cidr = {range:?} }}\n")
        };
        let hosts: String = hosts.iter().map(host).collect();
        self.workspace.write("hosts.auto.tfvars", &format!("hosts = {{\n{hosts}}}\n"));
    }

    pub fn text(&self, path: &str) -> String {
        self.cloud.state().pointer(path).and_then(Value::as_str).expect(path).to_owned()
    }

    pub fn list(&self, path: &str) -> Vec<Value> {
        self.cloud.state().pointer(path).and_then(Value::as_array).expect(path).clone()
    }

    pub fn server(&self, name: &str) -> String {
        let servers = self.list("/servers");
        let server = servers.iter().find(|server| server["name"] == name).expect(name);
        server["id"].as_str().expect("an id").to_owned()
    }

    /// `10.0.2.0/24 -> ECS1: description`
    pub fn routes(&self) -> Vec<String> {
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

    pub fn port(&self, address: &str) -> Value {
        let ports = self.list("/ports");
        ports.into_iter().find(|port| port["ip_address"] == address).expect(address)
    }

    pub fn port_id(&self, address: &str) -> String {
        self.port(address)["id"].as_str().expect("an id").to_owned()
    }

    pub fn pairs(&self, address: &str) -> Vec<String> {
        let port = self.port(address);
        let pairs = port["allowed_address_pairs"].as_array().expect("pairs");
        let mut pairs: Vec<String> = pairs
            .iter()
            .map(|pair| pair["ip_address"].as_str().expect("an address").to_owned())
            .collect();
        pairs.sort();
        pairs
    }

    pub fn checks_off(&self) -> Vec<String> {
        ["192.168.0.2", "192.168.0.3", "192.168.0.4"]
            .into_iter()
            .filter(|address| self.pairs(address).iter().any(|pair| pair == CHECK_OFF))
            .map(str::to_owned)
            .collect()
    }

    pub fn ports_without_pairs(&self) -> Vec<Value> {
        let mut ports = self.list("/ports");
        for port in &mut ports {
            let port = port.as_object_mut().expect("an object");
            port.remove("allowed_address_pairs");
            port.remove("updated_at");
        }
        ports
    }

    /// Makes a server anew, under the address it had.
    pub fn rebuild(&self, name: &str, address: &str, new_name: &str) {
        let old = self.server(name);
        let delete = json!({"servers": [{"id": old}]});
        self.cloud.operate("POST", "/v1/{p}/cloudservers/delete", &delete);
        self.cloud.operate(
            "POST",
            "/v1/{p}/cloudservers",
            &json!({"server": {
                "name": new_name, "flavorRef": "s6.large.2", "imageRef": "image", "vpcid": self.text("/vpcs/0/id"),
                "nics": [{"subnet_id": self.text("/subnets/0/id"), "ip_address": address}],
                "root_volume": {"volumetype": "GPSSD", "size": 40},
                "security_groups": [{"id": self.group}], "availability_zone": "cn-north-4a"}}),
        );
    }

    /// The rules beside those every group has: `icmp from 0.0.0.0/0`
    pub fn rules(&self) -> Vec<String> {
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

    pub fn rule_id(&self, protocol: &str) -> String {
        let rules = self.list("/security_groups/0/rules");
        let rule = rules.iter().find(|rule| rule["protocol"] == protocol).expect(protocol);
        rule["id"].as_str().expect("an id").to_owned()
    }

    pub fn change_routes(&self, routes: &Value) {
        let path = format!("/v1/{{p}}/routetables/{}", self.table);
        self.cloud.operate("PUT", &path, &json!({"routetable": {"routes": routes}}));
    }

    pub fn set_pairs(&self, address: &str, pairs: &Value) {
        let path = format!("/v1/{{p}}/ports/{}", self.port(address)["id"].as_str().expect("an id"));
        self.cloud.operate("PUT", &path, &json!({"port": {"allowed_address_pairs": pairs}}));
    }

    pub fn add_foreign_rule(&self) {
        self.cloud.operate(
            "POST",
            "/v3/{p}/vpc/security-group-rules",
            &json!({"security_group_rule": {
                "security_group_id": self.group, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
                "multiport": "22", "remote_ip_prefix": "10.0.0.0/8", "action": "allow", "priority": 1}}),
        );
    }

    /// How many requests have changed something below a path that contains `part`.
    pub fn writes(&self, part: &str) -> usize {
        self.written().iter().filter(|path| path.contains(part)).count()
    }

    /// What has been changed, in order: `routetables/<id>`.
    pub fn written(&self) -> Vec<String> {
        let written = |request: &Value| {
            let path = request["path"].as_str().expect("a path");
            let is_change = request["method"] != "GET"
                && !path.contains("/auth/")
                && !path.starts_with("/_emulator");
            is_change.then(|| path.splitn(4, '/').last().expect("a path").to_owned())
        };
        self.cloud.requests().iter().filter_map(written).collect()
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
