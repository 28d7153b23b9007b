//! VPCs with their secondary ranges, subnets, tags and quotas.

use serde_json::{Value, json};

use super::harness::{Cloud, GUIDE, TWO_TABLES, column};

fn vpc(name: &str, cidr: &str) -> String {
    json!({ "vpc": { "name": name, "cidr": cidr } }).to_string()
}

fn subnet(name: &str, cidr: &str, gateway: &str, vpc: &str) -> String {
    json!({ "subnet": { "name": name, "cidr": cidr, "gateway_ip": gateway, "vpc_id": vpc } })
        .to_string()
}

#[tokio::test]
async fn a_vpc_lives_with_its_table_and_dies_when_empty() {
    let cloud = Cloud::start(GUIDE).await;
    let created = cloud.post("/v1/{p}/vpcs", &vpc("vpc-new", "10.1.0.0/16")).await.expect(200);
    let id = created["vpc"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/{{p}}/vpcs/{id}");
    let tables = cloud.get(&format!("/v1/{{p}}/routetables?vpc_id={id}")).await.expect(200);
    assert_eq!(column(&tables["routetables"], "default"), ["true"]);

    let new = subnet("subnet-new", "10.1.2.0/24", "10.1.2.1", &id);
    let created = cloud.post("/v1/{p}/subnets", &new).await.expect(200)["subnet"].clone();
    assert_eq!(created["status"], "UNKNOWN");
    let subnet_id = created["id"].as_str().unwrap();
    let shown = cloud.get(&format!("/v1/{{p}}/subnets/{subnet_id}")).await.expect(200);
    assert_eq!(shown["subnet"]["status"], "ACTIVE");
    assert_eq!(shown["subnet"]["neutron_network_id"], *subnet_id);
    let v3 = cloud.get(&format!("/v3/{{p}}/vpc/virsubnets/{subnet_id}")).await.expect(200);
    let cidr = &v3["virsubnet"]["subnet_cidrs"][0];
    assert_eq!(cidr["id"], shown["subnet"]["neutron_subnet_id"]);
    assert_eq!(cidr["cidr"], "10.1.2.0/24");

    cloud.delete(&path).await.expect_refusal(409, "VPC.0104");
    cloud.delete(&format!("{path}/subnets/{subnet_id}")).await.expect(204);
    cloud.delete(&path).await.expect(204);
    cloud.get(&path).await.expect_refusal(404, "VPC.0003");
    cloud.get(&format!("/v3/{{p}}/vpc/vpcs/{id}")).await.expect_refusal(404, "VPC.9904");
    cloud.delete(&path).await.expect_refusal(404, "VPC.0003");
}

#[tokio::test]
async fn vpcs_the_cloud_does_not_take_are_refused() {
    let quota = GUIDE.replace(r#""vpcs":"#, r#""quotas": { "vpc": 2 }, "vpcs":"#);
    let cloud = Cloud::start(&quota).await;
    for (what, body, status, code) in [
        ("the same name", vpc("vpc-containers", "10.0.0.0/8"), 400, "VPC.0115"),
        ("a public range", vpc("new", "8.8.0.0/16"), 400, "VPC.0101"),
        ("host bits", vpc("new", "10.0.0.1/16"), 400, "VPC.0101"),
        ("too small a range", vpc("new", "10.0.0.0/29"), 400, "VPC.0101"),
        ("too large a range", vpc("new", "10.0.0.0/7"), 400, "VPC.0101"),
        ("a name with blanks", vpc("a b", "10.0.0.0/8"), 400, "VPC.0101"),
        ("a field nobody knows", r#"{ "vpc": { "range": "" } }"#.into(), 400, "VPC.0101"),
    ] {
        let answer = cloud.post("/v1/{p}/vpcs", &body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.body);
    }
    cloud.post("/v1/{p}/vpcs", &vpc("second", "10.0.0.0/8")).await.expect(200);
    let third = cloud.post("/v1/{p}/vpcs", &vpc("third", "10.0.0.0/8")).await;
    third.expect_refusal(409, "VPC.0114");
}

#[tokio::test]
async fn only_version_3_knows_secondary_ranges() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let v1 = cloud.get("/v1/{p}/vpcs/{vpc:vpc-a}").await.expect(200);
    assert!(v1["vpc"].get("extend_cidrs").is_none());
    let path = "/v3/{p}/vpc/vpcs/{vpc:vpc-a}";
    let v3 = cloud.get(path).await.expect(200);
    assert_eq!(v3["vpc"]["extend_cidrs"], json!(["10.50.0.0/16"]));

    let ranges = |ranges: &[&str]| json!({ "vpc": { "extend_cidrs": ranges } }).to_string();
    let (add, remove) = (format!("{path}/add-extend-cidr"), format!("{path}/remove-extend-cidr"));
    let more = cloud.put(&add, &ranges(&["10.60.0.0/16"])).await.expect(200);
    assert_eq!(more["vpc"]["extend_cidrs"], json!(["10.50.0.0/16", "10.60.0.0/16"]));
    let less = cloud.put(&remove, &ranges(&["10.60.0.0/16"])).await.expect(200);
    assert_eq!(less["vpc"]["extend_cidrs"], json!(["10.50.0.0/16"]));

    for (what, path, body, status, code) in [
        ("one of the blacklist", &add, ranges(&["100.64.0.0/16"]), 400, "VPC.9916"),
        ("around the blacklist", &add, ranges(&["172.16.0.0/12"]), 400, "VPC.9916"),
        ("one that is there", &add, ranges(&["10.50.0.0/16"]), 409, "VPC.9914"),
        ("one inside the first", &add, ranges(&["10.20.7.0/24"]), 409, "VPC.9914"),
        ("two at once", &add, ranges(&["10.61.0.0/16", "10.62.0.0/16"]), 400, "VPC.9911"),
        ("no range", &add, ranges(&["10.61.0.0"]), 400, "VPC.9911"),
        ("one that is not there", &remove, ranges(&["10.60.0.0/16"]), 404, "VPC.9915"),
        ("one that is used", &remove, ranges(&["10.50.0.0/16"]), 409, "VPC.9914"),
    ] {
        let answer = cloud.put(path, &body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.body);
    }
}

#[tokio::test]
async fn subnets_the_cloud_does_not_take_are_refused() {
    let a = "{vpc:vpc-a}";
    let cloud = Cloud::start(TWO_TABLES).await;
    for (what, body, status, code) in [
        ("outside the VPC", subnet("s", "10.30.0.0/24", "10.30.0.1", a), 400, "VPC.0203"),
        ("over another", subnet("s", "10.20.1.0/25", "10.20.1.1", a), 400, "VPC.0204"),
        ("around another", subnet("s", "10.20.0.0/22", "10.20.0.1", a), 400, "VPC.0204"),
        ("too small", subnet("s", "10.20.2.0/29", "10.20.2.1", a), 400, "VPC.0212"),
        ("host bits", subnet("s", "10.20.2.1/24", "10.20.2.1", a), 400, "VPC.0212"),
        ("a gateway elsewhere", subnet("s", "10.20.2.0/24", "10.20.3.1", a), 400, "VPC.0201"),
        ("no name", subnet("", "10.20.2.0/24", "10.20.2.1", a), 400, "VPC.0201"),
        ("an unknown VPC", subnet("s", "10.20.2.0/24", "10.20.2.1", "x"), 404, "VPC.0003"),
    ] {
        let answer = cloud.post("/v1/{p}/subnets", &body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{what}: {}", answer.body);
    }
    let fits = subnet("s", "10.50.2.0/24", "10.50.2.1", a);
    cloud.post("/v1/{p}/subnets", &fits).await.expect(200);
}

#[tokio::test]
async fn a_new_subnet_gets_a_local_route_even_over_a_custom_one() {
    let cloud = Cloud::start(GUIDE).await;
    let table = "/v1/{p}/routetables/{table:rtb-vpc-containers}";
    let route = r#"{ "routetable": { "routes": { "add": [
        { "type": "ecs", "destination": "192.168.7.0/24", "nexthop": "{server:ECS1}" } ] } } }"#;
    cloud.put(table, route).await.expect(200);
    let new = subnet("late", "192.168.7.0/24", "192.168.7.1", "{vpc:vpc-containers}");
    cloud.post("/v1/{p}/subnets", &new).await.expect(200);
    let table = cloud.get(table).await.expect(200);
    let routes = table["routetable"]["routes"].as_array().unwrap().clone();
    let over: Vec<Value> =
        routes.into_iter().filter(|r| r["destination"] == "192.168.7.0/24").collect();
    assert_eq!(column(&over.into(), "type"), ["local", "ecs"]);
}

