//! Look-ups that find nothing, or too much.

use serde_json::json;

use super::row::{
    GROUP, GROUP_DATA, HOSTS_DATA, NOTHING, OTHER_VPC, Row, SERVER_ELSEWHERE, SUBNET_DATA, TABLE,
    TABLE_DATA, VPC, VPC_DATA, look_up,
};

pub fn rows() -> Vec<Row> {
    vec![
        look_up(VPC_DATA, "vpc_misspelt").with("name", "heer").says(
            "name",
            "VPC not found",
            &["No VPC has the name `heer`. Check `name`, and the region and the project"],
        ),
        look_up(VPC_DATA, "vpc_of_another_name").with("id", VPC).with("name", "elsewhere").says(
            "id",
            "VPC not found",
            &["and the name `elsewhere`", "Check `id` and `name`,"],
        ),
        look_up(SUBNET_DATA, "subnet_of_two_vpcs").with("cidr", "192.168.0.0/24").says(
            "cidr",
            "Several subnets match",
            &[
                "2 subnets have the range `192.168.0.0/24`:",
                "So `cidr` does not tell which is meant; write its `id`.",
            ],
        ),
        look_up(SUBNET_DATA, "subnet_elsewhere")
            .with("name", "here")
            .with("vpc_id", OTHER_VPC)
            .says("name", "Subnet not found", &["No subnet has the name `here` and the VPC"]),
        look_up(TABLE_DATA, "table_in_another_vpc")
            .with("id", TABLE)
            .with("vpc_id", OTHER_VPC)
            .says("id", "Route table not found", &[TABLE, OTHER_VPC]),
        look_up(TABLE_DATA, "table_of_no_subnet").with("subnet_id", NOTHING).says(
            "subnet_id",
            "Subnet not found",
            &[NOTHING],
        ),
        look_up(GROUP_DATA, "group_of_another_name").with("id", GROUP).with("name", "other").says(
            "id",
            "Security group not found",
            &["and the name `other`"],
        ),
        look_up(HOSTS_DATA, "hosts_by_part_of_a_name").with("names", json!(["firs"])).says(
            "names",
            "Server not found",
            &["No server has the name `firs`. Check `names`,"],
        ),
        look_up(HOSTS_DATA, "hosts_elsewhere")
            .with("ids", json!([SERVER_ELSEWHERE]))
            .with("vpc_id", VPC)
            .says("ids", "Server not found", &[SERVER_ELSEWHERE, "and is as `vpc_id` asks."]),
    ]
}
