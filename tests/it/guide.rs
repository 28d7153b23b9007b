//! The guide's topology, from the example a stranger would copy, through every real client: built, found unchanged,
//! repaired, moved, rebuilt, imported and taken down. Judged by what the cloud holds, not by what Terraform says.

mod interrupted;
pub mod stage;
mod unknown;

use std::fs;

use serde_json::{Value, json};

use self::stage::{CHECK_OFF, Guide};
use crate::harness::terraform::{Cli, for_each_cli};

const IN_PLACE: &str = "update";

#[test]
fn the_guide_from_first_plan_to_destroy() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.is_planned_without_touching_anything();
        guide.is_built_and_then_left_alone();
        guide.is_repaired_without_harm_to_what_is_foreign();
        guide.narrows_its_rules_and_widens_them_again();
        guide.moves_a_range_in_place();
        guide.follows_a_server_that_was_rebuilt();
        guide.is_imported(cli);
        guide.goes_and_leaves_everything_else();
    });
}

#[test]
fn two_servers_exchange_their_ranges() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.apply();
        guide.hosts(&[
            ("ecs1", "192.168.0.2", "10.0.3.0/24"),
            ("ecs2", "192.168.0.3", "10.0.2.0/24"),
        ]);
        let plan = guide.workspace.plan().expect_changes();
        let changes = plan.changes("planned_change");
        assert_eq!(changes.len(), 2, "{plan}");
        assert!(changes.values().all(|action| action == IN_PLACE), "{plan}");
        guide.cloud.forget_requests();
        guide.apply();
        assert_eq!(
            guide.routes(),
            ["10.0.2.0/24 -> ECS2: Containers of ecs2", "10.0.3.0/24 -> ECS1: Containers of ecs1"]
        );
        assert!(
            guide.writes("") <= 2,
            "at most one change per route; those that meet travel together"
        );
        guide.nothing_to_do();
    });
}

#[test]
fn a_plan_that_cannot_work_ends_before_anything_is_built() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.hosts(&[
            ("ecs1", "192.168.0.2", "10.0.2.0/23"),
            ("ecs2", "192.168.0.3", "10.0.3.0/24"),
        ]);
        let errors = guide.workspace.plan().expect_error().errors();
        assert!(!errors.is_empty());
        for error in errors {
            assert!(error.code.contains("self.valid"), "{error:?}");
            let text = error.text();
            assert!(text.contains("10.0.2.0/23") && text.contains("10.0.3.0/24"), "{text}");
        }

        let in_the_vpc_but_in_no_subnet = "192.168.7.0/24";
        guide.hosts(&[("ecs1", "192.168.0.2", in_the_vpc_but_in_no_subnet)]);
        let warnings = guide.workspace.plan().expect_changes().warnings();
        let is_told =
            warnings.iter().any(|warning| warning.text().contains(in_the_vpc_but_in_no_subnet));
        assert!(is_told, "{warnings:?}");
        assert_eq!(guide.writes(""), 0);
    });
}

/// The data source of the guide ends a plan, and not a destroy, which refreshes first.
#[test]
fn it_is_taken_down_after_a_server_was_deleted_by_hand() {
    for_each_cli(|cli| {
        let guide = Guide::new(cli);
        guide.apply();
        let servers = json!({ "servers": [{ "id": guide.server("ECS1") }] });
        guide.cloud.operate("POST", "/v1/{p}/cloudservers/delete", &servers);

        let errors = guide.workspace.plan().expect_error().errors();
        assert!(errors.iter().any(|error| error.text().contains("192.168.0.2")), "{errors:?}");
        guide.workspace.destroy().succeeded();

        assert_eq!(guide.routes(), [""; 0]);
        assert_eq!(guide.rules(), [""; 0]);
    });
}

impl Guide {
    fn is_planned_without_touching_anything(&self) {
        let before = self.cloud.state();
        let plan = self.workspace.plan().expect_changes();
        assert_eq!(plan.changes("planned_change").len(), 5, "{plan}");
        assert!(plan.changes("planned_change").values().all(|action| action == "create"), "{plan}");
        assert_eq!(self.cloud.state(), before);
    }

