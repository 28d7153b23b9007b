//! Route tables: the delta, its rules and its refusals.

use serde_json::{Value, json};

use super::harness::{Cloud, GUIDE, TWO_TABLES, column};

const DEFAULT: &str = "/v1/{p}/routetables/{table:rtb-vpc-a}";
const BACK: &str = "/v1/{p}/routetables/{table:rtb-back}";
const GUIDE_TABLE: &str = "/v1/{p}/routetables/{table:rtb-vpc-containers}";

fn delta(add: Value, modify: Value, del: Value) -> String {
    json!({ "routetable": { "routes": { "add": add, "mod": modify, "del": del } } }).to_string()
}

fn add(kind: &str, destination: &str, nexthop: &str) -> String {
    let route = json!({ "type": kind, "destination": destination, "nexthop": nexthop });
    delta(json!([route]), json!([]), json!([]))
}

/// The custom routes of a table, as `destination type nexthop`.
fn custom(answer: &Value) -> Vec<String> {
    let routes = answer["routetable"]["routes"].as_array().unwrap();
    let custom = routes.iter().filter(|route| route["type"] != "local");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    custom.map(|r| [&r["destination"], &r["type"], &r["nexthop"]].map(text).join(" ")).collect()
}

#[tokio::test]
async fn a_table_shows_local_routes_for_the_system_and_each_subnet() {
    let cloud = Cloud::start(GUIDE).await;
    let table = cloud.get(GUIDE_TABLE).await.expect(200);
    assert_eq!(
        column(&table["routetable"]["routes"], "destination"),
        ["192.168.0.0/24", "198.19.128.0/20", "127.0.0.0/8", "100.64.0.0/10"]
    );
}

#[tokio::test]
async fn a_list_of_tables_has_no_routes() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let list = cloud.get("/v1/{p}/routetables?vpc_id={vpc:vpc-a}").await.expect(200);
    assert_eq!(column(&list["routetables"], "name"), ["rtb-vpc-a", "rtb-back"]);
    for table in list["routetables"].as_array().unwrap() {
        assert!(table.get("routes").is_none(), "{table}");
        assert!(table["default"].is_boolean());
    }
}

#[tokio::test]
async fn the_table_of_a_subnet_can_be_asked_for() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (subnet, table) in [("subnet-back", "rtb-back"), ("subnet-front", "rtb-vpc-a")] {
        let path = format!("/v1/{{p}}/routetables?subnet_id={{subnet:{subnet}}}");
        let list = cloud.get(&path).await.expect(200);
        assert_eq!(column(&list["routetables"], "name"), [table]);
    }
}

#[tokio::test]
async fn routes_are_added_changed_and_deleted_by_destination() {
    let cloud = Cloud::start(GUIDE).await;
    let first = add("ecs", "10.0.2.0/24", "{server:ECS1}");
    let table = cloud.put(GUIDE_TABLE, &first).await.expect(200);
    assert_eq!(custom(&table), [cloud.fill("10.0.2.0/24 ecs {server:ECS1}")]);

    let everything_at_once = delta(
        json!([{ "type": "ecs", "destination": "10.0.3.0/24", "nexthop": "{server:ECS2}" }]),
        json!([{ "type": "ecs", "destination": "10.0.2.0/24", "nexthop": "{server:ECS2}" }]),
        json!([]),
    );
    let table = cloud.put(GUIDE_TABLE, &everything_at_once).await.expect(200);
    let expected = ["10.0.2.0/24 ecs {server:ECS2}", "10.0.3.0/24 ecs {server:ECS2}"];
    assert_eq!(custom(&table), expected.map(|route| cloud.fill(route)));

    let gone = delta(json!([]), json!([]), json!([{ "destination": "10.0.2.0/24" }]));
    cloud.put(GUIDE_TABLE, &gone).await.expect(200);
    let table = cloud.get(GUIDE_TABLE).await.expect(200);
    assert_eq!(custom(&table), [cloud.fill("10.0.3.0/24 ecs {server:ECS2}")]);
}

#[tokio::test]
async fn a_description_stays_until_it_is_cleared() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let described = |answer: Value| -> String {
        let routes = answer["routetable"]["routes"].as_array().unwrap().clone();
        routes.last().unwrap()["description"].as_str().unwrap().to_owned()
    };
    let to = |description: Option<&str>| {
        let mut route =
            json!({ "type": "ecs", "destination": "10.0.2.0/24", "nexthop": "{server:back-1}" });
        if let Some(description) = description {
            route["description"] = description.into();
        }
        delta(json!([]), json!([route]), json!([]))
    };
    let kept = cloud.put(BACK, &to(None)).await.expect(200);
    assert_eq!(described(kept), "containers of front-1");
    let cleared = cloud.put(BACK, &to(Some(""))).await.expect(200);
    assert_eq!(described(cleared), "");
}

