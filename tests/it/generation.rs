//! Configurations that the clients write for what is imported: they are accepted as they are, and change nothing.

use serde_json::Value;

use crate::harness::{stage::Stage, terraform::for_each_cli};

#[test]
fn what_is_generated_for_an_import_is_accepted_and_changes_nothing() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        stage.workspace.write(
            "main.tf",
            &format!(
                "{}\nresource \"huaweivpc_ecs_port_source_check\" \"a\" {{\n  host_ip = \"192.168.0.2\"\n}}\n\
                 resource \"huaweivpc_secgroup_icmp_udp_rule\" \"a\" {{\n  security_group_id = \"{}\"\n  \
                 remote_ip_prefix = \"10.0.0.0/16\"\n  priority = 7\n  udp_ports = \"53,8472-8473\"\n  \
                 description = \"$${{literal}}\"\n}}\n",
                stage.route("a", "10.0.2.0/24", "192.168.0.2", ""),
                stage.cloud.state().pointer("/security_groups/0/id").and_then(Value::as_str).unwrap(),
            ),
        );
        stage.workspace.apply().succeeded();
        let types = ["container_route", "ecs_port_source_check", "secgroup_icmp_udp_rule"];
        let mut imports = String::new();
        for resource in types {
            let address = format!("huaweivpc_{resource}.a");
            let stored = stage.workspace.stored(&address).expect("it was made");
            imports += &format!("import {{\n  to = {address}\n  id = {}\n}}\n", stored["id"]);
            stage.workspace.run(&["state", "rm", &address]).succeeded();
        }
        stage.workspace.write("main.tf", &imports);
        let before = stage.cloud.state();

        stage.workspace.plan_with(&["-generate-config-out=generated.tf"]).expect_changes();
        let generated = std::fs::read_to_string(stage.workspace.module().join("generated.tf"));
        let generated = generated.expect("a configuration");
        if !cli.is_opentofu() && cli.is_at_least((1, 14)) {
            let check = generated.split("resource ").find(|it| it.contains("source_check"));
            let check = check.expect("a source check");
            assert!(check.contains("port_id"), "{check}");
            assert!(!check.contains("ecs_id") && !check.contains("host_ip"), "{check}");
        }
        let applied = stage.workspace.apply().succeeded();
        let changes = applied.changes("apply_complete");
        assert!(
            changes.values().all(|action| action == "import" || action == "noop"),
            "{changes:?}"
        );
        assert_eq!(stage.cloud.state(), before);
        stage.workspace.plan().expect_empty();
    });
}

/// Nobody has named the rules yet, so what they say names them.
#[test]
fn what_is_generated_for_rules_is_accepted_and_changes_nothing() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        let group = stage.cloud.state();
        let group = group.pointer("/security_groups/0/id").and_then(Value::as_str).expect("an id");
        let rules = |group: &str| {
            format!(
                "resource \"huaweivpc_secgroup_rules\" \"a\" {{\n  security_group_id = \"{group}\"\n  rules = {{\n    \
                 web = {{ protocol = \"tcp\", ports = \"80,443\", remote_ip_prefix = \"10.0.0.0/16\" }}\n    \
                 members = {{ protocol = \"all\", remote_group_id = \"{group}\", priority = 7, action = \"deny\" }}\n    \
                 ping = {{ protocol = \"icmpv6\", direction = \"egress\", remote_ip_prefix = \"fd00::/8\" }}\n  }}\n}}\n"
            )
        };
        stage.workspace.write("main.tf", &rules(group));
        stage.workspace.apply().succeeded();
        let address = "huaweivpc_secgroup_rules.a";
        let stored = stage.workspace.stored(address).expect("it was made");
        let ids = stored["rule_ids"].as_object().expect("a map").values();
        let ids: Vec<&str> = ids.filter_map(Value::as_str).collect();
        stage.workspace.run(&["state", "rm", address]).succeeded();
        let import = format!("import {{\n  to = {address}\n  id = \"{}\"\n}}\n", ids.join(","));
        stage.workspace.write("main.tf", &import);
        let before = stage.cloud.state();

        stage.workspace.plan_with(&["-generate-config-out=generated.tf"]).expect_changes();
        let applied = stage.workspace.apply().succeeded();
        let changes = applied.changes("apply_complete");
        assert!(changes.values().all(|it| it == "import" || it == "noop"), "{changes:?}");
        assert_eq!(stage.cloud.state(), before);
        stage.workspace.plan().expect_empty();

        // With names of one's own, nothing is written either.
        stage.workspace.write("generated.tf", &rules(group));
        stage.workspace.apply().succeeded();
        assert_eq!(stage.cloud.state(), before);
    });
}
