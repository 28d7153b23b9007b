//! Security groups: `/v1/{project_id}/security-groups` and `/v3/{project_id}/vpc/security-groups`.

use axum::{Router, routing::get};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, change, dry_run_passed, read},
    query::page_info,
    rule::{rule_v1, rule_v3},
};
use crate::emulator::world::{
    Api, Refusal, World,
    security_group::{NewSecurityGroup, SecurityGroup},
};

pub(super) fn v1() -> Router<App> {
    Router::new()
        .route("/v1/{project_id}/security-groups", get(read(list_v1)).post(change(create_v1)))
        .route(
            "/v1/{project_id}/security-groups/{group_id}",
            get(read(show_v1)).delete(change(delete_v1)),
        )
}

pub(super) fn v3() -> Router<App> {
    Router::new()
        .route("/v3/{project_id}/vpc/security-groups", get(read(list_v3)).post(change(create_v3)))
        .route(
            "/v3/{project_id}/vpc/security-groups/{group_id}",
            get(read(show_v3)).put(change(update_v3)).delete(change(delete_v3)),
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBodyV1 {
    security_group: CreateGroupV1,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateGroupV1 {
    name: String,
    vpc_id: Option<String>,
    enterprise_project_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBodyV3 {
    security_group: CreateGroupV3,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateGroupV3 {
    name: String,
    #[serde(default)]
    description: String,
    enterprise_project_id: Option<String>,
    #[serde(default)]
    tags: Vec<TagBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagBody {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    security_group: UpdateGroup,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateGroup {
    name: Option<String>,
    description: Option<String>,
}

fn list_v1(world: &World, call: &Call) -> Handled {
    let query =
        call.query.only(&["vpc_id", "enterprise_project_id", "limit", "marker"], invalid_v1)?;
    let found = world.security_groups.iter().filter(|group| {
        query.fits("vpc_id", &group.vpc_id)
            && query.fits_enterprise_project(&group.enterprise_project_id)
    });
    let page = query.page(found.collect(), |group| &group.id, invalid_v1)?;
    let groups: Vec<Value> = page.items.iter().map(|group| group_v1(world, group)).collect();
    Ok(Reply::json(200, json!({ "security_groups": groups })))
}

fn show_v1(world: &World, call: &Call) -> Handled {
    let group = world.group(call.path("group_id"), Api::V1)?;
    Ok(Reply::json(200, json!({ "security_group": group_v1(world, group) })))
}

fn create_v1(world: &mut World, call: &Call) -> Handled {
    let CreateBodyV1 { security_group: group } = call.body(invalid_v1)?;
    let new = NewSecurityGroup {
        name: group.name,
        vpc_id: group.vpc_id.unwrap_or_default(),
        enterprise_project_id: group.enterprise_project_id.unwrap_or_else(|| "0".into()),
        ..NewSecurityGroup::default()
    };
    let id = world.mint("security-group");
    world.create_security_group(id.clone(), new, Api::V1, call.now)?;
    let group = world.group(&id, Api::V1)?;
    Ok(Reply::json(200, json!({ "security_group": group_v1(world, group) })))
}

fn delete_v1(world: &mut World, call: &Call) -> Handled {
    world.delete_security_group(call.path("group_id"), Api::V1)?;
    Ok(Reply::empty(204))
}

fn list_v3(world: &World, call: &Call) -> Handled {
    let known = ["id", "name", "description", "enterprise_project_id", "limit", "marker"];
    let query = call.query.only(&known, invalid_v3)?;
    let found = world.security_groups.iter().filter(|group| {
        query.fits("id", &group.id)
            && query.fits("name", &group.name)
            && query.fits("description", &group.description)
            && query.fits_enterprise_project(&group.enterprise_project_id)
    });
    let page = query.page(found.collect(), |group| &group.id, invalid_v3)?;
    let groups: Vec<Value> = page.items.iter().map(|group| without_rules(world, group)).collect();
    let info = page_info(&page, |group| &group.id);
    Ok(Reply::numbered(200, json!({ "security_groups": groups, "page_info": info })))
}

fn show_v3(world: &World, call: &Call) -> Handled {
    one_v3(world, call.path("group_id"), 200)
}

fn create_v3(world: &mut World, call: &Call) -> Handled {
    let CreateBodyV3 { security_group: group, dry_run } = call.body(invalid_v3)?;
    let new = NewSecurityGroup {
        name: group.name,
        description: group.description,
        enterprise_project_id: group.enterprise_project_id.unwrap_or_else(|| "0".into()),
        tags: group.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        ..NewSecurityGroup::default()
    };
    if dry_run {
        let trial = &mut world.clone();
        trial.create_security_group(String::new(), new, Api::V3, call.now)?;
        return Ok(dry_run_passed());
    }
    let id = world.mint("security-group");
    world.create_security_group(id.clone(), new, Api::V3, call.now)?;
    one_v3(world, &id, 201)
}

fn update_v3(world: &mut World, call: &Call) -> Handled {
    let UpdateBody { security_group: group, dry_run } = call.body(invalid_v3)?;
    let id = call.path("group_id");
    if dry_run {
        let trial = &mut world.clone();
        trial.update_security_group(id, group.name, group.description, call.now)?;
        return Ok(dry_run_passed());
    }
    world.update_security_group(id, group.name, group.description, call.now)?;
    one_v3(world, id, 200)
}

fn delete_v3(world: &mut World, call: &Call) -> Handled {
    world.delete_security_group(call.path("group_id"), Api::V3)?;
    Ok(Reply::empty(204))
}

fn one_v3(world: &World, group_id: &str, status: u16) -> Handled {
    let group = world.group(group_id, Api::V3)?;
    let mut body = without_rules(world, group);
    body["security_group_rules"] =
        group.rules.iter().map(|rule| rule_v3(world, &group.id, rule)).collect();
    Ok(Reply::numbered(status, json!({ "security_group": body })))
}

fn without_rules(world: &World, group: &SecurityGroup) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "project_id": world.project_id,
        "enterprise_project_id": group.enterprise_project_id,
        "tags": super::tag::pairs(&group.tags),
        "created_at": group.created_at.with_z(),
        "updated_at": group.updated_at.with_z(),
    })
}

fn group_v1(world: &World, group: &SecurityGroup) -> Value {
    let rules: Vec<Value> =
        group.rules.iter().map(|rule| rule_v1(world, &group.id, rule)).collect();
    json!({
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "vpc_id": group.vpc_id,
        "enterprise_project_id": group.enterprise_project_id,
        "security_group_rules": rules,
    })
}

fn invalid_v1(what: &str) -> Refusal {
    Refusal::v1(400, "VPC.0601", format!("Param is invalid. {what}"))
}

fn invalid_v3(what: &str) -> Refusal {
    Refusal::v3(400, "VPC.9901", format!("Param is invalid. {what}"))
}
