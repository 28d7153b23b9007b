//! Rules P1 to P15: what may stand in a plan.

use huaweivpc::framework::{
    Attribute, Kind, Nesting, Path, PlanRequest, Planned, Schema, Usage, Value,
};

use super::{
    super::{config::lookup, proposed::is_computed},
    Violation, check_identity, misfits, moves_identity, same_identity,
};

/// Holds a whole answer to a plan request to the rules.
pub fn check_plan(
    schema: &Schema,
    request: &PlanRequest,
    planned: &Planned,
    deferred: bool,
) -> Vec<Violation> {
    let mut found = check_planned_state(schema, &request.prior, &request.config, &planned.state);
    if deferred {
        found.push(Violation::new("P14", Path::default(), "deferred though nobody allowed it"));
    }
    if let Some(identity) = &planned.identity {
        found.extend(check_identity(schema, "P15", identity));
    }
    let update =
        !request.prior.is_null() && !planned.state.is_null() && planned.replaces.is_empty();
    let moves = moves_identity(schema, &request.prior, &planned.state);
    if update && !moves && request.prior_identity.is_some() {
        found.extend(same_identity(request.prior_identity.as_ref(), planned.identity.as_ref()));
    }
    found.extend(check_replaces(request, planned));
    found
}

/// Paths that replace: sorted, unique, existing, and none in the plan of a creation.
fn check_replaces(request: &PlanRequest, planned: &Planned) -> Vec<Violation> {
    let broken = |path: &Path, detail: &str| Violation::new("replaces", path.clone(), detail);
    let mut found = Vec::new();
    for path in &planned.replaces {
        if request.prior.is_null() {
            found.push(broken(path, "a creation replaces nothing"));
        } else if lookup(&request.prior, path).or(lookup(&planned.state, path)).is_none() {
            found.push(broken(path, "there is no such attribute"));
        }
    }
    for pair in planned.replaces.windows(2) {
        if pair[0].to_string() >= pair[1].to_string() {
            found.push(broken(&pair[1], "out of order or listed twice"));
        }
    }
    found
}

/// Holds a planned object to the rules P1 to P15.
pub fn check_planned_state(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<Violation> {
    let mut found = Vec::new();
    misfits("P13", &schema.value_type(), planned, &Path::default(), &mut found);
    if !found.is_empty() {
        return found;
    }
    let root = Path::default();
    match (config, planned) {
        (Value::Null, Value::Null) => {}
        (Value::Null, _) => {
            found.push(Violation::new("P15", root, "a destruction that leaves something"));
        }
        (_, Value::Null) => found.push(Violation::new("P1", root, "configured, planned absent")),
        (_, Value::Unknown(_)) => {
            found.push(Violation::new("P13", root, "an object cannot be unknown as a whole"));
        }
        _ => {
            planned_members(schema.all_attributes(), prior, config, planned, &root, &mut found);
            for block in schema.all_blocks() {
                let [prior, config, planned] =
                    [prior, config, planned].map(|object| object.get(block.name));
                let path = root.clone().attribute(block.name);
                planned_block(block.attributes, prior, config, planned, &path, &mut found);
            }
        }
    }
    found
}

fn planned_block(
    attributes: &[Attribute],
    prior: &Value,
    config: &Value,
    planned: &Value,
    path: &Path,
    found: &mut Vec<Violation>,
) {
    let mut broken =
        |rule, detail: &str| found.push(Violation::new(rule, path.clone(), detail.to_owned()));
    match (config, planned) {
        (Value::Unknown(_), Value::Unknown(_)) | (Value::Null, Value::Null) => {}
        (Value::Unknown(_), _) => broken("P11", "not known to exist, but planned as if it were"),
        (_, Value::Unknown(_)) => broken("P12", "a block is unknown; only its attributes may be"),
        (Value::Null, _) => broken("P1", "not configured, but planned"),
        (_, Value::Null) => broken("P1", "configured, but planned absent"),
        _ => planned_members(attributes, prior, config, planned, path, found),
    }
}

fn planned_members<'a>(
    attributes: impl IntoIterator<Item = &'a Attribute>,
    prior: &Value,
    config: &Value,
    planned: &Value,
    path: &Path,
    found: &mut Vec<Violation>,
) {
    for attribute in attributes {
        let [prior, config, planned] =
            [prior, config, planned].map(|object| object.get(attribute.name));
        let path = path.clone().attribute(attribute.name);
        planned_attribute(attribute, prior, config, planned, &path, found);
    }
}

fn planned_attribute(
    attribute: &Attribute,
    prior: &Value,
    config: &Value,
    planned: &Value,
    path: &Path,
    found: &mut Vec<Violation>,
) {
    let as_configured = planned == config;
    let as_stored = planned == prior && !prior.is_null() && !config.is_null();
    let free = attribute.usage == Usage::Computed || is_computed(attribute) && config.is_null();
    if as_configured || as_stored || free {
        return;
    }
    let mut broken = |rule, detail: String| found.push(Violation::new(rule, path.clone(), detail));
    let Kind::Nested(nesting, members) = attribute.kind else {
        return if config.is_null() {
            broken("P7", format!("planned {planned:?}, neither configured nor computed"));
        } else {
            broken("P8", format!("planned {planned:?}, configured {config:?}, stored {prior:?}"));
        };
    };
    let object = |prior: &Value, config: &Value, planned: &Value, path: &Path, found: &mut _| {
        planned_element(members, prior, config, planned, path, found);
    };
    match (nesting, config, planned) {
        (_, Value::Null, _) => broken("P7", "planned, neither configured nor computed".into()),
        (_, _, Value::Null) => broken("P1", "configured, but planned absent".into()),
        (_, _, Value::Unknown(_)) => broken("P9", "configured, but planned unknown".into()),
        (_, Value::Unknown(_), _) => broken("P9", "not known yet, but planned".into()),
        (Nesting::Single, config, planned) => object(prior, config, planned, path, found),
        (Nesting::List, Value::Seq(config), Value::Seq(planned))
            if config.len() == planned.len() =>
        {
            for (index, (config, planned)) in config.iter().zip(planned).enumerate() {
                let path = path.clone().index(index);
                let prior = match prior {
                    Value::Seq(items) => items.get(index).unwrap_or(&Value::Null),
                    _ => &Value::Null,
                };
                object(prior, config, planned, &path, found);
            }
        }
        (Nesting::Map, Value::Map(config), Value::Map(planned))
            if config.keys().eq(planned.keys()) =>
        {
            for (key, config) in config {
                object(prior.get(key), config, &planned[key], &path.clone().key(key), found);
            }
        }
        _ => broken("P9", "the elements are not the configured ones".into()),
    }
}

fn planned_element(
    attributes: &[Attribute],
    prior: &Value,
    config: &Value,
    planned: &Value,
    path: &Path,
    found: &mut Vec<Violation>,
) {
    let mut broken =
        |rule, detail: &str| found.push(Violation::new(rule, path.clone(), detail.to_owned()));
    match (config, planned) {
        (Value::Null, Value::Null) | (Value::Unknown(_), Value::Unknown(_)) => {}
        (Value::Null, _) | (_, Value::Null) => {
            broken("P1", "null in one of plan and configuration")
        }
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => {
            broken("P9", "unknown in one of plan and configuration");
        }
        _ => planned_members(attributes, prior, config, planned, path, found),
    }
}
