//! `huaweivpc_route_table`.

use serde_json::{Value as Json, json};

use super::{NOBODY, answered, refused, two_tables};
use crate::harness::world::World;

const TABLE: &str = "route_table";

fn destinations(table: &Json, kind: &str) -> Vec<String> {
    let routes = table["routes"].as_array().expect("routes").iter();
    let routes = routes.filter(|route| route["type"] == kind);
    routes.map(|route| route["destination"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn a_vpc_alone_means_its_default_table() {
    let world = two_tables(json!({})).await;
    let (vpc, id) = (world.vpc("vpc-a").await, world.default_table("vpc-a").await);

    let table = world.read(TABLE, json!({ "vpc_id": vpc })).await.value;

    assert_eq!((&table["id"], &table["vpc_id"]), (&json!(id), &json!(vpc)));
    assert_eq!((&table["name"], &table["default"]), (&json!("rtb-vpc-a"), &json!(true)));
    // The other subnet is steered by another table.
    assert_eq!(table["effective_subnets"], json!([world.subnet("subnet-front").await]));
    assert_eq!(
        destinations(&table, "local"),
        ["10.20.1.0/24", "10.50.1.0/24", "198.19.128.0/20", "127.0.0.0/8", "100.64.0.0/10"]
    );
    assert_eq!(destinations(&table, "nat"), ["0.0.0.0/0"]);
    assert_eq!(destinations(&table, "peering"), ["172.16.0.0/16"]);
    let numbers = ["routes_used", "routes_quota", "routes_free"].map(|name| table[name].clone());
    assert_eq!(numbers, [json!(3), json!(50), json!(47)]);
}

#[tokio::test]
async fn a_table_is_found_by_its_id_its_name_and_its_subnet() {
    let world = two_tables(json!({})).await;
    let (back, id) = (world.subnet("subnet-back").await, world.table("rtb-back").await);
    let (front, vpc) = (world.subnet("subnet-front").await, world.vpc("vpc-a").await);
    let server = world.server("front-1").await;
    for query in [
        json!({ "id": id }),
        json!({ "name": "rtb-back" }),
        json!({ "name": "rtb-back", "vpc_id": vpc }),
        json!({ "subnet_id": back }),
        json!({ "id": id, "subnet_id": back, "vpc_id": vpc, "name": "rtb-back" }),
    ] {
        let table = world.read(TABLE, query).await.value;
        assert_eq!((&table["id"], &table["name"]), (&json!(id), &json!("rtb-back")));
        assert_eq!((&table["default"], &table["vpc_id"]), (&json!(false), &json!(vpc)));
        assert_eq!(table["description"], "What leaves the back subnet");
        assert_eq!(table["subnets"], json!([back]));
        assert_eq!(table["effective_subnets"], json!([back]));
        assert_eq!(destinations(&table, "ecs"), ["10.0.2.0/24"]);
        let route = table["routes"].as_array().and_then(|routes| routes.last()).unwrap();
        assert_eq!(
            (&route["nexthop"], &route["description"]),
            (&json!(server), &json!("containers of front-1"))
        );
        assert_eq!(table["routes_used"], json!(1));
    }
    let of_front = world.read(TABLE, json!({ "subnet_id": front })).await.value;
    assert_eq!(of_front["id"], world.default_table("vpc-a").await);
    assert_eq!(of_front["subnet_id"], front);
}

#[tokio::test]
async fn a_look_up_takes_four_calls() {
    let world = two_tables(json!({})).await;
    let (vpc, id) = (world.vpc("vpc-a").await, world.default_table("vpc-a").await);
    for query in [json!({ "vpc_id": vpc }), json!({ "id": id })] {
        world.forget_requests().await;
        world.read(TABLE, query).await;
        let mut requests = world.requests().await;
        requests.sort();
        let table = format!("GET /v1/routetables/{id}");
        assert_eq!(requests, ["GET /v1/quotas", "GET /v1/routetables", &table, "GET /v1/subnets"]);
    }
}

#[tokio::test]
async fn nothing_is_an_error_that_says_what_was_sought() {
    let world = two_tables(json!({})).await;
    let (a, b) = (world.vpc("vpc-a").await, world.vpc("vpc-b").await);
    let (id, front) = (world.table("rtb-back").await, world.subnet("subnet-front").await);
    refused(
        &world,
        TABLE,
        vec![
            (json!({ "id": NOBODY }), "id", "No route table has the id"),
            (json!({ "name": "rtb" }), "name", "No route table has the name `rtb`. Check `name`,"),
            (json!({ "vpc_id": NOBODY }), "vpc_id", "No route table has the VPC"),
            (json!({ "subnet_id": NOBODY }), "subnet_id", "No subnet has the id"),
            (json!({ "id": id, "vpc_id": b }), "id", "and the VPC `"),
            (json!({ "id": id, "subnet_id": front }), "id", "and the subnet `"),
            (
                json!({ "name": "rtb-vpc-b", "vpc_id": a }),
                "name",
                "the name `rtb-vpc-b` and the VPC",
            ),
            (json!({}), "", "Set `id`, `name`, `subnet_id` or `vpc_id`."),
        ],
    )
    .await;
}

#[tokio::test]
async fn several_are_an_error_that_lists_them() {
    let world = two_tables(json!({})).await;
    let (a, b) = (world.vpc("vpc-a").await, world.vpc("vpc-b").await);
    let table =
        |id: &str, vpc: &str| json!({ "id": id, "name": "same", "vpc_id": vpc, "default": false });
    let tables = json!({ "routetables": [table("one", &a), table("two", &b)] });
    answered(&world, "/v1/*/routetables", tables).await;
    let refusal = world.refuse_to_read(TABLE, json!({ "name": "same" })).await;
    let words = "2 route tables have the name `same`: `one` and `two`. So `name` does not tell which is meant; write its `id`.";
    refusal.expect_problem("name", words).expect_nothing_else();
}

/// The tables of `vpc-a` as clouds list them that leave out what the table itself has.
async fn sparse_list(world: &World) {
    let ids = [world.default_table("vpc-a").await, world.table("rtb-back").await];
    let (vpc, back) = (world.vpc("vpc-a").await, world.subnet("subnet-back").await);
    let tables = json!([
        { "id": ids[0], "vpc_id": vpc },
        { "id": ids[1], "vpc_id": vpc, "name": "", "subnets": [{ "id": back }] },
    ]);
    answered(world, "/v1/*/routetables", json!({ "routetables": tables })).await;
}

#[tokio::test]
async fn a_list_that_leaves_out_defaults_and_names_will_do() {
    for (query, name) in [
        (json!({ "vpc_id": "{vpc}" }), "rtb-vpc-a"),
        (json!({ "vpc_id": "{vpc}", "name": "rtb-back" }), "rtb-back"),
        (json!({ "name": "rtb-vpc-a" }), "rtb-vpc-a"),
    ] {
        let world = two_tables(json!({})).await;
        let query = query.to_string().replace("{vpc}", &world.vpc("vpc-a").await);
        sparse_list(&world).await;
        let query: Json = serde_json::from_str(&query).unwrap();

        let table = world.read(TABLE, query).await.value;

        assert_eq!(table["name"], name);
        assert_eq!(table["default"], json!(name == "rtb-vpc-a"));
    }
}

#[tokio::test]
async fn odd_routes_are_shown_as_functions_take_them() {
    let world = two_tables(json!({})).await;
    let id = world.table("rtb-back").await;
    let route =
        |destination: &str| json!({ "type": "er", "destination": destination, "nexthop": null });
    let table = json!({
        "id": id, "vpc_id": world.vpc("vpc-a").await, "description": null,
        "routes": [route("10.7.0.1/16"), route("FD00::/64"), route("pl-prefix-list"),
                   { "type": "local", "destination": "127.0.0.0/8" }],
    });
    answered(&world, "/v1/*/routetables/*", json!({ "routetable": table })).await;

    let table = world.read(TABLE, json!({ "id": id })).await.value;

    assert_eq!(destinations(&table, "er"), ["10.7.0.0/16", "fd00::/64", "pl-prefix-list"]);
    assert_eq!(table["routes"][0]["nexthop"], "");
    assert_eq!((&table["routes_used"], &table["description"]), (&json!(3), &json!("")));
}

#[tokio::test]
async fn without_a_quota_there_is_no_number() {
    let world = two_tables(json!({})).await;
    let unlimited = json!({ "type": "routetableContainRoutes", "used": 0, "quota": -1, "min": 0 });
    answered(&world, "/v1/*/quotas", json!({ "quotas": { "resources": [unlimited] } })).await;
    let table = world.read(TABLE, json!({ "name": "rtb-back" })).await.value;
    assert_eq!((&table["routes_quota"], &table["routes_free"]), (&Json::Null, &Json::Null));
}
