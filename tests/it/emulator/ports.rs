//! Ports: the pairs that switch the source check off, and every way to find a port.

use serde_json::{Value, json};

use super::harness::{Cloud, GUIDE, TWO_TABLES, column};

const NIC: &str = "/v1/{p}/ports/{port:192.168.0.2}";

fn pairs(addresses: &[&str]) -> String {
    let pairs: Vec<Value> = addresses.iter().map(|a| json!({ "ip_address": a })).collect();
    json!({ "port": { "allowed_address_pairs": pairs } }).to_string()
}

#[tokio::test]
async fn the_source_check_is_switched_off_and_on() {
    let cloud = Cloud::start(GUIDE).await;
    let port = cloud.put(NIC, &pairs(&["1.1.1.1/0"])).await.expect(200);
    let mac = port["port"]["mac_address"].clone();
    let off = json!([{ "ip_address": "1.1.1.1/0", "mac_address": mac }]);
    assert_eq!(port["port"]["allowed_address_pairs"], off);
    let v3 = cloud.get("/v3/{p}/ports/{port:192.168.0.2}").await.expect(200);
    assert_eq!(v3["port"]["allowed_address_pairs"], off);
    let on = cloud.put(NIC, &pairs(&[])).await.expect(200);
    assert_eq!(on["port"]["allowed_address_pairs"], json!([]));
}

