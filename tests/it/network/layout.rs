//! The examination of a layout: each mistake and its nearest neighbour, and all that is said against brute force.

use std::{collections::BTreeSet, net::Ipv4Addr};

use huaweivpc::network::{
    Cidr, Code, Finding, Found, Host, Layout, Location, Route, Severity, Subject, Subnet, Table,
    layout::examine, system,
};
use proptest::prelude::*;

pub fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

/// The host is the server `server`, in `subnet`, whose table is `table`.
pub fn found(server: &str, subnet: &str, table: &str) -> Found {
    Found {
        server_id: server.into(),
        port_id: format!("{server}-nic"),
        other_port_ids: vec![format!("{server}-nic-2")],
        subnet_id: subnet.into(),
        is_primary: Some(true),
        checks_source: false,
        status: Some("ACTIVE".into()),
        table_id: table.into(),
        own_table_id: table.into(),
    }
}

pub fn host(name: &str, range: Cidr, found: Found) -> Host {
    Host {
        name: name.into(),
        wanted: format!("the id `{name}`"),
        location: Location::Found(Box::new(found)),
        range,
        written: range.to_string(),
        containers: 1,
    }
}

pub fn route(destination: &str, kind: &str, hop: &str) -> Route {
    Route {
        destination: cidr(destination),
        next_hop_type: kind.into(),
        next_hop: hop.into(),
        description: String::new(),
    }
}

/// The guide's topology with all of the guide's work done.
pub fn guide() -> Layout {
    let local = |range: &str| route(range, "local", "-");
    let routes = vec![
        local("100.64.0.0/10"),
        local("198.19.128.0/20"),
        local("127.0.0.0/8"),
        local("192.168.0.0/24"),
        route("10.0.2.0/24", "ecs", "s-1"),
        route("10.0.3.0/24", "ecs", "s-2"),
    ];
    Layout {
        vpc_ranges: vec![cidr("192.168.0.0/16")],
        subnets: vec![Subnet {
            id: "subnet".into(),
            name: "subnet-a".into(),
            range: cidr("192.168.0.0/24"),
        }],
        hosts: vec![
            host("ecs1", cidr("10.0.2.0/24"), found("s-1", "subnet", "table")),
            host("ecs2", cidr("10.0.3.0/24"), found("s-2", "subnet", "table")),
        ],
        reserved: Vec::new(),
        docker_pools: system::docker_pools(),
        tables: vec![Table { id: "table".into(), is_default: true, routes }],
        named_table: None,
        quota: Some(200),
        servers: Some(vec!["s-1".into(), "s-2".into(), "other".into()]),
    }
}

fn codes(layout: &Layout) -> Vec<&'static str> {
    examine(layout).iter().map(|finding| finding.code.name()).collect()
}

/// The second host gets another range, of which nothing is known yet.
fn ranges(layout: &mut Layout, range: &str) {
    layout.hosts[1].range = cidr(range);
    layout.hosts[1].written = range.into();
    layout.tables[0].routes.pop();
    if !layout.subnets[0].range.overlaps(cidr(range)) && range != "10.0.2.0/24" {
        layout.tables[0].routes.push(route(range, "ecs", "s-2"));
    }
}

