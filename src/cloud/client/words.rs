//! What the body of an error says: the cloud's JSON in any of its shapes, a proxy's HTML, or nothing.

use serde_json::Value;

use crate::untrusted;

/// The part of an error body that is worth keeping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

/// Reads the body of an error.
pub(crate) fn read_words(body: &[u8]) -> Words {
    let found = serde_json::from_slice(body).ok().and_then(|body: Value| {
        let words = words_in(&body)?;
        let request_id = words.request_id.or_else(|| text_of(body.get("request_id")));
        Some(Words { request_id, ..words })
    });
    match found {
        Some(Words { code, message, request_id }) => Words {
            code: code.as_deref().map(untrusted::name),
            message: untrusted::sentence(&message),
            request_id: request_id.as_deref().map(untrusted::name),
        },
        None => Words { message: untrusted::excerpt(body), ..Words::default() },
    }
}

fn words_in(body: &Value) -> Option<Words> {
    let members = body.as_object()?;
    let pairs = [("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message")];
    for (code, message) in pairs {
        let code = text_of(members.get(code));
        let message = text_of(members.get(message));
        if code.is_some() || message.is_some() {
            // Neutron names its errors instead of numbering them.
            let code = code.or_else(|| text_of(members.get("type")));
            let message = message.unwrap_or_else(|| "no message".to_owned());
            return Some(Words { code, message, request_id: text_of(members.get("request_id")) });
        }
    }
    members.values().find_map(words_in)
}

/// IAM writes its codes as numbers.
fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
