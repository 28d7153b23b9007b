//! What goes wrong with a request, once the gate knows that it is to.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tower::ServiceExt;

use super::{
    App,
    call::{context_of, refuse},
    latency::wait,
};
use crate::emulator::{
    faults::{CannedAnswer, Cut, Effect, Foreign, ForeignCall, Span, Spoil, When},
    lock,
    world::Refusal,
};

/// Whoever does what faults make somebody else do, in the log.
const FOREIGNER: &str = "a foreign writer";

/// The answer to the request; `None` if its connection is to be cut.
pub(super) async fn carry_out(
    effect: Effect,
    app: &App,
    inside: &Router,
    request: Request,
    next: Next,
) -> Option<Response> {
    let context = context_of(request.extensions());
    Some(match effect {
        Effect::Answer(answer) | Effect::RefuseSimultaneous(answer) => canned(&answer),
        Effect::Delay(Span(delay)) => {
            wait(delay).await;
            next.run(request).await
        }
        Effect::Cut(Cut::Before) => return None,
        Effect::Cut(Cut::After) => {
            next.run(request).await;
            return None;
        }
        Effect::Spoil(spoil) => spoiled(spoil, next.run(request).await).await,
        Effect::Stale(stale) => {
            // Which world a read shows is settled before the request changes anything.
            let now = app.now();
            let world = lock(&app.world).clone();
            lock(&app.past).keep(&world, stale, now);
            next.run(request).await
        }
        Effect::MostEntries(most) => {
            let message = format!("The num of routes to update is more than {most}.");
            refuse(&Refusal::v1(400, "VPC.2800", message), &context)
        }
        Effect::Expire => refuse(&expired(&request), &context),
        Effect::Foreign(Foreign { when: When::Before, calls }) => {
            write_all(&calls, app, inside).await;
            next.run(request).await
        }
        Effect::Foreign(Foreign { when: When::After, calls }) => {
            let response = next.run(request).await;
            write_all(&calls, app, inside).await;
            response
        }
    })
}

/// One call after the other, each with an entry in the log.
async fn write_all(calls: &[ForeignCall], app: &App, inside: &Router) {
    for call in calls {
        let project = lock(&app.world).project_id.clone();
        let path = call.path.replace("{project}", &project);
        let start = app.now().distance(app.started);
        let sequence = lock(&app.journal).begin(&call.method, &path, "", start);
        let body = if call.body.is_null() { String::new() } else { call.body.to_string() };
        let request =
            Request::builder().method(call.method.as_str()).uri(&path).body(Body::from(body));
        let status = match request {
            Ok(request) => match inside.clone().oneshot(request).await {
                Ok(response) => response.status(),
                Err(never) => match never {},
            },
            Err(_) => StatusCode::BAD_REQUEST,
        };
        let mut journal = lock(&app.journal);
        journal.note(sequence, |entry| {
            entry.status = Some(status.as_u16());
            entry.caller = Some(FOREIGNER.to_owned());
        });
        journal.end(&call.method, &path);
    }
}

/// The answer with another body in place of its own.
async fn spoiled(spoil: Spoil, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = match spoil {
        Spoil::Truncate => body.slice(..body.len() / 2),
        Spoil::Garbage => GARBAGE.into(),
    };
    parts.headers.remove("content-length");
    Response::from_parts(parts, Body::from(body))
}

const GARBAGE: &[u8] = b"\x00\xff}{ no answer of any service \x80";

fn expired(request: &Request) -> Refusal {
    match request.headers().contains_key("x-auth-token") {
        true => Refusal::gateway(401, "APIGW.0307", "The token must be updated."),
        false => {
            let message = "Incorrect IAM authentication information: the securityToken has expired";
            Refusal::gateway(401, "APIGW.0301", message)
        }
    }
}

fn canned(answer: &CannedAnswer) -> Response {
    let mut response = match &answer.body {
        Value::Null => ().into_response(),
        Value::String(text) => text.clone().into_response(),
        json => ([(CONTENT_TYPE, "application/json")], json.to_string()).into_response(),
    };
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        let header = (HeaderName::try_from(name), HeaderValue::from_str(value));
        if let (Ok(name), Ok(value)) = header {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
