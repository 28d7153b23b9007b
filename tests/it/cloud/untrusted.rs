//! What the cloud or a proxy says is quoted without secrets, without what steers a terminal, and not at any length; and
//! no answer and no list is read for ever.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::{Engine, engine::general_purpose::STANDARD};
use huaweivpc::cloud::{AccessKey, Config, Credentials, Error, Kind, Wish};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{
    TABLE, VPC, change, cloud, config, id,
    script::{Reply, Server, json, text},
};

/// With characters that each encoding writes in its own way.
const SECRET: &str = "Wq/7+Lm=\"Zk&Tr<Vn 8%Hs\\Pd'Gx";

/// The error of a read that is answered so.
async fn told(reply: Reply) -> Error {
    told_with(SECRET, reply).await
}

async fn told_with(secret: &str, reply: Reply) -> Error {
    let server = Server::start([reply]).await;
    let key = AccessKey {
        access_key: "AKEXAMPLE0123456789A".to_owned(),
        secret_key: secret.into(),
        security_token: None,
    };
    let credentials = Credentials::AccessKey(key);
    // There is one answer: a second read would get another one.
    let config = Config { credentials, max_retries: 0, ..config(&server) };
    crate::cloud::connect(config).route_table(&id(TABLE)).await.unwrap_err()
}

fn html(text: &str) -> String {
    let escape = |character| match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        '/' => "&#x2F;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

#[tokio::test]
async fn a_secret_is_concealed_in_every_spelling_and_place() {
    let escaped = json!(SECRET).to_string().trim_matches('"').to_owned();
    let percent = utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string();
    let spellings = [
        SECRET.to_owned(),
        escaped.replace('/', "\\/"),
        escaped,
        percent.replace("%2F", "%2f").replace("%2B", "%2b"),
        utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string(),
        percent,
        html(SECRET),
        STANDARD.encode(SECRET),
        STANDARD.encode(format!("user:{SECRET}")),
        STANDARD.encode(format!("u1:{SECRET}!")),
        hex::encode(SECRET),
    ];
    for spelling in &spellings {
        let quoted = format!("signature of {spelling} failed");
        for reply in [
            json(401, json!({ "error_code": "APIGW.0301", "error_msg": quoted })),
            json(400, json!({ "error_code": quoted, "error_msg": "no" })),
            json(400, json!({ "error_code": "C", "error_msg": "no", "request_id": quoted })),
            text(400, &quoted),
            text(400, &format!("<html><title>Denied</title><p>{quoted}</p>")),
            // Cut short in the middle of the secret.
            text(400, &format!("{}{quoted}", "x".repeat(270))),
            // The complaint of the reader of a success quotes it.
            json(200, json!({ "routetable": { "id": quoted, "vpc_id": VPC } })),
            json(200, json!({ "routetable": { "id": TABLE, "vpc_id": VPC, "routes": quoted } })),
        ] {
            let error = told(reply).await;
            let told = format!("{error:?} {error}");
            for part in [8, 20].map(|length| &spelling[..spelling.floor_char_boundary(length)]) {
                assert!(!told.contains(part), "{part} in {told}");
            }
        }
    }
    for header in ["X-Request-Id", "X-Iam-Trace-Id"] {
        let error = told(text(400, "no").with(header, &STANDARD.encode(SECRET))).await;
        assert!(error.request_id().unwrap().starts_with("(concealed)"), "{error}");
    }
}

#[tokio::test]
async fn a_secret_as_short_as_a_word_spoils_no_text() {
    for word in ["route", "default", "a"] {
        let error = told_with(word, json(400, json!({ "error_msg": "no default route" }))).await;
        assert_eq!(error.message(), "no default route");
    }
}

#[tokio::test]
async fn what_steers_a_terminal_is_escaped_and_what_is_long_is_cut() {
    let message = "no\u{1b}[2J\r\nError: forged \u{202e}desrever\u{7} \u{9b}31m";
    let error = told(json(400, json!({ "error_code": "C\n\u{1b}", "error_msg": message }))).await;
    assert_eq!(error.message(), "no\\u001b[2J Error: forged \\u202edesrever\\u0007 \\u009b31m");
    assert_eq!(error.code(), Some("C\\n\\u001b"));

    let long = "x".repeat(700_000);
    let error = told(json(400, json!({ "error_code": long, "error_msg": long }))).await;
    assert!(error.to_string().len() < 2_000, "{}", error.to_string().len());
    let error = told(json(200, json!({ "routetable": { "id": long } }))).await;
    assert!(format!("{error:?}").len() < 5_000);
}

#[tokio::test]
async fn a_page_is_reduced_to_its_text() {
    let page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>p { color: red }</style>\
                <script>alert('<p>')</script></head><body><!-- a comment --><h1>Bad&nbsp;Gateway</h1>\
                <p>squid &amp; co &#60;b&#x3e;</p></body></html>";
    let error = told(text(400, page)).await;
    assert_eq!(error.message(), "502 Bad Gateway Bad Gateway squid & co <b>");
    // No page: what stands in brackets is a value.
    let error = told(json(400, json!({ "error_msg": "the cidr <10.0.0.0/8> overlaps" }))).await;
    assert_eq!(error.message(), "the cidr <10.0.0.0/8> overlaps");
}

/// A server that never stops writing.
async fn endless(head: &'static str, chunk: &'static [u8]) -> Server {
    let server = Server::start([]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(chunk).await.is_ok() {}
            });
        }
    });
    server.at(url)
}

