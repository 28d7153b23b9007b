//! What keeps a web page away: the page of a stranger, open in a browser on this machine, must neither read nor change
//! this cloud, by whatever name it has the browser come here.

use std::net::IpAddr;

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the emulator may be called by, besides loopback.
#[derive(Debug, Clone)]
pub(super) struct OwnNames {
    pub(super) listening: IpAddr,
    pub(super) hosts: Vec<String>,
}

/// Lets through what was sent to this machine by its own name, and not on behalf of another site.
pub(super) async fn admit(State(names): State<OwnNames>, request: Request, next: Next) -> Response {
    match objection(&names, request.uri(), request.headers()) {
        None => next.run(request).await,
        Some(problem) => {
            (StatusCode::FORBIDDEN, Json(json!({ "problem": problem }))).into_response()
        }
    }
}

fn objection(names: &OwnNames, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        _ => return Some("Send exactly one Host header.".to_owned()),
    };
    let named: Option<Authority> = host.to_str().ok().and_then(|host| host.parse().ok());
    let is_own = named.is_some_and(|host| names.include(&host));
    if !is_own || uri.authority().is_some_and(|target| !names.include(target)) {
        return Some(format!(
            "{host:?} is no name of this emulator. Call it by a loopback address, by localhost, by the address that --listen \
             names, or by a name that --host gives."
        ));
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    let foreign = origins.find(|origin| !is_origin_of(origin, host));
    if let Some(origin) = foreign {
        return Some(format!("Requests on behalf of {origin:?} are not answered."));
    }
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    matches!(site, Some(b"cross-site" | b"same-site"))
        .then(|| "Requests on behalf of another site are not answered.".to_owned())
}

impl OwnNames {
    /// A name in the DNS may lead here without being ours; an address cannot.
    fn include(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(address) => {
                let listening = self.listening;
                address.is_loopback() || address == listening || listening.is_unspecified()
            }
            Err(_) => {
                let mut names = self.hosts.iter().map(String::as_str).chain(["localhost"]);
                names.any(|name| host.eq_ignore_ascii_case(name))
            }
        }
    }
}

fn is_origin_of(origin: &HeaderValue, host: &HeaderValue) -> bool {
    let site = origin.as_bytes().strip_prefix(b"http://");
    site.is_some_and(|site| site.eq_ignore_ascii_case(host.as_bytes()))
}
