//! Quotas: `/v1/{project_id}/quotas`, a list, and `/v3/{project_id}/vpc/quotas`, one flat object.

use axum::{Router, routing::get};
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, read},
};
use crate::emulator::world::{Refusal, World};

pub(super) fn v1() -> Router<App> {
    Router::new().route("/v1/{project_id}/quotas", get(read(list)))
}

pub(super) fn v3() -> Router<App> {
    Router::new().route("/v3/{project_id}/vpc/quotas", get(read(show)))
}

fn list(world: &World, call: &Call) -> Handled {
    let query = call.query.only(&["type"], invalid)?;
    let lines = world.quota_lines();
    if let Some(kind) = query.one("type")
        && !lines.iter().any(|line| line.kind == kind)
    {
        return Err(invalid(&format!("resource type {kind} is invalid.")));
    }
    let resources: Vec<Value> = lines
        .iter()
        .filter(|line| query.fits("type", line.kind))
        .map(|line| json!({ "type": line.kind, "used": line.used, "quota": line.quota, "min": 0 }))
        .collect();
    Ok(Reply::json(200, json!({ "quotas": { "resources": resources } })))
}

/// No item of it says how many routes a table holds. `-1` is the cloud's word for "ask version 1".
fn show(world: &World, call: &Call) -> Handled {
    call.query.only(&[], |what| Refusal::v3(400, "VPC.9901", what))?;
    let quota = json!({
        "security_group_rule": world.quotas.security_group_rule,
        "secgroup_contain_rules": -1,
        "eni_contain_secgroup": -1,
        "secgroup_referred_by_nic": -1,
        "vpc_contain_virsubnet": world.quotas.subnet,
        "subnet_contain_eni": -1,
        "security_group_contain_ingress_ipv4_composite_rules": -1,
        "security_group_contain_ingress_ipv6_composite_rules": -1,
        "security_group_contain_egress_ipv4_composite_rules": -1,
        "security_group_contain_egress_ipv6_composite_rules": -1,
        "rtb_allow_sys_cidr_routes": 0,
    });
    Ok(Reply::numbered(200, json!({ "quota": quota })))
}

fn invalid(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.1207", what)
}
