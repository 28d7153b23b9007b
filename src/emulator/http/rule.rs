//! Security group rules: `/v1/{project_id}/security-group-rules`, `/v3/{project_id}/vpc/security-group-rules`, and
//! v3's call for several at once. The versions see the same rules and write ports differently.

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, dry_run_passed, read},
    query::page_info,
};
use crate::emulator::world::{
    Api, Outcome, Refusal, World,
    rule::{AskedRule, Ports, Remote, Rule},
    security_group::SecurityGroup,
};

/// How many rules the call for several may carry.
const MOST_RULES_AT_ONCE: usize = 200;

pub(super) fn v1() -> Router<App> {
    Router::new()
        .route("/v1/{project_id}/security-group-rules", get(read(list_v1)).post(change(create_v1)))
        .route(
            "/v1/{project_id}/security-group-rules/{rule_id}",
            get(read(show_v1)).delete(change(delete_v1)),
        )
}

pub(super) fn v3() -> Router<App> {
    let rules = "/v3/{project_id}/vpc/security-group-rules";
    Router::new()
        .route(rules, get(read(list_v3)))
        .route(&format!("{rules}/{{rule_id}}"), get(read(show_v3)).delete(change(delete_v3)))
}

pub(super) fn v3_create() -> Router<App> {
    Router::new().route("/v3/{project_id}/vpc/security-group-rules", post(change(create_v3)))
}

