//! Sets of routes through every real client.

use serde_json::{Value, json};

use crate::harness::{stage::Stage, terraform::for_each_cli};

const SET: &str = "huaweivpc_container_routes.set";

impl Stage {
    /// Writes the set; `more` is whatever else the configuration holds.
    fn configure(&self, routes: &str, arguments: &str, more: &str) {
        let text = format!(
            "resource \"huaweivpc_container_routes\" \"set\" {{\n  route_table_id = \"{}\"\n  routes = {{\n{routes}\n  }}\n\
             {arguments}\n}}\n{more}",
            self.table
        );
        self.workspace.write("main.tf", &text);
    }

    fn destinations(&self) -> Vec<String> {
        let state = self.cloud.state();
        let routes = state.pointer("/route_tables/0/routes").and_then(Value::as_array).unwrap();
        let mut destinations: Vec<String> =
            routes.iter().map(|it| it["destination"].as_str().unwrap().to_owned()).collect();
        destinations.sort();
        destinations
    }
}

#[test]
fn a_set_lives_its_life() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let one = r#""10.0.2.0/24" = { host_ip = "192.168.0.2" }"#;
        let two =
            r#""10.0.3.0/24" = { host_ip = "192.168.0.3", description = "Containers of ECS2" }"#;
        stage.configure(&format!("{one}\n{two}"), "mode = \"exclusive\"", "");
        stage.workspace.apply().succeeded();
        stage.workspace.plan().expect_empty();
        assert_eq!(stage.destinations(), ["10.0.2.0/24", "10.0.3.0/24"]);

        let stored = stage.workspace.stored(SET).unwrap();
        let state = stage.cloud.state();
        let server = state.pointer("/servers/0/id").unwrap();
        let foreign = json!({ "type": "ecs", "destination": "10.9.0.0/24", "nexthop": server });
        let path = format!("/v1/{{p}}/routetables/{}", stage.table);
        let body = json!({ "routetable": { "routes": { "add": [foreign] } } });
        stage.cloud.operate("PUT", &path, &body);
        let plan = stage.workspace.plan().expect_changes();
        assert_eq!(plan.changes("planned_change")[SET], "update", "{plan}");
        stage.workspace.apply().succeeded();
        assert_eq!(stage.workspace.stored(SET).unwrap(), stored);
        assert_eq!(stage.destinations(), ["10.0.2.0/24", "10.0.3.0/24"]);

        stage.configure(two, "", "");
        stage.workspace.apply().succeeded();
        stage.workspace.plan().expect_empty();
        assert_eq!(stage.destinations(), ["10.0.3.0/24"]);
        stage.workspace.destroy().succeeded();
        assert_eq!(stage.destinations(), [""; 0]);
    });
}

/// Whichever of the two comes second is told.
#[test]
fn a_set_and_a_single_route_of_one_run_do_not_share_a_destination() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let routes = "\"10.0.2.0/24\" = { host_ip = \"192.168.0.2\" }\n\"10.0.3.0/24\" = { host_ip = \"192.168.0.3\" }";
        let single = stage.route(
            "single",
            "10.0.2.0/24",
            "192.168.0.3",
            "  adopt_existing = true
",
        );
        stage.configure(routes, "adopt_existing = true", &single);

        let errors = stage.workspace.apply().failed().errors();

        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].text().contains("Destination claimed twice"), "{errors:?}");
        assert_eq!(stage.destinations(), [""; 0]);
    });
}
