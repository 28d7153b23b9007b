//! Somebody else who works in the same cloud: changes it by its public API with a token of their own, looks at what it
//! holds, and tells it to misbehave.

use std::collections::BTreeMap;

use reqwest::{Client, Method, header::CONTENT_TYPE};
use serde_json::{Value as Json, json};

pub struct Outsider {
    http: Client,
    url: String,
    project: String,
    token: String,
}

/// What the outsider sees in the emulator's state. Names are those of the scenario.
pub struct Sight(pub Json);

impl Outsider {
    /// Logs in at the emulator behind `url` as the user of the scenario.
    pub async fn log_in(url: &str, scenario: &Json) -> Self {
        let user = &scenario["users"][0];
        let domain = json!({ "name": scenario["domain"]["name"] });
        let identity = json!({
            "methods": ["password"],
            "password": {
                "user": { "name": user["name"], "password": user["password"], "domain": domain },
            },
        });
        let scope = json!({ "project": { "id": scenario["project"]["id"] } });
        let http = Client::new();
        let answer = http
            .post(format!("{url}/v3/auth/tokens"))
            .header(CONTENT_TYPE, "application/json")
            .body(json!({ "auth": { "identity": identity, "scope": scope } }).to_string())
            .send()
            .await
            .expect("an answer to the login");
        let token = answer.headers().get("x-subject-token").expect("a token");
        let token = token.to_str().expect("a token is ASCII").to_owned();
        let project = scenario["project"]["id"].as_str().expect("a project").to_owned();
        Self { http, url: url.to_owned(), project, token }
    }

