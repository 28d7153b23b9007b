//! Each mistake in the guide's layout, and its nearest neighbour that is none.

use huaweivpc::network::{Code, Layout, Location, Subnet, Table};

use super::{
    adds, cidr, codes, found, guide, leads, names_another_table, ranges, route, second,
    second_table,
};

#[test]
fn each_mistake_has_its_finding_and_its_nearest_neighbour_has_none() {
    type Change = fn(&mut Layout);
    let cases: &[(&str, Change, &[&str])] = &[
        ("the same range", |l| ranges(l, "10.0.2.0/24"), &["cidr_overlaps_host"]),
        ("a nested range", |l| ranges(l, "10.0.2.128/25"), &["cidr_overlaps_host"]),
        ("an adjacent range", |l| ranges(l, "10.0.1.0/24"), &[]),
        ("inside a subnet", |l| ranges(l, "192.168.0.128/25"), &["cidr_in_subnet"]),
        ("around a subnet", |l| ranges(l, "192.0.0.0/8"), &["cidr_in_subnet"]),
        (
            "in the VPC's range, no subnet there",
            |l| ranges(l, "192.168.7.0/24"),
            &["cidr_in_vpc_range", "cidr_docker_pool"],
        ),
        (
            "in a secondary range",
            |l| l.vpc_ranges.push(cidr("10.0.0.0/16")),
            &["cidr_in_vpc_range", "cidr_in_vpc_range"],
        ),
        ("the cloud's DNS", |l| ranges(l, "100.125.0.0/16"), &["cidr_system_range"]),
        ("beside the system range, public", |l| ranges(l, "100.128.0.0/16"), &["cidr_public"]),
        ("198.19.128.0/20", |l| ranges(l, "198.19.130.0/24"), &["cidr_system_range"]),
        ("beside it, for measurements", |l| ranges(l, "198.19.0.0/24"), &[]),
        ("metadata", |l| ranges(l, "169.254.1.0/24"), &["cidr_system_range"]),
        ("loopback", |l| ranges(l, "127.3.0.0/16"), &["cidr_system_range"]),
        ("multicast", |l| ranges(l, "239.0.0.0/24"), &["cidr_system_range"]),
        ("private and more", |l| ranges(l, "172.0.0.0/8"), &["cidr_docker_bridge"]),
        ("a public range of IPv6", |l| ranges(l, "2400::/64"), &["cidr_public"]),
        ("a private range of IPv6", |l| ranges(l, "fd00:3::/64"), &[]),
        ("a reserved range", |l| l.reserved.push(cidr("10.0.3.128/25")), &["cidr_reserved"]),
        ("another reserved range", |l| l.reserved.push(cidr("10.0.4.0/24")), &[]),
        ("Docker's bridge", |l| ranges(l, "172.17.0.0/24"), &["cidr_docker_bridge"]),
        (
            "Docker's bridge moved away",
            |l| {
                ranges(l, "172.17.0.0/24");
                l.docker_pools = vec![cidr("172.30.0.0/16")];
            },
            &[],
        ),
        ("Docker's pool", |l| ranges(l, "172.18.3.0/24"), &["cidr_docker_pool"]),
        ("outside Docker's pool", |l| ranges(l, "172.16.3.0/24"), &[]),
        ("too small", |l| l.hosts[1].containers = 254, &["cidr_too_small"]),
        ("just large enough", |l| l.hosts[1].containers = 253, &[]),
        ("no room at all", |l| ranges(l, "10.0.3.0/31"), &["cidr_too_small"]),
        ("host bits", |l| l.hosts[1].written = "10.0.3.1/24".into(), &["cidr_not_canonical"]),
        (
            "no such server",
            |l| l.hosts[1].location = Location::NotFound { instead: None },
            &["host_not_found"],
        ),
        (
            "two servers",
            |l| {
                l.hosts[1].location =
                    Location::Ambiguous { candidates: vec!["a".into(), "b".into()] }
            },
            &["host_ambiguous"],
        ),
        (
            "another VPC",
            |l| l.hosts[1].location = Location::OtherVpc { vpc_id: None },
            &["host_other_vpc"],
        ),
        (
            "one server twice",
            |l| {
                *second(l) = found("s-1", "subnet", "table");
                leads(l, "ecs", "s-1");
            },
            &["host_repeated"],
        ),
        ("not running", |l| second(l).status = Some("SHUTOFF".into()), &["host_not_running"]),
        ("status not known", |l| second(l).status = None, &[]),
        (
            "an extension interface",
            |l| {
                second(l).is_primary = Some(false);
                leads(l, "eni", "s-2-nic");
            },
            &["host_multi_nic"],
        ),
        (
            "an extension interface, and the route leads to the primary one",
            |l| second(l).is_primary = Some(false),
            &["host_multi_nic", "route_other_nic"],
        ),
        (
            "the primary interface by its own id",
            |l| leads(l, "eni", "s-2-nic"),
            &["route_other_nic"],
        ),
        (
            "another interface of the same server",
            |l| leads(l, "eni", "s-2-nic-2"),
            &["route_other_nic"],
        ),
        (
            "nobody says which interface is the primary one",
            |l| {
                second(l).is_primary = None;
                leads(l, "eni", "s-2-nic");
            },
            &[],
        ),
        ("source check on", |l| second(l).checks_source = true, &["source_check_on"]),
        ("no route", |l| leads(l, "", ""), &["route_missing"]),
        (
            "no route but for the default one",
            |l| {
                leads(l, "", "");
                adds(l, "0.0.0.0/0", "nat", "gateway");
            },
            &["route_only_broader"],
        ),
        ("a default route besides", |l| adds(l, "0.0.0.0/0", "nat", "gateway"), &[]),
        ("a default route to a peer", |l| adds(l, "0.0.0.0/0", "peering", "peer"), &[]),
        ("to the other host", |l| leads(l, "ecs", "s-1"), &["route_moves"]),
        ("to a server outside", |l| leads(l, "ecs", "other"), &["route_other_next_hop"]),
        ("to a virtual IP", |l| leads(l, "vip", "192.168.0.9"), &["route_other_next_hop"]),
        ("to a server that is gone", |l| leads(l, "ecs", "gone"), &["route_next_hop_gone"]),
        (
            "to a server of which nothing is known",
            |l| {
                leads(l, "ecs", "gone");
                l.servers = None;
            },
            &["route_other_next_hop"],
        ),
        ("to a peer", |l| leads(l, "peering", "peer"), &["route_foreign_owner"]),
        (
            "part of it to a peer",
            |l| adds(l, "10.0.3.128/25", "peering", "peer"),
            &["cidr_covers_remote"],
        ),
        (
            "part of it to a peer, and no route yet",
            |l| {
                leads(l, "", "");
                adds(l, "10.0.3.128/25", "peering", "peer");
            },
            &["cidr_covers_remote"],
        ),
        (
            "part of it to a server outside, and no route yet",
            |l| {
                leads(l, "", "");
                adds(l, "10.0.3.2/32", "ecs", "other");
            },
            &["route_shadowed_by_more_specific"],
        ),
        ("beside it a peer", |l| adds(l, "10.0.4.0/24", "peering", "peer"), &[]),
        (
            "part of it to a server outside",
            |l| adds(l, "10.0.3.2/32", "ecs", "other"),
            &["route_shadowed_by_more_specific"],
        ),
        (
            "part of it to the other host",
            |l| adds(l, "10.0.3.2/32", "ecs", "s-1"),
            &["route_left_over"],
        ),
        ("part of it to the host itself", |l| adds(l, "10.0.3.2/32", "ecs", "s-2"), &[]),
        (
            "part of a peer's, not yet made",
            |l| {
                leads(l, "", "");
                adds(l, "10.0.0.0/8", "er", "router");
            },
            &["cidr_used_elsewhere", "route_only_broader"],
        ),
        ("part of a peer's, made on purpose", |l| adds(l, "10.0.0.0/8", "er", "router"), &[]),
        (
            "a peer of another table has it",
            |l| {
                leads(l, "", "");
                let routes = vec![route("10.0.3.0/24", "vpn", "gateway")];
                l.tables.push(Table { id: "two".into(), is_default: false, routes });
            },
            &["cidr_used_elsewhere", "route_missing"],
        ),
        (
            "part of a server's outside, not yet made",
            |l| {
                leads(l, "", "");
                adds(l, "10.0.0.0/8", "ecs", "other");
            },
            &["cidr_used_elsewhere", "route_only_broader"],
        ),
        (
            "part of the other host's",
            |l| {
                leads(l, "", "");
                adds(l, "10.0.0.0/8", "ecs", "s-1");
            },
            &["route_only_broader"],
        ),
        ("another subnet under the same table", |l| second(l).subnet_id = "subnet-b".into(), &[]),
        (
            "another subnet under another table",
            |l| second_table(l, &[route("10.0.3.0/24", "ecs", "s-2")]),
            &["host_other_subnet"],
        ),
        (
            "another subnet under another table with every route",
            |l| {
                second_table(
                    l,
                    &[route("10.0.2.0/24", "ecs", "s-1"), route("10.0.3.0/24", "ecs", "s-2")],
                )
            },
            &[],
        ),
        (
            "another table with a broader route to the first host",
            |l| {
                second_table(
                    l,
                    &[route("10.0.0.0/16", "ecs", "s-1"), route("10.0.3.0/24", "ecs", "s-2")],
                )
            },
            &[],
        ),
        (
            "a table named that is not the subnet's",
            |l| {
                names_another_table(l);
                l.tables[0].routes.pop();
            },
            &["table_not_effective_for_subnet"],
        ),
        ("a table named that is not the subnet's, which has every route", names_another_table, &[]),
        (
            "a table named that is not the lone host's",
            |l| {
                l.hosts.pop();
                names_another_table(l);
                l.tables[0].routes.clear();
            },
            &[],
        ),
        (
            "a table named, and a server of two names that no other one is beside",
            |l| {
                *second(l) = found("s-1", "subnet", "table");
                leads(l, "ecs", "s-1");
                names_another_table(l);
                l.tables[0].routes.clear();
            },
            &["host_repeated"],
        ),
        (
            "a third table named, where each host's own table has the other's route",
            |l| {
                names_another_table(l);
                l.tables[0].routes = vec![route("10.0.3.0/24", "ecs", "s-2")];
                let routes = vec![route("10.0.2.0/24", "ecs", "s-1")];
                l.tables.push(Table { id: "three".into(), is_default: false, routes });
                second(l).own_table_id = "three".into();
            },
            &[],
        ),
        (
            "one server under two tables by two interfaces",
            |l| {
                second_table(l, &[route("10.0.3.0/24", "ecs", "s-1")]);
                second(l).server_id = "s-1".into();
                l.tables[0].routes.pop();
            },
            &["host_repeated"],
        ),
        (
            "one of two tables named, before a plan for each is applied",
            |l| {
                second_table(l, &[]);
                l.tables[0].routes.clear();
                l.named_table = Some("table".into());
                second(l).table_id = "table".into();
            },
            &["table_not_effective_for_subnet", "route_missing", "route_missing"],
        ),
        (
            "what enters the VPC follows the default table",
            |l| {
                let routes = l.tables[0].routes.clone();
                let default = vec![route("172.16.0.0/24", "vpn", "gateway")];
                l.tables[0] = Table { id: "table".into(), is_default: false, routes };
                l.tables.push(Table { id: "main".into(), is_default: true, routes: default });
            },
            &["default_table_lacks_route", "default_table_lacks_route"],
        ),
        (
            "a network of Docker's own hides a far subnet",
            |l| {
                let (id, name) = ("far".to_owned(), "far".to_owned());
                l.subnets.push(Subnet { id, name, range: cidr("172.18.4.0/24") });
            },
            &["docker_pool_shadows"],
        ),
        (
            "Docker avoids the hosts' own subnet",
            |l| {
                l.subnets[0].range = cidr("172.18.4.0/24");
            },
            &[],
        ),
        ("its sixteenth network would", |l| adds(l, "192.168.9.0/24", "vpn", "gateway"), &[]),
        (
            "its second network would",
            |l| adds(l, "172.18.9.0/24", "vpn", "gateway"),
            &["docker_pool_shadows"],
        ),
        (
            "quota full",
            |l| {
                leads(l, "", "");
                l.quota = Some(1);
            },
            &["quota_exceeded", "route_missing"],
        ),
        (
            "quota just full if local routes count",
            |l| {
                leads(l, "", "");
                l.quota = Some(5);
            },
            &["quota_nearly_full", "route_missing"],
        ),
        (
            "room left",
            |l| {
                leads(l, "", "");
                l.quota = Some(6);
            },
            &["route_missing"],
        ),
        (
            "no quota",
            |l| {
                leads(l, "", "");
                l.quota = None;
            },
            &["route_missing"],
        ),
        ("routes that exist need no room", |l| l.quota = Some(2), &[]),
        ("nothing could be read", |l| l.tables.clear(), &[]),
    ];
    for (what, change, expected) in cases {
        let mut layout = guide();
        change(&mut layout);
        assert_eq!(codes(&layout), *expected, "{what}");
    }
}

#[test]
fn every_code_is_met_above_or_belongs_to_the_survey() {
    let text = include_str!("mistakes.rs");
    let of_survey = [Code::NotChecked, Code::VpcNotFound, Code::TableNotFound];
    for code in Code::ALL.iter().filter(|code| !of_survey.contains(code)) {
        assert!(text.contains(&format!("\"{}\"", code.name())), "{}", code.name());
    }
}