#[tokio::test]
async fn a_subnet_in_use_is_refused_with_500_and_a_reason() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let in_use = |subnet: &str, vpc: &str| {
        format!("/v1/{{p}}/vpcs/{{vpc:{vpc}}}/subnets/{{subnet:{subnet}}}")
    };
    for (subnet, vpc, status, code) in [
        ("subnet-front", "vpc-a", 500, "VPC.0210"),
        ("subnet-b", "vpc-b", 500, "VPC.0209"),
        ("subnet-b", "vpc-a", 400, "VPC.0207"),
    ] {
        cloud.delete(&in_use(subnet, vpc)).await.expect_refusal(status, code);
    }
    let missing = "/v1/{p}/vpcs/{vpc:vpc-a}/subnets/{vpc:vpc-a}";
    cloud.delete(missing).await.expect_refusal(404, "VPC.0202");
    cloud.get("/v1/{p}/subnets/{vpc:vpc-a}").await.expect_refusal(404, "VPC.0202");
    cloud.get("/v3/{p}/vpc/virsubnets/{vpc:vpc-a}").await.expect_refusal(404, "VPC.9904");
}

#[tokio::test]
async fn a_vpc_with_custom_routes_stays() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let scenario_vpc = cloud.delete("/v1/{p}/vpcs/{vpc:vpc-a}").await;
    scenario_vpc.expect_refusal(409, "VPC.0104");
    let with_table = r#"{ "routetable": { "name": "own", "vpc_id": "{vpc:vpc-b}" } }"#;
    cloud.post("/v1/{p}/routetables", with_table).await.expect(200);
    let servers = r#"{ "servers": [{ "id": "{server:other-vpc-1}" }] }"#;
    cloud.post("/v1/{p}/cloudservers/delete", servers).await.expect(200);
    let subnet = "/v1/{p}/vpcs/{vpc:vpc-b}/subnets/{subnet:subnet-b}";
    cloud.delete(subnet).await.expect(204);
    cloud.delete("/v1/{p}/vpcs/{vpc:vpc-b}").await.expect_refusal(409, "VPC.0120");
}

