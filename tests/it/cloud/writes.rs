//! What the writes send, to the letter: what is not meant to change is not named.

use huaweivpc::cloud::{AddressPair, Kind, NewRule, Wish, Written};
use huaweivpc::network::{NextHop, NextHopKind, Route};
use serde_json::json;

use super::{
    GROUP, PORT, RULE, SERVER, SUBNET, TABLE, VPC, change, cloud, id,
    script::{Server, json, text},
};

const NOT_PUBLISHED: &str = r#"{"error_msg":"API not found","error_code":"APIGW.0101"}"#;

pub fn udp_rule() -> NewRule {
    NewRule {
        direction: "ingress".to_owned(),
        ethertype: "IPv4".to_owned(),
        protocol: Some("udp".to_owned()),
        multiport: Some("33434-33534".to_owned()),
        remote_ip_prefix: Some("10.0.0.0/8".to_owned()),
        action: "allow".to_owned(),
        priority: 1,
        description: "traces".parse().unwrap(),
        remote_group_id: None,
        remote_address_group_id: None,
    }
}

fn rule_answer() -> serde_json::Value {
    json!({ "security_group_rule": {
        "id": RULE, "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4",
    } })
}

fn route(destination: &str, description: &str) -> Route {
    Route {
        destination: destination.parse().unwrap(),
        next_hop: NextHop::new(NextHopKind::Ecs, SERVER),
        description: description.to_owned(),
    }
}

#[tokio::test]
async fn changes_of_routes_are_one_delta() {
    let shown = |(destination, description): &(&str, &str)| json!({ "type": "ecs", "destination": destination, "nexthop": SERVER, "description": description });
    let table = |routes: &[(&str, &str)]| {
        let routes: Vec<_> = routes.iter().map(shown).collect();
        json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC, "routes": routes } }))
    };
    let (one, two, nine) = ("10.244.1.0/24", "10.244.2.0/24", "10.244.9.0/24");
    let before = [(one, "node-1"), (nine, "node-9")];
    let added = [(one, ""), (two, "node-2"), (nine, "node-9")];
    let after = [(one, ""), (two, "node-2")];
    let answers = [&before[..], &added, &added, &after, &after].map(table);
    let server = Server::start(answers).await;
    let cloud = change(&cloud(&server));

    let wishes = vec![
        Wish::Create { route: route(two, "node-2"), adopt: false },
        Wish::Set { route: route(one, "") },
        Wish::Remove { destination: nine.parse().unwrap(), expected: None },
    ];
    for answer in cloud.write_routes(&id(TABLE), wishes).await {
        assert_eq!(answer.unwrap(), Written::Done);
    }

    let seen = server.seen();
    let writes: Vec<_> = seen.iter().filter(|request| request.line().starts_with("PUT")).collect();
    assert_eq!(writes[0].line(), format!("PUT /v1/P/routetables/{TABLE}"));
    assert_eq!(
        writes[0].json(),
        json!({ "routetable": { "routes": {
            "add": [{ "type": "ecs", "destination": two, "nexthop": SERVER, "description": "node-2" }],
            "mod": [{ "type": "ecs", "destination": one, "nexthop": SERVER, "description": "" }],
        } } })
    );
    assert_eq!(
        writes[1].json(),
        json!({ "routetable": { "routes": { "del": [
            { "type": "ecs", "destination": nine, "nexthop": SERVER },
        ] } } })
    );
}

