//! The part of a scenario that says who may call.

use super::{
    Metadata, TokenMode,
    reader::{Errors, Fields},
};
use crate::emulator::{
    auth::{AccessKey, Agency, Directory, Domain, Project, User},
    world::id,
};

pub(super) fn directory(root: &mut Fields<'_>, region: &str, errors: &Errors) -> Directory {
    let domain = domain(root);
    let project = project(root, region, &domain);
    let access_keys: Vec<AccessKey> = root
        .list("access_keys")
        .into_iter()
        .map(|mut fields| AccessKey {
            access_key: fields.text("access_key"),
            secret_key: fields.text("secret_key").into(),
            security_token: fields.optional_text("security_token").map(Into::into),
            domain: account(&mut fields, &domain),
        })
        .collect();
    let users: Vec<User> = root
        .list("users")
        .into_iter()
        .map(|mut fields| {
            let name = fields.text("name");
            User {
                id: fields.optional_text("id").unwrap_or_else(|| id::hex32("user", &name)),
                name,
                password: fields.text("password").into(),
                domain: account(&mut fields, &domain),
            }
        })
        .collect();
    let agencies = root
        .list("agencies")
        .into_iter()
        .map(|mut fields| Agency {
            name: fields.text("name"),
            trusts: fields.optional_text("trusts"),
        })
        .collect();
    if access_keys.is_empty() && users.is_empty() {
        errors.add("access_keys", "give at least one access key or user: nobody could call");
    }
    Directory::new(domain, project, access_keys, users, agencies)
}

pub(super) fn metadata(root: &mut Fields<'_>, directory: &Directory) -> Metadata {
    let Some(mut fields) = root.object("metadata") else { return Metadata::default() };
    let agency = fields.optional_text("agency");
    if let Some(name) = &agency
        && !directory.agencies.iter().any(|agency| agency.name == *name)
    {
        fields.problem("agency", format!("no agency named `{name}`"));
    }
    let token_mode = match fields.optional_text("token_mode").as_deref() {
        None | Some("optional") => TokenMode::Optional,
        Some("off") => TokenMode::Off,
        Some("required") => TokenMode::Required,
        Some(other) => {
            let problem = format!("`{other}` is none of `off`, `optional`, `required`");
            fields.problem("token_mode", problem);
            TokenMode::Optional
        }
    };
    Metadata { agency, token_mode }
}

fn domain(root: &mut Fields<'_>) -> Domain {
    let Some(mut fields) = root.object("domain") else {
        root.problem("domain", "is missing");
        return Domain { id: String::new(), name: String::new() };
    };
    let name = fields.text("name");
    let id = fields.optional_text("id").unwrap_or_else(|| id::hex32("domain", &name));
    Domain { id, name }
}

/// The project, which is named after the region unless it is a sub-project.
fn project(root: &mut Fields<'_>, region: &str, domain: &Domain) -> Project {
    let derived = |name: &str| id::hex32("project", &format!("{}/{name}", domain.name));
    let Some(mut fields) = root.object("project") else {
        return Project { id: derived(region), name: region.to_owned() };
    };
    let name = fields.optional_text("name").unwrap_or_else(|| region.to_owned());
    let id = fields.optional_text("id").unwrap_or_else(|| derived(&name));
    if id.len() != 32 || !id.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        fields.problem("id", format!("`{id}` is not 32 hexadecimal digits"));
    }
    Project { id, name }
}

/// The account somebody belongs to: the owner of the project, or another one by name.
fn account(fields: &mut Fields<'_>, owner: &Domain) -> Domain {
    match fields.optional_text("domain") {
        None => owner.clone(),
        Some(name) if name == owner.name => owner.clone(),
        Some(name) => Domain { id: id::hex32("domain", &name), name },
    }
}