fn second(layout: &mut Layout) -> &mut Found {
    match &mut layout.hosts[1].location {
        Location::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

/// The route to the second host's range is another one, or none.
fn leads(layout: &mut Layout, kind: &str, hop: &str) {
    layout.tables[0].routes.pop();
    if !kind.is_empty() {
        layout.tables[0].routes.push(route("10.0.3.0/24", kind, hop));
    }
}

fn adds(layout: &mut Layout, destination: &str, kind: &str, hop: &str) {
    layout.tables[0].routes.push(route(destination, kind, hop));
}

/// The second host is in a subnet under a table of its own.
fn second_table(layout: &mut Layout, routes: &[Route]) {
    layout.tables.push(Table { id: "two".into(), is_default: false, routes: routes.to_vec() });
    let found = second(layout);
    (found.subnet_id, found.table_id, found.own_table_id) =
        ("subnet-b".into(), "two".into(), "two".into());
}

#[test]
fn the_guide_is_without_findings() {
    assert_eq!(examine(&guide()), []);
}

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
        ("private and more", |l| ranges(l, "172.0.0.0/8"), &["cidr_public", "cidr_docker_pool"]),
        ("a public range of IPv6", |l| ranges(l, "2400::/64"), &["cidr_public"]),
        ("a private range of IPv6", |l| ranges(l, "fd00:3::/64"), &[]),
        ("a reserved range", |l| l.reserved.push(cidr("10.0.3.128/25")), &["cidr_reserved"]),
        ("another reserved range", |l| l.reserved.push(cidr("10.0.4.0/24")), &[]),
        ("Docker's pool", |l| ranges(l, "172.17.3.0/24"), &["cidr_docker_pool"]),
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
        ("not looked for", |l| l.hosts[1].location = Location::Unknown, &[]),
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
            "a table named that is not the subnet's",
            |l| {
                l.tables.push(Table {
                    id: "two".into(),
                    is_default: false,
                    routes: l.tables[0].routes.clone(),
                });
                l.named_table = Some("two".into());
                for host in &mut l.hosts {
                    if let Location::Found(found) = &mut host.location {
                        found.table_id = "two".into();
                    }
                }
                l.tables[0].routes.pop();
            },
            &["table_not_effective_for_subnet"],
        ),
        (
            "a table named that is not the subnet's, which has every route",
            |l| {
                l.tables.push(Table {
                    id: "two".into(),
                    is_default: false,
                    routes: l.tables[0].routes.clone(),
                });
                l.named_table = Some("two".into());
                for host in &mut l.hosts {
                    if let Location::Found(found) = &mut host.location {
                        found.table_id = "two".into();
                    }
                }
            },
            &[],
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
    let text = include_str!("layout.rs");
    for code in Code::ALL.iter().filter(|code| **code != Code::NotChecked) {
        assert!(text.contains(&format!("\"{}\"", code.name())), "{}", code.name());
    }
}

#[test]
fn errors_come_first_and_what_will_go_by_itself_last() {
    let mut layout = guide();
    ranges(&mut layout, "172.17.1.0/24");
    leads(&mut layout, "", "");
    layout.hosts.push(host("ecs3", cidr("172.17.1.1/32"), found("s-3", "subnet", "table")));
    let expected = ["cidr_too_small", "cidr_overlaps_host", "cidr_docker_pool", "route_missing"];
    assert_eq!(codes(&layout), expected);
}

#[test]
fn where_everything_overlaps_everything_a_finding_names_a_few() {
    let mut layout = guide();
    layout.hosts = (0..50)
        .map(|number| {
            let found = found(&format!("s-{number}"), "subnet", "table");
            host(&format!("h{number:02}"), cidr("10.0.0.0/16"), found)
        })
        .collect();
    let findings = examine(&layout);
    let overlaps = |finding: &&Finding| finding.code == Code::CidrOverlapsHost;
    assert_eq!(findings.iter().filter(overlaps).count(), 49);
    let last = findings.iter().rfind(overlaps).unwrap();
    assert_eq!(
        last.message,
        "10.0.0.0/16 of `h49` overlaps 10.0.0.0/16 of `h00`, 10.0.0.0/16 of `h01`, 10.0.0.0/16 of `h02` and others."
    );
}

#[test]
fn a_tight_quota_says_what_would_be_fewer_routes() {
    let mut layout = guide();
    ranges(&mut layout, "10.0.6.0/24");
    leads(&mut layout, "ecs", "gone");
    adds(&mut layout, "10.0.7.0/24", "ecs", "s-2");
    layout.quota = Some(3);
    let finding = &examine(&layout)[0];
    assert_eq!(finding.code, Code::QuotaExceeded);
    for part in [
        "10.0.6.0/24 and 10.0.7.0/24 both lead to server s-2: 10.0.6.0/23",
        "routes to servers that do not exist any more: 10.0.3.0/24.",
    ] {
        assert!(finding.fix.contains(part), "{}", finding.fix);
    }
}

/// Ranges that often meet.
fn range() -> impl Strategy<Value = Cidr> {
    let first = prop::sample::select(vec![[10, 0, 0], [10, 0, 0], [172, 17, 0], [8, 8, 8]]);
    (first, any::<u8>(), 25_u8..=32).prop_map(|([a, b, c], last, length)| {
        Cidr::around(Ipv4Addr::new(a, b, c, last).into(), length).unwrap()
    })
}

fn some(most: usize) -> impl Strategy<Value = Vec<Cidr>> {
    prop::collection::vec(range(), 0..most)
}

/// What is said of a host's range, without looking anything up.
fn brute_force(layout: &Layout, position: usize) -> BTreeSet<Code> {
    let host = &layout.hosts[position];
    let meets = |ranges: &[Cidr]| ranges.iter().any(|range| range.overlaps(host.range));
    let mut said = BTreeSet::new();
    let subnets: Vec<Cidr> = layout.subnets.iter().map(|subnet| subnet.range).collect();
    let others: Vec<Cidr> = layout.hosts[..position].iter().map(|host| host.range).collect();
    for (code, is_said) in [
        (Code::CidrInSubnet, meets(&subnets)),
        (Code::CidrOverlapsHost, meets(&others)),
        (Code::CidrReserved, meets(&layout.reserved)),
        (Code::CidrTooSmall, host.range.prefix_length() > 30),
    ] {
        said.extend(is_said.then_some(code));
    }
    let is_sound = said.is_empty();
    if is_sound {
        let is_public =
            ["10.0.0.0/8", "172.16.0.0/12"].iter().all(|it| !cidr(it).contains(host.range));
        for (code, is_said) in [
            (Code::CidrInVpcRange, meets(&layout.vpc_ranges)),
            (Code::CidrDockerPool, meets(&layout.docker_pools)),
            (Code::CidrPublic, is_public),
        ] {
            said.extend(is_said.then_some(code));
        }
        let own = layout.tables[0].routes.iter();
        let here = |route: &&Route| route.next_hop == format!("s-{position}");
        let narrower = own.clone().filter(|route| {
            host.range != route.destination && host.range.contains(route.destination)
        });
        let of_plan =
            |hop: &str| (0..layout.hosts.len()).any(|number| hop == format!("s-{number}"));
        let is_told = |route: &Route| {
            let mut ranges = layout.hosts.iter().map(|host| host.range);
            route.next_hop_type == "ecs"
                && of_plan(&route.next_hop)
                && ranges.any(|range| range == route.destination)
        };
        for route in narrower.filter(|route| !here(route) && !is_told(route)) {
            said.insert(match route.next_hop_type.as_str() {
                "peering" => Code::CidrCoversRemote,
                "ecs" if of_plan(&route.next_hop) => Code::RouteLeftOver,
                _ => Code::RouteShadowed,
            });
        }
        let same = own.clone().find(|route| route.destination == host.range);
        let broader = || {
            own.clone().filter(|route| {
                host.range != route.destination && route.destination.contains(host.range)
            })
        };
        if !same.as_ref().is_some_and(here) {
            let foreign =
                |route: &Route| route.next_hop_type == "peering" || !of_plan(&route.next_hop);
            said.extend(broader().any(foreign).then_some(Code::CidrUsedElsewhere));
            said.insert(match same {
                Some(route) if route.next_hop_type == "peering" => Code::RouteForeignOwner,
                Some(route) if of_plan(&route.next_hop) => Code::RouteMoves,
                Some(_) => Code::RouteOtherNextHop,
                None if broader().any(|route| !here(&route)) => Code::RouteOnlyBroader,
                None => Code::RouteMissing,
            });
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_examination_says_what_brute_force_says(
        hosts in some(6),
        subnets in some(4),
        vpc_ranges in some(2),
        reserved in some(3),
        docker_pools in some(2),
        routes in prop::collection::vec((range(), prop::bool::weighted(0.3), 0_u8..9), 0..10),
    ) {
        let subnet = |range: &Cidr| Subnet { id: range.to_string(), name: "name".into(), range: *range };
        let route = |(destination, is_remote, hop): &(Cidr, bool, u8)| Route {
            destination: *destination,
            next_hop_type: if *is_remote { "peering" } else { "ecs" }.into(),
            next_hop: if *is_remote { "peer".into() } else { format!("s-{hop}") },
            description: String::new(),
        };
        let mut routes: Vec<Route> = routes.iter().map(route).collect();
        routes.sort_by_key(|route| route.destination);
        routes.dedup_by_key(|route| route.destination);
        let layout = Layout {
            hosts: hosts
                .iter()
                .enumerate()
                .map(|(number, range)| {
                    host(&number.to_string(), *range, found(&format!("s-{number}"), "subnet", "table"))
                })
                .collect(),
            subnets: subnets.iter().map(subnet).collect(),
            vpc_ranges,
            reserved,
            docker_pools,
            tables: vec![Table { id: "table".into(), is_default: true, routes }],
            ..Layout::default()
        };
        let findings = examine(&layout);
        prop_assert!(findings.is_sorted_by_key(|finding| finding.code.severity()));
        for (position, host) in layout.hosts.iter().enumerate() {
            let about = |finding: &&Finding| finding.subject == Subject::Range(host.name.clone());
            let said: BTreeSet<Code> = findings.iter().filter(about).map(|finding| finding.code).collect();
            prop_assert_eq!(said, brute_force(&layout, position), "{:?}", host.range);
        }
        let errors = findings.iter().filter(|finding| finding.code.severity() == Severity::Error);
        prop_assert!(errors.into_iter().all(|finding| finding.is_error() && finding.code.resolved_by().is_none()));
    }
}