    /// One call of the public API; `{project}` in the path is filled in. Whatever is not a success ends the test.
    pub async fn call(&self, method: &str, path: &str, body: Json) -> Json {
        let path = path.replace("{project}", &self.project);
        let method: Method = method.parse().expect("a method");
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url))
            .header("x-auth-token", &self.token);
        // The emulator wants it where others change it, also without a body.
        if method == Method::POST || !body.is_null() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        if text.is_empty() { Json::Null } else { serde_json::from_str(&text).expect("JSON") }
    }

    pub async fn look(&self) -> Sight {
        Sight(self.call("GET", "/_emulator/state", Json::Null).await)
    }

    /// What was asked of the cloud so far, as `PUT /v1/…`; the project's id is left out of the paths.
    pub async fn requests(&self) -> Vec<String> {
        let log = self.call("GET", "/_emulator/requests", Json::Null).await;
        let entries = log["requests"].as_array().expect("a list").iter();
        entries
            .map(|entry| {
                let path = text(&entry["path"]).replace(&format!("/{}", self.project), "");
                format!("{} {path}", text(&entry["method"]))
            })
            .collect()
    }

    /// Those of the requests that change something.
    pub async fn writes(&self) -> Vec<String> {
        let mut requests = self.requests().await;
        requests.retain(|request| !request.starts_with("GET "));
        requests
    }

    pub async fn forget_requests(&self) {
        self.call("DELETE", "/_emulator/requests", Json::Null).await;
    }

    /// Orders misbehaviour, such as
    /// `[{ "method": "PUT", "path": "/v1/*/routetables/*", "answer": { "status": 500 } }]`.
    pub async fn order_faults(&self, faults: Json) {
        self.call("POST", "/_emulator/faults", faults).await;
    }

    /// Lets one request go wrong: `{"cut": "after"}`, or `{"skip": 1, "answer": {…}}` for the second one.
    pub async fn disturb(&self, method: &str, path: &str, how: Json) {
        let mut fault = how;
        fault["method"] = method.into();
        fault["path"] = path.into();
        self.order_faults(json!([fault])).await;
    }

    pub async fn cancel_faults(&self) {
        self.call("DELETE", "/_emulator/faults", Json::Null).await;
    }

    /// `kind` and `next_hop` in the API's words: `ecs` and the id of a server, for one.
    pub async fn add_route(&self, table: &str, destination: &str, kind: &str, next_hop: &str) {
        let route = json!({ "type": kind, "destination": destination, "nexthop": next_hop });
        self.change_routes(table, json!({ "add": [route] })).await;
    }

    pub async fn change_route(&self, table: &str, destination: &str, kind: &str, next_hop: &str) {
        let route = json!({ "type": kind, "destination": destination, "nexthop": next_hop });
        self.change_routes(table, json!({ "mod": [route] })).await;
    }

    pub async fn delete_route(&self, table: &str, destination: &str) {
        self.change_routes(table, json!({ "del": [{ "destination": destination }] })).await;
    }

    /// `delta` holds `add`, `mod` and `del` in the API's words.
    pub async fn change_routes(&self, table: &str, delta: Json) {
        let path = format!("/v1/{{project}}/routetables/{table}");
        self.call("PUT", &path, json!({ "routetable": { "routes": delta } })).await;
    }

    pub async fn delete_table(&self, id: &str) {
        self.call("DELETE", &format!("/v1/{{project}}/routetables/{id}"), Json::Null).await;
    }

    /// Replaces the port's allowed address pairs.
    pub async fn set_pairs(&self, port: &str, addresses: &[&str]) {
        let pairs: Vec<Json> =
            addresses.iter().map(|address| json!({ "ip_address": address })).collect();
        let path = format!("/v1/{{project}}/ports/{port}");
        self.call("PUT", &path, json!({ "port": { "allowed_address_pairs": pairs } })).await;
    }

    /// Adds a rule in the words of API v3 and returns its id.
    pub async fn add_rule(&self, group: &str, mut rule: Json) -> String {
        rule["security_group_id"] = group.into();
        let path = "/v3/{project}/vpc/security-group-rules";
        let answer = self.call("POST", path, json!({ "security_group_rule": rule })).await;
        text(&answer["security_group_rule"]["id"]).to_owned()
    }

    pub async fn delete_rule(&self, id: &str) {
        let path = format!("/v3/{{project}}/vpc/security-group-rules/{id}");
        self.call("DELETE", &path, Json::Null).await;
    }

    pub async fn delete_group(&self, id: &str) {
        let path = format!("/v3/{{project}}/vpc/security-groups/{id}");
        self.call("DELETE", &path, Json::Null).await;
    }

    /// Deletes the server with its interfaces.
    pub async fn delete_server(&self, id: &str) {
        let doomed = json!({ "servers": [{ "id": id }] });
        self.call("POST", "/v1/{project}/cloudservers/delete", doomed).await;
    }

    /// Deletes the server and makes another one with its name, subnet, address and groups; returns the new id.
    pub async fn rebuild_server(&self, name: &str) -> String {
        let sight = self.look().await;
        let server = sight.find("servers", "name", name);
        let id = text(&server["id"]);
        let nic = sight.nic_of(id);
        let groups = nic["security_groups"].as_array().into_iter().flatten();
        let groups: Vec<Json> = groups.map(|group| json!({ "id": group })).collect();
        self.delete_server(id).await;
        let rebuilt = json!({
            "name": name,
            "flavorRef": "s6.small.1",
            "imageRef": "1e2f3a4b-0000-4000-8000-000000000001",
            "vpcid": server["vpc_id"],
            "nics": [{ "subnet_id": nic["subnet_id"], "ip_address": nic["ip_address"] }],
            "security_groups": groups,
        });
        self.call("POST", "/v1/{project}/cloudservers", json!({ "server": rebuilt })).await;
        text(&self.look().await.find("servers", "name", name)["id"]).to_owned()
    }
}

impl Sight {
    /// The one thing of a kind whose `member` is `value`.
    pub fn find(&self, kind: &str, member: &str, value: &str) -> &Json {
        let mut things = self.0[kind].as_array().into_iter().flatten();
        things
            .find(|thing| thing[member] == value)
            .unwrap_or_else(|| panic!("no {kind} with `{member}` {value:?} in {:#}", self.0[kind]))
    }

