//! What is left of a replacement whose second half did not come: Terraform holds the old object beside the new one, and
//! destroys it later. The new one stays.

use serde_json::{Value, json};

use super::Stage;
use crate::harness::terraform::for_each_cli;

const ONE_OF_EACH: &str = r#"

resource "huaweivpc_ecs_port_source_check" "it" {
  host_ip = "192.168.0.10"
}

resource "huaweivpc_container_route" "it" {
  route_table_id = var.table
  destination    = "10.1.0.0/24"
  host_ip        = "192.168.0.10"
}

resource "huaweivpc_container_routes" "it" {
  route_table_id = var.table
  routes         = { "10.2.0.0/24" = { host_ip = "192.168.0.10" } }
}

resource "huaweivpc_secgroup_icmp_udp_rule" "it" {
  security_group_id = var.group
  remote_ip_prefix  = "10.0.0.0/8"
}
"#;

#[test]
fn a_deposed_object_is_destroyed_without_the_one_that_took_its_place() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli, ONE_OF_EACH);
        stage.workspace.apply().succeeded();
        depose(&stage);

        stage.workspace.apply().succeeded();

        let held = stage.held();
        assert_eq!((held.routes.len(), held.checks_off, held.rules), (2, 1, 2));
        stage.workspace.plan().expect_empty();
        stage.workspace.destroy().succeeded();
        let held = stage.held();
        assert_eq!((held.routes.len(), held.checks_off, held.rules), (0, 0, 0));
    });
}

/// Writes into the state that each object has been made anew and the former one was not destroyed yet.
fn depose(stage: &Stage) {
    let mut state = stage.workspace.state_json().expect("a state file");
    for resource in state["resources"].as_array_mut().expect("resources") {
        let instances = resource["instances"].as_array_mut().expect("instances");
        let mut former = instances[0].clone();
        former["deposed"] = json!("00000001");
        former["private"] = Value::Null;
        instances.push(former);
    }
    state["serial"] = json!(state["serial"].as_u64().expect("a number") + 1);
    stage.workspace.write("terraform.tfstate", &state.to_string());
}
