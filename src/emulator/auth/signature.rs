//! Verifies `SDK-HMAC-SHA256`: rebuilds what the caller must have signed from the request as it arrived.

use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Everything but `A-Z a-z 0-9 - _ . ~`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request as it came over the wire; header names in lower case, path and query still percent-encoded.
#[derive(Debug)]
pub struct SignedRequest<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a BTreeMap<String, String>,
    pub body: &'a [u8],
}

/// The parts of the `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
pub struct Authorization {
    pub access_key: String,
    pub signed_headers: Vec<String>,
    pub signature: Vec<u8>,
}

impl SignedRequest<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Authorization {
    /// Reads `SDK-HMAC-SHA256 Access=…, SignedHeaders=a;b, Signature=<hex>`.
    ///
    /// A header list that leaves the date out is refused: such a signature would never expire.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let mut parts = BTreeMap::new();
        for part in rest.split(',') {
            let (key, value) = part.trim().split_once('=')?;
            parts.insert(key, value);
        }
        let signed_headers: Vec<String> =
            parts.get("SignedHeaders")?.split(';').map(str::to_owned).collect();
        let has_date = signed_headers.iter().any(|name| name == "x-sdk-date");
        has_date.then_some(())?;
        Some(Self {
            access_key: (*parts.get("Access")?).to_owned(),
            signed_headers,
            signature: hex::decode(parts.get("Signature")?).ok()?,
        })
    }
}

/// Checks the signature in constant time. Fails with the canonical request that was expected to be signed.
pub fn verify(
    secret_key: &str,
    request: &SignedRequest<'_>,
    authorization: &Authorization,
) -> Result<(), String> {
    let canonical = canonical_request(request, &authorization.signed_headers);
    let date = request.header("x-sdk-date").unwrap_or_default().trim();
    let to_sign = format!("{ALGORITHM}\n{date}\n{}", sha256(canonical.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret_key.as_bytes());
    hmac::verify(&key, to_sign.as_bytes(), &authorization.signature).map_err(|_| canonical)
}

fn canonical_request(request: &SignedRequest<'_>, signed_headers: &[String]) -> String {
    let headers: String = signed_headers
        .iter()
        .map(|name| format!("{name}:{}\n", request.header(name).unwrap_or_default().trim()))
        .collect();
    [
        request.method,
        &canonical_path(request.path),
        &canonical_query(request.query),
        &headers,
        &signed_headers.join(";"),
        &sha256(request.body),
    ]
    .join("\n")
}

/// Decoded as a whole, cut at `/`, each segment encoded again, and always with a `/` at the end.
fn canonical_path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let segments: Vec<String> = decoded.split('/').map(encode).collect();
    let joined = segments.join("/");
    if joined.ends_with('/') { joined } else { joined + "/" }
}

fn canonical_query(query: &str) -> String {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect();
    pairs.sort();
    let encoded: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    encoded.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}
