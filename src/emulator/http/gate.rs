//! What every request passes: the log, the delay, the choice of what goes wrong; and behind a matching route, who may come in.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Extension, FromRequestParts, RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    App,
    call::{Context, context_of, refuse},
    latency::wait,
    mischief, unknown_call,
};
use crate::emulator::{
    auth::{Caller, authenticate, signature::SignedRequest},
    connection::Scissors,
    faults::{Asked, Effect},
    journal::Carried,
    lock,
    world::{Outcome, Refusal, id},
};

/// The gateway takes no more with a signed request.
const LARGEST_BODY: usize = 12 * 1024 * 1024;

/// The headers of credentials that expire.
const LASTING_NOT: [&str; 2] = ["x-auth-token", "x-security-token"];

/// Which service stands behind a route, and so who may call it and how it refuses a foreign project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// Anybody. A signature is checked if there is one.
    Open,
    /// The metadata service, which knows its callers by where they run.
    Local,
    /// Anybody with credentials.
    Iam,
    /// Callers with credentials for the project in the path.
    Vpc,
    Ecs,
}

/// The name of whoever called, for the log.
#[derive(Debug, Clone)]
struct CalledBy(String);

/// What the gate needs: the emulator, and its API without gate and doors.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) app: App,
    pub(super) inside: Router,
}

/// A request in the log, for as long as it is under way.
struct Visit {
    app: App,
    sequence: u64,
    method: Method,
    path: String,
}

impl Visit {
    fn begin(app: &App, parts: &Parts) -> Self {
        let start = app.now().distance(app.started);
        let query = parts.uri.query().unwrap_or_default();
        let sequence =
            lock(&app.journal).begin(parts.method.as_str(), parts.uri.path(), query, start);
        let path = parts.uri.path().to_owned();
        Self { app: app.clone(), sequence, method: parts.method.clone(), path }
    }

    /// What goes wrong with this request.
    fn effect(&self, parts: &Parts, body: &[u8]) -> Option<Effect> {
        let routes = Carried::by(body);
        let (method, path) = (self.method.as_str(), self.path.as_str());
        let mut journal = lock(&self.app.journal);
        let effect = lock(&self.app.faults).take(&Asked {
            method,
            path,
            entries: routes.map_or(0, Carried::total),
            alongside: journal.alongside(method, path),
            temporary: LASTING_NOT.iter().any(|name| parts.headers.contains_key(*name)),
        });
        journal.note(self.sequence, |entry| {
            entry.routes = routes;
            entry.fault = effect.as_ref().map(Effect::name);
        });
        effect
    }

    fn answered(&self, response: &Response) {
        let caller = response.extensions().get::<CalledBy>().map(|caller| caller.0.clone());
        lock(&self.app.journal).note(self.sequence, |entry| {
            entry.status = Some(response.status().as_u16());
            entry.caller = caller;
        });
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        lock(&self.app.journal).end(self.method.as_str(), &self.path);
    }
}

