//! One request on its way to the world, and the answer on its way back.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{App, optional, query::Query};
use crate::emulator::{
    auth::Caller,
    lock,
    scenario::{GatewayCodes, Variants},
    world::{Moment, Outcome, Refusal, Shape, World},
};

/// What an answer needs besides what it says: the id of its request, and how this cloud writes.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    pub(super) request_id: String,
    pub(super) variants: Variants,
}

pub(super) struct Call {
    pub(super) app: App,
    pub(super) now: Moment,
    pub(super) caller: Option<Caller>,
    pub(super) headers: HeaderMap,
    pub(super) query: Query,
    pub(super) body: Bytes,
    context: Context,
    path: Vec<(String, String)>,
    /// What a read is shown instead of the world.
    past: Option<Arc<World>>,
}

/// What a handler answers.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    body: Body,
    headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
enum Body {
    Empty,
    Json(Value),
    /// JSON with the request's id in it.
    Numbered(Value),
    Text(String),
}

pub(super) type Handled = Result<Reply, Refusal>;

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Body::Json(body), headers: Vec::new() }
    }

    /// A JSON body that carries `request_id`, as all of VPC v3 does.
    pub(super) fn numbered(status: u16, body: Value) -> Self {
        Self { status, body: Body::Numbered(body), headers: Vec::new() }
    }

    /// The refusal of what has been done in part.
    pub(super) fn refusal(refusal: &Refusal) -> Self {
        let Refusal { status, code, message, shape } = refusal;
        let body = match shape {
            Shape::VpcV1 => Body::Json(json!({ "code": code, "message": message })),
            Shape::VpcV3 => Body::Numbered(json!({ "error_code": code, "error_msg": message })),
            Shape::Ecs => Body::Json(json!({ "error": { "code": code, "message": message } })),
            Shape::Iam => {
                let title = StatusCode::from_u16(*status).ok().and_then(|s| s.canonical_reason());
                Body::Json(
                    json!({ "error": { "code": status, "message": message, "title": title } }),
                )
            }
        };
        Self { status: *status, body, headers: Vec::new() }
    }

    pub(super) fn text(status: u16, body: String) -> Self {
        Self { status, body: Body::Text(body), headers: Vec::new() }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: Body::Empty, headers: Vec::new() }
    }

    pub(super) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Call {
    /// The part of the path with this name in the route.
    pub(super) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// How this cloud does what the documents leave open.
    pub(super) fn variants(&self) -> Variants {
        self.app.scenario.variants
    }

    /// The body as JSON, refused in the words of the API that was asked.
    pub(super) fn body<T: DeserializeOwned>(&self, invalid: super::query::Invalid) -> Outcome<T> {
        serde_json::from_slice(&self.body)
            .map_err(|error| invalid(&format!("request body: {error}")))
    }

    fn respond(&self, handled: Handled) -> Response {
        match handled {
            Ok(reply) => reply.into_response(&self.context),
            Err(refusal) => refuse(&refusal, &self.context),
        }
    }
}

/// A route that only looks at the world.
pub(super) fn read(
    handler: fn(&World, &Call) -> Handled,
) -> impl Fn(Call) -> Ready<Response> + Clone + Send + Sync + 'static {
    move |call: Call| {
        let handled = match &call.past {
            Some(past) => handler(past, &call),
            None => handler(&lock(&call.app.world), &call),
        };
        ready(call.respond(handled))
    }
}

/// A route that changes the world: on a copy, which replaces the world only if nothing was refused.
pub(super) fn change(
    handler: fn(&mut World, &Call) -> Handled,
) -> impl Fn(Call) -> Ready<Response> + Clone + Send + Sync + 'static {
    move |call: Call| {
        let mut world = lock(&call.app.world);
        let mut draft = world.clone();
        let handled = handler(&mut draft, &call).and_then(|reply| {
            call.app.save(&draft)?;
            *world = draft;
            Ok(reply)
        });
        ready(call.respond(handled))
    }
}

/// A route that has nothing to do with the world.
pub(super) fn answer(
    handler: fn(&Call) -> Handled,
) -> impl Fn(Call) -> Ready<Response> + Clone + Send + Sync + 'static {
    move |call: Call| {
        let handled = handler(&call);
        ready(call.respond(handled))
    }
}

/// The error body of the API that was asked.
pub(super) fn refuse(refusal: &Refusal, context: &Context) -> Response {
    Reply::refusal(refusal).into_response(context)
}

impl Reply {
    fn into_response(self, context: &Context) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let Variants { optional_keys, gateway_codes, .. } = context.variants;
        let json = |value: Value| {
            let value =
                if status.is_success() { optional::written(value, optional_keys) } else { value };
            ([(CONTENT_TYPE, "application/json;charset=UTF-8")], value.to_string()).into_response()
        };
        let mut response = match self.body {
            Body::Empty => ().into_response(),
            Body::Text(text) => text.into_response(),
            Body::Json(value) => json(value),
            Body::Numbered(mut value) => {
                value["request_id"] = context.request_id.as_str().into();
                if gateway_codes == GatewayCodes::Apig
                    && let Some(code) = value["error_code"].as_str()
                {
                    value["error_code"] = code.replacen("APIGW.", "APIG.", 1).into();
                }
                json(value)
            }
        };
        *response.status_mut() = status;
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl FromRequest<App> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = RawPathParams::from_request_parts(&mut parts, app)
            .await
            .map_err(IntoResponse::into_response)?
            .iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let body = to_bytes(body, usize::MAX).await.map_err(|_| {
            (StatusCode::BAD_REQUEST, "the request body ended early").into_response()
        })?;
        Ok(Self {
            app: app.clone(),
            now: app.now(),
            caller: parts.extensions.remove(),
            past: parts.extensions.remove(),
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body,
            context: context_of(&parts.extensions),
            path,
        })
    }
}

pub(super) fn context_of(extensions: &axum::http::Extensions) -> Context {
    extensions.get::<Context>().cloned().unwrap_or_default()
}

/// A success that carries an error code: the request was checked and nothing done.
pub(super) fn dry_run_passed() -> Reply {
    let message = "The dry run has passed, nothing was changed.";
    Reply::numbered(202, json!({ "error_code": "SYS.0202", "error_msg": message }))
}
