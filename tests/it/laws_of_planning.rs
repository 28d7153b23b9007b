//! What holds for the planning of every resource in the provider's table, tried on random objects and configurations.
//!
//! Planning is pure, so no cloud is needed: the mini core asks, and holds the answers to Terraform's rules.

use std::cell::Cell;

use huaweivpc::{
    cloud::Cloud,
    data_sources::{
        container_cidr_plan::ContainerCidrPlan, container_host_setup::ContainerHostSetup,
        container_path::ContainerPath, ecs_hosts::EcsHosts, route_table::RouteTable,
        security_group::SecurityGroup, subnet::Subnet, vpc::Vpc,
    },
    framework::{DataSource, Resource, Schema, Stored, Usage, Value, json},
    resources::{
        container_route::ContainerRoute, container_routes::ContainerRoutes,
        ecs_port_source_check::EcsPortSourceCheck, ecs_port_source_checks::EcsPortSourceChecks,
        secgroup_icmp_udp_rule::SecgroupIcmpUdpRule, secgroup_rules::SecgroupRules,
    },
};
use proptest::{
    strategy::{Just, Strategy},
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::Value as Json;

use crate::harness::{
    config::with,
    core::{Core, Failure, Instance},
    generate::{Pools, blurred, configs, stored},
    plugin::Plugin,
    property,
    provider::{offline, unconfigured},
};

/// Texts that the attributes of these names accept.
const POOLS: Pools = Pools { texts, keys };

fn texts(attribute: &str) -> &'static [&'static str] {
    match attribute {
        "vpc_id" | "route_table_id" | "ecs_id" | "port_id" | "security_group_id" | "rule_ids"
        | "id" | "ids" | "subnet_id" | "subnets" | "effective_subnets" | "security_group_ids" => {
            &["5b0a4f0c-6ff2-4c36-a4be-2a1f6b3d1c01", "5b0a4f0c-6ff2-4c36-a4be-2a1f6b3d1c02"]
        }
        "destination" | "destination_within" | "remote_ip_prefix" | "cidr" | "secondary_cidrs"
        | "ipv6_cidr" | "reserved_cidrs" | "docker_pools" | "admitted_cidrs" => {
            &["172.16.4.0/24", "10.0.0.0/8", "fd00::/64"]
        }
        "container_cidr" | "peer_cidrs" | "vpc_cidrs" => &["172.16.4.0/24", "10.0.0.0/8"],
        "network_name" | "bridge_name" => &["net-a", "net-b"],
        "mtu" => &["1400", "8888"],
        "source" => &["kept", "host"],
        "engine" => &["docker", "podman"],
        "engine_version" => &["28.5.2", "20.10.24+dfsg1"],
        "host_ip" | "hosts" | "virtual_ip" | "private_ips" | "gateway" | "first_container"
        | "container_ip" | "source_seen" | "source_before" | "source_after" => {
            &["10.0.1.5", "10.0.1.6"]
        }
        "description" => &["", "made by a test"],
        "protocols" => &["icmp", "udp"],
        "udp_ports" => &["53", "33434-33534,53"],
        "mode" => &["additive", "exclusive"],
        "on_error" => &["fail", "report"],
        "key_by" => &["name", "id"],
        "containers" | "capacity" | "routes_used" | "routes_quota" | "routes_free" => &["1", "253"],
        "remote_group_id" | "remote_address_group_id" => &["5b0a4f0c-6ff2-4c36-a4be-2a1f6b3d1c03"],
        "direction" => &["ingress", "egress"],
        "action" => &["allow", "deny"],
        "ports" => &["80", "443,8000-8010"],
        "priority" => &["1", "50", "100"],
        "protocol" => &["icmp", "udp", "tcp"],
        "port" | "published_ports" | "ttl" => &["1", "62", "80"],
        "firewall_backend" => &["iptables", "nftables"],
        "gateway_mode" => &["nat", "nat-unprotected", "routed"],
        "forward_policy" => &["accept", "drop"],
        "create" | "read" | "update" | "delete" => &["30s", "5m"],
        _ => &[],
    }
}

