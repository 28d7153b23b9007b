//! `ignore_changes` on a next hop, through every real client.

use serde_json::{Value, json};

use crate::harness::{stage::Stage, terraform::for_each_cli};

/// Whoever else moves the route, in whatever it shows: the owner of the configuration left that open.
#[test]
fn a_route_that_others_move_is_left_alone_where_that_is_ignored() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let state = stage.cloud.state();
        let other = state.pointer("/servers/1/id").and_then(Value::as_str).unwrap();
        let ignored = |names: &str| format!("  lifecycle {{\n    ignore_changes = {names}\n  }}\n");
        let text = stage.route("all", "10.0.2.0/24", "192.168.0.2", &ignored("all"))
            + &stage.route("one", "10.0.3.0/24", "192.168.0.2", &ignored("[host_ip]"))
            + &format!(
                "resource \"huaweivpc_container_routes\" \"set\" {{\n  route_table_id = \"{}\"\n  \
                 routes = {{ \"10.0.4.0/24\" = {{ host_ip = \"192.168.0.2\" }} }}\n{}}}\n",
                stage.table,
                ignored("[routes]")
            );
        stage.workspace.write("main.tf", &text);
        stage.workspace.apply().succeeded();
        let moved = |range: &str| json!({ "type": "ecs", "destination": range, "nexthop": other });
        let path = format!("/v1/{{p}}/routetables/{}", stage.table);
        let routes = ["10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24"].map(moved);
        let routes = json!({ "mod": routes });
        stage.cloud.operate("PUT", &path, &json!({ "routetable": { "routes": routes } }));

        stage.workspace.plan().expect_empty();
        stage.workspace.apply().succeeded();
        let state = stage.cloud.state();
        let routes = state.pointer("/route_tables/0/routes").and_then(Value::as_array).unwrap();
        let led_there = routes.iter().filter(|route| route["nexthop"] == other).count();
        assert_eq!(led_there, 3, "{routes:?}");
    });
}
