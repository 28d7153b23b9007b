//! What somebody deleted by hand never stops a destroy, nor the plan of other changes, through every real client: before
//! it destroys anything, Terraform plans the configuration as if it were to be applied.

mod interfaces;
mod lookups;

use serde_json::{Value, json};

use crate::harness::{
    run::Run,
    stage::Stage,
    terraform::{Cli, Workspace, for_each_cli},
};

/// The guide's cloud, and in it a group and a route table of their own, under a configuration of every resource.
struct Ground {
    stage: Stage,
    group: String,
    table: String,
}

impl Ground {
    fn new(cli: &'static Cli) -> Self {
        let stage = Stage::with(cli, &json!({ "quotas": { "vpcContainRoutetable": 5 } }));
        let text = |value: &Value, path: &str| {
            value.pointer(path).and_then(Value::as_str).expect(path).to_owned()
        };
        let group = stage.cloud.operate(
            "POST",
            "/v3/{p}/vpc/security-groups",
            &json!({ "security_group": { "name": "own" } }),
        );
        let vpc = text(&stage.cloud.state(), "/vpcs/0/id");
        let table = stage.cloud.operate(
            "POST",
            "/v1/{p}/routetables",
            &json!({ "routetable": { "name": "own", "vpc_id": vpc } }),
        );
        let (group, table) = (text(&group, "/security_group/id"), text(&table, "/routetable/id"));
        Self { stage, group, table }
    }

    /// Every resource, by each of the names that it can have.
    fn configuration(&self) -> String {
        let Self { stage, group, table } = self;
        let state = stage.cloud.state();
        let text = |path: &str| state.pointer(path).and_then(Value::as_str).expect(path).to_owned();
        let (vpc, server) = (text("/vpcs/0/id"), text("/servers/0/id"));
        stage.route("by_address", "10.0.2.0/24", "192.168.0.2", "")
            + &format!(
                r#"
resource "huaweivpc_container_route" "by_vpc" {{
  vpc_id      = "{vpc}"
  destination = "10.0.4.0/24"
  ecs_id      = "{server}"
}}
resource "huaweivpc_container_route" "own" {{
  route_table_id = "{table}"
  destination    = "10.0.5.0/24"
  host_ip        = "192.168.0.3"
}}
resource "huaweivpc_container_routes" "set" {{
  route_table_id = "{table}"
  routes = {{
    "10.0.6.0/24" = {{ ecs_id = "{server}" }}
    "10.0.7.0/24" = {{ host_ip = "192.168.0.3" }}
  }}
}}
resource "huaweivpc_ecs_port_source_check" "by_server" {{
  ecs_id = "{server}"
}}
resource "huaweivpc_ecs_port_source_check" "by_address" {{
  vpc_id  = "{vpc}"
  host_ip = "192.168.0.3"
}}
resource "huaweivpc_secgroup_icmp_udp_rule" "own" {{
  security_group_id = "{group}"
  remote_ip_prefix  = "10.0.0.0/16"
}}
"#
            )
    }

    fn apply(&self) {
        self.stage.workspace.write("main.tf", &self.configuration());
        self.stage.workspace.apply().succeeded();
    }

    fn operate(&self, method: &str, path: &str, body: &Value) {
        self.stage.cloud.operate(method, path, body);
    }

    fn delete_servers(&self, names: &[&str]) {
        let state = self.stage.cloud.state();
        let servers = state["servers"].as_array().expect("servers");
        let meant = servers.iter().filter(|it| names.iter().any(|name| it["name"] == *name));
        let ids: Vec<Value> = meant.map(|server| json!({ "id": server["id"] })).collect();
        self.operate("POST", "/v1/{p}/cloudservers/delete", &json!({ "servers": ids }));
    }

    fn delete_routes(&self, table: &str, destinations: &[&str]) {
        let doomed: Vec<Value> =
            destinations.iter().map(|range| json!({ "destination": range })).collect();
        let body = json!({ "routetable": { "routes": { "del": doomed } } });
        self.operate("PUT", &format!("/v1/{{p}}/routetables/{table}"), &body);
    }

    fn delete_table(&self) {
        self.delete_routes(&self.table, &["10.0.5.0/24", "10.0.6.0/24", "10.0.7.0/24"]);
        self.operate("DELETE", &format!("/v1/{{p}}/routetables/{}", self.table), &Value::Null);
    }

    fn delete_group(&self) {
        self.operate(
            "DELETE",
            &format!("/v3/{{p}}/vpc/security-groups/{}", self.group),
            &Value::Null,
        );
    }

