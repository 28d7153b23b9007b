//! `/_emulator/`: what was asked, what exists, what should go wrong. Not part of the cloud, and open to anybody who
//! can reach the emulator.

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;
use serde_json::json;

use super::{App, gate::whole_body};
use crate::emulator::{faults::Fault, lock};

/// What a call may carry: a list of faults, at the most.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

pub(super) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/_emulator/requests", get(requests).delete(forget_requests))
        .route("/_emulator/state", get(state))
        .route("/_emulator/reset", post(reset))
        .route("/_emulator/faults", get(faults).post(add_faults).delete(clear_faults))
        .route_layer(middleware::from_fn_with_state(app.clone(), check))
}

/// A form on a web page can be sent here as a text, without asking first; as JSON it cannot.
async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_json = |value: &HeaderValue| {
        let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    };
    if request.method() == Method::POST && !request.headers().get(CONTENT_TYPE).is_some_and(is_json)
    {
        let message = "send `Content-Type: application/json`".to_owned();
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    }
    let (parts, body) = request.into_parts();
    match whole_body(&app, body, LARGEST_BODY).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            problem(status, refusal.message)
        }
    }
}

async fn requests(State(app): State<App>) -> Response {
    let journal = lock(&app.journal);
    let entries: Vec<_> = journal.entries().collect();
    pretty(&json!({ "requests": entries }))
}

async fn forget_requests(State(app): State<App>) -> StatusCode {
    lock(&app.journal).clear();
    StatusCode::NO_CONTENT
}

async fn state(State(app): State<App>) -> Response {
    pretty(&*lock(&app.world))
}

/// Back to the scenario: the world as written there, no faults, no used-up rate limit, no locked key. The log stays.
async fn reset(State(app): State<App>) -> Response {
    let mut world = lock(&app.world);
    if let Err(refusal) = app.save(&app.scenario.world) {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, refusal.message);
    }
    world.clone_from(&app.scenario.world);
    lock(&app.faults).clear();
    lock(&app.past).clear();
    lock(&app.throttle).clear();
    lock(&app.lockout).clear();
    StatusCode::NO_CONTENT.into_response()
}

async fn faults(State(app): State<App>) -> Response {
    pretty(&json!({ "faults": lock(&app.faults).pending() }))
}

async fn add_faults(State(app): State<App>, body: Bytes) -> Response {
    let faults: Vec<Fault> = match serde_json::from_slice(&body) {
        Ok(faults) => faults,
        Err(error) => return problem(StatusCode::BAD_REQUEST, error.to_string()),
    };
    if let Some(name) = unusable_header(&faults) {
        let message = format!("header `{name}` cannot be sent");
        return problem(StatusCode::BAD_REQUEST, message);
    }
    match lock(&app.faults).add(faults) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => problem(StatusCode::BAD_REQUEST, message),
    }
}

async fn clear_faults(State(app): State<App>) -> StatusCode {
    lock(&app.faults).clear();
    lock(&app.past).clear();
    StatusCode::NO_CONTENT
}

fn unusable_header(faults: &[Fault]) -> Option<&str> {
    let headers = faults.iter().filter_map(Fault::canned).flat_map(|a| &a.headers);
    let unusable = |(name, value): &(&String, &String)| {
        HeaderName::try_from(*name).is_err() || HeaderValue::from_str(value).is_err()
    };
    let mut unusable_ones = headers.filter(unusable);
    unusable_ones.next().map(|(name, _)| name.as_str())
}

/// JSON for people: this side of the emulator is looked at with a browser or `curl`.
fn pretty(value: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(value) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn problem(status: StatusCode, message: String) -> Response {
    (status, Json(json!({ "problem": message }))).into_response()
}
