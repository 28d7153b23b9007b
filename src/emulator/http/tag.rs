//! Tags: `/v2.0/{project_id}/{vpcs|subnets|security-groups}/{id}/tags`.

use std::collections::BTreeMap;

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, read},
};
use crate::emulator::world::{Outcome, Refusal, World, tag::Tagged};

/// What can have tags, and what its id is called in the path.
const KINDS: &[(&str, &str, Tagged)] = &[
    ("vpcs", "vpc_id", Tagged::Vpcs),
    ("subnets", "subnet_id", Tagged::Subnets),
    ("security-groups", "group_id", Tagged::SecurityGroups),
];

pub(super) fn v2() -> Router<App> {
    KINDS.iter().fold(Router::new(), |router, (kind, id, _)| {
        let tags = format!("/v2.0/{{project_id}}/{kind}/{{{id}}}/tags");
        let action = format!("{tags}/action");
        router.route(&tags, get(read(list))).route(&action, post(change(act)))
    })
}

/// Tags as a list of `key` and `value`, which is how all APIs show them.
pub(super) fn pairs(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionBody {
    action: String,
    tags: Vec<TagBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagBody {
    key: String,
    #[serde(default)]
    value: String,
}

fn list(world: &World, call: &Call) -> Handled {
    let (kind, id) = tagged(call)?;
    let tags = world.tags(kind, id)?;
    Ok(Reply::json(200, json!({ "tags": pairs(tags) })))
}

fn act(world: &mut World, call: &Call) -> Handled {
    let ActionBody { action, tags } = call.body(invalid)?;
    let (kind, id) = tagged(call)?;
    match action.as_str() {
        "create" => {
            let tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
            world.create_tags(kind, id, tags)?;
        }
        "delete" => {
            let keys: Vec<String> = tags.into_iter().map(|tag| tag.key).collect();
            world.delete_tags(kind, id, &keys)?;
        }
        _ => return Err(invalid("action is invalid.")),
    }
    Ok(Reply::empty(204))
}

fn tagged(call: &Call) -> Outcome<(Tagged, &str)> {
    let mut kinds = KINDS.iter().map(|(_, id, kind)| (*kind, call.path(id)));
    kinds.find(|(_, id)| !id.is_empty()).ok_or_else(|| invalid("Resource is invalid."))
}

fn invalid(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.1801", what)
}
