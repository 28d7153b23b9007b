//! Through every real client: the plan fails on the line, and nothing is touched; what a run moves is no conflict.

use serde_json::Value;

use crate::harness::{
    emulator_process::EmulatorProcess,
    terraform::{Cli, Workspace, for_each_cli},
};

struct Stage {
    workspace: Workspace,
    cloud: EmulatorProcess,
    table: String,
}

impl Stage {
    fn new(cli: &'static Cli) -> Self {
        let cloud = EmulatorProcess::start("examples/scenarios/guide.json");
        let state = cloud.state();
        let table = state.pointer("/route_tables/0/id").and_then(Value::as_str).unwrap().to_owned();
        let mut workspace = Workspace::new(cli);
        workspace
            .set("HW_ACCESS_KEY", "EMULATORACCESSKEY001")
            .set("HW_SECRET_KEY", "emulator-secret-key-not-a-real-one-00001");
        let url = cloud.url();
        workspace.write(
            "provider.tf",
            &format!(
                "terraform {{\n  required_providers {{\n    huaweivpc = {{ source = \"huaweivpc/huaweivpc\" }}\n  }}\n}}\n\
                 provider \"huaweivpc\" {{\n  region    = \"cn-north-4\"\n  \
                 endpoints = {{ iam = \"{url}\", vpc = \"{url}\", ecs = \"{url}\" }}\n}}\n"
            ),
        );
        workspace.init();
        Self { workspace, cloud, table }
    }

    fn route(&self, name: &str, destination: &str, host: &str, more: &str) -> String {
        format!(
            "resource \"huaweivpc_container_route\" \"{name}\" {{\n  route_table_id = \"{}\"\n  \
             destination    = \"{destination}\"\n  host_ip        = \"{host}\"\n{more}}}\n",
            self.table
        )
    }
}

#[test]
fn a_wrong_plan_fails_on_its_line_before_anything_is_touched() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let before = stage.cloud.state();
        let text = stage.route("right", "10.0.2.0/24", "192.168.0.2", "")
            + &stage.route("inside", "192.168.0.128/25", "192.168.0.2", "")
            + &stage
                .route("reserved", "10.0.3.0/24", "192.168.0.3", "")
                .replace("host_ip", "virtual_ip");
        stage.workspace.write("main.tf", &text);

        let errors = stage.workspace.plan().expect_error().errors();

        let mut lines: Vec<(&str, String)> = errors
            .iter()
            .map(|error| {
                (
                    error.summary.as_str(),
                    error.code.split_whitespace().collect::<Vec<_>>().join(" "),
                )
            })
            .collect();
        lines.sort();
        assert_eq!(
            lines,
            [
                (
                    "Destination inside a local route",
                    "destination = \"192.168.0.128/25\"".to_owned()
                ),
                ("Virtual IP address not found", "virtual_ip = \"192.168.0.3\"".to_owned()),
            ]
        );
        assert_eq!(stage.cloud.state(), before);
    });
}

/// One route leaves a destination and another one takes it, in one apply; then one is made anew where it stands.
#[test]
fn what_one_run_moves_is_no_conflict() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        stage.workspace.write("main.tf", &stage.route("a", "10.0.2.0/24", "192.168.0.2", ""));
        stage.workspace.apply().succeeded();

        let after = "  depends_on = [huaweivpc_container_route.a]\n";
        let text = stage.route("a", "10.0.3.0/24", "192.168.0.2", "")
            + &stage.route("b", "10.0.2.0/24", "192.168.0.3", after);
        stage.workspace.write("main.tf", &text);
        stage.workspace.apply().succeeded();
        stage.workspace.plan().expect_empty();
    });
}
