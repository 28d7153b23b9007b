//! The guide through the real clients: what the data source tells before an apply and after it.

use serde_json::json;

use crate::{guide::stage::Guide, harness::terraform::for_each_cli};

const CONFIGURATION: &str = r#"
data "huaweivpc_container_path" "between" {
  vpc_id = var.vpc_id
  from   = { host_ip = "192.168.0.2", container_ip = "10.0.2.2" }
  to     = { host_ip = "192.168.0.3", container_ip = "10.0.3.2" }

  hosts = {
    for host in var.hosts : host.host_ip => {
      engine_version = "28.5.2"
      gateway_mode   = "nat-unprotected"
      masquerade     = false
      forwarding     = true
    }
  }
}

output "path" {
  value = {
    verdict    = data.huaweivpc_container_path.between.verdict
    reason     = data.huaweivpc_container_path.between.forward.reason
    traceroute = data.huaweivpc_container_path.between.forward.traceroute
    back       = data.huaweivpc_container_path.between.return.verdict
  }
}
"#;

#[test]
fn the_guides_path_is_there_after_its_apply_and_not_before() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.workspace.write("path.tf", CONFIGURATION);
        guide.apply();
        // What was read before the apply is in the state; the next run looks anew.
        let before = guide.workspace.output("path");
        assert_eq!(
            before,
            json!({ "verdict": "unreachable", "reason": "source_check", "traceroute": ["10.0.2.1", "*"], "back": "unreachable" })
        );
        guide.apply();
        let after = guide.workspace.output("path");
        assert_eq!(
            after,
            json!({
                "verdict": "reachable",
                "reason": null,
                "traceroute": ["10.0.2.1", "192.168.0.3", "10.0.3.2"],
                "back": "reachable",
            })
        );
        guide.nothing_to_do();
    });
}