fn keys(attribute: &str) -> &'static [&'static str] {
    match attribute {
        "rule_ids" => &["icmp", "udp"],
        "ports" => &["10.0.1.5", "10.0.1.6"],
        "rules" => &["web", "db"],
        "routes" => &["172.16.4.0/24", "10.0.0.0/8", "fd00::/64"],
        _ => &[],
    }
}

/// Every plan of a random object and configuration keeps Terraform's rules, is the same when asked again, agrees with
/// what was planned while less was known, and plans a replacement as a creation.
#[test]
fn plans_keep_the_contract() {
    let core = Core { plugin: offline() };
    for type_name in type_names() {
        let schema = core.plugin.resource_schema(&type_name);
        let pairs = configs(schema, POOLS)
            .prop_flat_map(|config| (blurred(schema, config.clone()), Just(config)));
        let planned = Cell::new(0);
        check(&(stored(schema, POOLS), pairs), async |(prior, (early, config))| {
            let identity = identity(schema, &prior);
            let prior = Instance {
                stored: Stored { state: prior, private: Vec::new(), identity },
                tainted: false,
            };
            for prior in [None, Some(&prior)] {
                match core.plan(&type_name, prior, &config).await {
                    Ok(_) => {
                        core.plan_early(&type_name, prior, &early, &config).await?;
                        planned.set(planned.get() + 1);
                    }
                    // Then Terraform does not plan.
                    Err(Failure::Refused { .. }) => {}
                    Err(broken) => return Err(broken),
                }
            }
            Ok(())
        });
        assert!(planned.get() >= 50, "{type_name}: only {} plans", planned.get());
    }
}

/// An object that is as configured needs no change.
#[test]
fn what_is_as_configured_stays() {
    let core = Core { plugin: offline() };
    for type_name in type_names() {
        let schema = core.plugin.resource_schema(&type_name);
        check(&stored(schema, POOLS), async |state| {
            let config = configuration_of(schema, &state);
            let identity = identity(schema, &state);
            let instance = Instance {
                stored: Stored { state, private: Vec::new(), identity },
                tainted: false,
            };
            match core.expect_nothing_to_do(&type_name, &instance, &config).await {
                Err(Failure::Refused { .. }) => Ok(()),
                other => other,
            }
        });
    }
}

#[test]
fn a_stored_object_survives_the_upgrade() {
    for resource in unconfigured().resources {
        let schema = resource.schema();
        check(&stored(schema, POOLS), async |state| {
            let file = json::write(&state);
            let mut older = file.clone();
            older["no_longer_there"] = "dropped".into();
            // What has a default is never null in a state; where it is all the same, the default takes its place.
            let state = with_defaults(schema, state);
            assert_eq!(resource.upgrade(schema.version, file.clone()).unwrap(), state);
            assert_eq!(resource.upgrade(schema.version, older).unwrap(), state);
            for name in members(schema) {
                let mut lacking = file.clone();
                lacking.as_object_mut().unwrap().remove(&name);
                let upgraded = resource.upgrade(schema.version, lacking).unwrap();
                assert_eq!(upgraded, with_defaults(schema, with(&state, &name, Value::Null)));
            }
            assert!(resource.upgrade(schema.version + 1, file).is_err());
            assert!(resource.upgrade(schema.version, Json::from(7)).is_err());
            Ok(())
        });
    }
}

/// The fields of each struct are the attributes of its schema, neither more nor fewer, and lose nothing.
#[test]
fn structs_and_schemas_have_the_same_members() {
    let mut tried = vec![
        struct_matches_schema::<ContainerRoute>(),
        struct_matches_schema::<ContainerRoutes>(),
        struct_matches_schema::<EcsPortSourceCheck>(),
        struct_matches_schema::<EcsPortSourceChecks>(),
        struct_matches_schema::<SecgroupIcmpUdpRule>(),
        struct_matches_schema::<SecgroupRules>(),
    ];
    let mut listed = Vec::from_iter(unconfigured().resources.iter().map(|it| it.name()));
    tried.sort_unstable();
    listed.sort_unstable();
    assert_eq!(tried, listed, "each resource of the table has a line here");
}

