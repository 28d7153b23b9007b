//! A row of the table: a block of HCL with a mistake in it, and what has to be said about it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::body::Body;
use crate::harness::run::Diagnostic;

/// Ids of `cloud.json`.
pub const VPC: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub const OTHER_VPC: &str = "aaaaaaaa-0000-4000-8000-000000000002";
pub const GROUP: &str = "bbbbbbbb-0000-4000-8000-000000000001";
/// ICMP from 10.9.0.0/16, made by somebody else.
pub const FOREIGN_RULE: &str = "cccccccc-0000-4000-8000-000000000001";
pub const SERVER: &str = "dddddddd-0000-4000-8000-000000000001";
pub const SERVER_ELSEWHERE: &str = "dddddddd-0000-4000-8000-000000000004";
pub const PORT: &str = "eeeeeeee-0000-4000-8000-000000000001";
pub const PORT_ELSEWHERE: &str = "eeeeeeee-0000-4000-8000-000000000004";
/// The default table of [`VPC`]. It holds somebody else's route to 10.9.0.0/24.
pub const TABLE: &str = "ffffffff-0000-4000-8000-000000000001";
pub const FULL_TABLE: &str = "ffffffff-0000-4000-8000-000000000002";
/// Nothing has this id.
pub const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

pub const VPC_DATA: &str = "data \"huaweivpc_vpc\"";
pub const SUBNET_DATA: &str = "data \"huaweivpc_subnet\"";
pub const TABLE_DATA: &str = "data \"huaweivpc_route_table\"";
pub const GROUP_DATA: &str = "data \"huaweivpc_security_group\"";
pub const HOSTS_DATA: &str = "data \"huaweivpc_ecs_hosts\"";

pub struct Row {
    /// The label of the block.
    pub name: &'static str,
    /// `resource "huaweivpc_container_route"`, and so on.
    kind: &'static str,
    body: Body,
    /// What stands there, and is applied, before the mistake is made.
    before: Option<Body>,
    /// A block that goes with it: its import, its provider.
    beside: String,
    import_id: Option<&'static str>,
    says: Vec<Says>,
}

/// One diagnostic. `at` is the attribute it points to; empty is the block as a whole.
struct Says {
    at: &'static str,
    summary: &'static str,
    phrases: &'static [&'static str],
}

/// A route that could be.
pub fn route(name: &'static str) -> Row {
    Row::new("resource \"huaweivpc_container_route\"", name)
        .with("vpc_id", VPC)
        .with("destination", "10.0.2.0/24")
        .with("host_ip", "192.168.0.2")
}

/// A source check that could be.
pub fn source_check(name: &'static str) -> Row {
    Row::new("resource \"huaweivpc_ecs_port_source_check\"", name).with("port_id", PORT)
}

/// Rules that could be.
pub fn rules(name: &'static str) -> Row {
    Row::new("resource \"huaweivpc_secgroup_icmp_udp_rule\"", name)
        .with("security_group_id", GROUP)
        .with("remote_ip_prefix", "10.0.0.0/16")
}

/// A plan that could be.
pub fn plan(name: &'static str) -> Row {
    Row::new("data \"huaweivpc_container_cidr_plan\"", name).with("vpc_id", VPC).with(
        "hosts",
        json!({ "a": { "host_ip": "192.168.0.2", "container_cidr": "10.0.2.0/24" } }),
    )
}

/// A look-up of this type.
pub fn look_up(kind: &'static str, name: &'static str) -> Row {
    Row::new(kind, name)
}

/// A call of a function of the provider.
pub fn call(name: &'static str, call: &str) -> Row {
    let mut row = Row::new("output", name);
    row.body.set_expression("value", &format!("provider::huaweivpc::{call}"));
    row
}

/// Somebody who asks the cloud, by a provider with a mistake in it.
pub fn asker(name: &'static str, provider: Body) -> Row {
    let mut row = plan(name);
    row.body.set_expression("provider", &format!("huaweivpc.{name}"));
    row.beside = provider.with("alias", name).in_block("provider \"huaweivpc\"");
    row
}

/// The arguments of a provider block that could be, with the emulator at `url`.
pub fn provider(url: &str) -> Body {
    Body::default()
        .with("region", "cn-north-4")
        .with("access_key", "EMULATORACCESSKEY001")
        .with("secret_key", "emulator-secret-key-not-a-real-one-00001")
        .with("project_id", "0a1b2c3d4e5f60718293a4b5c6d7e8f9")
        .with("max_retries", 0)
        .with("endpoints", json!({ "iam": url, "vpc": url, "ecs": url }))
}

