//! Scenarios: what is taken, and how clearly mistakes are told.

use huaweivpc::emulator::Scenario;
use serde_json::{Value, json};

use super::harness::{Cloud, GUIDE, TWO_TABLES, column};

/// The mistakes in the guide's scenario after a change, as `path: problem`.
fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut scenario: Value = serde_json::from_str(TWO_TABLES).unwrap();
    change(&mut scenario);
    match Scenario::parse(&scenario.to_string()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_scenarios_that_come_along_are_good() {
    for scenario in [GUIDE, TWO_TABLES] {
        assert!(Scenario::parse(scenario).is_ok());
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 21] = [
        (|s| s["regoin"] = "x".into(), "regoin: is not a field of a scenario"),
        (|s| s["region"] = Value::Null, "region: expected a text, found null"),
        (|s| s["domain"] = json!({}), "domain.name: is missing"),
        (|s| s["project"]["id"] = "abc".into(), "project.id: `abc` is not 32 hexadecimal digits"),
        (
            |s| s["servers"][1]["nics"][0]["subnet"] = "subnet-z".into(),
            "servers[1].nics[0].subnet: no subnet named `subnet-z`",
        ),
        (
            |s| s["servers"][0]["nics"][1]["ip_addres"] = "10.0.0.1".into(),
            "servers[0].nics[1].ip_addres: is not a field of a scenario",
        ),
        (
            |s| s["servers"][1]["nics"][0]["ip_address"] = "10.50.1.11".into(),
            "servers[1]: IP address 10.50.1.11 is in use. (Ecs.0010)",
        ),
        (
            |s| s["servers"][1]["nics"][0]["ip_address"] = "ten".into(),
            "servers[1].nics[0].ip_address: `ten` is no address",
        ),
        (|s| s["servers"] = json!({}), "servers: expected a list, found an object"),
        (|s| s["servers"][1] = json!("back"), "servers[1]: expected an object, found a text"),
        (
            |s| s["servers"][1]["name"] = "front-1".into(),
            "servers[1].name: `front-1` is already taken",
        ),
        (|s| s["vpcs"][1]["cidr"] = "8.8.8.0/24".into(), "(VPC.0101)"),
        (|s| s["vpcs"][1]["id"] = "1".into(), "vpcs[1].id: `1` is no UUID in lower case"),
        (|s| s["vpcs"][0]["extend_cidrs"][0] = "10.20.0.0/24".into(), "vpcs[0].extend_cidrs[0]: "),
        (|s| s["vpcs"][0]["gateways"][0]["type"] = "ecs".into(), "vpcs[0].gateways[0].type: `ecs`"),
        (|s| s["subnets"][1]["cidr"] = "10.20.1.0/24".into(), "subnets[1]: "),
        (
            |s| s["security_groups"][1]["rules"][0]["protocol"] = "icmpv6".into(),
            "security_groups[1].rules[0]: protocol icmpv6 needs ethertype IPv6. (VPC.9902)",
        ),
        (
            |s| s["route_tables"][1]["routes"][0]["nexthop"] = "front-9".into(),
            "route_tables[1].routes[0].nexthop: no server named `front-9`",
        ),
        (|s| s["metadata"] = json!({ "agency": "x" }), "metadata.agency: no agency named `x`"),
        (
            |s| s["unpublished"] = json!(["vpc.v4"]),
            "unpublished[0]: `vpc.v4` is no family of the API",
        ),
        (
            |s| s["quotas"]["vpc"] = json!(-1),
            "quotas.vpc: expected a number from 0, found a number",
        ),
    ];
    for (change, expected) in cases {
        let told = mistakes(change);
        assert!(told.iter().any(|line| line.contains(expected)), "{expected}\n{told:#?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_without_secrets() {
    let told = mistakes(|scenario| {
        scenario["access_keys"][0]["secret_key"] = json!(12345);
        scenario["vips"][0]["subnet"] = "nowhere".into();
        scenario["latency"] = "5s".into();
    });
    assert_eq!(
        told,
        [
            "access_keys[0].secret_key: expected a text, found a number",
            "vips[0].subnet: no subnet named `nowhere`",
            "latency: is not a field of a scenario",
        ]
    );
    let no_json = Scenario::parse("{").unwrap_err().to_string();
    assert!(no_json.contains("line 1 column 1"), "{no_json}");
    assert!(Scenario::parse("[]").unwrap_err().to_string().contains("found a list"));
}

#[tokio::test]
async fn a_scenario_can_give_ids_and_platform_routes() {
    let table = "11111111-2222-4333-8444-555555555555";
    let mut scenario: Value = serde_json::from_str(TWO_TABLES).unwrap();
    scenario["route_tables"][0]["id"] = table.into();
    let cloud = Cloud::start(&scenario.to_string()).await;
    let shown = cloud.get(&format!("/v1/{{p}}/routetables/{table}")).await.expect(200);
    assert_eq!(shown["routetable"]["default"], true);
    let routes = &shown["routetable"]["routes"];
    assert_eq!(column(routes, "type")[5..], ["nat", "vpn", "peering"]);
    let governed = column(&shown["routetable"]["subnets"], "id");
    assert_eq!(governed, [cloud.fill("{subnet:subnet-front}")]);
}

#[test]
fn what_the_documentation_shows_is_taken() {
    let page = include_str!("../../../docs/guides/emulator.md");
    let blocks: Vec<&str> =
        page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let scenarios: Vec<&&str> = blocks.iter().filter(|block| block.starts_with('{')).collect();
    assert_eq!(scenarios.len(), 1);
    assert!(Scenario::parse(scenarios[0]).is_ok(), "{:?}", Scenario::parse(scenarios[0]).err());

    let families: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| ["iam.", "metadata", "vpc.v", "ecs.v"].iter().any(|p| name.starts_with(p)))
        .collect();
    assert!(families.len() > 20, "{families:?}");
    assert_eq!(mistakes(|scenario| scenario["unpublished"] = json!(families)), [""; 0]);
}