#[tokio::test]
async fn every_type_of_next_hop_is_accepted_where_it_exists() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (kind, nexthop) in [
        ("ecs", "{server:front-1}"),
        ("ecs", "{server:stopped-1}"),
        ("eni", "{port:10.50.1.11}"),
        ("vip", "10.50.1.100"),
        ("nat", "{gateway:nat-a}"),
        ("peering", "{gateway:peering-a-b}"),
        ("vpn", "{gateway:vpn-a}"),
    ] {
        let table = cloud.put(BACK, &add(kind, "10.0.9.0/24", nexthop)).await.expect(200);
        assert!(custom(&table).contains(&cloud.fill(&format!("10.0.9.0/24 {kind} {nexthop}"))));
        let gone = delta(json!([]), json!([]), json!([{ "destination": "10.0.9.0/24" }]));
        cloud.put(BACK, &gone).await.expect(200);
    }
}

#[tokio::test]
async fn routes_the_cloud_does_not_take_are_refused() {
    let ecs = "{server:front-1}";
    let cases = [
        ("the same destination again", "ecs", "10.0.2.0/24", ecs, "VPC.2812"),
        ("host bits", "ecs", "10.0.8.1/24", ecs, "VPC.2800"),
        ("no range", "ecs", "10.0.8.0", ecs, "VPC.2800"),
        ("exactly a subnet", "ecs", "10.20.1.0/24", ecs, "VPC.2809"),
        ("inside a subnet", "ecs", "10.50.1.128/25", ecs, "VPC.2809"),
        ("around a subnet", "ecs", "10.0.0.0/8", ecs, "VPC.2809"),
        ("a system range", "ecs", "100.64.1.0/24", ecs, "VPC.2809"),
        ("another system range", "ecs", "198.19.128.0/24", ecs, "VPC.2809"),
        ("loopback", "ecs", "127.0.0.0/16", ecs, "VPC.2809"),
        ("a server nobody knows", "ecs", "10.0.8.0/24", "{vpc:vpc-a}", "VPC.2809"),
        ("a server of another VPC", "ecs", "10.0.8.0/24", "{server:other-vpc-1}", "VPC.2809"),
        ("a primary NIC as extension", "eni", "10.0.8.0/24", "{port:10.20.1.11}", "VPC.2809"),
        ("an address that is no VIP", "vip", "10.0.8.0/24", "10.20.1.11", "VPC.2809"),
        ("a gateway of another type", "nat", "10.0.8.0/24", "{gateway:vpn-a}", "VPC.2809"),
        ("a type users may not write", "local", "10.0.8.0/24", "-", "VPC.2800"),
        ("a type nobody knows", "tunnel", "10.0.8.0/24", ecs, "VPC.2800"),
    ];
    let cloud = Cloud::start(TWO_TABLES).await;
    let before = cloud.state().await;
    for (what, kind, destination, nexthop, code) in cases {
        let answer = cloud.put(BACK, &add(kind, destination, nexthop)).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{what}: {}", answer.body);
        answer.expect_refusal(400, code);
    }
    assert_eq!(cloud.state().await, before, "a refused request changes nothing");
}

#[tokio::test]
async fn changes_of_what_is_not_there_are_refused() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let route = |destination: &str| json!([{ "type": "ecs", "destination": destination, "nexthop": "{server:front-1}" }]);
    let none = || json!([]);
    let cases = [
        ("mod of nothing", delta(none(), route("10.0.8.0/24"), none()), "VPC.2800"),
        ("del of nothing", delta(none(), none(), route("10.0.8.0/24")), "VPC.2800"),
        ("del of a local route", delta(none(), none(), route("10.20.1.0/24")), "VPC.2800"),
        (
            "del with another next hop",
            delta(
                none(),
                none(),
                json!([{ "destination": "10.0.2.0/24", "nexthop": "{server:back-1}" }]),
            ),
            "VPC.2800",
        ),
        (
            "add and del of one destination",
            delta(route("10.0.2.0/24"), none(), route("10.0.2.0/24")),
            "VPC.2809",
        ),
        ("nothing at all", json!({ "routetable": {} }).to_string(), "VPC.2800"),
        ("a field nobody knows", json!({ "routetable": { "route": [] } }).to_string(), "VPC.2800"),
        (
            "a description with angle brackets",
            json!({ "routetable": { "description": "<b>" } }).to_string(),
            "VPC.2800",
        ),
    ];
    for (what, body, code) in cases {
        let answer = cloud.put(BACK, &body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{what}: {}", answer.body);
    }
    let nowhere = delta(none(), none(), none());
    let missing = cloud.put("/v1/{p}/routetables/{vpc:vpc-a}", &nowhere).await;
    missing.expect_refusal(404, "VPC.2808");
}

#[tokio::test]
async fn one_bad_route_spoils_the_whole_request() {
    let cloud = Cloud::start(GUIDE).await;
    let ecs = "{server:ECS1}";
    let body = delta(
        json!([
            { "type": "ecs", "destination": "10.0.2.0/24", "nexthop": ecs },
            { "type": "ecs", "destination": "192.168.0.0/25", "nexthop": ecs },
        ]),
        json!([]),
        json!([]),
    );
    cloud.put(GUIDE_TABLE, &body).await.expect_refusal(400, "VPC.2809");
    let table = cloud.get(GUIDE_TABLE).await.expect(200);
    assert_eq!(custom(&table), Vec::<String>::new());
}

