//! A network interface, or a virtual IP address, that somebody deleted while its server stays.

use serde_json::{Value, json};

use super::destroy_unrefreshed;
use crate::harness::{
    run::Run,
    stage::Stage,
    terraform::{Cli, Workspace, for_each_cli},
};

/// The interfaces of the first server besides its primary one.
const EXTENSIONS: [&str; 4] = ["192.168.0.9", "192.168.0.10", "192.168.0.11", "192.168.0.12"];
const VIRTUAL_IP: &str = "192.168.0.100";

/// The guide's cloud, whose first server has extension interfaces, and a virtual IP address.
fn stage(cli: &'static Cli) -> Stage {
    let nic = |address: &str| json!({ "subnet": "subnet-containers", "ip_address": address, "security_groups": ["sg-containers"] });
    let nics: Vec<Value> = ["192.168.0.2"].iter().chain(&EXTENSIONS).map(|it| nic(it)).collect();
    let servers = json!([
        { "name": "ECS1", "nics": nics },
        { "name": "ECS2", "nics": [nic("192.168.0.3")] },
        { "name": "ECS3", "nics": [nic("192.168.0.4")] },
    ]);
    let vips = json!([{ "name": "vip", "subnet": "subnet-containers", "ip_address": VIRTUAL_IP }]);
    Stage::with(cli, &json!({ "servers": servers, "vips": vips }))
}

fn port_id(stage: &Stage, address: &str) -> String {
    let state = stage.cloud.state();
    let ports = state["ports"].as_array().expect("ports");
    let port = ports.iter().find(|port| port["ip_address"] == address).expect(address);
    port["id"].as_str().expect("an id").to_owned()
}

/// Every resource that is about an interface, by each name that an extension interface can have.
fn configuration(stage: &Stage) -> String {
    let vpc = stage.cloud.state()["vpcs"][0]["id"].as_str().expect("an id").to_owned();
    let table = &stage.table;
    let by_port = port_id(stage, EXTENSIONS[0]);
    let [_, by_address, in_set, planned] = EXTENSIONS;
    stage.route("by_address", "10.0.2.0/24", by_address, "")
        + &format!(
            r#"
resource "huaweivpc_container_route" "by_port" {{
  route_table_id = "{table}"
  destination    = "10.0.4.0/24"
  port_id        = "{by_port}"
}}
resource "huaweivpc_container_route" "by_virtual_ip" {{
  route_table_id = "{table}"
  destination    = "10.0.5.0/24"
  virtual_ip     = "{VIRTUAL_IP}"
}}
resource "huaweivpc_container_routes" "set" {{
  route_table_id = "{table}"
  routes = {{
    "10.0.6.0/24" = {{ port_id = "{by_port}" }}
    "10.0.7.0/24" = {{ host_ip = "{in_set}" }}
    "10.0.8.0/24" = {{ virtual_ip = "{VIRTUAL_IP}" }}
  }}
}}
resource "huaweivpc_ecs_port_source_check" "by_port" {{
  port_id = "{by_port}"
}}
resource "huaweivpc_ecs_port_source_check" "by_address" {{
  vpc_id  = "{vpc}"
  host_ip = "{by_address}"
}}
resource "huaweivpc_ecs_port_source_checks" "set" {{
  vpc_id = "{vpc}"
  hosts  = ["{in_set}", "192.168.0.3"]
}}
data "huaweivpc_container_cidr_plan" "this" {{
  vpc_id   = "{vpc}"
  hosts    = {{ one = {{ host_ip = "{planned}", container_cidr = "10.0.9.0/24" }} }}
  on_error = "report"
}}
"#
        )
}

