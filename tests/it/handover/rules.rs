//! Rules of security groups that go from a pair to a set and back, and between two sets.

use super::Stage;
use crate::harness::terraform::for_each_cli;

const PAIR_OR_SETS: &str = r#"
variable "shape" { type = number }

locals {
  first = var.shape == 1
  paired = {
    ping  = { protocol = "icmp", remote_ip_prefix = "10.0.0.0/16" }
    trace = { protocol = "udp", remote_ip_prefix = "10.0.0.0/16" }
  }
}

resource "huaweivpc_secgroup_icmp_udp_rule" "pair" {
  count             = local.first ? 1 : 0
  security_group_id = var.group
  remote_ip_prefix  = "10.0.0.0/16"
}

resource "huaweivpc_secgroup_rules" "set" {
  count             = 2
  security_group_id = var.group
  rules = merge(
    {
      for i in range(8) : "${local.first ? "a" : "b"}-${i}" => { protocol = "udp", remote_ip_prefix = "10.${i + 1}.0.0/16" }
      if(local.first ? i % 2 : floor(i / 4)) == count.index
    },
    count.index == 0 && !local.first ? local.paired : {},
  )
}
"#;

#[test]
fn rules_go_from_a_pair_to_a_set_and_between_sets() {
    for_each_cli(|cli| {
        for parallelism in ["1", "10"] {
            let stage = Stage::new(cli, PAIR_OR_SETS);
            for shape in ["1", "2", "1"] {
                let arguments =
                    [format!("-parallelism={parallelism}"), format!("-var=shape={shape}")];
                stage.workspace.apply_with(&[&arguments[0], &arguments[1]]).succeeded();
                assert_eq!(stage.held().rules, 10, "{shape}, parallelism {parallelism}");
                stage.workspace.plan_with(&[&arguments[1]]).expect_empty();
            }
            stage.workspace.run(&["destroy", "-auto-approve", "-var=shape=1"]).succeeded();
            assert_eq!(stage.held().rules, 0);
        }
    });
}