    /// The id of something in the scenario by its name.
    pub fn id(&self, kind: &str, name: &str) -> String {
        text(&self.find(kind, "name", name)["id"]).to_owned()
    }

    pub fn port(&self, address: &str) -> &Json {
        self.find("ports", "ip_address", address)
    }

    /// One route of a table, in the API's words.
    pub fn route(&self, table: &str, destination: &str) -> &Json {
        let mut routes = self.find("route_tables", "id", table)["routes"].as_array().into_iter();
        let found = routes.by_ref().flatten().find(|route| route["destination"] == destination);
        found.unwrap_or_else(|| panic!("no route to {destination}"))
    }

    /// One rule of whatever group.
    pub fn rule(&self, id: &str) -> &Json {
        let groups = self.0["security_groups"].as_array().into_iter().flatten();
        let mut rules = groups.filter_map(|group| group["rules"].as_array()).flatten();
        rules.find(|rule| rule["id"] == id).unwrap_or_else(|| panic!("no rule {id}"))
    }

    fn nic_of(&self, server: &str) -> &Json {
        let mut ports = self.0["ports"].as_array().into_iter().flatten();
        let is_primary = |port: &&Json| port["device_id"] == server && port["primary"] == true;
        ports.find(is_primary).unwrap_or_else(|| panic!("no primary NIC of {server}"))
    }

    /// The VPC's default route table.
    pub fn default_table(&self, vpc: &str) -> String {
        let vpc = self.id("vpcs", vpc);
        let mut tables = self.0["route_tables"].as_array().into_iter().flatten();
        let wanted = |table: &&Json| table["vpc_id"] == *vpc && table["default"] == true;
        text(&tables.find(wanted).expect("every VPC has one")["id"]).to_owned()
    }

    /// The routes of a table that somebody made, sorted: `172.16.4.0/24 -> ECS1`. A server goes by its name, another
    /// next hop by its type and id.
    pub fn routes(&self, table: &str) -> Vec<String> {
        let servers: BTreeMap<&str, &str> = self.0["servers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|server| (text(&server["id"]), text(&server["name"])))
            .collect();
        let routes = self.find("route_tables", "id", table)["routes"].as_array().into_iter();
        let mut lines: Vec<String> = routes
            .flatten()
            .map(|route| {
                let (kind, id) = (text(&route["type"]), text(&route["nexthop"]));
                let hop = servers.get(id).map_or_else(|| format!("{kind} {id}"), |n| (*n).into());
                format!("{} -> {hop}", text(&route["destination"]))
            })
            .collect();
        lines.sort_unstable();
        lines
    }

    /// The addresses of a port's pairs, in the cloud's order.
    pub fn pairs(&self, port: &str) -> Vec<String> {
        let pairs = self.find("ports", "id", port)["allowed_address_pairs"].as_array();
        pairs.into_iter().flatten().map(|pair| text(&pair["ip_address"]).to_owned()).collect()
    }

    /// The rules of a group that let ranges in or out, sorted: `ingress udp 53 10.0.0.0/8`. The rules that every group
    /// is born with name no range and are left out.
    pub fn rules(&self, group: &str) -> Vec<String> {
        let rules = self.find("security_groups", "id", group)["rules"].as_array().into_iter();
        let mut lines: Vec<String> = rules
            .flatten()
            .filter_map(|rule| {
                let prefix = rule["remote"]["prefix"].as_str()?;
                let protocol = rule["protocol"].as_str().unwrap_or("any");
                let ports = rule["ports"]["ranges"].as_array().map(|ranges| {
                    let range = |range: &Json| match (&range[0], &range[1]) {
                        (low, high) if low == high => low.to_string(),
                        (low, high) => format!("{low}-{high}"),
                    };
                    ranges.iter().map(range).collect::<Vec<_>>().join(",") + " "
                });
                let ports = ports.unwrap_or_default();
                Some(format!("{} {protocol} {ports}{prefix}", text(&rule["direction"])))
            })
            .collect();
        lines.sort_unstable();
        lines
    }
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_else(|| panic!("a text, not {json}"))
}