pub(super) fn v3_batch() -> Router<App> {
    let group = "/v3/{project_id}/vpc/security-groups/{group_id}";
    let path = format!("{group}/security-group-rules/batch-create");
    Router::new().route(&path, post(change(create_batch)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBodyV1 {
    security_group_rule: RuleBodyV1,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleBodyV1 {
    security_group_id: String,
    direction: Option<String>,
    ethertype: Option<String>,
    protocol: Option<String>,
    port_range_min: Option<Value>,
    port_range_max: Option<Value>,
    remote_ip_prefix: Option<String>,
    remote_group_id: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBodyV3 {
    security_group_rule: RuleBodyV3,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchBody {
    security_group_rules: Vec<RuleBodyV3>,
    #[serde(default)]
    ignore_duplicate: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleBodyV3 {
    security_group_id: Option<String>,
    direction: Option<String>,
    ethertype: Option<String>,
    protocol: Option<String>,
    multiport: Option<String>,
    remote_ip_prefix: Option<String>,
    remote_group_id: Option<String>,
    remote_address_group_id: Option<String>,
    action: Option<String>,
    priority: Option<i64>,
    enabled: Option<bool>,
    description: Option<String>,
}

fn list_v1(world: &World, call: &Call) -> Handled {
    let known = ["security_group_id", "remote_ip_prefix", "limit", "marker"];
    let query = call.query.only(&known, invalid_v1)?;
    let found = world.rules().filter(|(group, rule)| {
        let prefix = remote_prefix(rule).unwrap_or_default();
        query.fits("security_group_id", &group.id) && query.fits("remote_ip_prefix", &prefix)
    });
    let found: Vec<(&SecurityGroup, &Rule)> = found.collect();
    let page = query.page(found.iter().collect(), |(_, rule)| &rule.id, invalid_v1)?;
    let rules: Vec<Value> =
        page.items.iter().map(|(group, rule)| rule_v1(world, &group.id, rule)).collect();
    Ok(Reply::json(200, json!({ "security_group_rules": rules })))
}

fn show_v1(world: &World, call: &Call) -> Handled {
    let (group, rule) = world.rule(call.path("rule_id"), Api::V1)?;
    Ok(Reply::json(200, json!({ "security_group_rule": rule_v1(world, &group.id, rule) })))
}

fn create_v1(world: &mut World, call: &Call) -> Handled {
    let CreateBodyV1 { security_group_rule: body } = call.body(invalid_v1)?;
    let group_id = body.security_group_id.clone();
    let asked = asked_v1(body, call.variants().default_priority.v1)?;
    let id = world.mint("rule");
    world.create_rule(id.clone(), &group_id, asked, Api::V1, call.now)?;
    let (group, rule) = world.rule(&id, Api::V1)?;
    Ok(Reply::json(200, json!({ "security_group_rule": rule_v1(world, &group.id, rule) })))
}

fn delete_v1(world: &mut World, call: &Call) -> Handled {
    world.delete_rule(call.path("rule_id"), Api::V1)?;
    Ok(Reply::empty(204))
}

fn list_v3(world: &World, call: &Call) -> Handled {
    let known = [
        "id",
        "security_group_id",
        "protocol",
        "description",
        "remote_group_id",
        "direction",
        "action",
        "remote_ip_prefix",
        "priority",
        "ethertype",
        "remote_address_group_id",
        "enabled",
        "limit",
        "marker",
    ];
    let query = call.query.only(&known, invalid_v3)?;
    let found: Vec<(&SecurityGroup, &Rule)> = world
        .rules()
        .filter(|(group, rule)| {
            // What callers see is what they filter by.
            let shown = rule_v3_in_full(world, &group.id, rule);
            known[..12].iter().all(|key| query.fits(key, &as_text(&shown[*key])))
        })
        .collect();
    let page = query.page(found.iter().collect(), |(_, rule)| &rule.id, invalid_v3)?;
    let rules: Vec<Value> =
        page.items.iter().map(|(group, rule)| rule_v3(world, &group.id, rule)).collect();
    let info = page_info(&page, |(_, rule)| &rule.id);
    Ok(Reply::numbered(200, json!({ "security_group_rules": rules, "page_info": info })))
}

fn show_v3(world: &World, call: &Call) -> Handled {
    let (group, rule) = world.rule(call.path("rule_id"), Api::V3)?;
    let shown = rule_v3_in_full(world, &group.id, rule);
    Ok(Reply::numbered(200, json!({ "security_group_rule": shown })))
}

fn create_v3(world: &mut World, call: &Call) -> Handled {
    let CreateBodyV3 { security_group_rule: body, dry_run } = call.body(invalid_v3)?;
    let Some(group_id) = body.security_group_id.clone() else {
        return Err(invalid_v3("security_group_id is missing."));
    };
    let asked = asked_v3(body, call.variants().default_priority.v3)?;
    if dry_run {
        world.clone().create_rule(String::new(), &group_id, asked, Api::V3, call.now)?;
        return Ok(dry_run_passed());
    }
    let id = world.mint("rule");
    world.create_rule(id.clone(), &group_id, asked, Api::V3, call.now)?;
    let (group, rule) = world.rule(&id, Api::V3)?;
    let shown = rule_v3_created(world, &group.id, rule);
    Ok(Reply::numbered(201, json!({ "security_group_rule": shown })))
}

fn create_batch(world: &mut World, call: &Call) -> Handled {
    let BatchBody { security_group_rules, ignore_duplicate } = call.body(invalid_v3)?;
    let group_id = call.path("group_id");
    if security_group_rules.is_empty() {
        return Err(invalid_v3("security_group_rules is empty."));
    }
    if security_group_rules.iter().any(|rule| rule.security_group_id.is_some()) {
        return Err(invalid_v3("security_group_id belongs into the path."));
    }
    if security_group_rules.len() > MOST_RULES_AT_ONCE {
        return Err(invalid_v3("security_group_rules must have 1 to 200 rules."));
    }
    let priority = call.variants().default_priority.v3_batch;
    let rules = security_group_rules.into_iter();
    let asked = rules.map(|rule| asked_v3(rule, priority)).collect::<Outcome<Vec<_>>>()?;
    let (created, outcome) = world.create_rules(group_id, asked, ignore_duplicate, call.now);
    if let Err(refusal) = outcome {
        return match created.is_empty() {
            true => Err(refusal),
            false => Ok(Reply::refusal(&refusal)),
        };
    }
    let rules = created
        .iter()
        .map(|id| world.rule(id, Api::V3).map(|(_, rule)| rule_v3_in_full(world, group_id, rule)))
        .collect::<Outcome<Vec<Value>>>()?;
    Ok(Reply::numbered(201, json!({ "security_group_rules": rules })))
}

fn delete_v3(world: &mut World, call: &Call) -> Handled {
    world.delete_rule(call.path("rule_id"), Api::V3)?;
    Ok(Reply::empty(204))
}

fn asked_v1(body: RuleBodyV1, default_priority: i64) -> Outcome<AskedRule> {
    let protocol = body.protocol.as_deref().map(str::to_ascii_lowercase);
    let icmp = matches!(protocol.as_deref(), Some("icmp" | "icmpv6" | "1" | "58"));
    let low = number(body.port_range_min.as_ref(), "port_range_min")?;
    let high = number(body.port_range_max.as_ref(), "port_range_max")?;
    let ports = match (low, high) {
        (None, None) => Some(Ports::All),
        (None, Some(_)) => None,
        (Some(kind), code) if icmp => {
            let code = code.map(u8::try_from).transpose().map_err(|_| range("port_range_max"))?;
            let kind = u8::try_from(kind).map_err(|_| range("port_range_min"))?;
            Some(Ports::IcmpType { kind, code })
        }
        (Some(low), high) => Ports::parse(&format!("{low}-{}", high.unwrap_or(low))),
    };
    Ok(AskedRule {
        direction: body.direction,
        ethertype: body.ethertype,
        protocol: body.protocol,
        ports: ports.ok_or_else(|| range("port_range_min, port_range_max"))?,
        remote_ip_prefix: body.remote_ip_prefix,
        remote_group_id: body.remote_group_id,
        remote_address_group_id: None,
        action: None,
        priority: default_priority,
        enabled: None,
        description: body.description,
    })
}

fn asked_v3(body: RuleBodyV3, default_priority: i64) -> Outcome<AskedRule> {
    let ports = match body.multiport.as_deref() {
        None => Ports::All,
        Some(text) => Ports::parse(text).ok_or_else(|| invalid_v3("multiport is invalid."))?,
    };
    Ok(AskedRule {
        direction: body.direction,
        ethertype: body.ethertype,
        protocol: body.protocol,
        ports,
        remote_ip_prefix: body.remote_ip_prefix,
        remote_group_id: body.remote_group_id,
        remote_address_group_id: body.remote_address_group_id,
        action: body.action,
        priority: body.priority.unwrap_or(default_priority),
        enabled: body.enabled,
        description: body.description,
    })
}

/// Ports are numbers, and accepted as texts.
fn number(value: Option<&Value>, field: &str) -> Outcome<Option<u16>> {
    let Some(value) = value else { return Ok(None) };
    let text = as_text(value);
    text.parse().map(Some).map_err(|_| range(field))
}

fn range(field: &str) -> Refusal {
    invalid_v1(&format!("{field} is invalid."))
}

/// A rule in version 1, which can say one range or an ICMP type but no list.
pub(super) fn rule_v1(world: &World, group_id: &str, rule: &Rule) -> Value {
    let (low, high) = match &rule.ports {
        Ports::Ranges(ranges) if ranges.len() == 1 => (Some(ranges[0].0), Some(ranges[0].1)),
        Ports::IcmpType { kind, code } => (Some(u16::from(*kind)), code.map(u16::from)),
        _ => (None, None),
    };
    json!({
        "id": rule.id,
        "tenant_id": world.project_id,
        "security_group_id": group_id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "port_range_min": low,
        "port_range_max": high,
        "remote_ip_prefix": remote_prefix(rule),
        "remote_group_id": remote_group(rule),
        "description": rule.description,
    })
}

/// A rule as lists of version 3 have it: without `enabled`.
pub(super) fn rule_v3(world: &World, group_id: &str, rule: &Rule) -> Value {
    let mut shown = rule_v3_in_full(world, group_id, rule);
    if let Some(members) = shown.as_object_mut() {
        members.remove("enabled");
    }
    shown
}

/// A rule in version 3, which has no word for ICMP types.
fn rule_v3_in_full(world: &World, group_id: &str, rule: &Rule) -> Value {
    let multiport = match &rule.ports {
        Ports::Ranges(ranges) => Some(multiport(ranges)),
        Ports::All | Ports::IcmpType { .. } => None,
    };
    json!({
        "id": rule.id,
        "project_id": world.project_id,
        "security_group_id": group_id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "multiport": multiport,
        "remote_ip_prefix": remote_prefix(rule),
        "remote_group_id": remote_group(rule),
        "remote_address_group_id": remote_address_group(rule),
        "action": rule.action,
        "priority": rule.priority,
        "enabled": rule.enabled,
        "description": rule.description,
        "created_at": rule.created_at.with_z(),
        "updated_at": rule.updated_at.with_z(),
    })
}

/// As above, with the other spelling of time that the answer to the creation of one rule has.
fn rule_v3_created(world: &World, group_id: &str, rule: &Rule) -> Value {
    let mut shown = rule_v3_in_full(world, group_id, rule);
    shown["created_at"] = rule.created_at.with_offset().into();
    shown["updated_at"] = rule.updated_at.with_offset().into();
    shown
}

fn multiport(ranges: &[(u16, u16)]) -> String {
    let texts: Vec<String> = ranges
        .iter()
        .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
        .collect();
    texts.join(",")
}

fn remote_prefix(rule: &Rule) -> Option<String> {
    match &rule.remote {
        Remote::Prefix(prefix) => Some(prefix.to_string()),
        _ => None,
    }
}

fn remote_group(rule: &Rule) -> Option<&str> {
    match &rule.remote {
        Remote::Group(group) => Some(group),
        _ => None,
    }
}

fn remote_address_group(rule: &Rule) -> Option<&str> {
    match &rule.remote {
        Remote::AddressGroup(group) => Some(group),
        _ => None,
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn invalid_v1(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.0601", format!("Param is invalid. {what}"))
}

fn invalid_v3(what: &str) -> Refusal {
    Refusal::v3(400, "VPC.9901", format!("Param is invalid. {what}"))
}