fn struct_matches_schema<R: Resource<Cloud>>() -> &'static str {
    let schema: &'static Schema = const { &R::SCHEMA };
    check(&stored(schema, POOLS), async |state| {
        let Json::Object(mut members) = json::write(&state) else { panic!("an object") };
        members.remove("id");
        members.remove("timeouts");
        let object: R =
            serde_json::from_value(Json::Object(members.clone())).expect("it fits its struct");
        let Json::Object(mut back) = serde_json::to_value(&object).expect("JSON") else {
            panic!("an object")
        };
        back.remove("memory");
        assert_eq!(back, members, "{}", R::NAME);
        Ok(())
    });
    R::NAME
}

/// The same of data sources, whose `id` is an attribute like any other.
#[test]
fn queries_and_schemas_have_the_same_members() {
    let mut tried = vec![
        query_matches_schema::<ContainerCidrPlan>(),
        query_matches_schema::<ContainerHostSetup>(),
        query_matches_schema::<ContainerPath>(),
        query_matches_schema::<EcsHosts>(),
        query_matches_schema::<RouteTable>(),
        query_matches_schema::<SecurityGroup>(),
        query_matches_schema::<Subnet>(),
        query_matches_schema::<Vpc>(),
    ];
    let mut listed = Vec::from_iter(unconfigured().data_sources.iter().map(|it| it.name()));
    tried.sort_unstable();
    listed.sort_unstable();
    assert_eq!(tried, listed, "each data source of the table has a line here");
}

fn query_matches_schema<D: DataSource<Cloud>>() -> &'static str {
    let schema: &'static Schema = const { &D::SCHEMA };
    check(&stored(schema, POOLS), async |found| {
        let members = json::write(&found);
        let object: D = serde_json::from_value(members.clone()).expect("it fits its struct");
        let back = serde_json::to_value(&object).expect("JSON");
        // Sets have their order from the struct.
        assert_eq!(
            json::parse(&back, &schema.value_type()).expect("its type"),
            found,
            "{}",
            D::NAME
        );
        let names =
            |object: &Json| Vec::from_iter(object.as_object().expect("an object").keys().cloned());
        assert_eq!(names(&back), names(&members), "{}", D::NAME);
        Ok(())
    });
    D::NAME
}

/// The pool is of use only if the attributes accept what is in it.
#[test]
fn the_pool_holds_what_attributes_accept() {
    for resource in unconfigured().resources {
        for attribute in resource.schema().attributes {
            let Some(parse) = attribute.parse else { continue };
            let texts = texts(attribute.name);
            assert!(!texts.is_empty(), "no texts for `{}`", attribute.name);
            for text in texts {
                assert_eq!(parse(text), Ok(()), "{}", attribute.name);
            }
        }
    }
}

/// Runs a law on a few hundred values, random but the same each time.
fn check<S: Strategy>(values: &S, law: impl AsyncFn(S::Value) -> Result<(), Failure>) {
    let config = Config { failure_persistence: None, ..property::config(300) };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    TestRunner::new(config)
        .run(values, |value| {
            runtime.block_on(law(value)).map_err(|failure| TestCaseError::fail(failure.to_string()))
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn with_defaults(schema: &Schema, state: Value) -> Value {
    let lacking = schema.attributes.iter().filter(|it| state.get(it.name).is_null());
    let defaults = lacking.filter_map(|it| Some((it.name, it.default?.value())));
    let defaults: Vec<(&str, Value)> = defaults.collect();
    defaults.into_iter().fold(state, |state, (name, value)| with(&state, name, value))
}

fn type_names() -> Vec<String> {
    let provider = unconfigured();
    provider.resources.iter().map(|resource| provider.type_name(resource.name())).collect()
}

fn members(schema: &Schema) -> Vec<String> {
    let attributes = schema.all_attributes().map(|attribute| attribute.name.to_owned());
    attributes.chain(schema.all_blocks().map(|block| block.name.to_owned())).collect()
}

fn identity(schema: &Schema, state: &Value) -> Option<Value> {
    let part = |name: &&str| ((*name).to_owned(), state.get(name).clone());
    Some(Value::Map(schema.key.iter().map(part).collect()))
}

/// A configuration that an object could have been made from: what a user may set, as it is.
fn configuration_of(schema: &Schema, state: &Value) -> Value {
    schema
        .all_attributes()
        .filter(|attribute| attribute.usage == Usage::Computed)
        .fold(state.clone(), |config, attribute| with(&config, attribute.name, Value::Null))
}
