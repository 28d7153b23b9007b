//! Through every real client: a proxy that does not let the provider through is named as what it is.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use serde_json::json;

use crate::harness::terraform::{Workspace, for_each_cli};

const CONFIGURATION: &str = r#"
variable "endpoints" { type = map(string) }

provider "huaweivpc" {
  endpoints   = var.endpoints
  project_id  = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
  max_retries = 0
}

terraform {
  required_providers {
    huaweivpc = { source = "huaweivpc/huaweivpc" }
  }
}

data "huaweivpc_vpc" "any" { name = "any" }
"#;

/// A proxy that gives everybody this answer, head and body. It lives as long as the tests do.
fn proxy(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            // Whoever has hung up needs no answer.
            let _ = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let refusing = proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let asking = proxy("HTTP/1.1 407 Asks\r\nContent-Length: 0\r\n\r\n");
    let page = proxy(
        "HTTP/1.1 403 No\r\nContent-Length: 51\r\nConnection: close\r\n\r\n\
         <html><h1>Blocked</h1>by <b>squid</b> of pass-w0rd1",
    );
    for_each_cli(|cli| {
        for (variable, proxy, scheme, words) in [
            ("HTTPS_PROXY", &refusing, "https", "refuses to connect to vpc.cloud.invalid"),
            ("HTTPS_PROXY", &asking, "https", "asks for a user and a password"),
            ("HTTP_PROXY", &page, "http", "answered: Blocked by squid of (concealed)"),
        ] {
            let mut workspace = Workspace::new(cli);
            let url = format!("{scheme}://vpc.cloud.invalid");
            workspace
                .set("HW_REGION_NAME", "cn-north-4")
                .set("HW_ACCESS_KEY", "EMULATORACCESSKEY001")
                .set("HW_SECRET_KEY", "emulator-secret-key-not-a-real-one-00001")
                .set("TF_VAR_endpoints", json!({ "iam": url, "vpc": url, "ecs": url }).to_string());
            workspace.write("main.tf", CONFIGURATION);
            workspace.init();
            let with_user = proxy.replace("http://", "http://user:pass-w0rd1@");
            workspace.set(variable, with_user);

            let run = workspace.run(&["plan", "-no-color"]);

            let told =
                run.stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
            assert!(told.contains("Refused by the proxy"), "{told}");
            let named = format!("the proxy {proxy} {words}");
            assert!(told.contains(&named), "{named}: {told}");
            assert!(!told.contains("pass-w0rd1"), "{told}");
        }
    });
}
