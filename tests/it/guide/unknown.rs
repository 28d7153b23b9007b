//! What Terraform does not know yet while it plans: a module that depends on something that changes, a server that is made
//! anew by the same apply, a provider block whose settings are.

use serde_json::Value;

use super::stage::Guide;
use crate::harness::terraform::for_each_cli;

const PROVIDER: &str = "provider \"huaweivpc\"";

/// The example's data source is read during apply then. What stands is not made anew for that.
#[test]
fn the_guide_as_a_module_that_depends_on_what_changes_stays_as_it_is() {
    const ROOT: &str = r#"
terraform {
  required_providers {
    huaweivpc = { source = "huaweivpc/huaweivpc" }
  }
}

variable "endpoints" { type = map(string) }
variable "vpc_id" {}
variable "security_group_id" {}
variable "generation" {}

provider "huaweivpc" {
  endpoints = var.endpoints
}

resource "terraform_data" "firewall" {
  input = var.generation
}

module "containers" {
  source            = "./containers"
  vpc_id            = var.vpc_id
  security_group_id = var.security_group_id
  depends_on        = [terraform_data.firewall]
}
"#;
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.workspace.copy_to("examples/guide", "containers");
        let example = include_str!("../../../examples/guide/main.tf");
        let (before, rest) = example.split_once(PROVIDER).expect("a provider block");
        let (_, after) = rest.split_once("\n}\n").expect("the end of the block");
        guide.workspace.write("containers/main.tf", &format!("{before}{after}"));
        guide.workspace.write("main.tf", ROOT);
        for file in ["outputs.tf", "variables.tf", "versions.tf"] {
            guide.workspace.write(file, "");
        }
        guide.workspace.init();
        guide.workspace.apply_with(&["-var=generation=1"]).succeeded();
        guide.cloud.forget_requests();

        let plan = guide.workspace.plan_with(&["-var=generation=2"]).expect_changes();
        let changes = plan.changes("planned_change");
        let written = changes.iter().filter(|(_, action)| *action != "read");
        let written: Vec<_> = written.map(|(address, _)| address).collect();
        assert_eq!(written, ["terraform_data.firewall"], "{plan}");
        guide.workspace.apply_with(&["-var=generation=2"]).succeeded();

        assert_eq!(guide.written(), Vec::<String>::new());
        guide.workspace.plan_with(&["-var=generation=2"]).expect_empty();
    });
}

/// The address is the output of what makes the server, as `access_ip_v4` is for the official provider's servers.
#[test]
fn a_route_follows_a_server_that_is_made_anew_in_the_same_apply() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.workspace.write(
            "main.tf",
            &with_provider(
                r#"
resource "terraform_data" "server" {
  triggers_replace = var.region
  input            = "192.168.0.2"
}

resource "huaweivpc_container_route" "by_address" {
  vpc_id      = var.vpc_id
  destination = "10.0.2.0/24"
  host_ip     = terraform_data.server.output
}

resource "huaweivpc_container_routes" "by_address" {
  vpc_id = var.vpc_id
  routes = { "10.0.3.0/24" = { host_ip = terraform_data.server.output } }
}

resource "huaweivpc_ecs_port_source_check" "by_address" {
  host_ip = terraform_data.server.output
}
"#,
                "cn-north-4",
            ),
        );
        guide.workspace.write("outputs.tf", "");
        guide.workspace.apply_with(&["-var=region=first"]).succeeded();

        guide.workspace.plan_with(&["-var=region=second", "-out=plan"]).expect_changes();
        guide.rebuild("ECS1", "192.168.0.2", "ECS1-rebuilt");
        guide.workspace.run(&["apply", "-json", "plan"]).succeeded();

        assert_eq!(
            guide.routes(),
            ["10.0.2.0/24 -> ECS1-rebuilt: ", "10.0.3.0/24 -> ECS1-rebuilt: "]
        );
        assert_eq!(guide.checks_off(), ["192.168.0.2"]);
        guide.workspace.plan_with(&["-var=region=second"]).expect_empty();
    });
}

/// Its region is the output of something that is made anew: until then nothing can be read, and nothing has to be.
#[test]
fn a_provider_block_that_is_not_known_yet_stops_nothing() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        let resources = r#"
resource "terraform_data" "account" {
  triggers_replace = var.region
  input            = "cn-north-4"
}

resource "huaweivpc_container_route" "it" {
  vpc_id      = var.vpc_id
  destination = "10.0.2.0/24"
  host_ip     = "192.168.0.2"
}

resource "huaweivpc_container_routes" "it" {
  vpc_id = var.vpc_id
  routes = { "10.0.3.0/24" = { host_ip = "192.168.0.3" } }
}

resource "huaweivpc_ecs_port_source_check" "it" {
  host_ip = "192.168.0.2"
}

resource "huaweivpc_secgroup_icmp_udp_rule" "it" {
  security_group_id = var.security_group_id
  remote_ip_prefix  = "10.0.0.0/8"
}
"#;
        let known_later = with_provider(resources, "${terraform_data.account.output}");
        guide.workspace.write("main.tf", &known_later);
        guide.workspace.write("outputs.tf", "");
        guide.workspace.apply_with(&["-var=region=first"]).succeeded();
        guide.cloud.forget_requests();

        let plan = guide.workspace.plan_with(&["-var=region=second"]).expect_changes();
        assert!(plan.warnings().iter().any(|it| it.summary == "Not refreshed"), "{plan}");
        guide.workspace.apply_with(&["-var=region=second"]).succeeded();

        assert_eq!(guide.written(), Vec::<String>::new());
        guide.workspace.plan_with(&["-var=region=second"]).expect_empty();
        guide
            .workspace
            .run(&["destroy", "-json", "-auto-approve", "-var=region=third"])
            .succeeded();
        assert_eq!(guide.routes(), Vec::<String>::new());
        assert_eq!(guide.checks_off(), Vec::<String>::new());
        assert_eq!(guide.rules(), Vec::<String>::new());
    });
}

/// These resources, under a provider block with that region.
fn with_provider(resources: &str, region: &str) -> String {
    let region = Value::from(region);
    format!("{PROVIDER} {{\n  region    = {region}\n  endpoints = var.endpoints\n}}\n{resources}")
}
