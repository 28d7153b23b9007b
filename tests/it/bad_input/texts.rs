//! Mistakes that the text alone shows, without any cloud.

use serde_json::{Value, json};

use super::row::{
    GROUP_DATA, HOSTS_DATA, NOTHING, PORT, Row, SERVER, SUBNET_DATA, TABLE_DATA, VPC_DATA, call,
    look_up, plan, route, rules as group_rules, source_check,
};

pub fn rows() -> Vec<Row> {
    let groups = [
        destinations(),
        routes(),
        timeouts(),
        source_checks(),
        group(),
        plans(),
        look_ups(),
        calls(),
    ];
    groups.into_iter().flatten().chain([several_at_once()]).collect()
}

fn destinations() -> Vec<Row> {
    let bad = |name, text: &str, phrases| {
        route(name).with("destination", text).says(
            "destination",
            "Invalid value for `destination`",
            phrases,
        )
    };
    vec![
        bad(
            "host_bits",
            "10.0.2.1/24",
            &["`10.0.2.1/24` is not the canonical form", "Write `10.0.2.0/24`."],
        ),
        bad("bare_address", "10.0.2.0", &["`10.0.2.0` is a single address", "Write `10.0.2.0/32`"]),
        bad(
            "prefix_too_long",
            "10.0.2.0/33",
            &["`10.0.2.0/33` is not a range", "such as `10.0.2.0/24`"],
        ),
        bad(
            "no_range",
            "containers",
            &["`containers` is not a range", "Write an address and a prefix length"],
        ),
        route("inside_a_system_range").with("destination", "100.64.7.0/24").says(
            "destination",
            "Destination inside a system range",
            &["100.64.7.0/24", "100.64.0.0/10"],
        ),
        bad("upper_case", "FD00:2::/64", &["not the canonical form", "Write `fd00:2::/64`."]),
        bad("written_out", "fd00:0002::/64", &["not the canonical form", "Write `fd00:2::/64`."]),
        bad("leading_zero", "10.0.02.0/24", &["not the canonical form", "Write `10.0.2.0/24`."]),
        bad("empty", "", &["An empty text is not a range in CIDR form", "such as `10.0.2.0/24`"]),
    ]
}

fn routes() -> Vec<Row> {
    vec![
        route("two_next_hops").with("ecs_id", SERVER).says(
            "host_ip",
            "More than one next hop",
            &["`ecs_id` and `host_ip` are set", "Keep exactly one"],
        ),
        route("three_next_hops").with("ecs_id", SERVER).with("port_id", PORT).says(
            "host_ip",
            "More than one next hop",
            &["`ecs_id`, `host_ip` and `port_id` are set", "Keep exactly one"],
        ),
        route("no_next_hop").without("host_ip").says(
            "",
            "No next hop",
            &["Set exactly one of `ecs_id`, `host_ip`, `port_id` and `virtual_ip`."],
        ),
        route("no_table").without("vpc_id").says(
            "",
            "No route table",
            &["Set `vpc_id`, for the default route table of the VPC, or `route_table_id`."],
        ),
        route("no_vpc_id").with("vpc_id", "my vpc").says(
            "vpc_id",
            "Invalid value for `vpc_id`",
            &["`my vpc` is not the id of a VPC", "letters, digits and `-`"],
        ),
        route("host_with_prefix").with("host_ip", "192.168.0.2/24").says(
            "host_ip",
            "Invalid value for `host_ip`",
            &["`192.168.0.2/24` is not an IP address", "without a prefix length"],
        ),
        route("long_description").with("description", "x".repeat(256)).says(
            "description",
            "Invalid value for `description`",
            &["256 characters", "at most 255", "Shorten it."],
        ),
        route("description_with_a_tag").with("description", "the <guide>'s").says(
            "description",
            "Invalid value for `description`",
            &["refuses `<` and `>`", "Write it without them."],
        ),
    ]
}

fn timeouts() -> Vec<Row> {
    let bad = |name, operation: &'static str, text| {
        let summary = match operation {
            "create" => "Invalid value for `create`",
            _ => "Invalid value for `delete`",
        };
        route(name).with_timeout(operation, text).says(
            operation,
            summary,
            &["is not a duration", "Write a number and a unit, such as `30s`, `5m` or `1h30m`."],
        )
    };
    vec![
        bad("no_unit", "create", "5"),
        bad("no_duration", "delete", "soon"),
        bad("no_time_at_all", "create", "0s"),
        bad("time_backwards", "delete", "-5m"),
    ]
}

