//! Lists: their pages, and who shares a request for one.

use huaweivpc::cloud::{Cloud, Config};
use serde_json::{Value, json as value};

use super::{
    GROUP, VPC, cloud, config,
    script::{Server, json, text},
};

fn server(id: usize) -> Value {
    value!({ "id": format!("s{id}"), "name": "n", "status": "ACTIVE" })
}

#[tokio::test]
async fn pages_of_servers_have_numbers_and_end_with_the_count() {
    let page = |ids: std::ops::Range<usize>| {
        json(200, value!({ "count": 1001, "servers": ids.map(server).collect::<Vec<_>>() }))
    };
    let script = Server::start([page(0..1000), page(1000..1001)]).await;
    let servers = cloud(&script).servers().await.unwrap();
    assert_eq!(servers.len(), 1001);
    let path = "GET /v1/P/cloudservers/detail?limit=1000&offset";
    assert_eq!(script.lines(), [format!("{path}=1"), format!("{path}=2")]);
}

#[tokio::test]
async fn shorter_pages_and_repeated_servers_are_taken_as_they_come() {
    // This cloud gives three at once, whatever it is asked for, and somebody makes a server meanwhile.
    let page = |count: usize, ids: &[usize]| {
        let servers: Vec<Value> = ids.iter().map(|id| server(*id)).collect();
        json(200, value!({ "count": count, "servers": servers }))
    };
    let script = Server::start([page(5, &[1, 2, 3]), page(6, &[3, 4, 5]), page(6, &[6])]).await;
    let servers = cloud(&script).servers().await.unwrap();
    let ids: Vec<&str> = servers.iter().map(|server| server.id.as_str()).collect();
    assert_eq!(ids, ["s1", "s2", "s3", "s4", "s5", "s6"]);
}

#[tokio::test]
async fn a_list_of_servers_ends_whatever_the_cloud_says() {
    let page =
        |count: Value, servers: Value| json(200, value!({ "count": count, "servers": servers }));
    let gone =
        Server::start([page(value!(9), value!([server(1)])), page(value!(9), value!([]))]).await;
    assert_eq!(cloud(&gone).servers().await.unwrap().len(), 1);
    let uncounted = Server::start([page(Value::Null, value!([server(1)]))]).await;
    assert_eq!(cloud(&uncounted).servers().await.unwrap().len(), 1);
    // Every page is the first one.
    let endless = || page(value!(9), value!([server(1)]));
    let endless = Server::start([endless(), endless()]).await;
    let error = cloud(&endless).servers().await.unwrap_err();
    assert!(error.to_string().starts_with("list the servers: HTTP 200"), "{error}");
}

#[tokio::test]
async fn servers_are_those_of_the_enterprise_project_of_the_provider() {
    let script = Server::start([json(200, value!({ "count": 0, "servers": [] }))]).await;
    let config = Config { enterprise_project_id: Some("lab".to_owned()), ..config(&script) };
    assert_eq!(crate::cloud::connect(config).servers().await.unwrap().len(), 0);
    let query = "enterprise_project_id=lab&limit=1000&offset=1";
    assert_eq!(script.lines(), [format!("GET /v1/P/cloudservers/detail?{query}")]);
}

/// A look-up may come right after what it seeks was made, so no list from before it will do.
#[tokio::test]
async fn those_who_look_at_the_same_time_share_a_list_that_is_no_older_than_their_question() {
    let page = |wrapper: &str, ids: &[&str]| {
        let objects: Vec<Value> =
            ids.iter().map(|id| value!({ "id": id, "vpc_id": VPC, "status": "ACTIVE" })).collect();
        json(200, value!({ wrapper: objects, "count": ids.len(), "page_info": {} }))
    };
    macro_rules! three_look {
        ($wrapper:literal, $line:literal, $ask:expr) => {
            let script = Server::start([page($wrapper, &["a"]), page($wrapper, &["a", "b"])]).await;
            let cloud = cloud(&script);
            let ask = async || $ask(&cloud).await.unwrap().len();
            let (first, second, third) = tokio::join!(ask(), ask(), ask());
            assert_eq!((first, second, third), (1, 2, 2), $wrapper);
            assert_eq!(script.lines(), [$line, $line]);
        };
    }
    three_look!("vpcs", "GET /v3/P/vpc/vpcs?limit=1000", async |cloud: &Cloud| cloud
        .vpcs(None)
        .await);
    three_look!("subnets", "GET /v1/P/subnets?limit=1000", async |cloud: &Cloud| cloud
        .all_subnets()
        .await);
    three_look!("routetables", "GET /v1/P/routetables?limit=1000", async |cloud: &Cloud| {
        cloud.all_route_tables().await
    });
    three_look!(
        "security_groups",
        "GET /v3/P/vpc/security-groups?limit=1000",
        async |cloud: &Cloud| { cloud.security_groups(None).await }
    );
    three_look!(
        "servers",
        "GET /v1/P/cloudservers/detail?limit=1000&offset=1",
        async |cloud: &Cloud| { cloud.servers().await }
    );
}

#[tokio::test]
async fn groups_are_asked_of_v1_where_v3_is_not_published() {
    let not_published =
        r#"{"error_msg":"API not found","error_code":"APIGW.0101","request_id":"r1"}"#;
    let groups = value!({ "security_groups": [{ "id": GROUP, "name": null }] });
    let script = Server::start([text(404, not_published), json(200, groups)]).await;
    let groups = cloud(&script).security_groups(None).await.unwrap();
    assert_eq!((groups[0].name.as_str(), groups[0].description.as_str()), ("", ""));
    assert_eq!(script.lines()[1], "GET /v1/P/security-groups?limit=1000");
}
