//! An exclusive set removes what its plan has shown and nothing else, through every real client.

use serde_json::{Value, json};

use crate::harness::{run::Run, stage::Stage, terraform::for_each_cli};

const SHOWN: &str = "10.9.0.0/24";
const APPEARED: &str = "10.44.0.0/24";

/// A set of one route, and a table in which others have one.
struct Table {
    stage: Stage,
    other: String,
}

impl Table {
    fn set_up(stage: Stage) -> Self {
        let state = stage.cloud.state();
        let other = state.pointer("/servers/1/id").and_then(Value::as_str).unwrap().to_owned();
        let table = Self { stage, other };
        table.change("add", SHOWN);
        table
    }

    fn configure(&self, more: &str) {
        let table = &self.stage.table;
        self.stage.workspace.write(
            "set.tf",
            &format!(
                "resource \"huaweivpc_container_routes\" \"set\" {{\n  route_table_id = \"{table}\"\n  routes = {{ \
                 \"10.0.2.0/24\" = {{ host_ip = \"192.168.0.2\" }} }}\n  {more}\n}}\n"
            ),
        );
    }

    /// What others do in the console.
    fn change(&self, list: &str, destination: &str) {
        let route = json!({ "type": "ecs", "destination": destination, "nexthop": self.other });
        let path = format!("/v1/{{p}}/routetables/{}", self.stage.table);
        let body = json!({ "routetable": { "routes": { list: [route] } } });
        self.stage.cloud.operate("PUT", &path, &body);
    }

    fn expect(&self, expected: &[&str]) {
        let state = self.stage.cloud.state();
        let routes = state.pointer("/route_tables/0/routes").and_then(Value::as_array).unwrap();
        let made = routes.iter().filter(|route| route["type"] != "local");
        let mut destinations: Vec<&str> =
            made.filter_map(|route| route["destination"].as_str()).collect();
        destinations.sort_unstable();
        assert_eq!(destinations, expected);
    }

    /// Plans, lets a route appear, and carries that plan out.
    fn apply_too_late(&self) -> Run {
        self.stage.workspace.plan_with(&["-out=saved"]).expect_changes();
        self.change("add", APPEARED);
        self.stage.workspace.apply_with(&["saved"])
    }
}

fn refused(run: &Run) {
    let errors = run.errors();
    assert!(matches!(&errors[..], [one] if one.detail.contains(APPEARED)), "{errors:?}");
    assert!(!errors[0].detail.contains(SHOWN), "{errors:?}");
}

#[test]
fn a_new_set_removes_what_its_plan_has_shown_and_nothing_that_has_come_since() {
    for_each_cli(|cli| {
        let table = Table::set_up(Stage::new(cli));
        // Others have a route where the set is to have its own.
        table.change("add", "10.0.2.0/24");
        table.configure("mode = \"exclusive\"");

        refused(&table.apply_too_late().failed());
        table.expect(&["10.0.2.0/24", APPEARED, SHOWN]);
        assert!(table.stage.workspace.stored("huaweivpc_container_routes.set").is_none());

        let planned = table.stage.workspace.plan().expect_changes();
        let warnings = planned.warnings();
        for gone in [APPEARED, SHOWN, "replaces: 10.0.2.0/24"] {
            assert!(warnings.iter().any(|it| it.detail.contains(gone)), "{gone}: {warnings:?}");
        }
        table.stage.workspace.apply().succeeded();
        table.expect(&["10.0.2.0/24"]);
        table.stage.workspace.plan().expect_empty();
    });
}

#[test]
fn new_terms_remove_what_their_plan_has_shown_and_nothing_that_has_come_since() {
    for_each_cli(|cli| {
        let table = Table::set_up(Stage::new(cli));
        table.configure("");
        table.stage.workspace.apply().succeeded();
        table.configure("mode = \"exclusive\"");

        refused(&table.apply_too_late().failed());
        table.expect(&["10.0.2.0/24", APPEARED, SHOWN]);

        table.stage.workspace.apply().succeeded();
        table.expect(&["10.0.2.0/24"]);
        table.stage.workspace.plan().expect_empty();
    });
}

#[test]
fn without_a_common_data_directory_a_new_set_leaves_what_its_plan_has_shown() {
    for_each_cli(|cli| {
        let table = Table::set_up(Stage::new(cli));
        table.configure("mode = \"exclusive\"");
        table.stage.workspace.plan_with(&["-out=saved"]).expect_changes();
        std::fs::remove_dir_all(table.stage.workspace.data().join("huaweivpc")).unwrap();

        let applied = table.stage.workspace.apply_with(&["saved"]).succeeded();
        let warnings = applied.warnings();
        assert!(warnings.iter().any(|it| it.summary == "Routes of others stay for now"));
        table.expect(&["10.0.2.0/24", SHOWN]);

        table.stage.workspace.apply().succeeded();
        table.expect(&["10.0.2.0/24"]);
    });
}
