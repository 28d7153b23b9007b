//! Servers: how they are found, made and removed, and what that does to ports and routes.

use serde_json::json;

use super::harness::{Cloud, GUIDE, TWO_TABLES, column};

const SERVERS: &str = "/v1/{p}/cloudservers";

#[tokio::test]
async fn servers_are_found_by_every_filter() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (filter, expected) in [
        ("", ["front-1", "back-1", "stopped-1", "other-vpc-1"].as_slice()),
        ("name=-1", &["front-1", "back-1", "stopped-1", "other-vpc-1"]),
        ("name=back", &["back-1"]),
        ("status=SHUTOFF", &["stopped-1"]),
        ("ip=10.50.1.1", &["front-1", "back-1"]),
        ("ip_eq=10.50.1.12", &["back-1"]),
        ("ip_eq=10.50.1.1", &[]),
        ("tags=role%3Dcontainer-host", &["front-1", "back-1"]),
        ("tags=role", &["front-1", "back-1"]),
        ("not-tags=role&name=1", &["stopped-1", "other-vpc-1"]),
        ("flavor=s6.large.2&name=front", &["front-1"]),
        ("server_id={server:back-1}", &["back-1"]),
        ("server_id={server:back-1},{server:front-1}", &["front-1", "back-1"]),
        ("enterprise_project_id=0&name=back", &["back-1"]),
        ("enterprise_project_id=other", &[]),
    ] {
        let list = cloud.get(&format!("{SERVERS}/detail?{filter}")).await.expect(200);
        assert_eq!(column(&list["servers"], "name"), expected, "{filter}");
        assert_eq!(list["count"], expected.len(), "{filter}");
    }
    for bad in ["hostname=x", "server_id=x&name=y", "limit=0", "limit=1001", "offset=first"] {
        cloud.get(&format!("{SERVERS}/detail?{bad}")).await.expect_refusal(400, "Ecs.0005");
    }
}

#[tokio::test]
async fn a_server_shows_its_addresses_under_its_vpc() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let server = cloud.get(&format!("{SERVERS}/{{server:front-1}}")).await.expect(200);
    let server = &server["server"];
    let vpc = cloud.fill("{vpc:vpc-a}");
    assert_eq!(server["metadata"]["vpc_id"], vpc);
    let addresses = &server["addresses"][&vpc];
    assert_eq!(column(addresses, "addr"), ["10.20.1.11", "10.50.1.11", "203.0.113.5"]);
    assert_eq!(column(addresses, "OS-EXT-IPS:type"), ["fixed", "fixed", "floating"]);
    assert_eq!(column(&server["network_interfaces"], "primary"), ["true", "false"]);
    assert_eq!(server["tags"], json!(["role=container-host"]));

    let nics = cloud.get(&format!("{SERVERS}/{{server:front-1}}/os-interface")).await.expect(200);
    assert_eq!(
        column(&nics["interfaceAttachments"], "port_id"),
        ["{port:10.20.1.11}", "{port:10.50.1.11}"].map(|port| cloud.fill(port))
    );
    assert_eq!(nics["attachableQuantity"]["free_nic"], 10);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_missing_in_three_ways() {
    let cloud = Cloud::start(GUIDE).await;
    let nobody = format!("{SERVERS}/{{vpc:vpc-containers}}");
    cloud.get(&nobody).await.expect_refusal(404, "Ecs.0114");
    cloud.get(&format!("{nobody}/os-interface")).await.expect_refusal(400, "Ecs.0307");
    let delete = r#"{ "servers": [{ "id": "{server:ECS1}" }, { "id": "nobody" }] }"#;
    cloud.post(&format!("{SERVERS}/delete"), delete).await.expect_refusal(404, "Ecs.0114");
    cloud.get(&format!("{SERVERS}/{{server:ECS1}}")).await.expect(200);
}

#[tokio::test]
async fn a_server_rebuilt_under_its_address_leaves_the_old_route_behind() {
    let cloud = Cloud::start(GUIDE).await;
    let table = "/v1/{p}/routetables/{table:rtb-vpc-containers}";
    let route = r#"{ "routetable": { "routes": { "add": [
        { "type": "ecs", "destination": "10.0.2.0/24", "nexthop": "{server:ECS1}" } ] } } }"#;
    cloud.put(table, route).await.expect(200);

    let delete = r#"{ "servers": [{ "id": "{server:ECS1}" }], "delete_publicip": false, "delete_volume": false }"#;
    let deleted = cloud.post(&format!("{SERVERS}/delete"), delete).await.expect(200);
    let job = cloud.get(&format!("/v1/{{p}}/jobs/{}", deleted["job_id"].as_str().unwrap())).await;
    assert_eq!(job.expect(200)["status"], "SUCCESS");
    cloud.get("/v1/{p}/ports/{port:192.168.0.2}").await.expect_refusal(404, "VPC.2502");

    let create = r#"{ "server": {
        "name": "ECS1", "flavorRef": "s6.large.2", "imageRef": "1189efbf-d48b-46ad-a823-94b942e2a000",
        "vpcid": "{vpc:vpc-containers}",
        "nics": [{ "subnet_id": "{subnet:subnet-containers}", "ip_address": "192.168.0.2",
                   "allowed_address_pairs": [{ "ip_address": "1.1.1.1/0" }] }],
        "root_volume": { "volumetype": "GPSSD", "size": 40 },
        "security_groups": [{ "id": "{group:sg-containers}" }] } }"#;
    let created = cloud.post(SERVERS, create).await.expect(200);
    let new = created["serverIds"][0].as_str().unwrap().to_owned();
    assert_ne!(new, cloud.fill("{server:ECS1}"));
    let found = cloud.get(&format!("{SERVERS}/detail?ip_eq=192.168.0.2")).await.expect(200);
    assert_eq!(column(&found["servers"], "id"), [new.as_str()]);
    let port = cloud.get(&format!("/v1/{{p}}/ports?device_id={new}")).await.expect(200);
    assert_eq!(port["ports"][0]["allowed_address_pairs"][0]["ip_address"], "1.1.1.1/0");

    let table = cloud.get(table).await.expect(200);
    let route = table["routetable"]["routes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(route["nexthop"], cloud.fill("{server:ECS1}"), "the route now leads nowhere");
}

