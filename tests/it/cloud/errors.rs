//! What a refusal means: only a definite word of the cloud's makes an object "gone".

use std::error::Error as _;

use huaweivpc::cloud::{Cloud, Config, Error, Kind};
use serde_json::json;

use super::{
    GROUP, PORT, RULE, SERVER, SUBNET, TABLE, VPC, change, config, id,
    script::{Reply, Server, text},
};

/// A client that does not repeat, and one reply.
async fn once(reply: Reply) -> (Server, Cloud) {
    let server = Server::start([reply]).await;
    let config = Config { max_retries: 0, ..config(&server) };
    let cloud = crate::cloud::connect(config);
    (server, cloud)
}

/// The error of reading a route table.
async fn refusal(reply: Reply) -> Error {
    let (_server, cloud) = once(reply).await;
    cloud.route_table(&id(TABLE)).await.unwrap_err()
}

#[tokio::test]
async fn an_object_is_gone_if_its_own_code_says_so() {
    macro_rules! gone {
        ($($code:literal: $method:ident $id:expr),* $(,)?) => {$(
            let body = json!({ "code": $code, "message": "not found" });
            let (server, cloud) = once(text(404, &body.to_string())).await;
            assert_eq!(cloud.$method(&id($id)).await.unwrap(), None, "{}", $code);
            assert_eq!(server.lines().len(), 1);
        )*};
    }
    gone! {
        "VPC.0003": vpc VPC,
        "VPC.0202": subnet SUBNET,
        "VPC.2808": route_table TABLE,
        "VPC.2502": port PORT,
        "VPC.9904": security_group_rule RULE,
        "Ecs.0114": server SERVER,
    }
}

