//! Through every real client: the plan fails on the line, and nothing is touched; what a run moves is no conflict.

use serde_json::{Value, json};

use crate::harness::{stage::Stage, terraform::for_each_cli};

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

/// Terraform refreshes before a destroy by a plan of the configuration as it is.
#[test]
fn what_cannot_be_made_stops_a_destroy_that_refreshes_and_no_other() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let made = stage.route("made", "10.0.2.0/24", "192.168.0.2", "");
        stage.workspace.write("main.tf", &made);
        stage.workspace.apply().succeeded();
        let impossible = stage.route("impossible", "192.168.0.128/25", "192.168.0.2", "");
        stage.workspace.write("main.tf", &(made + &impossible));

        let errors = stage.workspace.destroy().errors();
        let summaries: Vec<&str> = errors.iter().map(|it| it.summary.as_str()).collect();
        assert_eq!(summaries, ["Destination inside a local route"]);
        stage.workspace.run(&["destroy", "-json", "-auto-approve", "-refresh=false"]).succeeded();
        assert_eq!(stage.cloud.state().pointer("/route_tables/0/routes"), Some(&json!([])));
    });
}

/// Terraform plans once to show the plan and once more, in another process, to apply it.
#[test]
fn each_process_reads_each_thing_once_to_plan_and_once_to_write() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let narrower = json!({ "type": "ecs", "destination": "10.0.2.128/25",
                               "nexthop": stage.cloud.state().pointer("/servers/1/id") });
        let body = json!({ "routetable": { "routes": { "add": [narrower] } } });
        stage.cloud.operate("PUT", &format!("/v1/{{p}}/routetables/{}", stage.table), &body);
        let text = stage.route("a", "10.0.2.0/24", "192.168.0.2", "")
            + &stage.route("b", "10.0.3.0/24", "192.168.0.3", "");
        stage.workspace.write("main.tf", &text);
        stage.cloud.forget_requests();

        let applied = stage.workspace.apply().succeeded();

        let warnings = applied.warnings();
        let summaries: Vec<&str> = warnings.iter().map(|it| it.summary.as_str()).collect();
        assert_eq!(summaries, ["Part of the destination goes elsewhere"; 2], "by both");
        let looks = |what: &str| {
            let requests = stage.cloud.requests();
            let is_look = |it: &&Value| {
                it["method"] == "GET" && it["path"].as_str().is_some_and(|path| path.contains(what))
            };
            requests.iter().filter(is_look).count()
        };
        assert_eq!(
            looks("/routetables/"),
            4,
            "by both to plan, before the first write, and after it"
        );
        assert_eq!(looks("/quotas"), 2, "by both");
    });
}