#[tokio::test]
async fn tags_are_added_shown_and_removed() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let path = "/v2.0/{p}/vpcs/{vpc:vpc-a}/tags";
    let act = |action: &str, key: &str| {
        json!({ "action": action, "tags": [{ "key": key, "value": "lab" }] }).to_string()
    };
    cloud.post(&format!("{path}/action"), &act("create", "env")).await.expect(204);
    let tags = cloud.get(path).await.expect(200);
    assert_eq!(tags, json!({ "tags": [{ "key": "env", "value": "lab" }] }));
    let v3 = cloud.get("/v3/{p}/vpc/vpcs/{vpc:vpc-a}").await.expect(200);
    assert_eq!(v3["vpc"]["tags"], tags["tags"]);
    cloud.post(&format!("{path}/action"), &act("delete", "env")).await.expect(204);
    assert_eq!(cloud.get(path).await.expect(200), json!({ "tags": [] }));

    let long = "k".repeat(37);
    for body in [act("delete", "env"), act("create", &long), act("move", "env")] {
        cloud.post(&format!("{path}/action"), &body).await.expect_refusal(400, "VPC.1801");
    }
    cloud.get("/v2.0/{p}/subnets/{vpc:vpc-a}/tags").await.expect_refusal(404, "VPC.2204");
    cloud.get("/v2.0/{p}/routers/{vpc:vpc-a}/tags").await.expect_refusal(404, "APIGW.0101");
}

