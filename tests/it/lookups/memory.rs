//! The route table as the memory of `cidr_allocate`, through every real client: hosts come and go, and nobody moves.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::harness::{
    emulator_process::EmulatorProcess,
    terraform::{Cli, Workspace, for_each_cli},
};

/// So small a pool that names meet.
const CONFIGURATION: &str = r#"
data "huaweivpc_vpc" "here" {
  name = "vpc-containers"
}

data "huaweivpc_route_table" "here" {
  vpc_id = data.huaweivpc_vpc.here.id
}

data "huaweivpc_ecs_hosts" "here" {
  vpc_id = data.huaweivpc_vpc.here.id
}

locals {
  pool   = "10.0.0.0/21"
  routes = data.huaweivpc_route_table.here.routes

  present = {
    for name, host in data.huaweivpc_ecs_hosts.here.hosts : name => one([
      for route in local.routes : route.destination
      if route.nexthop == host.ecs_id && provider::huaweivpc::cidr_contains(local.pool, route.destination)
    ])
  }

  ranges = provider::huaweivpc::cidr_allocate(local.pool, 24, local.present, local.routes[*].destination)
}

resource "huaweivpc_container_route" "of" {
  for_each = local.ranges

  route_table_id = data.huaweivpc_route_table.here.id
  destination    = each.value
  ecs_id         = data.huaweivpc_ecs_hosts.here.hosts[each.key].ecs_id
}
"#;

struct Stage {
    workspace: Workspace,
    cloud: EmulatorProcess,
}

impl Stage {
    fn new(cli: &'static Cli) -> Self {
        let cloud = EmulatorProcess::start("examples/scenarios/guide.json");
        let mut workspace = Workspace::new(cli);
        workspace
            .set("HW_ACCESS_KEY", "EMULATORACCESSKEY001")
            .set("HW_SECRET_KEY", "emulator-secret-key-not-a-real-one-00001");
        let url = cloud.url();
        let provider = format!(
            "terraform {{\n  required_providers {{\n    huaweivpc = {{ source = \"huaweivpc/huaweivpc\" }}\n  }}\n}}\n\
             provider \"huaweivpc\" {{\n  region    = \"cn-north-4\"\n  \
             endpoints = {{ iam = \"{url}\", vpc = \"{url}\", ecs = \"{url}\" }}\n}}\n"
        );
        workspace.write("main.tf", &format!("{provider}{CONFIGURATION}"));
        workspace.init();
        Self { workspace, cloud }
    }

    /// Applies what has changed, after which there is nothing to do. Says who has which range.
    fn apply(&self) -> BTreeMap<String, String> {
        self.workspace.apply().succeeded();
        self.workspace.plan().expect_empty();
        let state = self.cloud.state();
        let list = |pointer: &str| state.pointer(pointer).and_then(Json::as_array).unwrap().clone();
        let servers = list("/servers");
        let name =
            |id: &Json| servers.iter().find(|it| it["id"] == *id).map(|it| it["name"].clone());
        let text = |json: &Json| json.as_str().expect("a text").to_owned();
        let routes = list("/route_tables/0/routes");
        let routes = routes.iter().map(|it| (name(&it["nexthop"]), text(&it["destination"])));
        routes.map(|(name, range)| (text(&name.expect("a server that is there")), range)).collect()
    }

    fn make_server(&self, name: &str) {
        let state = self.cloud.state();
        let server = json!({ "server": {
            "name": name, "flavorRef": "s6.small.1", "imageRef": "1e2f3a4b-0000-4000-8000-000000000001",
            "vpcid": state.pointer("/vpcs/0/id"),
            "nics": [{ "subnet_id": state.pointer("/subnets/0/id") }],
            "security_groups": [{ "id": state.pointer("/security_groups/0/id") }],
        } });
        self.cloud.operate("POST", "/v1/{p}/cloudservers", &server);
    }

    fn delete_server(&self, name: &str) {
        let state = self.cloud.state();
        let servers = state["servers"].as_array().unwrap();
        let id = &servers.iter().find(|server| server["name"] == name).unwrap()["id"];
        let doomed = json!({ "servers": [{ "id": id }] });
        self.cloud.operate("POST", "/v1/{p}/cloudservers/delete", &doomed);
    }
}

#[test]
fn hosts_come_and_go_and_nobody_moves() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let mut ranges = stage.apply();
        assert_eq!(ranges.len(), 2);
        // Made in an order that is not that of the names, so that without a memory later ones would push away others.
        for (made, deleted) in
            [("ECS9", None), ("ECS5", Some("ECS1")), ("AAA", None), ("ABC", Some("ECS9"))]
        {
            stage.make_server(made);
            deleted.iter().for_each(|name| stage.delete_server(name));

            let after = stage.apply();

            let stayed = |(name, range): &(&String, &String)| after.get(*name) == Some(range);
            let (stayed, gone): (Vec<_>, Vec<_>) = ranges.iter().partition(stayed);
            let gone: Vec<&str> = gone.into_iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(gone, Vec::from_iter(deleted), "{ranges:?} became {after:?}");
            assert_eq!(after.len(), stayed.len() + 1);
            ranges = after;
        }
    });
}
