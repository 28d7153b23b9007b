//! One call as an HTTP request, signed, and the HTTP response as an answer or an error.

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{
    auth::Identity,
    call::Call,
    client::Cloud,
    decode::Answer,
    error::{Error, Kind, Result, read_words},
    sign,
    transport::{self, Response},
};

impl Cloud {
    /// The HTTP request, signed with the time of now. What is sent is what was signed.
    pub(super) fn request(
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

/// The answer that a response is, or its error.
pub(super) fn answer(
    call: &Call,
    identity: Option<&Identity>,
    response: Response,
) -> Result<Answer> {
    let Response { status, request_id, retry_after, subject_token, body } = response;
    if (200..300).contains(&status) {
        return Ok(Answer {
            operation: call.operation.clone(),
            status,
            request_id,
            subject_token,
            body,
            confidential: call.is_confidential(),
        });
    }
    // A refused signature comes back with the text that was signed, security token and all. What is JSON can be
    // told from its escapes only once it is read; what is not is cut short there.
    let secrets: Vec<_> =
        identity.into_iter().flat_map(Identity::secrets).chain(&call.secret).collect();
    let mut words = read_words(conceal(&String::from_utf8_lossy(&body), &secrets).as_bytes());
    words.message = conceal(&words.message, &secrets);
    words.request_id = request_id.or(words.request_id);
    Err(Error::refused(call.subject, &call.operation, status, words, retry_after))
}

fn conceal(text: &str, secrets: &[&SecretString]) -> String {
    secrets
        .iter()
        .map(|secret| secret.expose_secret())
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, "(concealed)"))
}
