//! Mistakes in who hosts which range, which the data source finds by looking at the cloud.

use serde_json::{Value, json};

use super::row::{FULL_TABLE, NOTHING, OTHER_VPC, Row, SERVER_ELSEWHERE, plan};

pub fn rows() -> Vec<Row> {
    let hosts = |name, hosts: Value| plan(name).with("hosts", hosts);
    let range = |name, range: &str| {
        hosts(name, json!({ "a": { "host_ip": "192.168.0.2", "container_cidr": range } }))
    };
    vec![
        hosts(
            "overlapping_hosts",
            json!({
                "a": { "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/23" },
                "b": { "host_ip": "192.168.0.3", "container_cidr": "10.0.3.0/24" },
            }),
        )
        .says(
            "b",
            "Container ranges overlap",
            &[
                "In `hosts[\"b\"].container_cidr`: 10.0.3.0/24 of `b` overlaps 10.0.2.0/23 of `a`.",
                "Give each server a range of its own.",
                "is free. (cidr_overlaps_host)",
            ],
        ),
        range("range_in_subnet", "192.168.0.128/25").says(
            "a",
            "Container range overlaps a subnet",
            &["overlaps 192.168.0.0/24 of the subnet `here`", "Choose a range outside every subnet"],
        ),
        range("range_of_the_system", "100.64.2.0/24").says(
            "a",
            "Container range overlaps a system range",
            &["overlaps 100.64.0.0/10", "Choose a private range"],
        ),
        range("reserved_range", "10.7.2.0/24").with("reserved_cidrs", json!(["10.7.0.0/16"])).says(
            "a",
            "Container range overlaps a reserved range",
            &["overlaps 10.7.0.0/16, which `reserved_cidrs` keeps", "Choose a range outside"],
        ),
        hosts(
            "too_many_containers",
            json!({ "a": { "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/29", "containers": 6 } }),
        )
        .says(
            "a",
            "Container range too small",
            &["10.0.2.0/29 holds 5 containers, 6 are wanted", "Choose a shorter prefix length."],
        ),
        hosts("no_such_host", json!({ "a": { "host_ip": "192.168.0.99", "container_cidr": "10.0.2.0/24" } })).says(
            "a",
            "Host not found",
            &["In `hosts[\"a\"]`: No server in this VPC has the private address 192.168.0.99.", "of an existing server"],
        ),
        hosts("no_such_server", json!({ "a": { "ecs_id": NOTHING, "container_cidr": "10.0.2.0/24" } })).says(
            "a",
            "Host not found",
            &["No server in this VPC has the id", "of an existing server"],
        ),
        hosts("host_elsewhere", json!({ "a": { "ecs_id": SERVER_ELSEWHERE, "container_cidr": "10.0.2.0/24" } })).says(
            "a",
            "Host in another VPC",
            &["has no network interface in this VPC", "Choose a server of this VPC"],
        ),
        plan("no_room_in_the_table").with("route_table_id", FULL_TABLE).says(
            "hosts",
            "Route quota exceeded",
            &["In `hosts`: 6 of 6 routes of table", FULL_TABLE, "and the plan adds 1.", "Ask for a higher quota"],
        ),
        plan("no_such_vpc").with("vpc_id", NOTHING).says(
            "vpc_id",
            "VPC not found",
            &[NOTHING, "does not exist", "Check `vpc_id`"],
        ),
        plan("table_elsewhere").with("vpc_id", OTHER_VPC).with("route_table_id", FULL_TABLE).says(
            "route_table_id",
            "Route table not found",
            &[FULL_TABLE, "leave `route_table_id` out"],
        ),
        hosts(
            "all_findings_at_once",
            json!({
                "a": { "host_ip": "192.168.0.2", "container_cidr": "192.168.0.0/25" },
                "b": { "host_ip": "192.168.0.99", "container_cidr": "192.168.0.64/26" },
            }),
        )
        .says("a", "Container range overlaps a subnet", &["192.168.0.0/25 overlaps"])
        .says("b", "Container range overlaps a subnet", &["192.168.0.64/26 overlaps"])
        .says("b", "Container ranges overlap", &["of `b` overlaps 192.168.0.0/25 of `a`"])
        .says("b", "Host not found", &["192.168.0.99"]),
    ]
}