#[tokio::test]
async fn an_answer_that_never_ends_is_not_read_to_its_end() {
    const CHUNK: &[u8] = &[b' '; 64 << 10];
    for (head, status) in [
        ("HTTP/1.1 200 x\r\n\r\n", 200),
        ("HTTP/1.1 200 x\r\nContent-Length: 9000000000\r\n\r\n", 200),
        ("HTTP/1.1 400 x\r\n\r\n", 400),
    ] {
        let server = endless(head, CHUNK).await;
        let error = cloud(&server).route_table(&id(TABLE)).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{error:?}");
        if status == 200 {
            assert_eq!(error.kind(), Kind::Unreadable);
            assert!(error.message().contains("longer than 32 MiB"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_compressed_is_said_to_be() {
    let error = told(text(200, "\u{1f}").with("Content-Encoding", "gzip")).await;
    assert!(error.message().contains("compressed (gzip)"), "{error}");
}

#[tokio::test]
async fn a_list_ends_whatever_markers_the_cloud_gives() {
    let next: [fn(usize) -> String; 3] =
        [|_| "a".to_owned(), |page| ["a", "b"][page % 2].to_owned(), |page| page.to_string()];
    for (next, most) in next.into_iter().zip([2, 3, 500]) {
        let pages = AtomicUsize::new(0);
        let server = Server::answering(move |_| {
            let marker = next(pages.fetch_add(1, Ordering::Relaxed));
            let page = json!({ "security_groups": [], "page_info": { "next_marker": marker } });
            std::future::ready(json(200, page))
        })
        .await;
        let error = cloud(&server).security_groups(None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unreadable);
        assert!(error.message().contains("has no end"), "{error}");
        assert!(server.lines().len() <= most, "{}", server.lines().len());
    }
}

#[tokio::test]
async fn what_an_answer_holds_instead_is_named_as_a_foreign_word() {
    let error =
        told(json(200, json!({ "routetable": { "id": "\u{1b}[2Jx", "vpc_id": VPC } }))).await;
    assert!(error.message().contains("[2Jx") && !error.message().contains('\u{1b}'), "{error}");

    let foreign =
        json!({ "type": "ecs\nError:", "destination": "10.244.1.0/24", "nexthop": "\u{1b}[31m" });
    let table = json!({ "routetable": { "id": TABLE, "vpc_id": VPC, "routes": [foreign] } });
    let removed = json!({ "routetable": { "id": TABLE, "vpc_id": VPC, "routes": [] } });
    let server = Server::answering(move |seen| {
        let shown = if seen.method == "PUT" { &removed } else { &table }.clone();
        async move { json(200, shown) }
    })
    .await;
    let wish = Wish::Remove { destination: "10.244.1.0/24".parse().unwrap(), expected: None };
    let error = change(&cloud(&server)).write_route(&id(TABLE), wish).await.unwrap_err();
    assert!(error.message().contains("does not show it"), "{error}");
    assert!(!error.message().contains(['\u{1b}', '\n']), "{error:?}");
}