#[tokio::test]
async fn users_do_not_touch_the_platforms_routes_in_a_default_table() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let vpn =
        json!([{ "type": "vpn", "destination": "10.99.0.0/16", "nexthop": "{gateway:vpn-a}" }]);
    let other = add("vpn", "10.98.0.0/16", "{gateway:vpn-a}");
    cloud.put(DEFAULT, &other).await.expect_refusal(400, "VPC.2800");
    let deleted = delta(json!([]), json!([]), vpn);
    cloud.put(DEFAULT, &deleted).await.expect_refusal(400, "VPC.2800");
}

#[tokio::test]
async fn a_table_is_full_at_its_quota() {
    let cloud = Cloud::start(
        &GUIDE.replace(r#""vpcs":"#, r#""quotas": { "routetableContainRoutes": 2 }, "vpcs":"#),
    )
    .await;
    for third in 1..=2 {
        let destination = format!("10.0.{third}.0/24");
        cloud.put(GUIDE_TABLE, &add("ecs", &destination, "{server:ECS1}")).await.expect(200);
    }
    let answer = cloud.put(GUIDE_TABLE, &add("ecs", "10.0.3.0/24", "{server:ECS1}")).await;
    answer.expect_refusal(409, "VPC.2809");
    assert!(answer.message().contains("Quota exceeded"));

    let swap = delta(
        json!([{ "type": "ecs", "destination": "10.0.3.0/24", "nexthop": "{server:ECS1}" }]),
        json!([]),
        json!([{ "destination": "10.0.1.0/24" }]),
    );
    cloud.put(GUIDE_TABLE, &swap).await.expect(200);
}

#[tokio::test]
async fn a_table_of_ones_own_lives_and_dies() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let body = r#"{ "routetable": { "name": "rtb-pods", "vpc_id": "{vpc:vpc-a}", "description": "pods",
        "routes": [ { "type": "ecs", "destination": "10.0.4.0/24", "nexthop": "{server:back-1}", "description": "" } ] } }"#;
    let created = cloud.post("/v1/{p}/routetables", body).await.expect(200);
    assert_eq!(custom(&created), [cloud.fill("10.0.4.0/24 ecs {server:back-1}")]);
    let id = created["routetable"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/{{p}}/routetables/{id}");

    let associate =
        r#"{ "routetable": { "subnets": { "associate": ["{subnet:subnet-front}"] } } }"#;
    let table = cloud.post(&format!("{path}/action"), associate).await.expect(200);
    assert_eq!(
        column(&table["routetable"]["subnets"], "id"),
        [cloud.fill("{subnet:subnet-front}")]
    );
    cloud.delete(&path).await.expect_refusal(409, "VPC.2809");

    let back = associate.replace("associate", "disassociate");
    cloud.post(&format!("{path}/action"), &back).await.expect(200);
    let default = cloud.get(DEFAULT).await.expect(200);
    let governed = column(&default["routetable"]["subnets"], "id");
    assert_eq!(governed, [cloud.fill("{subnet:subnet-front}")]);
    cloud.delete(&path).await.expect(204);
    cloud.get(&path).await.expect_refusal(404, "VPC.2808");
}

#[tokio::test]
async fn tables_that_cannot_be_made_or_removed_are_refused() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let routes: Vec<Value> = (1..=6)
        .map(|n| {
            json!({ "type": "ecs", "destination": format!("10.0.{}.0/24", n + 100), "nexthop": "{server:back-1}" })
        })
        .collect();
    let table = |vpc: &str, routes: &[Value]| {
        json!({ "routetable": { "name": "rtb-more", "vpc_id": vpc, "routes": routes } }).to_string()
    };
    let tables = "/v1/{p}/routetables";
    let six = cloud.post(tables, &table("{vpc:vpc-a}", &routes)).await;
    six.expect_refusal(400, "VPC.2800");
    assert_eq!(six.message(), "The num of routes to update is more than 5.");
    cloud.post(tables, &table("{vpc:vpc-a}", &routes[..5])).await.expect(200);
    cloud.post(tables, &table("{vpc:vpc-a}", &[])).await.expect_refusal(409, "VPC.2809");
    cloud.post(tables, &table("{subnet:subnet-b}", &[])).await.expect_refusal(404, "VPC.0003");
    cloud.delete(DEFAULT).await.expect_refusal(400, "VPC.2800");

    let foreign = r#"{ "routetable": { "subnets": { "associate": ["{subnet:subnet-b}"] } } }"#;
    cloud.post(&format!("{BACK}/action"), foreign).await.expect_refusal(400, "VPC.2807");

    let quota = r#""quotas": { "vpcContainRoutetable": 1 }, "vpcs":"#;
    let guide = Cloud::start(&GUIDE.replace(r#""vpcs":"#, quota)).await;
    let own = table("{vpc:vpc-containers}", &[]);
    guide.post(tables, &own).await.expect_refusal(400, "VPC.2810");
}