impl Row {
    fn new(kind: &'static str, name: &'static str) -> Self {
        Self {
            name,
            kind,
            body: Body::default(),
            before: None,
            beside: String::new(),
            import_id: None,
            says: Vec::new(),
        }
    }

    pub fn with(mut self, argument: &'static str, value: impl Into<Value>) -> Self {
        self.body = self.body.with(argument, value);
        self
    }

    pub fn with_timeout(mut self, operation: &str, limit: &str) -> Self {
        self.body = self.body.with_block("timeouts", &[(operation, limit)]);
        self
    }

    pub fn without(mut self, argument: &'static str) -> Self {
        self.body = self.body.without(argument);
        self
    }

    /// Up to here it is right, and is applied; what follows is the mistake.
    pub fn then(mut self) -> Self {
        self.before = Some(self.body.clone());
        self
    }

    /// With an import block of its own.
    pub fn imported_as(mut self, id: &'static str) -> Self {
        self.beside = format!("import {{\n  to = {}\n  id = {id:?}\n}}\n", self.address());
        self.import_id = Some(id);
        self
    }

    /// A diagnostic at this attribute, and parts of what it has to say. Call it again for each further one.
    pub fn says(
        mut self,
        at: &'static str,
        summary: &'static str,
        phrases: &'static [&'static str],
    ) -> Self {
        self.says.push(Says { at, summary, phrases });
        self
    }

    pub fn hcl(&self) -> String {
        self.body.in_block(&self.head()) + &self.beside
    }

    /// The block before the mistake, if there is one.
    pub fn hcl_before(&self) -> Option<String> {
        self.before.as_ref().map(|body| body.in_block(&self.head()))
    }

    fn head(&self) -> String {
        format!("{} {:?}", self.kind, self.name)
    }

    /// The address of a resource.
    pub fn address(&self) -> String {
        let (_, kind) = self.kind.split_once(' ').expect("a kind and a type");
        format!("{}.{}", kind.trim_matches('"'), self.name)
    }

    /// Whether a diagnostic is about this row.
    pub fn claims(&self, diagnostic: &Diagnostic) -> bool {
        diagnostic.context == self.head()
            // Of a provider block, the context lacks the alias.
            || diagnostic.address.ends_with(&format!("].{}", self.name))
            // Of an import, Terraform shows no place at all.
            || self.import_id.is_some_and(|id| {
                diagnostic.detail.contains(id) || diagnostic.detail.contains(&format!(".{}\"", self.name))
            })
    }

    /// What the row misses in the diagnostics about it, and what it did not foresee. Empty is right.
    pub fn complaints(&self, diagnostics: &[&Diagnostic]) -> String {
        let mut complaints = String::new();
        let mut left = diagnostics.to_vec();
        for says in &self.says {
            match left.iter().position(|diagnostic| says.missing_in(diagnostic).is_empty()) {
                Some(position) => drop(left.remove(position)),
                None => {
                    let nearest = left.iter().map(|it| says.missing_in(it)).min_by_key(Vec::len);
                    let _ = writeln!(
                        complaints,
                        "{}: no {:?}; the nearest misses {nearest:?}",
                        self.name, says.summary
                    );
                }
            }
        }
        for diagnostic in left {
            let _ = writeln!(complaints, "{}: not foreseen: {diagnostic:#?}", self.name);
        }
        complaints
    }
}

impl Says {
    fn missing_in(&self, diagnostic: &Diagnostic) -> Vec<String> {
        let Diagnostic { summary, detail, code, .. } = diagnostic;
        let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut missing = Vec::new();
        if summary != self.summary {
            missing.push(format!("the summary, it is {summary:?}"));
        }
        let phrases = self.phrases.iter().filter(|phrase| !detail.contains(**phrase));
        missing.extend(phrases.map(|phrase| format!("{phrase:?}")));
        if !self.is_named_in(&format!("{summary} {detail}")) {
            missing.push(format!("the name of {:?}", self.at));
        }
        if !self.is_at(code) {
            missing.push(format!("the place {:?}, it is {code:?}", self.at));
        }
        missing
    }

    /// As `destination`, `timeouts.create` or `hosts["a"]`.
    fn is_named_in(&self, text: &str) -> bool {
        let at = self.at;
        let forms = [format!("`{at}`"), format!(".{at}`"), format!("[{at:?}]")];
        at.is_empty() || forms.iter().any(|form| text.contains(form))
    }

    /// Whether this is the piece of configuration that is meant. Of an import, Terraform shows none; of a
    /// call, all of it.
    fn is_at(&self, code: &str) -> bool {
        let code = code.trim();
        if self.at.is_empty() {
            code.is_empty() || code.ends_with("\" {") || code.starts_with("value = provider::")
        } else {
            code.trim_start_matches('"').starts_with(self.at)
        }
    }
}