#[tokio::test]
async fn what_is_not_the_objects_own_code_never_means_gone() {
    let not_gone = [
        (404, r#"{"error_code":"APIGW.0101","error_msg":"no such API"}"#, Kind::NotPublished),
        (404, r#"{"error_code":"APIG.0101","error_msg":"no such API"}"#, Kind::NotPublished),
        // Cloud Stack's words, with the newline that some answers end in.
        (
            404,
            "{\"error_code\":\"APIGW.0101\",\"error_msg\":\"The API does not exist: method POST not found\"}\n",
            Kind::NotPublished,
        ),
        // The VPC is missing, which is not what was asked.
        (404, r#"{"code":"VPC.0003","message":"VPC does not exist"}"#, Kind::Refused),
        (404, "", Kind::Refused),
        (404, "<html><h1>404 Not Found</h1></html>", Kind::Refused),
        (404, r#"{"code":"VPC.9999","message":"?"}"#, Kind::Refused),
        // The same code with another status is a failure of the back end.
        (500, r#"{"code":"VPC.2808","message":"?"}"#, Kind::Lost),
    ];
    for (status, body, kind) in not_gone {
        assert_eq!(refusal(text(status, body)).await.kind(), kind, "{status} {body}");
    }
}

#[tokio::test]
async fn codes_have_their_meaning() {
    let cases = [
        (400, r#"{"code":"VPC.2812","message":"exists"}"#, Kind::RouteExists),
        (409, r#"{"code":"VPC.2812","message":"exists"}"#, Kind::RouteExists),
        (400, r#"{"code":"VPC.2809","message":"overlap"}"#, Kind::Refused),
        (400, r#"{"code":"VPC.0007","message":"project"}"#, Kind::OtherProject),
        (400, r#"{"code":"VPC.0004","message":"not active"}"#, Kind::Busy),
        (409, r#"{"code":"VPC.0103","message":"busy"}"#, Kind::Busy),
        (500, r#"{"code":"VPC.0205","message":"processing"}"#, Kind::Busy),
        (500, r#"{"code":"VPC.0210","message":"custom route"}"#, Kind::Refused),
        (500, r#"{"code":"VPC.0105","message":"neutron"}"#, Kind::Lost),
        (409, r#"{"code":"VPC.0118","message":"has load balancers"}"#, Kind::Conflict),
        (409, r#"{"error_code":"VPC.9905","error_msg":"too many"}"#, Kind::QuotaExceeded),
        (400, r#"{"code":"VPC.2899","message":"Quota exceeded for routes"}"#, Kind::QuotaExceeded),
        (401, r#"{"code":"VPC.0008","message":"token"}"#, Kind::Unauthenticated),
        (401, r#"{"code":"VPC.0005","message":"restricted"}"#, Kind::Denied),
        (403, r#"{"code":"VPC.2201","message":"Policy doesn't allow"}"#, Kind::Denied),
        (403, r#"{"error_code":"APIGW.0302","error_msg":"not allowed"}"#, Kind::Denied),
        (429, "", Kind::Throttled),
        (400, r#"{"error_code":"APIGW.0308","error_msg":"over ratelimit"}"#, Kind::Throttled),
        (
            429,
            r#"{"error_code":"APIG.0308","error_msg":"policy ip over ratelimit"}"#,
            Kind::Throttled,
        ),
        (403, r#"{"error_code":"APIG.0308","error_msg":"over ratelimit"}"#, Kind::Throttled),
        (502, "<html><h1>502 Bad Gateway</h1></html>", Kind::Lost),
        (504, "", Kind::Lost),
        (302, "", Kind::Refused),
    ];
    for (status, body, kind) in cases {
        assert_eq!(refusal(text(status, body)).await.kind(), kind, "{status} {body}");
    }
}

#[tokio::test]
async fn every_shape_of_error_body_is_read() {
    let shapes = [
        (r#"{"code":"C","message":"M"}"#, Some("C"), "M", None),
        (r#"{"request_id":"r","error_code":"C","error_msg":"M"}"#, Some("C"), "M", Some("r")),
        (r#"{"errorCode":"C","errorMsg":"M"}"#, Some("C"), "M", None),
        (r#"{"NeutronError":{"type":"C","message":"M","detail":""}}"#, Some("C"), "M", None),
        (
            r#"{"error":{"code":"C","message":"M","details":[]},"request_id":"r"}"#,
            Some("C"),
            "M",
            Some("r"),
        ),
        (r#"{"itemNotFound":{"code":404,"message":"M"}}"#, Some("404"), "M", None),
        (r#"{"error":{"code":401,"message":"M","title":"Unauthorized"}}"#, Some("401"), "M", None),
        (r#"{"error_code":"C"}"#, Some("C"), "no message", None),
        (r#"{"odd":[1,2]}"#, None, r#"{"odd":[1,2]}"#, None),
        ("<html>\n  <h1>Bad   Gateway</h1>\n</html>", None, "Bad Gateway", None),
        ("", None, "the answer has no text", None),
    ];
    for (body, code, message, request_id) in shapes {
        let error = refusal(text(400, body)).await;
        assert_eq!(error.status(), Some(400));
        assert_eq!(
            (error.code(), error.message(), error.request_id()),
            (code, message, request_id),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_long_page_of_a_proxy_is_cut() {
    let error = refusal(text(502, &"ü".repeat(1000))).await;
    assert_eq!(error.message(), format!("{}…", "ü".repeat(300)));
}

#[tokio::test]
async fn an_error_says_what_was_done_and_whom_to_ask() {
    let body = r#"{"code":"VPC.2809","message":"overlaps a system route"}"#;
    let error = refusal(text(400, body).with("X-Request-Id", "84eb")).await;
    assert_eq!(error.operation(), format!("read route table {TABLE}"));
    assert_eq!(
        error.to_string(),
        format!(
            "read route table {TABLE}: HTTP 400, VPC.2809: overlaps a system route (request 84eb)"
        )
    );
    let error = refusal(text(400, "").with("X-IAM-Trace-Id", "iam-1")).await;
    assert_eq!(error.request_id(), Some("iam-1"));
}

#[tokio::test]
async fn a_success_that_is_none_says_why() {
    let dry_run = r#"{"error_code":"SYS.0202","error_msg":"Dry run passed","request_id":"r"}"#;
    let error = refusal(text(202, dry_run)).await;
    assert_eq!(error.kind(), Kind::Unreadable);
    assert_eq!(
        (error.status(), error.code(), error.message()),
        (Some(202), Some("SYS.0202"), "Dry run passed")
    );

    let misspelt = format!(r#"{{"routetable":{{"id":"{TABLE}","vpc_id":"../v"}}}}"#);
    for body in ["", "<html></html>", "{}", &misspelt] {
        let error = refusal(text(200, body)).await;
        assert_eq!(error.kind(), Kind::Unreadable, "{body}");
        assert_eq!(error.code(), None);
        assert!(error.source().is_some(), "{body}");
    }
}

#[tokio::test]
async fn a_list_without_its_list_is_an_error() {
    let (_server, cloud) = once(text(200, "{}")).await;
    let error = cloud.subnets(&id(VPC)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreadable);
}

#[tokio::test]
async fn a_rule_that_exists_names_itself() {
    let existing = "71d452a8-59f3-40b4-8173-8cafc0ede401";
    let message = format!("Security group rule already exists. Rule id is {existing}.");
    let rule_exists = Kind::RuleExists { id: Some(existing.to_owned()) };
    let cases = [
        (json!({ "error_code": "VPC.9902", "error_msg": message }), rule_exists.clone()),
        (
            json!({ "code": "VPC.0602", "message": format!("NeutronError: {message}") }),
            rule_exists.clone(),
        ),
        (
            json!({ "NeutronError": { "type": "SecurityGroupRuleExists", "message": message } }),
            rule_exists,
        ),
        (json!({ "code": "VPC.0602", "message": "exists" }), Kind::RuleExists { id: None }),
        (
            json!({ "code": "VPC.0602", "message": "Quota exceeded for resources: ['security_group_rule']." }),
            Kind::QuotaExceeded,
        ),
    ];
    for (body, kind) in cases {
        let (_server, cloud) = once(text(409, &body.to_string())).await;
        let rule = super::writes::udp_rule();
        let error = change(&cloud).create_security_group_rule(&id(GROUP), &rule).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
    }
}

#[test]
fn ids_are_refused_before_they_reach_a_url() {
    for text in ["", "a/b", "a b", "..", "a?b", "ü"] {
        let error = text.parse::<huaweivpc::cloud::RouteTableId>().unwrap_err().to_string();
        assert!(error.contains(&format!("`{text}` is not the id of a route table")), "{error}");
    }
    assert!(serde_json::from_value::<huaweivpc::cloud::PortId>(json!("a/b")).is_err());
    assert_eq!(serde_json::to_value(id::<huaweivpc::cloud::PortId>(PORT)).unwrap(), json!(PORT));
}

#[test]
fn descriptions_are_refused_as_the_cloud_would() {
    use huaweivpc::cloud::Description;
    assert_eq!("ü".repeat(255).parse::<Description>().unwrap().as_str().chars().count(), 255);
    assert!("ü".repeat(256).parse::<Description>().is_err());
    assert!("a<b".parse::<Description>().is_err());
    assert!("a>b".parse::<Description>().is_err());
    assert_eq!(Description::default().as_str(), "");
}
