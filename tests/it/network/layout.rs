//! The examination of a layout: the guide's, what is changed in it by the stories beside, and what is said of much at once.

mod brute_force;
mod mistakes;

use huaweivpc::network::{
    Cidr, Code, Finding, Found, Host, Layout, Location, NextHop, Route, Subnet, Table,
    layout::examine, system,
};

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
        next_hop: NextHop::new(kind.parse().unwrap(), hop),
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

pub fn codes(layout: &Layout) -> Vec<&'static str> {
    examine(layout).iter().map(|finding| finding.code.name()).collect()
}

/// The second host gets another range, of which nothing is known yet.
pub fn ranges(layout: &mut Layout, range: &str) {
    layout.hosts[1].range = cidr(range);
    layout.hosts[1].written = range.into();
    layout.tables[0].routes.pop();
    if !layout.subnets[0].range.overlaps(cidr(range)) && range != "10.0.2.0/24" {
        layout.tables[0].routes.push(route(range, "ecs", "s-2"));
    }
}

pub fn second(layout: &mut Layout) -> &mut Found {
    match &mut layout.hosts[1].location {
        Location::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

/// The route to the second host's range is another one, or none.
pub fn leads(layout: &mut Layout, kind: &str, hop: &str) {
    layout.tables[0].routes.pop();
    if !kind.is_empty() {
        layout.tables[0].routes.push(route("10.0.3.0/24", kind, hop));
    }
}

pub fn adds(layout: &mut Layout, destination: &str, kind: &str, hop: &str) {
    layout.tables[0].routes.push(route(destination, kind, hop));
}

/// The second host is in a subnet under a table of its own.
pub fn second_table(layout: &mut Layout, routes: &[Route]) {
    layout.tables.push(Table { id: "two".into(), is_default: false, routes: routes.to_vec() });
    let found = second(layout);
    (found.subnet_id, found.table_id, found.own_table_id) =
        ("subnet-b".into(), "two".into(), "two".into());
}

/// The user wants all routes in another table than the one of the subnet; both hold the same.
pub fn names_another_table(layout: &mut Layout) {
    let routes = layout.tables[0].routes.clone();
    layout.tables.push(Table { id: "two".into(), is_default: false, routes });
    layout.named_table = Some("two".into());
    for host in &mut layout.hosts {
        if let Location::Found(found) = &mut host.location {
            found.table_id = "two".into();
        }
    }
}

#[test]
fn the_guide_is_without_findings() {
    assert_eq!(examine(&guide()), []);
}

#[test]
fn errors_come_first_and_what_will_go_by_itself_last() {
    let mut layout = guide();
    ranges(&mut layout, "172.18.1.0/24");
    leads(&mut layout, "", "");
    layout.hosts.push(host("ecs3", cidr("172.18.1.1/32"), found("s-3", "subnet", "table")));
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
