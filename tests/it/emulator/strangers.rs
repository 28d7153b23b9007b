//! The emulator as a server that others can reach: web pages, clients that send too much or never end.

use std::time::Duration;

use huaweivpc::emulator::Settings;
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::harness::{Answer, Clock, Cloud, GUIDE, TWO_TABLES, answer_of};

const STATE: &str = "/_emulator/state";
const RESET: &str = "/_emulator/reset";

/// A request with exactly these headers.
async fn with_headers(
    cloud: &Cloud,
    method: Method,
    path: &str,
    headers: &[(&'static str, String)],
) -> Answer {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        all.append(*name, value.parse().unwrap());
    }
    let url = format!("{}{}", cloud.base, cloud.fill(path));
    let request = cloud.client.request(method, url).headers(all).body("{}");
    answer_of(request.send().await.unwrap()).await.unwrap()
}

fn own_host(cloud: &Cloud) -> String {
    cloud.base.strip_prefix("http://").unwrap().to_owned()
}

#[tokio::test]
async fn only_its_own_names_lead_to_it() {
    let settings = Settings { hosts: vec!["cloud.test".to_owned()], ..Clock::new().settings() };
    let cloud = Cloud::start_with(GUIDE, settings).await;
    let port = own_host(&cloud).rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "127.9.9.9", "cloud.test"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let answer = with_headers(&cloud, Method::GET, STATE, &[("host", host.clone())]).await;
            assert_eq!(answer.status, 200, "{host}");
        }
    }
    for host in
        ["attacker.example", "localhost.attacker.example", "10.0.0.1", "user@127.0.0.1", "a b"]
    {
        // Neither its own side, nor the cloud, nor the keys of its servers.
        for path in [STATE, "/v1/{p}/routetables", "/openstack/latest/securitykey", "/"] {
            let answer = with_headers(&cloud, Method::GET, path, &[("host", host.into())]).await;
            assert_eq!(answer.status, 403, "{host} {path}: {}", answer.body);
            assert!(answer.body["problem"].is_string(), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn two_host_headers_and_a_foreign_target_are_refused() {
    let cloud = Cloud::start(GUIDE).await;
    let own = own_host(&cloud);
    for head in [
        format!("GET {STATE} HTTP/1.1\r\nhost: {own}\r\nhost: attacker.example\r\n"),
        format!("GET http://attacker.example{STATE} HTTP/1.1\r\nhost: {own}\r\n"),
        format!("GET {STATE} HTTP/1.0\r\n"),
    ] {
        let mut stream = TcpStream::connect(&own).await.unwrap();
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.0 403"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_web_page_of_somebody_else_gets_nothing() {
    let cloud = Cloud::start(GUIDE).await;
    let own = format!("http://{}", own_host(&cloud));
    let origin = |value: &str| vec![("origin", value.to_owned())];
    let json = || ("content-type", "application/json".to_owned());
    for foreign in [
        origin("http://attacker.example"),
        origin("null"),
        origin("http://localhost:3000"),
        origin(&own.replace("http:", "https:")),
        vec![("sec-fetch-site", "cross-site".to_owned())],
        vec![("sec-fetch-site", "same-site".to_owned())],
    ] {
        for (method, path) in [
            (Method::GET, STATE),
            (Method::GET, "/openstack/latest/securitykey"),
            (Method::POST, RESET),
            (Method::OPTIONS, RESET),
            (Method::DELETE, "/_emulator/requests"),
            (Method::POST, "/v3/auth/tokens"),
        ] {
            let headers = [foreign.clone(), vec![json()]].concat();
            let answer = with_headers(&cloud, method.clone(), path, &headers).await;
            assert_eq!(answer.status, 403, "{foreign:?} {method} {path}");
        }
    }
    let answer = with_headers(&cloud, Method::POST, RESET, &[("origin", own), json()]).await;
    assert_eq!(answer.status, 204);
}

#[tokio::test]
async fn what_a_form_can_send_controls_nothing() {
    let cloud = Cloud::start(GUIDE).await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "text/json; application/json"] {
        for path in [RESET, "/_emulator/faults"] {
            let headers = [("content-type", kind.to_owned())];
            let answer = with_headers(&cloud, Method::POST, path, &headers).await;
            assert_eq!(answer.status, 415, "{kind} {path}");
        }
    }
    assert_eq!(with_headers(&cloud, Method::POST, RESET, &[]).await.status, 415);
    let json = [("content-type", "Application/JSON; charset=utf-8".to_owned())];
    assert_eq!(with_headers(&cloud, Method::POST, RESET, &json).await.status, 204);
    assert_eq!(with_headers(&cloud, Method::DELETE, "/_emulator/faults", &[]).await.status, 204);
}

#[tokio::test]
async fn heads_and_bodies_are_bounded() {
    let cloud = Cloud::start(GUIDE).await;
    let own = own_host(&cloud);
    let long = "x".repeat(200_000);
    for endless in [
        format!("GET {STATE}?{long}"),
        format!("GET {STATE} HTTP/1.1\r\nhost: {own}\r\nx-long: {long}"),
    ] {
        let mut stream = TcpStream::connect(&own).await.unwrap();
        // It is cut off, perhaps before all is sent, and perhaps before the answer is read.
        let _ = stream.write_all(endless.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    for path in ["/v3/auth/tokens", "/_emulator/faults"] {
        // Refused for what it says, before anything of it is read.
        let mut stream = TcpStream::connect(&own).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: 13000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}

#[tokio::test]
async fn the_log_is_bounded_in_bytes() {
    let cloud = Cloud::start(GUIDE).await;
    let query = "x".repeat(60_000);
    for number in 0..600 {
        cloud.get(&format!("/v1/none/{number}?{query}")).await;
    }
    let log = cloud.requests().await;
    let bytes: usize = log.iter().map(|entry| entry["query"].as_str().unwrap().len()).sum();
    assert!(bytes <= 32 * 1024 * 1024 && bytes > 30 * 1024 * 1024, "{bytes}");
    assert!(log.last().unwrap()["path"] == "/v1/none/599", "the newest are kept");
    cloud.delete("/_emulator/requests").await.expect(204);
    cloud.get("/v1/none/1").await;
    assert_eq!(cloud.requests().await.len(), 1);
}

#[tokio::test]
async fn what_is_sent_by_half_is_not_waited_for() {
    let patience = Some(Duration::from_millis(50));
    let cloud = Cloud::start_with(GUIDE, Settings { patience, ..Clock::new().settings() }).await;
    let own = own_host(&cloud);
    let length = "content-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    for (half, answer) in [
        (String::new(), ""),
        (format!("GET {STATE} HT"), ""),
        (format!("GET {STATE} HTTP/1.1\r\nhost: {own}\r\nx-slow: "), ""),
        (format!("POST /v3/auth/tokens HTTP/1.1\r\nhost: {own}\r\n{length}"), "HTTP/1.1 408"),
        (format!("POST /_emulator/faults HTTP/1.1\r\nhost: {own}\r\n{length}"), "HTTP/1.1 408"),
    ] {
        let mut stream = TcpStream::connect(&own).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let mut told = Vec::new();
        // It ends, which is the point.
        let _ = stream.read_to_end(&mut told).await;
        let told = String::from_utf8(told).unwrap();
        assert!(told.starts_with(answer), "{half}: {told}");
    }
}

#[tokio::test]
async fn half_sent_requests_do_not_keep_others_out() {
    let cloud = Cloud::start(GUIDE).await;
    let own = own_host(&cloud);
    let mut halves = Vec::new();
    for _ in 0..600 {
        let mut stream = TcpStream::connect(&own).await.unwrap();
        stream.write_all(b"GET /_emulator/st").await.unwrap();
        halves.push(stream);
    }
    assert_eq!(cloud.get(STATE).await.status, 200);
    // The oldest of them had to go.
    let mut rest = Vec::new();
    let _ = halves[0].read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_body_on_its_way_is_not_cut_off_by_other_connections() {
    let cloud = Cloud::start(GUIDE).await;
    let own = own_host(&cloud);
    let mut upload = TcpStream::connect(&own).await.unwrap();
    let head = format!(
        "POST /_emulator/faults HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: 2\r\nexpect: 100-continue\r\n\r\n"
    );
    upload.write_all(head.as_bytes()).await.unwrap();
    // Whoever asks for the body has read the head.
    let mut go_on = [0; 25];
    upload.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut others = Vec::new();
    for _ in 0..600 {
        others.push(TcpStream::connect(&own).await.unwrap());
    }
    assert_eq!(cloud.get(STATE).await.status, 200, "all others were accepted");

    upload.write_all(b"[]").await.unwrap();
    let mut answer = String::new();
    upload.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

#[tokio::test]
async fn other_calls_below_a_collection_are_no_ids() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for path in [
        "/v1/{p}/cloudservers/flavors",
        "/v1/{p}/cloudservers/autorecovery/os-interface",
        "/v1/{p}/ports/action",
        "/v1/{p}/vpcs/statistics",
        "/v1/{p}/subnets/count",
        "/v3/{p}/vpc/vpcs/resource-count",
        "/v3/{p}/vpc/security-groups/count",
    ] {
        cloud.get(path).await.expect_refusal(404, "APIGW.0101");
    }
    let nobody = "00000000-0000-4000-8000-000000000000";
    let missing = cloud.get(&format!("/v1/{{p}}/cloudservers/{nobody}")).await;
    missing.expect_refusal(404, "Ecs.0114");
}

#[tokio::test]
async fn every_project_has_a_default_group() {
    let cloud = Cloud::start(GUIDE).await;
    let groups = cloud.get("/v3/{p}/vpc/security-groups?name=default").await.expect(200);
    assert_eq!(groups["security_groups"].as_array().unwrap().len(), 1);
    // A server that names no group is in it.
    let server = r#"{ "server": { "name": "new", "flavorRef": "s6.small.1", "imageRef": "x",
        "vpcid": "{vpc:vpc-containers}", "nics": [{ "subnet_id": "{subnet:subnet-containers}" }] } }"#;
    cloud.post("/v1/{p}/cloudservers", server).await.expect(200);
    let described = Cloud::start(TWO_TABLES).await;
    let groups = described.get("/v3/{p}/vpc/security-groups?name=default").await.expect(200);
    assert_eq!(groups["security_groups"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_subnet_keeps_its_dhcp_options() {
    let cloud = Cloud::start(GUIDE).await;
    let subnet = r#"{ "subnet": { "name": "s", "cidr": "192.168.9.0/24", "gateway_ip": "192.168.9.1",
        "vpc_id": "{vpc:vpc-containers}",
        "extra_dhcp_opts": [{ "opt_name": "ntp", "opt_value": "10.0.0.1" }] } }"#;
    let made = cloud.post("/v1/{p}/subnets", subnet).await.expect(200);
    let id = made["subnet"]["id"].as_str().unwrap().to_owned();
    let seen = cloud.get(&format!("/v1/{{p}}/subnets/{id}")).await.expect(200);
    let expected: Value =
        serde_json::from_str(r#"[{ "opt_name": "ntp", "opt_value": "10.0.0.1" }]"#).unwrap();
    assert_eq!(seen["subnet"]["extra_dhcp_opts"], expected);
}
