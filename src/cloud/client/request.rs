//! One call as an HTTP request, signed, and the HTTP response as an answer or an error.

use std::time::SystemTime;

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::ExposeSecret;

use super::{
    Client,
    auth::Identity,
    call::Call,
    decode::Answer,
    error::{Error, Kind, Result},
    sign,
    transport::{self, Response},
    words::{Words, read_words},
};
use crate::untrusted;

impl Client {
    /// The HTTP request, signed with the time of now. What is sent is what was signed.
    pub(crate) fn request(
        &self,
        call: &Call,
        identity: Option<&Identity>,
        project: Option<&str>,
    ) -> Result<reqwest::Request> {
        let url = call.url(&self.config().endpoints, project);
        let body = call.body.as_deref().unwrap_or_default().as_bytes();
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(project.map(|project| ("x-project-id", project.to_owned())));
        match identity {
            Some(Identity::Keys(key)) => {
                headers.push((sign::DATE_HEADER, sign::date((self.config().clock)())));
                headers.extend(
                    key.security_token
                        .as_ref()
                        .map(|token| ("x-security-token", token.expose_secret().to_owned())),
                );
                // Signed, but written by the HTTP library itself, from the same URL.
                let host = ("host", transport::host_of(&url));
                let signed: Vec<_> = headers.iter().cloned().chain([host]).collect();
                let request = sign::Request {
                    method: call.method.as_str(),
                    path: url.path(),
                    query: url.query().unwrap_or_default(),
                    headers: &signed,
                    body,
                };
                headers.push(("authorization", sign::authorization(request, key)));
            }
            Some(Identity::Token(token)) => {
                headers.push(("x-auth-token", token.expose_secret().to_owned()));
            }
            None => {}
        }

        let mut request = reqwest::Request::new(call.method.clone(), url);
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                // A key read from a file together with its line break, for instance.
                let message = format!(
                    "the value for the header `{name}` holds a line break or another control character: check the \
                     project id and the credentials"
                );
                Error::new(Kind::Unconfigured("access_key"), &call.operation, message)
            })?;
            value.set_sensitive(true);
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        if let Some(body) = &call.body {
            *request.body_mut() = Some(body.clone().into());
        }
        Ok(request)
    }
}

/// The answer that a response is, or its error. `proxy` is what it may have come from instead of the cloud, and
/// `signed` the time on this machine that its signature names.
pub(crate) fn answer(
    call: &Call,
    proxy: Option<&str>,
    signed: Option<SystemTime>,
    response: Response,
) -> Result<Answer> {
    let unusable = response.unusable();
    let Response { status, request_id, retry_after, date, subject_token, body, .. } = response;
    let operation = &call.operation;
    // Other answers have none that matters, and might bring a new one each time.
    subject_token.iter().filter(|_| call.is_confidential()).for_each(untrusted::keep_secret);
    if (200..300).contains(&status) {
        return match unusable {
            Some(message) => {
                let words = Words { message, request_id, ..Words::default() };
                Err(Error::unreadable(operation, status, words))
            }
            None => Ok(Answer {
                operation: operation.clone(),
                status,
                request_id,
                subject_token,
                body: body.bytes,
                confidential: call.is_confidential(),
            }),
        };
    }
    let mut words = match unusable {
        Some(message) => Words { message, ..Words::default() },
        None => read_words(&body.bytes),
    };
    words.request_id = request_id.or(words.request_id);
    // The cloud gives its refusals a code and an id.
    let is_clouds = words.code.is_some() || words.request_id.is_some();
    if let Some(proxy) = proxy.filter(|_| !is_clouds) {
        words.message = format!("the proxy {proxy} answered: {}", words.message);
        if matches!(status, 403 | 407) {
            return Err(Error::refused_by_proxy(operation, status, words));
        }
    }
    let error = Error::refused(call.subject, operation, status, words, retry_after);
    Err(match (signed, date) {
        (Some(ours), Some(theirs)) if error.kind() == Kind::Unauthenticated => {
            error.at(theirs, ours)
        }
        _ => error,
    })
}
