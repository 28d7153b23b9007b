//! Mistakes that show only where one looks at the cloud.

use serde_json::json;

use super::row::{
    FOREIGN_RULE, FULL_TABLE, NOTHING, OTHER_VPC, PORT, PORT_ELSEWHERE, Row, SERVER,
    SERVER_ELSEWHERE, TABLE, route, rules as group_rules, source_check,
};

/// What is right in every configuration, so that there is something to lose.
pub fn standing() -> String {
    let route = route("standing").with("destination", "10.200.0.0/24");
    let rules = group_rules("standing").with("remote_ip_prefix", "10.200.0.0/16");
    route.hcl() + &source_check("standing").hcl() + &rules.hcl()
}

pub fn rows() -> Vec<Row> {
    [changes(), places(), next_hops(), destinations(), source_checks(), rules()]
        .into_iter()
        .flatten()
        .collect()
}

/// What a plan can only warn of: the documents leave it open, or whoever gets an address may be made in the same apply.
pub fn late_rows() -> Vec<Row> {
    vec![
        route("around_a_subnet").with("destination", "192.168.0.0/16").says(
            "destination",
            "Refused by the cloud",
            &[
                "overlaps system route 192.168.0.0/24",
                "HTTP status: 400",
                "Code: VPC.2809",
                "Request id: ",
            ],
        ),
        route("missing_host")
            .with("destination", "10.0.100.0/24")
            .with("host_ip", "192.168.0.99")
            .says(
                "host_ip",
                "Server not found",
                &["the private address 192.168.0.99 in VPC", "make the server first"],
            ),
        route("host_of_another_vpc")
            .with("destination", "10.0.101.0/24")
            .with("host_ip", "192.168.0.77")
            .says("host_ip", "Server not found", &["the private address 192.168.0.77 in VPC"]),
        route("missing_virtual_ip")
            .without("host_ip")
            .with("destination", "10.0.102.0/24")
            .with("virtual_ip", "192.168.0.200")
            .says(
                "virtual_ip",
                "Virtual IP address not found",
                &["192.168.0.200", "Check `virtual_ip`"],
            ),
        source_check("check_of_missing_host")
            .without("port_id")
            .with("host_ip", "192.168.0.99")
            .says("host_ip", "Server not found", &["the private address 192.168.0.99"]),
        source_check("check_of_host_of_another_vpc")
            .without("port_id")
            .with("host_ip", "192.168.0.77")
            .with("vpc_id", super::row::VPC)
            .says("host_ip", "Server not found", &["the private address 192.168.0.77 in VPC"]),
        route("route_exists_already").with("destination", "10.9.0.0/24").says(
            "destination",
            "Already exists",
            &[
                "A route to 10.9.0.0/24",
                "write a `moved` block",
                "terraform import huaweivpc_container_route.<name> 'ffffffff-0000-4000-8000-000000000001/10.9.0.0/24'",
                "or set `adopt_existing = true`",
            ],
        ),
        group_rules("rule_exists_already").with("remote_ip_prefix", "10.9.0.0/16").with("protocols", json!(["icmp"])).says(
            "remote_ip_prefix",
            "Already exists",
            &[
                "The ICMP rule",
                "write a `moved` block",
                "terraform import huaweivpc_secgroup_icmp_udp_rule.<name> 'cccccccc-0000-4000-8000-000000000001'",
                "or set `adopt_existing = true`",
            ],
        ),
    ]
}

/// The same of things that stand.
pub fn late_changes() -> Vec<Row> {
    vec![
        route("moved_to_a_missing_host")
            .with("destination", "10.50.0.0/24")
            .then()
            .with("host_ip", "192.168.0.98")
            .says("host_ip", "Server not found", &["the private address 192.168.0.98"]),
        group_rules("changed_to_one_that_exists")
            .with("remote_ip_prefix", "10.60.0.0/16")
            .then()
            .with("remote_ip_prefix", "10.9.0.0/16")
            .says("remote_ip_prefix", "Already exists", &["The ICMP rule", FOREIGN_RULE]),
    ]
}

/// Of things that stand.
pub fn changes() -> Vec<Row> {
    vec![
        route("moved_to_a_missing_server")
            .without("host_ip")
            .with("ecs_id", SERVER)
            .with("destination", "10.51.0.0/24")
            .then()
            .with("ecs_id", NOTHING)
            .says("ecs_id", "Server not found", &["does not exist"]),
    ]
}

