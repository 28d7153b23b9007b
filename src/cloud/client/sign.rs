//! The signature `SDK-HMAC-SHA256`: from a request and a time to the headers that prove who sends it. Pure.

use std::{borrow::Cow, time::SystemTime};

use aws_lc_rs::{digest, hmac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::ExposeSecret;

use super::config::AccessKey;

/// What is signed of a request. All of it must be sent exactly so.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// As it stands in the URL, percent-encoded.
    pub path: &'a str,
    /// As [`encode_query`] gives it.
    pub query: &'a str,
    /// Names in lower case, in any order; `x-sdk-date` is one of them.
    pub headers: &'a [(&'static str, String)],
    pub body: &'a [u8],
}

/// The header that carries the time of signing, which [`authorization`] signs along.
pub const DATE_HEADER: &str = "x-sdk-date";

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// The value of `Authorization`.
pub fn authorization(request: Request<'_>, key: &AccessKey) -> String {
    let headers = sorted(request.headers);
    let date = headers.iter().find(|(name, _)| *name == DATE_HEADER).map_or("", |(_, date)| date);
    let text = format!("{ALGORITHM}\n{date}\n{}", sha256(canonical_request(request).as_bytes()));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.secret_key.expose_secret().as_bytes());
    let signature = hex::encode(hmac::sign(&secret, text.as_bytes()));
    format!(
        "{ALGORITHM} Access={}, SignedHeaders={}, Signature={signature}",
        key.access_key,
        names(&headers)
    )
}

/// The text whose hash is signed.
pub fn canonical_request(request: Request<'_>) -> String {
    let headers = sorted(request.headers);
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    [
        request.method,
        &canonical_path(request.path),
        request.query,
        &lines,
        &names(&headers),
        &sha256(request.body),
    ]
    .join("\n")
}

/// A time as the signature wants it: `20260102T030405Z`. Empty for a time no calendar has.
pub fn date(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map(|time| time.strftime("%Y%m%dT%H%M%SZ").to_string())
        .unwrap_or_default()
}

/// The query in the only form that may be signed and sent: sorted and percent-encoded.
pub fn encode_query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_unstable();
    let encoded: Vec<_> =
        pairs.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    encoded.join("&")
}

/// Ends in `/` here, though not on the wire. An encoded slash counts as a slash, as in the vendor's own SDK.
fn canonical_path(path: &str) -> String {
    let decoded: Cow<'_, str> = percent_decode_str(path).decode_utf8_lossy();
    let segments: Vec<_> = decoded.split('/').map(encode).collect();
    let path = segments.join("/");
    if path.ends_with('/') { path } else { path + "/" }
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn sorted<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.sort_unstable();
    headers
}

fn names(headers: &[(&'static str, &str)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

/// In lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}
