//! `huaweivpc_security_group`.

use serde_json::{Value as Json, json};

use super::{NOBODY, answered, refused, two_tables};

const GROUP: &str = "security_group";

fn lines(group: &Json) -> Vec<String> {
    let text = |rule: &Json, name: &str| rule[name].as_str().unwrap_or("-").to_owned();
    let line = |rule: &Json| {
        let words = ["direction", "ethertype", "protocol", "ports", "remote_ip_prefix", "action"];
        let words = words.map(|name| text(rule, name)).join(" ");
        format!("{} {words}", rule["priority"])
    };
    let mut lines: Vec<String> =
        group["rules"].as_array().expect("rules").iter().map(line).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn a_group_is_found_by_its_id_and_by_its_name_with_its_rules() {
    let world = two_tables(json!({})).await;
    let (id, default) = (world.group("sg-nodes").await, world.group("default").await);
    for query in [
        json!({ "id": id }),
        json!({ "name": "sg-nodes" }),
        json!({ "id": id, "name": "sg-nodes", "enterprise_project_id": "0" }),
    ] {
        let group = world.read(GROUP, query).await.value;
        assert_eq!((&group["id"], &group["name"]), (&json!(id), &json!("sg-nodes")));
        assert_eq!(group["description"], "Hosts of containers");
        assert_eq!(group["enterprise_project_id"], "0");
        assert_eq!(
            lines(&group),
            [
                "1 ingress IPv4 icmp - 10.20.0.0/16 allow",
                "1 ingress IPv4 tcp 22,443 - allow",
                "100 egress IPv4 - - - allow",
                "100 egress IPv6 - - - allow",
                "100 ingress IPv4 - - - allow",
                "100 ingress IPv6 - - - allow",
            ]
        );
        let rules = group["rules"].as_array().unwrap();
        let of_group = rules.iter().find(|rule| rule["ports"] == "22,443").unwrap();
        assert_eq!(of_group["remote_group_id"], default);
        // Those that decide first come first.
        assert!(rules.is_sorted_by_key(|rule| (rule["priority"].as_i64(), rule["id"].as_str())));
    }
}

#[tokio::test]
async fn nothing_is_an_error_that_says_what_was_sought() {
    let world = two_tables(json!({})).await;
    let id = world.group("default").await;
    refused(
        &world,
        GROUP,
        vec![
            (json!({ "name": "sg" }), "name", "No security group has the name `sg`. Check `name`,"),
            (json!({ "id": NOBODY }), "id", "No security group has the id"),
            (json!({ "id": id, "name": "sg-nodes" }), "id", "and the name `sg-nodes`."),
            (json!({}), "", "Set `id` or `name`."),
        ],
    )
    .await;
}

#[tokio::test]
async fn several_are_an_error_that_lists_them() {
    let world = two_tables(json!({})).await;
    let make = json!({ "security_group": { "name": "sg-nodes" } });
    let made = world.call("POST", "/v3/{project}/vpc/security-groups", make).await;
    let mut ids =
        [world.group("sg-nodes").await, made["security_group"]["id"].as_str().unwrap().to_owned()];
    ids.sort_unstable();

    let refusal = world.refuse_to_read(GROUP, json!({ "name": "sg-nodes" })).await;

    let words =
        format!("2 security groups have the name `sg-nodes`: `{}` and `{}`.", ids[0], ids[1]);
    refusal.expect_problem("name", &words).expect_nothing_else();
    for id in ids {
        let group = world.read(GROUP, json!({ "id": id, "name": "sg-nodes" })).await.value;
        assert_eq!(group["id"], id);
    }
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let world = two_tables(json!({})).await;
    let id = world.group("sg-nodes").await;
    let first = json!({
        "security_groups": [{ "id": world.group("default").await, "name": "default" }],
        "page_info": { "next_marker": world.group("default").await },
    });
    answered(&world, "/v3/*/vpc/security-groups", first).await;
    let group = world.read(GROUP, json!({ "name": "sg-nodes" })).await.value;
    assert_eq!(group["id"], id);
}