fn delete_the_interfaces(stage: &Stage) {
    let nics: Vec<Value> =
        EXTENSIONS.iter().map(|address| json!({ "id": port_id(stage, address) })).collect();
    let virtual_ip = port_id(stage, VIRTUAL_IP);
    let server = stage.cloud.state()["servers"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/{{p}}/cloudservers/{server}/nics/delete");
    stage.cloud.operate("POST", &path, &json!({ "nics": nics }));
    stage.cloud.operate("DELETE", &format!("/v1/{{p}}/ports/{virtual_ip}"), &Value::Null);
}

fn delete_the_routes(stage: &Stage) {
    let doomed: Vec<Value> =
        (4..9).map(|number| json!({ "destination": format!("10.0.{number}.0/24") })).collect();
    let body = json!({ "routetable": { "routes": { "del": doomed } } });
    stage.cloud.operate("PUT", &format!("/v1/{{p}}/routetables/{}", stage.table), &body);
}

#[test]
fn a_destroy_goes_on_where_an_interface_was_deleted_alone() {
    for_each_cli(|cli| {
        for routes_went_too in [false, true] {
            let ways: [fn(&Workspace) -> Run; 2] = [Workspace::destroy, destroy_unrefreshed];
            for destroy in ways {
                let stage = stage(cli);
                stage.workspace.write("main.tf", &configuration(&stage));
                stage.workspace.apply().succeeded();
                delete_the_interfaces(&stage);
                if routes_went_too {
                    delete_the_routes(&stage);
                }

                destroy(&stage.workspace).succeeded();

                let left = stage.cloud.state();
                assert_eq!(left["route_tables"][0]["routes"], json!([]));
                let ports = left["ports"].as_array().expect("ports");
                let is_off = |port: &&Value| port["allowed_address_pairs"] != json!([]);
                assert_eq!(ports.iter().filter(is_off).count(), 0, "{left}");
            }
        }
    });
}

/// Whoever edits a set in which a host is gone sees that in the plan, and the other hosts are switched all the same.
#[test]
fn an_edited_set_with_a_host_that_is_gone_warns_and_goes_on_with_the_others() {
    for_each_cli(|cli| {
        let stage = stage(cli);
        let vpc = stage.cloud.state()["vpcs"][0]["id"].as_str().expect("an id").to_owned();
        let set = |hosts: &str| {
            format!(
                "resource \"huaweivpc_ecs_port_source_checks\" \"set\" {{\n  vpc_id = \"{vpc}\"\n  hosts = [{hosts}]\n}}\n"
            )
        };
        let server = stage.cloud.state()["servers"][2]["id"].as_str().expect("an id").to_owned();
        let gone = EXTENSIONS[0];
        stage.workspace.write("main.tf", &set(&format!("\"{gone}\", \"{server}\"")));
        stage.workspace.apply().succeeded();
        delete_the_interfaces(&stage);
        let doomed = json!({ "servers": [{ "id": server }] });
        stage.cloud.operate("POST", "/v1/{p}/cloudservers/delete", &doomed);

        let edited = set(&format!("\"{gone}\", \"{server}\", \"192.168.0.3\""));
        stage.workspace.write("main.tf", &edited);
        let planned = stage.workspace.plan().expect_changes();
        let warnings = planned.warnings();
        let told: Vec<&str> = warnings.iter().map(|it| it.summary.as_str()).collect();
        assert_eq!(told, ["Server not found"], "{planned}");
        assert!([gone, &server].iter().all(|it| warnings[0].detail.contains(it)), "{planned}");

        let applied = stage.workspace.apply().failed();
        let errors = applied.errors();
        let told: Vec<&str> = errors.iter().map(|it| it.summary.as_str()).collect();
        assert_eq!(told, ["Server not found"], "{applied}");
        let ports = stage.cloud.state()["ports"].as_array().expect("ports").clone();
        let other = ports.iter().find(|port| port["ip_address"] == "192.168.0.3").expect("a port");
        assert_eq!(other["allowed_address_pairs"][0]["ip_address"], "1.1.1.1/0", "{applied}");

        stage.workspace.write("main.tf", &set("\"192.168.0.3\""));
        stage.workspace.apply().succeeded();
        stage.workspace.plan().expect_empty();
        stage.workspace.write("main.tf", &edited);
        stage.workspace.destroy().succeeded();
    });
}