fn source_checks() -> Vec<Row> {
    vec![source_check("not_named").without("port_id").says(
        "",
        "No network interface",
        &["Set one of `port_id`, `ecs_id` and `host_ip`."],
    )]
}

fn group() -> Vec<Row> {
    let priority = |name, number: Value, phrases| {
        group_rules(name).with("priority", number).says(
            "priority",
            "Invalid value for `priority`",
            phrases,
        )
    };
    let ports = |name, text: &str, phrases| {
        group_rules(name).with("udp_ports", text).says(
            "udp_ports",
            "Invalid value for `udp_ports`",
            phrases,
        )
    };
    vec![
        group_rules("no_protocols").with("protocols", json!([])).says(
            "protocols",
            "Nothing to open",
            &["`protocols` is empty", "Write `icmp`, `udp` or both"],
        ),
        group_rules("unknown_protocol").with("protocols", json!(["icmp", "tcp"])).says(
            "protocols",
            "Invalid value for `protocols`",
            &["`tcp` is not a protocol this resource opens", "Write `icmp`, `udp` or both"],
        ),
        group_rules("ports_without_udp")
            .with("protocols", json!(["icmp"]))
            .with("udp_ports", "53")
            .says(
                "udp_ports",
                "Ports without a protocol",
                &["`protocols` does not hold `udp`", "Add it, or leave `udp_ports` out."],
            ),
        ports(
            "open_range",
            "33434-",
            &["`33434-` is not a list of ports", "such as `33434-33534,53`"],
        ),
        ports(
            "range_backwards",
            "90-80",
            &["`90-80` is not a list of ports", "the smaller end first"],
        ),
        ports("space_in_list", "80, 443", &["`80, 443` is not a list of ports", "without spaces"]),
        priority(
            "priority_too_high",
            json!(0),
            &["`0` is not a priority", "from 1, the highest, to 100"],
        ),
        priority("priority_too_low", json!(101), &["`101` is not a priority"]),
        priority(
            "broken_priority",
            json!(1.5),
            &["`1.5` is not a priority", "Write a whole number"],
        ),
        group_rules("unknown_direction").with("direction", "inbound").says(
            "direction",
            "Invalid value for `direction`",
            &["`inbound` is not a direction", "Write `ingress` or `egress`."],
        ),
        group_rules("prefix_with_host_bits").with("remote_ip_prefix", "10.0.2.7/16").says(
            "remote_ip_prefix",
            "Invalid value for `remote_ip_prefix`",
            &["Write `10.0.0.0/16`."],
        ),
    ]
}

fn plans() -> Vec<Row> {
    let host = |name, host: Value| plan(name).with("hosts", json!({ "a": host }));
    vec![
        host(
            "host_named_twice",
            json!({ "ecs_id": SERVER, "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/24" }),
        )
        .says(
            "a",
            "Host named twice",
            &["`hosts[\"a\"]` has both `ecs_id` and `host_ip`", "Keep the one"],
        ),
        host("host_not_named", json!({ "container_cidr": "10.0.2.0/24" })).says(
            "a",
            "Host not named",
            &["`hosts[\"a\"]` has neither `ecs_id` nor `host_ip`", "Set one of them."],
        ),
        host(
            "room_for_nobody",
            json!({ "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/24", "containers": 0 }),
        )
        .says(
            "a",
            "Invalid value for `containers`",
            &[
                "In `hosts[\"a\"].containers`: `0` is not a number of containers",
                "Write a whole number from 1.",
            ],
        ),
        host(
            "bad_range_of_host",
            json!({ "host_ip": "192.168.0.2", "container_cidr": "10.0.2.9/24" }),
        )
        .says(
            "a",
            "Invalid value for `container_cidr`",
            &["In `hosts[\"a\"].container_cidr`: `10.0.2.9/24`", "Write `10.0.2.0/24`."],
        ),
        plan("bad_reserved_range")
            .with("reserved_cidrs", json!(["10.0.0.0/8", "172.16.0.0"]))
            .says(
                "172.16.0.0",
                "Invalid value for `reserved_cidrs`",
                &["In `reserved_cidrs[1]`: `172.16.0.0` is a single address"],
            ),
        plan("neither_fail_nor_report").with("on_error", "warn").says(
            "on_error",
            "Invalid value for `on_error`",
            &["`warn` is not a way to treat errors", "Write `fail` or `report`."],
        ),
    ]
}