/// Logs the request, lets it wait, and lets it go wrong if it is meant to.
pub(super) async fn gate(
    State(Entrance { app, inside }): State<Entrance>,
    Extension(scissors): Extension<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let visit = Visit::begin(&app, &parts);
    let request_id = id::hex32("request", &format!("{}/{}", app.started, visit.sequence));
    let context = Context { request_id, variants: app.scenario.variants };
    parts.extensions.insert(context.clone());
    wait(app.settings.latency).await;

    let mut response = match whole_body(&app, body, LARGEST_BODY).await {
        Err(refusal) => refuse(&refusal, &context),
        Ok(body) => {
            let effect = visit.effect(&parts, &body);
            if parts.method == Method::GET
                && let Some(past) = lock(&app.past).show(app.now())
            {
                parts.extensions.insert(past);
            }
            let request = Request::from_parts(parts, Body::from(body));
            let outcome = match effect {
                None => Some(next.run(request).await),
                Some(effect) => mischief::carry_out(effect, &app, &inside, request, next).await,
            };
            let Some(response) = outcome else {
                scissors.cut();
                return ().into_response();
            };
            response
        }
    };
    visit.answered(&response);
    if let Ok(value) = HeaderValue::from_str(&context.request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The body of a request, unless it is too long or does not come in time.
pub(super) async fn whole_body(app: &App, body: Body, limit: usize) -> Outcome<Bytes> {
    if HttpBody::size_hint(&body).lower() > limit as u64 {
        return Err(too_large());
    }
    let whole = to_bytes(body, limit);
    let read = match app.settings.patience {
        None => whole.await,
        Some(patience) => tokio::time::timeout(patience, whole).await.map_err(|_| {
            Refusal::gateway(408, "APIGW.0201", "The request body did not come in time.")
        })?,
    };
    read.map_err(|_| too_large())
}

/// Lets in who may come in.
pub(super) async fn guard(
    State((app, door)): State<(App, Door)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let context = context_of(&parts.extensions);
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(_) => return refuse(&too_large(), &context),
    };
    let params = RawPathParams::from_request_parts(&mut parts, &()).await.ok();
    let param = |name| params.iter().flatten().find(|(key, _)| *key == name);
    if params.iter().flatten().any(|(name, value)| is_no_id(name, value)) {
        return refuse(&unknown_call(), &context);
    }
    let project = param("project_id").map(|(_, value)| value.to_owned());
    let mut caller = None;
    let admitted = identify(&app, door, &parts, &body).and_then(|found| {
        caller.clone_from(&found);
        match found {
            Some(found) => admit(&app, door, &parts, &found, project.as_deref()),
            None => Ok(()),
        }
    });
    let mut response = match admitted {
        Ok(()) => {
            if let Some(caller) = &caller {
                parts.extensions.insert(caller.clone());
            }
            next.run(Request::from_parts(parts, Body::from(body))).await
        }
        Err(refusal) => refuse(&refusal, &context),
    };
    if let Some(caller) = caller {
        response.extensions_mut().insert(CalledBy(caller.name));
    }
    if matches!(door, Door::Iam | Door::Open)
        && let Ok(value) = HeaderValue::from_str(&context.request_id)
    {
        response.headers_mut().insert("x-iam-trace-id", value);
    }
    response
}

/// Other calls of the cloud that stand where a route of the emulator has an id: `cloudservers/flavors`.
const OTHER_CALLS: [&str; 6] =
    ["action", "autorecovery", "count", "flavors", "resource-count", "statistics"];

/// Whether this part of a path is another call and no id.
fn is_no_id(name: &str, value: &str) -> bool {
    !matches!(name, "project_id" | "job_id") && OTHER_CALLS.contains(&value)
}

fn identify(app: &App, door: Door, parts: &Parts, body: &Bytes) -> Outcome<Option<Caller>> {
    let signed = parts.headers.contains_key("authorization");
    if door == Door::Local || (door == Door::Open && !signed) {
        return Ok(None);
    }
    let headers = by_name(&parts.headers);
    let request = SignedRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body,
    };
    let found = authenticate(&app.scenario.directory, &mut lock(&app.lockout), &request, app.now());
    match found {
        Err(refusal) if matches!(door, Door::Iam | Door::Open) => {
            Err(Refusal::iam(401, refusal.message))
        }
        found => found.map(Some),
    }
}

fn admit(
    app: &App,
    door: Door,
    parts: &Parts,
    caller: &Caller,
    project: Option<&str>,
) -> Outcome<()> {
    if let Some(limit) = app.settings.rate_limit {
        lock(&app.throttle).admit(limit, &caller.name, app.now())?;
    }
    let Some(project) = project else { return Ok(()) };
    let named = parts.headers.get("x-project-id").and_then(|value| value.to_str().ok());
    let fits = caller.project_id.as_deref() == Some(project) && named.is_none_or(|n| n == project);
    match (fits, door) {
        (true, _) => Ok(()),
        (false, Door::Ecs) => {
            let message = "The project ID in the URL is not that of the credentials.";
            Err(Refusal::ecs(400, "Ecs.0023", message))
        }
        (false, _) => Err(Refusal::v1(400, "VPC.0007", "urlTenantId is not equal tokenTenantId")),
    }
}

fn by_name(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn too_large() -> Refusal {
    Refusal::gateway(413, "APIGW.0201", "Request entity too large")
}
