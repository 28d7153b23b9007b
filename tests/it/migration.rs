//! Moving from one resource to another that owns the same objects, as the guide about other providers teaches it: one apply,
//! which writes nothing.

use serde_json::Value;

use crate::harness::{stage::Stage, terraform::for_each_cli};

/// Twenty routes under `name`, to servers that are named by their ids.
fn routes(stage: &Stage, name: &str) -> String {
    let server =
        stage.cloud.state().pointer("/servers/0/id").and_then(Value::as_str).map(str::to_owned);
    format!(
        "locals {{\n  {name} = [for i in range(20) : \"10.0.${{i + 2}}.0/24\"]\n}}\n\
         resource \"huaweivpc_container_route\" \"{name}\" {{\n  for_each = toset(local.{name})\n  \
         route_table_id = \"{}\"\n  destination = each.key\n  ecs_id = \"{}\"\n}}\n",
        stage.table,
        server.expect("a server"),
    )
}

#[test]
fn twenty_routes_are_moved_in_one_apply_that_writes_nothing() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        stage.workspace.write("main.tf", &routes(&stage, "theirs"));
        stage.workspace.apply().succeeded();
        let before = stage.cloud.state();
        stage.cloud.forget_requests();

        let moving = format!(
            "removed {{\n  from = huaweivpc_container_route.theirs\n  lifecycle {{\n    destroy = false\n  }}\n}}\n\
             import {{\n  for_each = toset(local.ours)\n  to = huaweivpc_container_route.ours[each.key]\n  \
             id = \"{}/${{each.key}}\"\n}}\n",
            stage.table
        );
        stage.workspace.write("main.tf", &(routes(&stage, "ours") + &moving));
        let applied = stage.workspace.apply().succeeded();

        assert!(applied.errors().is_empty(), "{applied}");
        let requests = stage.cloud.requests();
        let is_write = |it: &&Value| it["method"] == "PUT" || it["method"] == "DELETE";
        assert_eq!(requests.iter().filter(is_write).count(), 0, "nothing is written");
        assert_eq!(stage.cloud.state(), before);
        let state = stage.workspace.show_json(&[]);
        let resources = state.pointer("/values/root_module/resources").and_then(Value::as_array);
        let addresses = resources.into_iter().flatten().filter_map(|it| it["address"].as_str());
        assert_eq!(addresses.filter(|it| it.contains(".ours[")).count(), 20);
        stage.workspace.plan().expect_empty();
    });
}
