//! A data source has no state: what it looks up has to be there, also before a destroy. The error says what goes on.

use serde_json::Value;

use super::{Ground, destroy_unrefreshed};
use crate::harness::terraform::for_each_cli;

fn text(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).expect(path).to_owned()
}

#[test]
fn an_error_about_what_a_look_up_has_lost_says_how_a_destroy_goes_on() {
    for_each_cli(|cli| {
        let ground = Ground::new(cli);
        let state = ground.stage.cloud.state();
        let (vpc, subnet) = (text(&state, "/vpcs/0/id"), text(&state, "/subnets/0/id"));
        let (group, table) = (&ground.group, &ground.table);
        let lookups = format!(
            r#"
data "huaweivpc_vpc" "this" {{ id = "{vpc}" }}
data "huaweivpc_subnet" "this" {{ id = "{subnet}" }}
data "huaweivpc_security_group" "this" {{ id = "{group}" }}
data "huaweivpc_route_table" "this" {{ id = "{table}" }}
data "huaweivpc_ecs_hosts" "named" {{ names = ["ECS1"] }}
data "huaweivpc_ecs_hosts" "in_vpc" {{ vpc_id = "{vpc}" }}
data "huaweivpc_container_cidr_plan" "this" {{
  vpc_id = "{vpc}"
  hosts  = {{ one = {{ host_ip = "192.168.0.2", container_cidr = "10.0.20.0/24" }} }}
}}
"#
        );
        let text = ground.configuration() + &lookups;
        ground.stage.workspace.write("main.tf", &text);
        ground.stage.workspace.apply().succeeded();
        ground.delete_group();
        ground.delete_the_vpc();

        let stopped = ground.stage.workspace.destroy().failed();

        let errors = stopped.errors();
        assert_eq!(errors.len(), 7, "{stopped}");
        for error in errors {
            assert!(
                error.detail.contains("`terraform destroy -refresh=false`"),
                "{}",
                error.text()
            );
        }
        destroy_unrefreshed(&ground.stage.workspace).succeeded();
    });
}

/// The findings of the guide's data source are the configuration's to judge, so nothing of it stops a destroy.
#[test]
fn a_plan_of_ranges_that_reports_stops_no_destroy() {
    for_each_cli(|cli| {
        let ground = Ground::new(cli);
        let state = ground.stage.cloud.state();
        let (vpc, table) = (text(&state, "/vpcs/0/id"), &ground.table);
        let plan = |name: &str, more: &str| {
            format!(
                r#"
data "huaweivpc_container_cidr_plan" "{name}" {{
  vpc_id   = "{vpc}"
  hosts    = {{ one = {{ host_ip = "192.168.0.2", container_cidr = "10.0.20.0/24" }} }}
  on_error = "report"
{more}
}}
"#
            )
        };
        let plans = plan("this", "") + &plan("own", &format!("  route_table_id = \"{table}\""));
        ground.stage.workspace.write("main.tf", &(ground.configuration() + &plans));
        ground.stage.workspace.apply().succeeded();
        ground.delete_the_vpc();

        ground.stage.workspace.destroy().succeeded();
    });
}
