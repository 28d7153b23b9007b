//! Why an exchange gave no response: no connection, no trust, a proxy that refuses, or a connection that broke.

use std::{error, io};

use rustls::{CertificateError, InvalidMessage};

use super::error::{Distrust, Error, Kind};

/// The way to the service that did not answer.
pub(crate) struct Way<'w> {
    pub(crate) host: &'w str,
    /// The proxy in between, without its credentials.
    pub(crate) proxy: Option<&'w str>,
    pub(crate) uses_tls: bool,
    /// `cacert_file` is set.
    pub(crate) has_own_authorities: bool,
}

/// The error of an exchange that gave no response.
pub(crate) fn unanswered(operation: &str, way: &Way, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, message) = explained(way, &error);
    Error::new(kind, operation, message).caused_by(error)
}

fn explained(way: &Way, error: &reqwest::Error) -> (Kind, String) {
    let Way { host, proxy, uses_tls, has_own_authorities } = way;
    match causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => {
            let (distrust, why) = distrust(why, *has_own_authorities);
            return (Kind::Untrusted(distrust), format!("the certificate of {host} {why}"));
        }
        // What answers begins with something else than TLS does.
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            let message = format!(
                "{host} does not speak TLS. Where the service is to be reached without it, write `http://` before the host"
            );
            return (Kind::Unconfigured("endpoints"), message);
        }
        _ => {}
    }
    let is_told = |text: &str| causes(error).any(|cause| cause.to_string().contains(text));
    match proxy {
        // A TLS server answers with an alert, which is no HTTP.
        _ if !uses_tls && is_told("invalid HTTP version") => {
            let message = format!(
                "{host} does not speak HTTP. Perhaps `https://` has to stand before the host"
            );
            (Kind::Unconfigured("endpoints"), message)
        }
        _ if !error.is_connect() => {
            let through = proxy.map(|proxy| format!(" through the proxy {proxy}"));
            let through = through.unwrap_or_default();
            let message =
                format!("the connection to {host}{through} broke before the answer was complete");
            (Kind::Lost, message)
        }
        Some(proxy) if is_told("proxy authorization required") => {
            (Kind::ProxyRefused, format!("the proxy {proxy} asks for a user and a password"))
        }
        Some(proxy) if is_told("tunnel error: unsuccessful") => {
            (Kind::ProxyRefused, format!("the proxy {proxy} refuses to connect to {host}"))
        }
        Some(proxy) => {
            let message = format!("no connection to {host} through the proxy {proxy}");
            (Kind::Unreachable, message)
        }
        None if is_told("tls handshake eof") => {
            let message = format!(
                "{host} ended the connection before TLS was agreed on. Where the service is to be reached without it, \
                 write `http://` before the host"
            );
            (Kind::Unreachable, message)
        }
        None if is_told("dns error") => {
            (Kind::Unreachable, format!("no address is known for the name {host}"))
        }
        None => (Kind::Unreachable, format!("no connection to {host}")),
    }
}

fn distrust(why: &CertificateError, has_own_authorities: bool) -> (Distrust, &'static str) {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (Distrust::Expired, "has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (Distrust::NotYetValid, "is not valid yet")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (Distrust::OtherName, "is for another name")
        }
        // Signed with another key by an authority of the same name: as good as another authority.
        CertificateError::UnknownIssuer | CertificateError::BadSignature if has_own_authorities => {
            let why =
                "is not trusted: its issuer is neither in `cacert_file` nor known to the system";
            (Distrust::OtherAuthority, why)
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            (Distrust::UnknownAuthority, "is not trusted: its issuer is not known to the system")
        }
        _ => (Distrust::Invalid, "is not valid"),
    }
}

/// The error and its causes, from the outermost on.
fn causes<'e>(
    error: &'e (dyn error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn error::Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn error::Error + 'static)| {
        // An I/O error calls the cause of what it wraps its own cause, and leaves out what it wraps.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as _),
            None => error.source(),
        }
    })
}
