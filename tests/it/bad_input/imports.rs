//! Import ids that name nothing.

use super::row::{NOTHING, Row, TABLE, route, rules, source_check};

pub fn rows() -> Vec<Row> {
    const SUMMARY: &str = "Invalid import id";
    const GONE: &str = "Cannot import non-existent remote object";
    vec![
        route("import_without_table").imported_as("10.0.4.0").says(
            "",
            SUMMARY,
            &["`10.0.4.0` does not name an object", "Write `<route_table_id>/<destination>`."],
        ),
        route("import_of_bad_range").imported_as("a-table/10.0.2.1/24").says(
            "",
            SUMMARY,
            &[
                "the part `destination` is wrong",
                "Write `10.0.2.0/24`.",
                "`<route_table_id>/<destination>`",
            ],
        ),
        source_check("import_of_path").imported_as("ports/1").says(
            "",
            SUMMARY,
            &["In `ports/1`, the part `port_id` is wrong", "without spaces or slashes"],
        ),
        rules("import_of_spaces").imported_as("rule one").says(
            "",
            SUMMARY,
            &["`rule one` is not the id", "or the rule ids joined by `,`"],
        ),
        rules("import_of_half_a_key").imported_as("a-group/ingress").says(
            "",
            SUMMARY,
            &["Write `<security_group_id>/<direction>/<remote_ip_prefix>`"],
        ),
        rules("import_of_no_direction").imported_as("a-group/inbound/10.0.0.0/8").says(
            "",
            SUMMARY,
            &["the part `direction` is wrong", "Write `ingress` or `egress`."],
        ),
        rules("import_of_no_rule").imported_as("ffffffff-0000-4000-8000-000000000001").says(
            "",
            SUMMARY,
            &[
                "There is no rule `ffffffff-0000-4000-8000-000000000001`",
                "or the rule ids joined by `,`",
            ],
        ),
        route("import_of_no_route")
            .imported_as("ffffffff-0000-4000-8000-000000000001/10.250.0.0/24")
            .says("", GONE, &["huaweivpc_container_route.import_of_no_route"]),
        source_check("import_of_no_port").imported_as(NOTHING).says(
            "",
            GONE,
            &["huaweivpc_ecs_port_source_check.import_of_no_port"],
        ),
    ]
}

/// For `terraform import`: the resource to import into, the id, and what is said.
pub fn commands() -> Vec<(Row, &'static str, &'static [&'static str])> {
    vec![
        (
            route("by_command"),
            TABLE,
            &[
                "Invalid import id",
                TABLE,
                "does not name an object",
                "`<route_table_id>/<destination>`",
            ],
        ),
        (source_check("by_command"), NOTHING, &["Cannot import non-existent remote object"]),
    ]
}
