//! Single source checks that become a set, and a set that becomes single checks.

use super::Stage;
use crate::harness::terraform::for_each_cli;

const SINGLES_OR_SET: &str = r#"
variable "shape" { type = number }

data "huaweivpc_vpc" "it" {
  name = "vpc-containers"
}

locals {
  ip = [for i in range(8) : "192.168.0.${10 + i}"]
}

resource "huaweivpc_ecs_port_source_check" "single" {
  for_each = toset(slice(local.ip, 0, var.shape == 1 ? 6 : 2))
  host_ip  = each.key
}

resource "huaweivpc_ecs_port_source_checks" "set" {
  vpc_id = data.huaweivpc_vpc.it.id
  hosts  = slice(local.ip, var.shape == 1 ? 6 : 2, 8)
}
"#;

#[test]
fn source_checks_go_from_singles_to_a_set_and_back() {
    for_each_cli(|cli| {
        for parallelism in ["1", "10"] {
            let stage = Stage::new(cli, SINGLES_OR_SET);
            for shape in ["1", "2", "1"] {
                let arguments =
                    [format!("-parallelism={parallelism}"), format!("-var=shape={shape}")];
                stage.workspace.apply_with(&[&arguments[0], &arguments[1]]).succeeded();
                assert_eq!(stage.held().checks_off, 8, "{shape}, parallelism {parallelism}");
                stage.workspace.plan_with(&[&arguments[1]]).expect_empty();
            }
            stage.workspace.run(&["destroy", "-auto-approve", "-var=shape=1"]).succeeded();
            assert_eq!(stage.held().checks_off, 0, "given back as they were found at first");
        }
    });
}
