//! `huaweivpc_vpc`.

use serde_json::{Value as Json, json};

use super::{NOBODY, answered, refused, two_tables};

const VPC: &str = "vpc";

#[tokio::test]
async fn a_vpc_is_found_by_its_id_and_by_its_name() {
    let world = two_tables(json!({})).await;
    let id = world.vpc("vpc-a").await;
    let found = json!({
        "id": id,
        "name": "vpc-a",
        "enterprise_project_id": "0",
        "cidr": "10.20.0.0/16",
        "secondary_cidrs": ["10.50.0.0/16"],
        "status": "ACTIVE",
        "description": "",
        "tags": {},
    });
    for query in [
        json!({ "id": id }),
        json!({ "name": "vpc-a" }),
        json!({ "id": id, "name": "vpc-a", "enterprise_project_id": "0" }),
    ] {
        let answer = world.read(VPC, query).await;
        assert_eq!((answer.value, answer.warnings), (found.clone(), Vec::new()));
    }
}

#[tokio::test]
async fn nothing_is_an_error_that_says_what_was_sought() {
    let world = two_tables(json!({})).await;
    let id = world.vpc("vpc-a").await;
    refused(
        &world,
        VPC,
        vec![
            (
                json!({ "name": "vpc" }),
                "name",
                "No VPC has the name `vpc`. Check `name`, and the region and the project of the provider.",
            ),
            (json!({ "id": NOBODY }), "id", "No VPC has the id `00000000"),
            (
                json!({ "id": id, "name": "vpc-b" }),
                "id",
                "and the name `vpc-b`. Check `id` and `name`, and",
            ),
            (
                json!({ "name": "vpc-a", "enterprise_project_id": "lab" }),
                "name",
                "the name `vpc-a` and the enterprise project `lab`",
            ),
            (json!({}), "", "Set `id` or `name`."),
            (json!({ "enterprise_project_id": "0" }), "", "Set `id` or `name`."),
            (json!({ "id": "a b" }), "id", "`a b` is not the id of a VPC"),
        ],
    )
    .await;
}

#[tokio::test]
async fn several_are_an_error_that_lists_them() {
    let world = two_tables(json!({})).await;
    let same = |id: &str| json!({ "id": id, "name": "twice", "cidr": "10.0.0.0/8" });
    answered(&world, "/v3/*/vpc/vpcs", json!({ "vpcs": [same("one"), same("two")] })).await;
    let refusal = world.refuse_to_read(VPC, json!({ "name": "twice" })).await;
    let words = "2 VPCs have the name `twice`: `one` and `two`. So `name` does not tell which is meant; write its `id`.";
    refusal.expect_problem("name", words).expect_nothing_else();
}

#[tokio::test]
async fn tags_and_sparse_answers_are_read() {
    let world = two_tables(json!({})).await;
    let tags = json!([{ "key": "env", "value": "lab" }, { "key": "bare", "value": null }]);
    let vpc = json!({ "id": "x", "name": null, "extend_cidrs": null, "tags": tags });
    answered(&world, "/v3/*/vpc/vpcs/x", json!({ "vpc": vpc })).await;

    let vpc = world.read(VPC, json!({ "id": "x" })).await.value;

    assert_eq!(vpc["tags"], json!({ "env": "lab", "bare": "" }));
    assert_eq!((&vpc["cidr"], &vpc["secondary_cidrs"]), (&Json::Null, &Json::Null));
    assert_eq!((&vpc["name"], &vpc["status"]), (&json!(""), &json!("")));
}
