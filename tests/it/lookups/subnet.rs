//! `huaweivpc_subnet`.

use serde_json::{Value as Json, json};

use super::{NOBODY, answered, refused, two_tables};
use crate::harness::config::patched;

const SUBNET: &str = "subnet";

#[tokio::test]
async fn a_subnet_is_found_by_its_id_its_name_and_its_range() {
    let world = two_tables(json!({})).await;
    let (id, vpc) = (world.subnet("subnet-back").await, world.vpc("vpc-a").await);
    let found = json!({
        "id": id,
        "name": "subnet-back",
        "vpc_id": vpc,
        "cidr": "10.50.1.0/24",
        "gateway_ip": "10.50.1.1",
        "ipv6_enable": false,
        "route_table_id": world.table("rtb-back").await,
        "dhcp_enable": true,
        "availability_zone": "cn-north-4b",
        "status": "ACTIVE",
        "description": "",
    });
    for query in [
        json!({ "id": id }),
        json!({ "name": "subnet-back" }),
        json!({ "cidr": "10.50.1.0/24" }),
        json!({ "vpc_id": vpc, "name": "subnet-back" }),
        json!({ "vpc_id": world.vpc("vpc-a").await, "cidr": "10.50.1.0/24" }),
    ] {
        let subnet = world.read(SUBNET, query).await.value;
        assert_eq!(patched(&subnet, &found), subnet);
        assert!(subnet["ipv4_subnet_id"].is_string());
        assert_eq!(subnet["dns_list"], json!(["100.125.1.250", "100.125.129.250"]));
        let of_ipv6 = ["ipv6_cidr", "ipv6_gateway", "ipv6_subnet_id"].map(|name| &subnet[name]);
        assert_eq!(of_ipv6, [&Json::Null; 3]);
    }
}

#[tokio::test]
async fn the_only_subnet_of_a_vpc_needs_no_name() {
    let world = two_tables(json!({})).await;
    let subnet = world.read(SUBNET, json!({ "vpc_id": world.vpc("vpc-b").await })).await.value;
    assert_eq!(subnet["name"], "subnet-b");
}

#[tokio::test]
async fn a_subnet_without_a_table_of_its_own_is_steered_by_the_default_one() {
    let world = two_tables(json!({})).await;
    let subnet = world.read(SUBNET, json!({ "name": "subnet-front" })).await.value;
    assert_eq!(subnet["route_table_id"], world.default_table("vpc-a").await);
}

#[tokio::test]
async fn nothing_is_an_error_that_says_what_was_sought() {
    let world = two_tables(json!({})).await;
    let (front, b) = (world.subnet("subnet-front").await, world.vpc("vpc-b").await);
    refused(
        &world,
        SUBNET,
        vec![
            (json!({ "name": "subnet" }), "name", "No subnet has the name `subnet`. Check `name`,"),
            (json!({ "id": NOBODY }), "id", "No subnet has the id"),
            (json!({ "cidr": "10.50.0.0/16" }), "cidr", "No subnet has the range `10.50.0.0/16`"),
            (json!({ "cidr": "10.50.1.1/24" }), "cidr", "Write `10.50.1.0/24`"),
            (json!({ "id": front, "vpc_id": b }), "id", "and the VPC `"),
            (
                json!({ "name": "subnet-front", "vpc_id": b }),
                "name",
                "the name `subnet-front` and the VPC",
            ),
            (json!({ "vpc_id": NOBODY }), "vpc_id", "No subnet has the VPC"),
            (json!({}), "", "Set `id`, `name`, `cidr` or `vpc_id`."),
        ],
    )
    .await;
}

#[tokio::test]
async fn several_are_an_error_that_lists_them() {
    let world = two_tables(json!({})).await;
    let vpc = world.vpc("vpc-a").await;
    let refusal = world.refuse_to_read(SUBNET, json!({ "vpc_id": vpc })).await;
    let mut ids = [world.subnet("subnet-front").await, world.subnet("subnet-back").await];
    ids.sort_unstable();
    let words =
        format!("2 subnets have the VPC `{vpc}`: `{}` and `{}`. So `vpc_id` does", ids[0], ids[1]);
    refusal.expect_problem("vpc_id", &words).expect_nothing_else();

    let same = |id: &str| json!({ "id": id, "vpc_id": vpc, "name": "twice" });
    answered(&world, "/v1/*/subnets", json!({ "subnets": [same("one"), same("two")] })).await;
    let refusal = world.refuse_to_read(SUBNET, json!({ "name": "twice" })).await;
    refusal.expect_problem("name", "have the name `twice`: `one` and `two`.").expect_nothing_else();
}

#[tokio::test]
async fn the_ipv6_half_is_shown() {
    let world = two_tables(json!({})).await;
    let id = world.subnet("subnet-front").await;
    let subnet = json!({
        "id": id, "vpc_id": world.vpc("vpc-a").await, "name": "both", "cidr": "10.20.1.0/24",
        "ipv6_enable": true, "cidr_v6": "2001:DB8:0:1::/64", "gateway_ip_v6": "2001:db8:0:1::1",
        "neutron_subnet_id_v6": "six", "dnsList": ["100.125.1.250", null, ""], "dhcp_enable": null,
    });
    answered(&world, "/v1/*/subnets/*", json!({ "subnet": subnet })).await;

    let subnet = world.read(SUBNET, json!({ "id": id })).await.value;

    assert_eq!(subnet["ipv6_enable"], json!(true));
    assert_eq!(subnet["ipv6_cidr"], "2001:db8:0:1::/64");
    assert_eq!(subnet["ipv6_gateway"], "2001:db8:0:1::1");
    assert_eq!(subnet["ipv6_subnet_id"], "six");
    assert_eq!((&subnet["ipv4_subnet_id"], &subnet["status"]), (&Json::Null, &json!("")));
    assert_eq!(subnet["dns_list"], json!(["100.125.1.250"]));
}