fn calls() -> Vec<Row> {
    const SUMMARY: &str = "Invalid function argument";
    vec![
        call("bad_outer", "cidr_contains(\"10.0.0.0\", \"10.0.2.0/24\")").says(
            "",
            SUMMARY,
            &[
                "Invalid value for \"outer\" parameter",
                "`10.0.0.0` is a single address. Write `10.0.0.0/32`",
            ],
        ),
        call("bad_inner", "cidr_contains(\"10.0.0.0/8\", \"10.0.2.1/24\")").says(
            "",
            SUMMARY,
            &["Invalid value for \"inner\" parameter", "Write `10.0.2.0/24`."],
        ),
        call("bad_element", "cidr_overlaps([\"10.0.0.0/8\", \"ten\"])").says(
            "",
            SUMMARY,
            &["Invalid value for \"cidrs\" parameter", "`ten` is not a range in CIDR form"],
        ),
        call("bad_aggregate", "cidr_aggregate([\"10.0.0.1/8\"])").says(
            "",
            SUMMARY,
            &["Invalid value for \"cidrs\" parameter", "Write `10.0.0.0/8`."],
        ),
        call("full_pool", "cidr_allocate(\"10.0.2.0/23\", 24, [\"a\", \"b\", \"c\"], [])").says(
            "",
            SUMMARY,
            &[
                "Invalid value for \"pool\" parameter",
                "it holds 2 ranges of /24, of which 2 are free, and 3 hosts need one. 10.0.0.0/22 would do.",
            ],
        ),
        call("bad_size", "cidr_allocate(\"10.0.2.0/23\", 16, [\"a\"], [])").says(
            "",
            SUMMARY,
            &["Invalid value for \"prefix_length\" parameter", "Write a prefix length from 23 to 32."],
        ),
        call("bad_hosts", "cidr_allocate(\"10.0.2.0/23\", 24, { a = \"10.0.2.1/24\" }, [])").says(
            "",
            SUMMARY,
            &["Invalid value for \"hosts\" parameter", "`a`: `10.0.2.1/24` is not the canonical form"],
        ),
        call("bad_taken", "cidr_allocate(\"10.0.2.0/23\", 24, toset([\"a\"]), [\"10.0.2.0\"])").says(
            "",
            SUMMARY,
            &["Invalid value for \"taken\" parameter", "Write `10.0.2.0/32`"],
        ),
    ]
}

/// Look-ups that say nothing, or what cannot be.
fn look_ups() -> Vec<Row> {
    let unsaid = |kind, name, phrases| look_up(kind, name).says("", "Nothing to look for", phrases);
    vec![
        unsaid(VPC_DATA, "any_vpc", &["Nothing says which VPC to look for. Set `id` or `name`."]),
        unsaid(SUBNET_DATA, "any_subnet", &["Set `id`, `name`, `cidr` or `vpc_id`."]),
        unsaid(TABLE_DATA, "any_table", &["Set `id`, `name`, `subnet_id` or `vpc_id`."]),
        unsaid(GROUP_DATA, "any_group", &["Set `id` or `name`."]),
        unsaid(HOSTS_DATA, "any_hosts", &["Set `ids`, `names`, `tags`, `subnet_id` or `vpc_id`."]),
        look_up(SUBNET_DATA, "subnet_with_host_bits").with("cidr", "10.0.2.1/24").says(
            "cidr",
            "Invalid value for `cidr`",
            &["Write `10.0.2.0/24`."],
        ),
        look_up(HOSTS_DATA, "hosts_by_bad_key").with("vpc_id", NOTHING).with("key_by", "ip").says(
            "key_by",
            "Invalid value for `key_by`",
            &["Write `name` or `id`."],
        ),
    ]
}

fn several_at_once() -> Row {
    route("several_at_once")
        .with("destination", "10.0.2.1/24")
        .with("host_ip", "192.168.0")
        .with("description", "<>")
        .with("route_table_id", format!("{NOTHING}/10.0.2.0/24"))
        .says("destination", "Invalid value for `destination`", &["Write `10.0.2.0/24`."])
        .says("host_ip", "Invalid value for `host_ip`", &["`192.168.0` is not an IP address"])
        .says("description", "Invalid value for `description`", &["`<` and `>`"])
        .says(
            "route_table_id",
            "Invalid value for `route_table_id`",
            &["without spaces or slashes"],
        )
}
