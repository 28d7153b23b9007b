//! The members of answers that clouds leave out or send as null: those that say nothing, and those that only some
//! regions have or that stand elsewhere too.

use serde_json::{Map, Value};

use crate::emulator::scenario::OptionalKeys;

/// By the name under which an object or a list of them stands, without its plural `s`.
const OPTIONAL: &[(&str, &[&str])] = &[
    ("routetable", &["tenant_id", "created_at", "updated_at"]),
    (
        "port",
        &[
            "admin_state_up",
            "tenant_id",
            "project_id",
            "dns_name",
            "dns_assignment",
            "binding:vnic_type",
            "port_security_enabled",
            "zone_id",
            "enable_efi",
            "created_at",
            "updated_at",
        ],
    ),
    ("allowed_address_pair", &["mac_address"]),
    (
        "server",
        &[
            "tenant_id",
            "enterprise_project_id",
            "network_interfaces",
            "metadata",
            "security_groups",
            "flavor",
            "image",
            "key_name",
            "OS-EXT-STS:vm_state",
            "OS-EXT-STS:power_state",
            "created",
            "updated",
            "locked",
        ],
    ),
    (ADDRESSES, &["version", "primary", "OS-EXT-IPS-MAC:mac_addr"]),
    ("vpc", &["tenant_id", "project_id", "cloud_resources", "created_at", "updated_at"]),
    (
        "subnet",
        &[
            "tenant_id",
            "ipv6_enable",
            "primary_dns",
            "secondary_dns",
            "neutron_network_id",
            "created_at",
            "updated_at",
        ],
    ),
    ("virsubnet", &["project_id", "scope", "created_at", "updated_at"]),
    ("security_group", &["project_id", "created_at", "updated_at"]),
    ("security_group_rule", &["tenant_id", "project_id", "enabled", "created_at", "updated_at"]),
    ("resource", &["min"]),
    ("page_info", &["previous_marker", "current_count"]),
    (WHOLE, &["count"]),
];

/// The addresses of a server stand below the id of its VPC.
const ADDRESSES: &str = "addresse";

/// The answer itself. Its lists may be empty.
const WHOLE: &str = "";

/// The answer as a cloud writes it that treats such members so.
pub(super) fn written(answer: Value, keys: OptionalKeys) -> Value {
    if keys == OptionalKeys::Present { answer } else { rewritten(WHOLE, answer, keys) }
}

fn rewritten(place: &str, value: Value, keys: OptionalKeys) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| rewritten(place, item, keys)).collect(),
        Value::Object(members) => object(place, members, keys),
        other => other,
    }
}

fn object(place: &str, members: Map<String, Value>, keys: OptionalKeys) -> Value {
    let is_local = members.get("type").is_some_and(|kind| kind == "local");
    let named = OPTIONAL.iter().filter(|(name, _)| *name == place).flat_map(|(_, names)| *names);
    let named: Vec<&str> = named.copied().collect();
    let is_optional = |name: &str, value: &Value| {
        let is_hop_of_local_route = is_local && name == "nexthop";
        named.contains(&name) || is_hop_of_local_route || (place != WHOLE && says_nothing(value))
    };
    let mut written = Map::new();
    for (name, value) in members {
        if !is_optional(&name, &value) {
            let below = if place == ADDRESSES { ADDRESSES } else { name.trim_end_matches('s') };
            let value = rewritten(below, value, keys);
            written.insert(name, value);
        } else if keys == OptionalKeys::Null {
            written.insert(name, Value::Null);
        }
    }
    written.into()
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