#[tokio::test]
async fn the_list_of_pairs_is_replaced_as_a_whole_and_nothing_else_is() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let path = "/v1/{p}/ports/{port:10.50.1.12}";
    let before = cloud.get(path).await.expect(200);
    assert_eq!(column(&before["port"]["allowed_address_pairs"], "ip_address"), ["10.50.1.100"]);
    cloud.put(path, &pairs(&["10.50.1.100", "1.1.1.1/0"])).await.expect(200);
    let mut after = cloud.get(path).await.expect(200);
    let list = column(&after["port"]["allowed_address_pairs"], "ip_address");
    assert_eq!(list, ["10.50.1.100", "1.1.1.1/0"]);
    after["port"]["allowed_address_pairs"] = before["port"]["allowed_address_pairs"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn pairs_and_changes_the_cloud_does_not_take_are_refused() {
    let eleven: Vec<String> = (1..=11).map(|n| format!("10.0.0.{n}")).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    let cases = [
        ("everything", pairs(&["0.0.0.0/0"])),
        ("everything by another name", pairs(&["2.2.2.2/0"])),
        ("all of IPv6", pairs(&["::/0"])),
        ("no address", pairs(&["10.0.2"])),
        ("twice the same", pairs(&["1.1.1.1/0", "1.1.1.1/0"])),
        ("too many", pairs(&eleven)),
        (
            "a pair without address",
            json!({ "port": { "allowed_address_pairs": [{}] } }).to_string(),
        ),
        ("no attribute", json!({ "port": {} }).to_string()),
        ("an attribute that cannot change", json!({ "port": { "mac_address": "x" } }).to_string()),
        ("no security group", json!({ "port": { "security_groups": [] } }).to_string()),
        ("an unknown group", json!({ "port": { "security_groups": ["sg"] } }).to_string()),
        ("no JSON", "{".to_owned()),
    ];
    let cloud = Cloud::start(GUIDE).await;
    let before = cloud.state().await;
    for (what, body) in cases {
        let answer = cloud.put(NIC, &body).await;
        assert_eq!((answer.status, answer.code()), (400, "VPC.2500"), "{what}: {}", answer.body);
    }
    assert_eq!(cloud.state().await, before);
    let nobody = "/v1/{p}/ports/{vpc:vpc-containers}";
    cloud.put(nobody, &pairs(&[])).await.expect_refusal(404, "VPC.2502");
    cloud.get(nobody).await.expect_refusal(404, "VPC.2502");
    let v3 = cloud.get("/v3/{p}/ports/{vpc:vpc-containers}").await;
    v3.expect_refusal(404, "VPC.9904");
}

#[tokio::test]
async fn name_and_groups_can_be_changed() {
    let cloud = Cloud::start(TWO_TABLES).await;
    let path = "/v1/{p}/ports/{port:10.20.1.11}";
    let body = r#"{ "port": { "name": "front", "security_groups": ["{group:default}"] } }"#;
    let port = cloud.put(path, body).await.expect(200);
    assert_eq!(port["port"]["name"], "front");
    assert_eq!(port["port"]["security_groups"], json!([cloud.fill("{group:default}")]));
    let kept = column(&port["port"]["allowed_address_pairs"], "ip_address");
    assert_eq!(kept, ["1.1.1.1/0"]);
}

#[tokio::test]
async fn ports_are_found_by_every_filter() {
    let front = ["10.20.1.11", "10.50.1.11"].as_slice();
    let v1 = [
        ("device_id={server:front-1}", front),
        ("id={port:10.50.1.12}&id={port:10.50.1.100}", &["10.50.1.12", "10.50.1.100"]),
        ("fixed_ips=ip_address%3D10.50.1.12", &["10.50.1.12"]),
        ("fixed_ips=ip_address%3D10.50.1.12&fixed_ips=subnet_id%3D{neutron:subnet-b}", &[]),
        ("fixed_ips=subnet_id%3D{neutron:subnet-b}", &["172.16.0.10"]),
        ("network_id={subnet:subnet-front}", &["10.20.1.11"]),
        ("device_owner=neutron:VIP_PORT", &["10.50.1.100"]),
        ("name=front-1-extra", &["10.50.1.11"]),
        ("status=DOWN", &["10.50.1.100"]),
        ("security_groups={group:sg-nodes}", &["10.20.1.11", "10.50.1.11", "10.50.1.12"]),
        ("admin_state_up=false", &[]),
        ("device_id={vpc:vpc-a}", &[]),
    ];
    let v3 = [
        ("device_id={server:front-1}", front),
        ("vpc_id={vpc:vpc-b}", &["172.16.0.10"]),
        ("virsubnet_id={subnet:subnet-front}", &["10.20.1.11"]),
        ("private_ips=ip_address%3D10.50.1.12", &["10.50.1.12"]),
        ("allowed_address_pairs=ip_address%3D1.1.1.1%2F0", &["10.20.1.11"]),
        ("device_owner_prefixlike=neutron", &["10.50.1.100"]),
    ];
    let cloud = Cloud::start(TWO_TABLES).await;
    for (filter, expected) in v1 {
        let list = cloud.get(&format!("/v1/{{p}}/ports?{filter}")).await.expect(200);
        let ports = list["ports"].as_array().unwrap();
        let found: Vec<_> = ports.iter().map(|p| p["fixed_ips"][0]["ip_address"].clone()).collect();
        assert_eq!(found, expected, "{filter}");
    }
    for (filter, expected) in v3 {
        let list = cloud.get(&format!("/v3/{{p}}/ports?{filter}")).await.expect(200);
        let ports = list["ports"].as_array().unwrap();
        let found: Vec<_> =
            ports.iter().map(|p| p["private_ips"][0]["ip_address"].clone()).collect();
        assert_eq!(found, expected, "{filter}");
    }
    cloud.get("/v1/{p}/ports?device=x").await.expect_refusal(400, "VPC.2500");
    cloud.get("/v1/{p}/ports?fixed_ips=192.168.0.2").await.expect_refusal(400, "VPC.2500");
    cloud.get("/v3/{p}/ports?network_id=x").await.expect_refusal(400, "VPC.9901");
}

#[tokio::test]
async fn primary_and_extension_nics_and_virtual_addresses_can_be_told_apart() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (address, details, owner) in [
        ("10.20.1.11", json!({ "primary_interface": true }), "compute:cn-north-4a"),
        ("10.50.1.11", json!({ "primary_interface": false }), "compute:cn-north-4a"),
        ("10.50.1.100", json!({}), "neutron:VIP_PORT"),
    ] {
        let path = format!("/v1/{{p}}/ports/{{port:{address}}}");
        let port = cloud.get(&path).await.expect(200)["port"].clone();
        assert_eq!(port["binding:vif_details"], details, "{address}");
        assert_eq!(port["device_owner"], owner, "{address}");
    }
}
