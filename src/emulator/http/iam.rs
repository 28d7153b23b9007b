//! IAM: tokens, projects, accounts and temporary access keys.

use axum::{
    Router,
    routing::{get, post},
};
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App,
    call::{Call, Handled, Reply, answer},
};
use crate::emulator::{
    auth::{Caller, Directory, Domain, bearer_of, directory::TemporaryKey, seal::Statement},
    world::{Outcome, Refusal, id},
};

const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
const KEY_LIFETIMES: std::ops::RangeInclusive<i64> = 900..=86_400;

pub(super) fn tokens() -> Router<App> {
    Router::new().route("/v3/auth/tokens", post(answer(create_token)))
}

pub(super) fn projects() -> Router<App> {
    Router::new()
        .route("/v3/projects", get(answer(list_projects)))
        .route("/v3/auth/domains", get(answer(list_domains)))
}

pub(super) fn security_tokens() -> Router<App> {
    let path = "/v3.0/OS-CREDENTIAL/securitytokens";
    Router::new().route(path, post(answer(create_security_token)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthBody {
    auth: Auth,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Auth {
    identity: Identity,
    scope: Option<Scope>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    methods: Vec<String>,
    password: Option<Password>,
    assume_role: Option<AssumeRole>,
    token: Option<TokenIdentity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Password {
    user: PasswordUser,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordUser {
    name: Option<String>,
    id: Option<String>,
    password: Secret,
    domain: Option<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssumeRole {
    agency_name: String,
    domain_name: Option<String>,
    domain_id: Option<String>,
    duration_seconds: Option<i64>,
    #[serde(rename = "session_user")]
    _session_user: Option<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenIdentity {
    id: Option<Secret>,
    duration_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    project: Option<ScopedProject>,
    domain: Option<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopedProject {
    name: Option<String>,
    id: Option<String>,
    #[serde(rename = "domain")]
    _domain: Option<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: Option<String>,
    id: Option<String>,
}

/// A text of a body that must not be shown again.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Secret(SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Named {
    fn text(&self) -> Option<&str> {
        self.id.as_deref().or(self.name.as_deref())
    }
}

/// A token by password, or for an agency by the token of whoever assumes it.
fn create_token(call: &Call) -> Handled {
    call.query.only(&["nocatalog"], invalid)?;
    let AuthBody { auth } = call.body(invalid)?;
    let directory = &call.app.scenario.directory;
    let (user_id, name, domain) = match method(&auth.identity)? {
        "password" => {
            let user = user_of(directory, auth.identity.password)?;
            (user.id.clone(), user.name.clone(), user.domain.clone())
        }
        "assume_role" => {
            let assumed = role(auth.identity.assume_role)?;
            let caller = token_bearer(call, None)?;
            let holder = assume(directory, &assumed, &caller)?;
            (id::hex32("agency", &holder), holder, directory.domain.clone())
        }
        _ => return Err(invalid("identity.methods is not supported here.")),
    };
    let project_id = scoped_project(directory, auth.scope, &domain)?;
    let expires_at = call.now.after(TOKEN_LIFETIME);
    let statement = Statement::Token {
        name: name.clone(),
        domain: domain.clone(),
        project_id: project_id.clone(),
        expires_at,
    };
    let mut token = json!({
        "expires_at": expires_at.with_fraction(),
        "issued_at": call.now.with_fraction(),
        "methods": auth.identity.methods,
        "user": { "id": user_id, "name": name, "domain": domain },
    });
    match project_id {
        Some(id) => {
            let name = &directory.project.name;
            token["project"] = json!({ "id": id, "name": name, "domain": domain });
        }
        None => token["domain"] = json!(domain),
    }
    Ok(Reply::json(201, json!({ "token": token }))
        .with_header("x-subject-token", directory.seal.close(&statement)))
}

/// The projects of the caller's account.
fn list_projects(call: &Call) -> Handled {
    let known = ["name", "domain_id", "parent_id", "enabled", "page", "per_page"];
    let query = call.query.only(&known, invalid)?;
    let per_page = query.number("per_page", invalid)?;
    let number = query.number("page", invalid)?;
    if number.is_some() != per_page.is_some() {
        return Err(invalid("page and per_page must be given together."));
    }
    let Directory { project, domain, .. } = &call.app.scenario.directory;
    let owner = call.caller.as_ref().is_some_and(|caller| caller.domain == *domain);
    let wanted = owner
        && query.fits("name", &project.name)
        && query.fits("domain_id", &domain.id)
        && query.fits("parent_id", &domain.id)
        && query.fits("enabled", "true")
        && number.unwrap_or(1) == 1;
    let shown = json!({
        "id": project.id,
        "name": project.name,
        "domain_id": domain.id,
        "parent_id": domain.id,
        "enabled": true,
        "is_domain": false,
        "description": "",
    });
    let projects: Vec<Value> = wanted.then_some(shown).into_iter().collect();
    let links = json!({ "self": "/v3/projects", "next": null, "previous": null });
    Ok(Reply::json(200, json!({ "projects": projects, "links": links })))
}

/// The account of the caller.
fn list_domains(call: &Call) -> Handled {
    let domains: Vec<Value> = call
        .caller
        .iter()
        .map(|Caller { domain, .. }| {
            json!({ "id": domain.id, "name": domain.name, "enabled": true, "description": "" })
        })
        .collect();
    let links = json!({ "self": "/v3/auth/domains", "next": null, "previous": null });
    Ok(Reply::json(200, json!({ "domains": domains, "links": links })))
}

/// A temporary access key, for an agency or for the owner of a token.
fn create_security_token(call: &Call) -> Handled {
    let AuthBody { auth } = call.body(invalid)?;
    let directory = &call.app.scenario.directory;
    let key = match method(&auth.identity)? {
        "assume_role" => {
            let assumed = role(auth.identity.assume_role)?;
            let Some(caller) = &call.caller else { return Err(unauthorized()) };
            let holder = assume(directory, &assumed, caller)?;
            let lifetime = lifetime(assumed.duration_seconds)?;
            directory.issue_key(&holder, directory.domain.clone(), lifetime, call.now)
        }
        "token" => {
            let identity = auth.identity.token;
            let (token, seconds) =
                identity.map_or((None, None), |token| (token.id, token.duration_seconds));
            let bearer = token_bearer(call, token.as_ref())?;
            directory.issue_key(&bearer.name, bearer.domain, lifetime(seconds)?, call.now)
        }
        _ => return Err(invalid("identity.methods is not supported here.")),
    };
    Ok(Reply::json(201, credential(&key)))
}

/// A temporary key as IAM and the metadata service print it.
pub(super) fn credential(key: &TemporaryKey) -> Value {
    json!({ "credential": {
        "access": key.access,
        "secret": key.secret.expose_secret(),
        "securitytoken": key.security_token.expose_secret(),
        "expires_at": key.expires_at.with_fraction(),
    } })
}

fn method(identity: &Identity) -> Outcome<&str> {
    match identity.methods.as_slice() {
        [method] => Ok(method),
        _ => Err(invalid("identity.methods must name one method.")),
    }
}

fn user_of(
    directory: &Directory,
    password: Option<Password>,
) -> Outcome<&crate::emulator::auth::User> {
    let Some(Password { user }) = password else {
        return Err(invalid("identity.password is missing."));
    };
    let domain = user.domain.as_ref().and_then(Named::text);
    let secret = user.password.0.expose_secret();
    directory
        .user(user.name.as_deref(), user.id.as_deref(), domain, secret)
        .ok_or_else(|| Refusal::iam(401, "The username or password is wrong."))
}

fn role(asked: Option<AssumeRole>) -> Outcome<AssumeRole> {
    asked.ok_or_else(|| invalid("identity.assume_role is missing."))
}

/// The name of the agency, if the caller may assume it.
fn assume(directory: &Directory, asked: &AssumeRole, caller: &Caller) -> Outcome<String> {
    let domain = asked.domain_id.as_deref().or(asked.domain_name.as_deref());
    let Some(domain) = domain else {
        return Err(invalid("domain_name or domain_id is missing."));
    };
    match directory.agency(&asked.agency_name, domain, caller) {
        Some(agency) => Ok(agency.name.clone()),
        None => Err(Refusal::iam(404, format!("Could not find agency: {}.", asked.agency_name))),
    }
}

/// Whoever sent the token: in the body if it is there, else in the header.
fn token_bearer(call: &Call, token: Option<&Secret>) -> Outcome<Caller> {
    let header = call.headers.get("x-auth-token").and_then(|value| value.to_str().ok());
    let Some(token) = token.map(|token| token.0.expose_secret()).or(header) else {
        return Err(unauthorized());
    };
    let directory = &call.app.scenario.directory;
    bearer_of(directory, token, call.now).map_err(|refusal| Refusal::iam(401, refusal.message))
}

fn lifetime(seconds: Option<i64>) -> Outcome<SignedDuration> {
    let seconds = seconds.unwrap_or(*KEY_LIFETIMES.start());
    match KEY_LIFETIMES.contains(&seconds) {
        true => Ok(SignedDuration::from_secs(seconds)),
        false => Err(invalid("duration_seconds must be 900 to 86400.")),
    }
}

/// The project a token is good for; none for a token of the account.
fn scoped_project(
    directory: &Directory,
    scope: Option<Scope>,
    owner: &Domain,
) -> Outcome<Option<String>> {
    let Some(scope) = scope else { return Ok(None) };
    let Directory { project, domain, .. } = directory;
    match (scope.project, scope.domain) {
        (Some(asked), None) => {
            let named = asked.id.as_ref().is_none_or(|id| *id == project.id)
                && asked.name.as_ref().is_none_or(|name| *name == project.name)
                && (asked.id.is_some() || asked.name.is_some());
            match named && owner == domain {
                true => Ok(Some(project.id.clone())),
                false => Err(unauthorized()),
            }
        }
        (None, Some(asked)) => {
            let own = asked.text().is_some_and(|text| text == owner.id || text == owner.name);
            if own { Ok(None) } else { Err(unauthorized()) }
        }
        _ => Err(invalid("scope must be either project or domain.")),
    }
}

fn unauthorized() -> Refusal {
    Refusal::iam(401, "The request you have made requires authentication.")
}

fn invalid(what: &str) -> Refusal {
    Refusal::iam(400, format!("Request parameter is invalid: {what}"))
}