    fn delete_the_vpc(&self) {
        self.delete_table();
        self.delete_routes(&self.stage.table, &["10.0.2.0/24", "10.0.4.0/24"]);
        self.delete_servers(&["ECS1", "ECS2"]);
        let state = self.stage.cloud.state();
        let text = |path: &str| state.pointer(path).and_then(Value::as_str).expect(path).to_owned();
        let vpc = text("/vpcs/0/id");
        let subnet = format!("/v1/{{p}}/vpcs/{vpc}/subnets/{}", text("/subnets/0/id"));
        self.operate("DELETE", &subnet, &Value::Null);
        self.operate("DELETE", &format!("/v1/{{p}}/vpcs/{vpc}"), &Value::Null);
    }
}

fn destroy_unrefreshed(workspace: &Workspace) -> Run {
    workspace.run(&["destroy", "-json", "-auto-approve", "-refresh=false"])
}

type Accident = (&'static str, fn(&Ground));

const ACCIDENTS: [Accident; 5] = [
    ("a server, and its routes stay", |ground| ground.delete_servers(&["ECS1"])),
    ("both servers and all routes", |ground| {
        ground.delete_servers(&["ECS1", "ECS2"]);
        ground.delete_routes(&ground.stage.table, &["10.0.2.0/24", "10.0.4.0/24"]);
        ground.delete_routes(&ground.table, &["10.0.5.0/24", "10.0.6.0/24", "10.0.7.0/24"]);
    }),
    ("the group", Ground::delete_group),
    ("the route table", Ground::delete_table),
    ("the VPC", Ground::delete_the_vpc),
];

#[test]
fn a_destroy_goes_on_whatever_was_deleted_by_hand() {
    for_each_cli(|cli| {
        for (what, happens) in ACCIDENTS {
            let ways: [fn(&Workspace) -> Run; 2] = [Workspace::destroy, destroy_unrefreshed];
            for destroy in ways {
                println!("{what}");
                let ground = Ground::new(cli);
                ground.apply();
                happens(&ground);
                destroy(&ground.stage.workspace).succeeded();
                let left = ground.stage.cloud.state();
                let tables = left["route_tables"].as_array().expect("tables");
                let routes = tables.iter().filter_map(|table| table["routes"].as_array());
                assert_eq!(routes.flatten().count(), 0, "{what}: {left}");
            }
        }
    });
}

/// The server is gone, and so is its route, or somebody has turned it: the plan says so, and goes on.
#[test]
fn what_is_gone_is_a_warning_and_what_is_written_wrong_stays_an_error() {
    for_each_cli(|cli| {
        let ground = Ground::new(cli);
        ground.apply();
        let state = ground.stage.cloud.state();
        let turned = json!({ "type": "ecs", "destination": "10.0.4.0/24", "nexthop": state.pointer("/servers/1/id") });
        let path = format!("/v1/{{p}}/routetables/{}", ground.stage.table);
        ground.operate("PUT", &path, &json!({ "routetable": { "routes": { "mod": [turned] } } }));
        ground.delete_routes(&ground.table, &["10.0.6.0/24"]);
        ground.delete_servers(&["ECS1"]);
        ground.delete_group();

        let configuration = ground.stage.workspace.module().join("main.tf");
        let written = std::fs::read_to_string(configuration).expect("the configuration");
        let other = ground.stage.route("other", "10.0.9.0/24", "192.168.0.3", "");
        ground.stage.workspace.write("main.tf", &(written.clone() + &other));
        let told = ground.stage.workspace.plan().expect_changes().warnings();
        let told_of = |address: &str, summary: &str| {
            told.iter().any(|it| it.address.starts_with(address) && it.summary == summary)
        };
        assert!(told_of("huaweivpc_container_route.by_vpc", "Server not found"), "{told:?}");
        assert!(
            told_of("huaweivpc_secgroup_icmp_udp_rule", "Security group not found"),
            "{told:?}"
        );

        // Whoever changes what names the object means another one.
        let nobody = "00000000-0000-4000-8000-000000000000";
        let first = state.pointer("/servers/0/id").and_then(Value::as_str).expect("an id");
        let wrong = written.replace(first, nobody).replace(&ground.group, nobody);
        ground.stage.workspace.write("main.tf", &wrong);
        let errors = ground.stage.workspace.plan().expect_error().errors();
        let mut told: Vec<(&str, &str)> =
            errors.iter().map(|it| (it.address.as_str(), it.summary.as_str())).collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                ("huaweivpc_container_route.by_vpc", "Server not found"),
                ("huaweivpc_container_routes.set", "Server not found"),
                ("huaweivpc_ecs_port_source_check.by_server", "Server not found"),
                ("huaweivpc_secgroup_icmp_udp_rule.own", "Security group not found"),
            ]
        );
    });
}