#[tokio::test]
async fn quotas_are_listed_one_by_one_or_all() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let one = cloud.get("/v1/{p}/quotas?type=routetableContainRoutes").await.expect(200);
    let expected = json!([{ "type": "routetableContainRoutes", "used": 0, "quota": 50, "min": 0 }]);
    assert_eq!(one["quotas"]["resources"], expected);
    let all = cloud.get("/v1/{p}/quotas").await.expect(200)["quotas"]["resources"].clone();
    let of = |kind: &str| {
        let lines = all.as_array().unwrap();
        lines.iter().find(|line| line["type"] == kind).unwrap().clone()
    };
    assert_eq!(of("vpc")["used"], 2);
    assert_eq!(of("securityGroupRule")["used"], 10);
    assert_eq!(of("vpcContainRoutetable")["quota"], 3);
    cloud.get("/v1/{p}/quotas?type=routes").await.expect_refusal(400, "VPC.1207");
    let v3 = cloud.get("/v3/{p}/vpc/quotas").await.expect(200);
    assert_eq!(v3["quota"]["security_group_rule"], 5000);
}

#[tokio::test]
async fn vpcs_and_groups_are_found_by_every_filter() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (path, list, expected) in [
        ("/v1/{p}/vpcs?id={vpc:vpc-b}", "vpcs", ["vpc-b"].as_slice()),
        ("/v1/{p}/vpcs?enterprise_project_id=0", "vpcs", &["vpc-a", "vpc-b"]),
        ("/v1/{p}/vpcs?enterprise_project_id=all_granted_eps", "vpcs", &["vpc-a", "vpc-b"]),
        ("/v1/{p}/vpcs?enterprise_project_id=other", "vpcs", &[]),
        ("/v3/{p}/vpc/vpcs?name=vpc-a", "vpcs", &["vpc-a"]),
        ("/v3/{p}/vpc/vpcs?name=vpc", "vpcs", &[]),
        ("/v3/{p}/vpc/vpcs?id={vpc:vpc-a}&id={vpc:vpc-b}", "vpcs", &["vpc-a", "vpc-b"]),
        ("/v3/{p}/vpc/vpcs?cidr=172.16.0.0/16", "vpcs", &["vpc-b"]),
        ("/v3/{p}/vpc/security-groups?name=sg-nodes", "security_groups", &["sg-nodes"]),
        ("/v3/{p}/vpc/security-groups?id={group:default}", "security_groups", &["default"]),
        ("/v3/{p}/vpc/security-groups?enterprise_project_id=other", "security_groups", &[]),
        (
            "/v1/{p}/security-groups?enterprise_project_id=0",
            "security_groups",
            &["default", "sg-nodes"],
        ),
        ("/v1/{p}/subnets?vpc_id={vpc:vpc-b}", "subnets", &["subnet-b"]),
        ("/v1/{p}/routetables?subnet_id={subnet:subnet-back}", "routetables", &["rtb-back"]),
    ] {
        let found = cloud.get(path).await.expect(200);
        assert_eq!(column(&found[list], "name"), expected, "{path}");
    }
    // v1 has no such filter, and a list of everything would be taken for what was asked.
    cloud.get("/v1/{p}/vpcs?name=vpc-a").await.expect_refusal(400, "VPC.0101");
    cloud.get("/v1/{p}/subnets?name=subnet-b").await.expect_refusal(400, "VPC.0201");
    cloud.get("/v1/{p}/security-groups?name=sg-nodes").await.expect_refusal(400, "VPC.0601");
}
