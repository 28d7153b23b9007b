//! `terraform test`: a configuration that tests itself, with functions in the validation of a variable, and the data
//! source in a precondition and in a check.

use serde_json::Value;

use crate::harness::{
    emulator_process::EmulatorProcess,
    terraform::{Cli, Workspace, for_each_cli},
};

#[test]
fn the_tests_of_the_checked_example_pass() {
    for_each_cli(|cli| {
        let (workspace, cloud) = stage(cli);
        let run = workspace.run(&["test", "-no-color"]).succeeded();
        assert!(run.stdout.contains("Success! 6 passed, 0 failed."), "{run}");
        let routes = cloud.state();
        let routes = routes.pointer("/route_tables/0/routes").and_then(Value::as_array);
        assert_eq!(routes.map(Vec::len), Some(0), "a test takes away what it has made");
    });
}

/// A test that could not fail would show nothing.
#[test]
fn they_fail_where_a_server_does_not_forward() {
    for_each_cli(|cli| {
        let (workspace, _cloud) = stage(cli);
        workspace.write("override.tf", STILL_CHECKED);
        let run = workspace.run(&["test", "-no-color"]).failed();
        assert!(run.text().contains("Check block assertion failed"), "{run}");
    });
}

const STILL_CHECKED: &str =
    "resource \"huaweivpc_ecs_port_source_checks\" \"this\" {\n  enabled = true\n}\n";

fn stage(cli: &'static Cli) -> (Workspace, EmulatorProcess) {
    let cloud = EmulatorProcess::start("examples/scenarios/guide.json");
    let state = cloud.state();
    let vpc = state.pointer("/vpcs/0/id").and_then(Value::as_str).expect("a VPC");
    let mut workspace = Workspace::new(cli);
    workspace.connect(&cloud).set("TF_VAR_vpc_id", vpc);
    workspace.copy("examples/checked");
    workspace.init();
    (workspace, cloud)
}