    fn is_built_and_then_left_alone(&self) {
        let ports_before = self.ports_without_pairs();
        self.apply();
        assert_eq!(
            self.routes(),
            ["10.0.2.0/24 -> ECS1: Containers of ecs1", "10.0.3.0/24 -> ECS2: Containers of ecs2"]
        );
        assert_eq!(self.checks_off(), ["192.168.0.2", "192.168.0.3"]);
        assert_eq!(self.rules(), ["icmp from 0.0.0.0/0", "udp from 0.0.0.0/0"]);
        assert_eq!(
            self.ports_without_pairs(),
            ports_before,
            "name and groups of a port are not ours"
        );
        self.nothing_to_do();
        assert_eq!(
            self.workspace.output("first_containers"),
            json!({"ecs1": "10.0.2.2", "ecs2": "10.0.3.2"})
        );
    }

    fn is_repaired_without_harm_to_what_is_foreign(&self) {
        let (one, spare) = (self.server("ECS1"), self.server("ECS3"));
        self.change_routes(&json!({
            "del": [{"destination": "10.0.2.0/24"}],
            "mod": [{"type": "ecs", "destination": "10.0.3.0/24", "nexthop": one, "description": "moved by hand"}],
            "add": [{"type": "ecs", "destination": "10.99.0.0/16", "nexthop": spare, "description": "foreign"}],
        }));
        self.set_pairs("192.168.0.2", &json!([{"ip_address": "192.168.0.100"}]));
        let icmp = self.rule_id("icmp");
        self.cloud.operate(
            "DELETE",
            &format!("/v3/{{p}}/vpc/security-group-rules/{icmp}"),
            &Value::Null,
        );
        self.add_foreign_rule();

        let plan = self.workspace.plan().expect_changes();
        let changes = plan.changes("planned_change");
        assert_eq!(changes["huaweivpc_container_route.range[\"10.0.2.0/24\"]"], "create", "{plan}");
        assert_eq!(changes["huaweivpc_container_route.range[\"10.0.3.0/24\"]"], IN_PLACE, "{plan}");
        assert_eq!(
            changes["huaweivpc_ecs_port_source_check.server[\"192.168.0.2\"]"], IN_PLACE,
            "{plan}"
        );
        assert_eq!(changes["huaweivpc_secgroup_icmp_udp_rule.containers"], IN_PLACE, "{plan}");
        assert_eq!(changes.len(), 4, "{plan}");

        self.apply();
        assert_eq!(
            self.routes(),
            [
                "10.0.2.0/24 -> ECS1: Containers of ecs1",
                "10.0.3.0/24 -> ECS2: Containers of ecs2",
                "10.99.0.0/16 -> ECS3: foreign",
            ]
        );
        assert_eq!(self.checks_off(), ["192.168.0.2", "192.168.0.3"]);
        assert_eq!(self.pairs("192.168.0.2"), [CHECK_OFF, "192.168.0.100"]);
        assert_eq!(
            self.rules(),
            ["icmp from 0.0.0.0/0", "tcp from 10.0.0.0/8", "udp from 0.0.0.0/0"]
        );
        self.nothing_to_do();
    }

    /// The prefix is part of the rules' id and identity, and a change of it is an update all the same.
    fn narrows_its_rules_and_widens_them_again(&self) {
        let address = "huaweivpc_secgroup_icmp_udp_rule.containers";
        for prefix in ["10.0.0.0/16", "0.0.0.0/0"] {
            self.workspace.write("prefix.auto.tfvars", &format!("icmp_udp_from = {prefix:?}\n"));
            let plan = self.workspace.plan().expect_changes();
            let changes = plan.changes("planned_change");
            assert_eq!(
                Vec::from_iter(&changes),
                [(&address.to_owned(), &IN_PLACE.to_owned())],
                "{plan}"
            );
            self.apply();
            let expected = ["icmp", "udp"].map(|protocol| format!("{protocol} from {prefix}"));
            assert!(expected.iter().all(|rule| self.rules().contains(rule)), "{:?}", self.rules());
            assert_eq!(self.rules().len(), 3, "the old rules are gone, the foreign one is not");
            let id = self.workspace.stored(address).expect("it is in the state")["id"].clone();
            assert_eq!(id, format!("{}/ingress/{prefix}", self.group));
            self.nothing_to_do();
        }
    }

