//! Objects that one resource of a run gives up and another one takes: renamed keys, shortened lists, exchanged places,
//! single routes that become a set, replacements in either order. Nothing that is still wanted goes, whatever Terraform
//! calls first; told with real clients, because the order is theirs.

mod checks;
mod deposed;
mod rules;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{
    emulator_process::EmulatorProcess,
    terraform::{Cli, Workspace, for_each_cli},
};

const HOSTS: usize = 8;
const CHECK_OFF: &str = "1.1.1.1/0";

/// How every configuration here begins.
const PROVIDER: &str = r#"
terraform {
  required_providers {
    huaweivpc = { source = "huaweivpc/huaweivpc" }
  }
}

variable "endpoints" { type = map(string) }
variable "table" {}
variable "group" {}

provider "huaweivpc" {
  endpoints = var.endpoints
}
"#;

/// Every kind of exchange at once. `shape` 1 and 2 want the same objects under other addresses.
const EXCHANGES: &str = r#"
variable "shape" { type = number }

locals {
  first  = var.shape == 1
  ip     = [for i in range(8) : "192.168.0.${10 + i}"]
  ranges = { for kind in range(1, 9) : kind => [for i in range(8) : "10.${kind}.${i}.0/24"] }
}

resource "terraform_data" "shape" {
  input = var.shape
}

# Keys are renamed, without a `moved` block, and either way of replacing.
resource "huaweivpc_ecs_port_source_check" "renamed" {
  for_each = { for i in range(3) : (local.first ? local.ip[i] : "host-${i}") => local.ip[i] }
  host_ip  = each.value
  lifecycle { create_before_destroy = true }
}

resource "huaweivpc_ecs_port_source_check" "renamed_destroyed_first" {
  for_each = { for i in range(3, 5) : (local.first ? local.ip[i] : "host-${i}") => local.ip[i] }
  host_ip  = each.value
}

resource "huaweivpc_container_route" "renamed" {
  for_each       = { for i in range(8) : (local.first ? i : "n-${i}") => i }
  route_table_id = var.table
  destination    = local.ranges[1][each.value]
  host_ip        = local.ip[each.value]
}

# A list loses its first element, or is turned round.
resource "huaweivpc_container_route" "counted" {
  count          = local.first ? 8 : 7
  route_table_id = var.table
  destination    = local.ranges[2][count.index + (local.first ? 0 : 1)]
  host_ip        = local.ip[count.index]
}

resource "huaweivpc_secgroup_icmp_udp_rule" "turned" {
  count             = 3
  security_group_id = var.group
  remote_ip_prefix  = local.ranges[3][local.first ? count.index : 2 - count.index]
}

# Single routes become a set, and a set becomes single routes.
resource "huaweivpc_container_route" "single" {
  for_each       = toset(local.first ? local.ranges[4] : local.ranges[5])
  route_table_id = var.table
  destination    = each.key
  host_ip        = local.ip[0]
}

resource "huaweivpc_container_routes" "set" {
  route_table_id = var.table
  routes         = { for range in local.first ? local.ranges[5] : local.ranges[4] : range => { host_ip = local.ip[1] } }
}

# Two sets exchange half of what they have.
resource "huaweivpc_container_routes" "exchanging" {
  count          = 2
  route_table_id = var.table
  routes = {
    for i in range(8) : local.ranges[6][i] => { host_ip = local.ip[i] }
    if (local.first ? i % 2 : floor(i / 4)) == count.index
  }
}

# Replacements of what stays the same, in either order.
resource "huaweivpc_ecs_port_source_check" "replaced" {
  for_each = toset(slice(local.ip, 5, 7))
  host_ip  = each.key
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.shape]
  }
}

resource "huaweivpc_ecs_port_source_check" "replaced_destroyed_first" {
  host_ip = local.ip[7]
  lifecycle { replace_triggered_by = [terraform_data.shape] }
}

resource "huaweivpc_container_route" "replaced" {
  count          = 4
  route_table_id = var.table
  destination    = local.ranges[7][count.index]
  host_ip        = local.ip[count.index]
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.shape]
  }
}

resource "huaweivpc_container_routes" "replaced" {
  route_table_id = var.table
  routes         = { for range in local.ranges[8] : range => { host_ip = local.ip[2] } }
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.shape]
  }
}