#[tokio::test]
async fn address_pairs_are_all_that_is_sent_about_a_port() {
    let port = |pairs| json!({ "port": { "id": PORT, "network_id": SUBNET, "allowed_address_pairs": pairs } });
    let pairs = json!([{ "ip_address": "192.168.0.200", "mac_address": "fa:16:3e:11:22:33" }, { "ip_address": "1.1.1.1/0" }]);
    let server = Server::start([json(200, port(pairs.clone())), json(200, port(json!([])))]).await;
    let cloud = cloud(&server);

    let pair = |address: &str, mac: Option<&str>| AddressPair {
        ip_address: address.to_owned(),
        mac_address: mac.map(str::to_owned),
    };
    let wanted = [pair("192.168.0.200", Some("fa:16:3e:11:22:33")), pair("1.1.1.1/0", None)];
    let after = change(&cloud).set_address_pairs(&id(PORT), &wanted).await.unwrap();
    assert_eq!(after.address_pairs, wanted);
    change(&cloud).set_address_pairs(&id(PORT), &[]).await.unwrap();

    let seen = server.seen();
    assert_eq!(seen[0].line(), format!("PUT /v1/P/ports/{PORT}"));
    assert_eq!(seen[0].json(), json!({ "port": { "allowed_address_pairs": pairs } }));
    assert_eq!(seen[1].json(), json!({ "port": { "allowed_address_pairs": [] } }));
}

#[tokio::test]
async fn a_rule_always_says_its_priority() {
    let server = Server::start([json(201, rule_answer())]).await;
    change(&cloud(&server)).create_security_group_rule(&id(GROUP), &udp_rule()).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.line(), "POST /v3/P/vpc/security-group-rules");
    assert_eq!(
        seen.json(),
        json!({ "security_group_rule": {
            "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4", "protocol": "udp",
            "multiport": "33434-33534", "remote_ip_prefix": "10.0.0.0/8", "action": "allow", "priority": 1,
            "description": "traces",
        } })
    );
}

#[tokio::test]
async fn a_rule_is_made_by_v1_where_v3_is_not_published() {
    for (multiport, ports) in
        [(Some("33434-33534"), Some((33434, 33534))), (Some("53"), Some((53, 53))), (None, None)]
    {
        let server = Server::start([text(404, NOT_PUBLISHED), json(200, rule_answer())]).await;
        let rule = NewRule { multiport: multiport.map(str::to_owned), ..udp_rule() };
        change(&cloud(&server)).create_security_group_rule(&id(GROUP), &rule).await.unwrap();
        let mut expected = json!({
            "security_group_id": GROUP, "direction": "ingress", "ethertype": "IPv4", "protocol": "udp",
            "remote_ip_prefix": "10.0.0.0/8", "description": "traces",
        });
        if let Some((min, max)) = ports {
            expected["port_range_min"] = json!(min);
            expected["port_range_max"] = json!(max);
        }
        let seen = &server.seen()[1];
        assert_eq!(seen.line(), "POST /v1/P/security-group-rules");
        assert_eq!(seen.json(), json!({ "security_group_rule": expected }));
    }
}

#[tokio::test]
async fn a_rule_that_v1_has_no_words_for_is_not_made_there() {
    let v3_only = [
        NewRule { multiport: Some("53,33434-33534".to_owned()), ..udp_rule() },
        NewRule { priority: 2, ..udp_rule() },
        NewRule { action: "deny".to_owned(), ..udp_rule() },
    ];
    for rule in v3_only {
        let server = Server::start([text(404, NOT_PUBLISHED)]).await;
        let error = change(&cloud(&server))
            .create_security_group_rule(&id(GROUP), &rule)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::NotPublished);
        assert_eq!(server.lines().len(), 1);
    }
}

#[tokio::test]
async fn a_deleted_rule_stays_deleted() {
    let gone = r#"{"error_code":"VPC.9904","error_msg":"could not be found"}"#;
    let server =
        Server::start([text(204, ""), text(404, gone), text(404, NOT_PUBLISHED), text(204, "")])
            .await;
    let cloud = cloud(&server);
    for _ in 0..3 {
        change(&cloud).delete_security_group_rule(&id(GROUP), &id(RULE)).await.unwrap();
    }
    let v3 = format!("DELETE /v3/P/vpc/security-group-rules/{RULE}");
    let v1 = format!("DELETE /v1/P/security-group-rules/{RULE}");
    assert_eq!(server.lines(), [v3.clone(), v3.clone(), v3, v1]);
}

#[tokio::test]
async fn a_path_that_nobody_serves_deletes_nothing() {
    let server = Server::start([text(404, "<html>no such page</html>")]).await;
    let error = change(&cloud(&server))
        .delete_security_group_rule(&id(GROUP), &id(RULE))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
}