    /// The containers of ecs2 move to the spare server.
    fn moves_a_range_in_place(&self) {
        self.hosts(&[
            ("ecs1", "192.168.0.2", "10.0.2.0/24"),
            ("ecs2", "192.168.0.4", "10.0.3.0/24"),
        ]);
        let plan = self.workspace.plan().expect_changes();
        let changes = plan.changes("planned_change");
        assert_eq!(changes["huaweivpc_container_route.range[\"10.0.3.0/24\"]"], IN_PLACE, "{plan}");
        self.cloud.forget_requests();
        self.apply();
        assert_eq!(self.routes()[1], "10.0.3.0/24 -> ECS3: Containers of ecs2");
        assert_eq!(
            self.written(),
            [
                format!("ports/{}", self.port_id("192.168.0.4")),
                format!("routetables/{}", self.table),
                format!("ports/{}", self.port_id("192.168.0.3")),
            ],
            "first the new server may forward, then the route changes in place, then the old server is restricted"
        );
        assert_eq!(
            self.checks_off(),
            ["192.168.0.2", "192.168.0.4"],
            "the former server is as it was found"
        );
        self.nothing_to_do();
    }

    /// Another server, another id, another port; the same private address.
    fn follows_a_server_that_was_rebuilt(&self) {
        self.rebuild("ECS1", "192.168.0.2", "ECS1-rebuilt");
        let plan = self.workspace.plan().expect_changes();
        let changes = plan.changes("planned_change");
        assert_eq!(changes["huaweivpc_container_route.range[\"10.0.2.0/24\"]"], IN_PLACE, "{plan}");
        self.apply();
        assert_eq!(self.routes()[0], "10.0.2.0/24 -> ECS1-rebuilt: Containers of ecs1");
        assert_eq!(self.checks_off(), ["192.168.0.2", "192.168.0.4"]);
        self.nothing_to_do();
    }

    fn is_imported(&self, cli: &Cli) {
        let port = self.port_id("192.168.0.2");
        let imports = [
            (
                "huaweivpc_container_route.range[\"10.0.2.0/24\"]",
                format!("{}/10.0.2.0/24", self.table),
                &["route_table_id", "destination"][..],
            ),
            ("huaweivpc_ecs_port_source_check.server[\"192.168.0.2\"]", port, &["port_id"]),
            (
                "huaweivpc_secgroup_icmp_udp_rule.containers",
                format!("{}/ingress/0.0.0.0/0", self.group),
                &["security_group_id", "direction", "remote_ip_prefix"],
            ),
        ];
        for (address, id, key) in &imports {
            let before = self.workspace.stored(address).expect("it is in the state");
            self.workspace.run(&["state", "rm", address]).succeeded();
            self.workspace.import(address, id).succeeded();
            self.is_as_before(address, &before);

            if cli.is_at_least((1, 12)) {
                self.workspace.run(&["state", "rm", address]).succeeded();
                let parts: Vec<&str> = id.splitn(key.len(), '/').collect();
                let identity = key
                    .iter()
                    .zip(parts)
                    .map(|(name, part)| format!("{name} = {part:?}"))
                    .collect::<Vec<_>>()
                    .join("\n");
                self.workspace.write(
                    "import.tf",
                    &format!("import {{\n  to = {address}\n  identity = {{\n{identity}\n}}\n}}\n"),
                );
                self.apply();
                self.workspace.write("import.tf", "");
                self.is_as_before(address, &before);
            }
        }
        let rules = format!("{},{}", self.rule_id("icmp"), self.rule_id("udp"));
        let (address, before) =
            (imports[2].0, self.workspace.stored(imports[2].0).expect("it is in the state"));
        self.workspace.run(&["state", "rm", address]).succeeded();
        self.workspace.import(address, &rules).succeeded();
        self.is_as_before(address, &before);
        self.apply();
        self.nothing_to_do();
    }

    /// An import tells what the cloud holds. Which of the ways to name a next hop the configuration uses, the cloud does
    /// not know, so that alone may differ, and applying it asks nothing of the cloud.
    fn is_as_before(&self, address: &str, before: &Value) {
        self.cloud.forget_requests();
        self.apply();
        assert_eq!(self.writes(""), 0, "an import changes nothing");
        assert_eq!(
            self.workspace.stored(address).expect("it is in the state"),
            *before,
            "{address}"
        );
    }

    fn goes_and_leaves_everything_else(&self) {
        self.workspace.destroy().succeeded();
        assert_eq!(self.routes(), ["10.99.0.0/16 -> ECS3: foreign"]);
        assert_eq!(self.checks_off(), ["192.168.0.2"], "it was off when it was imported");
        assert_eq!(self.rules(), ["tcp from 10.0.0.0/8"]);
        let left: Vec<_> = fs::read_dir(self.workspace.temporary()).expect("a folder").collect();
        assert!(left.is_empty(), "sockets or other files are left: {left:?}");
    }
}