resource "huaweivpc_secgroup_icmp_udp_rule" "replaced" {
  security_group_id = var.group
  remote_ip_prefix  = "10.9.0.0/16"
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.shape]
  }
}
"#;

#[test]
fn nothing_that_is_still_wanted_goes_at_any_parallelism() {
    for_each_cli(|cli| {
        for parallelism in ["1", "10", "50"] {
            let stage = Stage::new(cli, EXCHANGES);
            let apply = |shape: usize| {
                let arguments =
                    [format!("-parallelism={parallelism}"), format!("-var=shape={shape}")];
                stage.workspace.apply_with(&[&arguments[0], &arguments[1]]).succeeded();
                let held = stage.held();
                assert_eq!(held.checks_off, HOSTS, "shape {shape}, parallelism {parallelism}");
                let expected = held.expected(shape);
                assert_eq!(held.routes.keys().cloned().collect::<Vec<_>>(), expected);
                assert_eq!(held.rules, 8, "shape {shape}, parallelism {parallelism}");
                stage.workspace.plan_with(&[&arguments[1]]).expect_empty();
            };
            apply(1);
            apply(2);
            stage.workspace.run(&["destroy", "-auto-approve", "-var=shape=2"]).succeeded();
            let held = stage.held();
            assert_eq!((held.checks_off, held.routes.len(), held.rules), (0, 0, 0));
        }
    });
}

/// A cloud with some servers, and a folder whose configuration knows its table and its group.
struct Stage {
    workspace: Workspace,
    cloud: EmulatorProcess,
}

/// What the cloud holds beside its own routes and rules.
struct Held {
    /// The next hop of each destination.
    routes: BTreeMap<String, String>,
    checks_off: usize,
    rules: usize,
}

impl Stage {
    fn new(cli: &'static Cli, configuration: &str) -> Self {
        let mut workspace = Workspace::new(cli);
        workspace.write("scenario.json", &scenario().to_string());
        let cloud =
            EmulatorProcess::start(&workspace.module().join("scenario.json").to_string_lossy());
        let state = cloud.state();
        let id =
            |path| state.pointer(path).and_then(Value::as_str).expect("it is there").to_owned();
        workspace
            .connect(&cloud)
            .set("TF_VAR_table", id("/route_tables/0/id"))
            .set("TF_VAR_group", id("/security_groups/0/id"));
        workspace.write("provider.tf", PROVIDER);
        workspace.write("main.tf", configuration);
        workspace.init();
        Self { workspace, cloud }
    }

    fn held(&self) -> Held {
        let state = self.cloud.state();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let routes = list(&state["route_tables"][0]["routes"]);
        let made = routes.iter().filter(|route| route["type"] != "local");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let routes = made.map(|route| (text(&route["destination"]), text(&route["nexthop"])));
        let is_off = |port: &Value| {
            list(&port["allowed_address_pairs"]).iter().any(|pair| pair["ip_address"] == CHECK_OFF)
        };
        let group = &state["security_groups"][0];
        let is_made = |rule: &&Value| rule["protocol"] == "icmp" || rule["protocol"] == "udp";
        Held {
            routes: routes.collect(),
            checks_off: list(&state["ports"]).iter().filter(|port| is_off(port)).count(),
            rules: list(&group["rules"]).iter().filter(is_made).count(),
        }
    }
}

impl Held {
    fn expected(&self, shape: usize) -> Vec<String> {
        let all = |kind: usize, indices: std::ops::Range<usize>| {
            indices.map(move |index| format!("10.{kind}.{index}.0/24"))
        };
        let counted = if shape == 1 { all(2, 0..8) } else { all(2, 1..8) };
        let mut expected: Vec<String> =
            [1, 4, 5, 6, 8].into_iter().flat_map(|it| all(it, 0..8)).collect();
        expected.extend(counted);
        expected.extend(all(7, 0..4));
        expected.sort_unstable();
        expected
    }
}

/// The guide's, with more servers.
fn scenario() -> Value {
    let guide = include_str!("../../examples/scenarios/guide.json");
    let mut scenario: Value = serde_json::from_str(guide).expect("the scenario is JSON");
    let server = |index: usize| {
        json!({ "name": format!("host-{index}"), "nics": [{
            "subnet": "subnet-containers",
            "ip_address": format!("192.168.0.{}", 10 + index),
            "security_groups": ["sg-containers"],
        }] })
    };
    scenario["servers"] = (0..HOSTS).map(server).collect();
    scenario
}
