//! Lists: their pages, and that one run reads each of them once.

use huaweivpc::cloud::{Cloud, Config};
use serde_json::{Value, json as value};

use super::{
    GROUP, SERVER, SUBNET, TABLE, VPC, cloud, config,
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
    assert_eq!(Cloud::new(config).unwrap().servers().await.unwrap().len(), 0);
    let query = "enterprise_project_id=lab&limit=1000&offset=1";
    assert_eq!(script.lines(), [format!("GET /v1/P/cloudservers/detail?{query}")]);
}

#[tokio::test]
async fn one_run_reads_each_list_once() {
    let object = |wrapper: &str, object: Value| {
        let page = value!({ wrapper: [object], "page_info": { "current_count": 1 } });
        json(200, page)
    };
    let script = Server::start([
        object("vpcs", value!({ "id": VPC })),
        object("vpcs", value!({ "id": VPC })),
        object("subnets", value!({ "id": SUBNET, "vpc_id": VPC })),
        object("routetables", value!({ "id": TABLE, "vpc_id": VPC })),
        object("security_groups", value!({ "id": GROUP })),
        json(200, value!({ "count": 1, "servers": [{ "id": SERVER, "status": "ACTIVE" }] })),
    ])
    .await;
    let cloud = cloud(&script);
    for _ in 0..3 {
        assert_eq!(cloud.vpcs(None).await.unwrap()[0].id.as_str(), VPC);
        assert_eq!(cloud.vpcs(Some("lab")).await.unwrap()[0].id.as_str(), VPC);
        assert_eq!(cloud.all_subnets().await.unwrap()[0].id.as_str(), SUBNET);
        assert_eq!(cloud.all_route_tables().await.unwrap()[0].id.as_str(), TABLE);
        assert_eq!(cloud.security_groups(None).await.unwrap()[0].id.as_str(), GROUP);
        assert_eq!(cloud.servers().await.unwrap()[0].id.as_str(), SERVER);
    }
    assert_eq!(
        script.lines(),
        [
            "GET /v3/P/vpc/vpcs?limit=1000",
            "GET /v3/P/vpc/vpcs?enterprise_project_id=lab&limit=1000",
            "GET /v1/P/subnets?limit=1000",
            "GET /v1/P/routetables?limit=1000",
            "GET /v3/P/vpc/security-groups?limit=1000",
            "GET /v1/P/cloudservers/detail?limit=1000&offset=1",
        ]
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