fn places() -> Vec<Row> {
    vec![
        route("missing_vpc").with("vpc_id", NOTHING).says(
            "vpc_id",
            "VPC not found",
            &["`00000000-0000-4000-8000-000000000000` does not exist", "Check `vpc_id`"],
        ),
        route("missing_table").with("route_table_id", NOTHING).without("vpc_id").says(
            "route_table_id",
            "Route table not found",
            &["does not exist", "Check `route_table_id`"],
        ),
        route("table_of_another_vpc").with("vpc_id", OTHER_VPC).with("route_table_id", TABLE).says(
            "vpc_id",
            "Route table of another VPC",
            &[TABLE, OTHER_VPC, "Leave `vpc_id` out"],
        ),
        route("full_table").with("route_table_id", FULL_TABLE).says(
            "destination",
            "Route quota exceeded",
            &[FULL_TABLE, "so far this plan adds 1", "ask for a higher quota"],
        ),
    ]
}

fn next_hops() -> Vec<Row> {
    let by_server = |name, id| route(name).without("host_ip").with("ecs_id", id);
    let by_port = |name, id| route(name).without("host_ip").with("port_id", id);
    let rows = vec![
        by_server("missing_server", NOTHING).says(
            "ecs_id",
            "Server not found",
            &["Server `00000000-0000-4000-8000-000000000000` does not exist", "Check `ecs_id`"],
        ),
        by_server("server_of_another_vpc", SERVER_ELSEWHERE).says(
            "ecs_id",
            "Server of another VPC",
            &[SERVER_ELSEWHERE, OTHER_VPC, "a server of the same VPC"],
        ),
        by_port("missing_port", NOTHING).says(
            "port_id",
            "Port not found",
            &["Port `00000000-0000-4000-8000-000000000000` does not exist", "Check `port_id`"],
        ),
        by_port("table_in_place_of_port", TABLE).says(
            "port_id",
            "Port not found",
            &[TABLE, "Check `port_id`"],
        ),
        by_port("primary_port", PORT).says(
            "port_id",
            "Port cannot be a next hop",
            &[PORT, "the primary network interface", "Write `ecs_id = ", SERVER],
        ),
        by_port("port_of_another_vpc", PORT_ELSEWHERE).says(
            "port_id",
            "Port of another VPC",
            &[PORT_ELSEWHERE, "of the same VPC"],
        ),
        route("virtual_ip_of_a_server").without("host_ip").with("virtual_ip", "192.168.0.3").says(
            "virtual_ip",
            "Virtual IP address not found",
            &["belongs to a server", "`host_ip`"],
        ),
    ];
    // A destination of its own for each: two routes to one would be a mistake too.
    let ranges = (100_u8..).map(|third| format!("10.0.{third}.0/24"));
    rows.into_iter().zip(ranges).map(|(row, range)| row.with("destination", range)).collect()
}

fn destinations() -> Vec<Row> {
    let bad = |name, destination: &str, summary, phrases| {
        route(name).with("destination", destination).says("destination", summary, phrases)
    };
    const LOCAL: &str = "Destination inside a local route";
    vec![
        bad(
            "subnets_own_route",
            "192.168.0.0/24",
            LOCAL,
            &["192.168.0.0/24", "outside every subnet"],
        ),
        bad(
            "inside_a_subnet",
            "192.168.0.64/26",
            LOCAL,
            &["192.168.0.64/26", "192.168.0.0/24", "outside every subnet"],
        ),
    ]
}

fn source_checks() -> Vec<Row> {
    vec![
        source_check("check_of_missing_port").with("port_id", NOTHING).says(
            "port_id",
            "Port not found",
            &["does not exist", "Check `port_id`"],
        ),
        source_check("check_of_table").with("port_id", TABLE).says(
            "port_id",
            "Port not found",
            &[TABLE],
        ),
        source_check("check_of_missing_server").without("port_id").with("ecs_id", NOTHING).says(
            "ecs_id",
            "Server not found",
            &["does not exist", "Check `ecs_id`"],
        ),
        source_check("check_of_ambiguous_host")
            .without("port_id")
            .with("host_ip", "192.168.0.2")
            .says(
                "host_ip",
                "Several servers match",
                &[PORT, "Set `vpc_id` to say which VPC is meant"],
            ),
    ]
}

fn rules() -> Vec<Row> {
    vec![group_rules("missing_group").with("security_group_id", NOTHING).says(
        "security_group_id",
        "Security group not found",
        &["does not exist", "Check `security_group_id`"],
    )]
}