/// A server lives on without an extension NIC; its primary one goes with it only.
#[tokio::test]
async fn extension_nics_are_deleted_alone() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let delete = |port: &str| json!({ "nics": [{ "id": port }] }).to_string();
    let path = format!("{SERVERS}/{{server:front-1}}/nics/delete");
    for (port, what) in [
        ("{port:10.20.1.11}", "the primary one"),
        ("{port:10.50.1.12}", "another server's"),
        ("nobody", "none"),
    ] {
        let answer = cloud.post(&path, &delete(port)).await;
        assert_eq!((answer.status, answer.code()), (400, "Ecs.0005"), "{what}");
    }
    cloud.delete("/v1/{p}/ports/{port:10.50.1.11}").await.expect_refusal(400, "VPC.2500");

    let deleted = cloud.post(&path, &delete("{port:10.50.1.11}")).await.expect(200);

    let job = cloud.get(&format!("/v1/{{p}}/jobs/{}", deleted["job_id"].as_str().unwrap())).await;
    assert_eq!(job.expect(200)["status"], "SUCCESS");
    let nics = cloud.get(&format!("{SERVERS}/{{server:front-1}}/os-interface")).await.expect(200);
    assert_eq!(column(&nics["interfaceAttachments"], "net_id").len(), 1);
    cloud.get("/v1/{p}/ports/{port:10.50.1.11}").await.expect_refusal(404, "VPC.2502");
    cloud.delete("/v1/{p}/ports/{port:10.50.1.100}").await.expect(204);
    cloud.delete("/v1/{p}/ports/{port:10.50.1.100}").await.expect_refusal(404, "VPC.2500");
}

#[tokio::test]
async fn servers_the_cloud_does_not_take_are_refused() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let server = |vpc: &str, nics: serde_json::Value| {
        json!({ "server": {
            "name": "new", "flavorRef": "s6.large.2", "imageRef": "i", "vpcid": vpc, "nics": nics,
        } })
        .to_string()
    };
    let nic = |subnet: &str, ip: &str| json!([{ "subnet_id": subnet, "ip_address": ip }]);
    let (a, back) = ("{vpc:vpc-a}", "{subnet:subnet-back}");
    let pairs =
        json!([{ "subnet_id": back, "allowed_address_pairs": [{ "ip_address": "0.0.0.0/0" }] }]);
    let before = cloud.state().await;
    for (what, body, code) in [
        ("an address in use", server(a, nic(back, "10.50.1.12")), "Ecs.0010"),
        ("an address of a VIP", server(a, nic(back, "10.50.1.100")), "Ecs.0010"),
        ("an address outside", server(a, nic(back, "10.20.1.50")), "Ecs.0005"),
        ("the gateway's address", server(a, nic(back, "10.50.1.1")), "Ecs.0005"),
        ("an address kept back", server(a, nic(back, "10.50.1.253")), "Ecs.0005"),
        ("a subnet of another VPC", server(a, nic("{subnet:subnet-b}", "172.16.0.9")), "Ecs.0005"),
        ("an unknown VPC", server("x", nic(back, "10.50.1.9")), "Ecs.0005"),
        ("no NIC", server(a, json!([])), "Ecs.0005"),
        ("a pair that means everything", server(a, pairs), "Ecs.0213"),
    ] {
        let answer = cloud.post(SERVERS, &body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{what}: {}", answer.body);
    }
    assert_eq!(cloud.state().await, before);
    cloud.post(SERVERS, &server(a, json!([{ "subnet_id": back }]))).await.expect(200);
    let free = cloud.get(&format!("{SERVERS}/detail?ip_eq=10.50.1.3")).await.expect(200);
    assert_eq!(free["count"], 1, "stopped-1 has the first free address, the new server the next");
}

#[tokio::test]
async fn limits_count_servers() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let limits = cloud.get(&format!("{SERVERS}/limits")).await.expect(200);
    assert_eq!(limits["absolute"]["totalInstancesUsed"], 4);
    assert_eq!(limits["absolute"]["maxTotalInstances"], 2048);
}
