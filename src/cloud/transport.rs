//! HTTP: connections that are opened when first needed, one exchange, and what it means when one breaks.

use std::{error, io, sync::OnceLock, time::Duration};

use reqwest::{
    Client, ClientBuilder,
    header::{HeaderValue, InvalidHeaderValue, RETRY_AFTER},
};
use secrecy::SecretString;
use url::Url;

use super::{
    config::Config,
    error::{Error, Kind},
};

/// The connections of a session. None exists before its first use; all are kept for reuse.
pub(super) struct Transport {
    user_agent: HeaderValue,
    services: OnceLock<Client>,
    metadata: OnceLock<Client>,
}

/// A response that was read to its end.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
    /// The token IAM hands out in a header.
    pub(super) subject_token: Option<SecretString>,
    pub(super) body: Vec<u8>,
}

impl Transport {
    pub(super) fn new(user_agent: &str) -> Result<Self, InvalidHeaderValue> {
        let user_agent = HeaderValue::from_str(user_agent)?;
        Ok(Self { user_agent, services: OnceLock::new(), metadata: OnceLock::new() })
    }

    /// To the services, through the proxy of the system where there is one.
    pub(super) fn services(&self, config: &Config) -> reqwest::Result<&Client> {
        lazily(&self.services, || {
            let Config { timeouts, ca_certificates, insecure, .. } = config;
            let builder = self
                .builder()
                .connect_timeout(timeouts.connect)
                .read_timeout(timeouts.read)
                .timeout(timeouts.total)
                .tls_danger_accept_invalid_certs(*insecure);
            match ca_certificates {
                Some(certificates) => builder.tls_certs_merge(certificates.list().iter().cloned()),
                None => builder,
            }
            .build()
        })
    }

    /// To the metadata service, which is on this very server and never behind a proxy.
    pub(super) fn metadata(&self, config: &Config) -> reqwest::Result<&Client> {
        lazily(&self.metadata, || {
            let limit = config.timeouts.metadata;
            // Plain HTTP: there is no certificate to check, and so no roots to load.
            let builder = self.builder().no_proxy().tls_certs_only([]);
            builder.connect_timeout(limit).timeout(limit).build()
        })
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .user_agent(self.user_agent.clone())
            // A signature holds for one URL only.
            .redirect(reqwest::redirect::Policy::none())
    }
}

/// Sends a request and reads the whole response.
pub(super) async fn exchange(
    client: &Client,
    request: reqwest::Request,
) -> reqwest::Result<Response> {
    let response = client.execute(request).await?;
    let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    Ok(Response {
        status: response.status().as_u16(),
        // IAM has a name of its own for it.
        request_id: header("x-request-id").or_else(|| header("x-iam-trace-id")),
        retry_after: header(RETRY_AFTER.as_str())
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
        subject_token: header("x-subject-token").map(SecretString::from),
        body: response.bytes().await?.into(),
    })
}

/// The error of an exchange that gave no response.
pub(super) fn unanswered(operation: &str, host: &str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, message) = if is_certificate_refused(&error) {
        let message = format!("the certificate of {host} is not trusted");
        (Kind::Unconfigured("cacert_file"), message)
    } else if error.is_connect() {
        (Kind::Unreachable, format!("no connection to {host}"))
    } else {
        (Kind::Lost, format!("the connection to {host} broke before the answer was complete"))
    };
    Error::new(kind, operation, message).caused_by(error)
}

/// As it stands in the request: with the port unless it is the scheme's own.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_certificate_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        // An I/O error calls the cause of what it wraps its own cause, and leaves out what it wraps.
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

/// Two callers may both build one; the first to finish is kept.
fn lazily(
    cell: &OnceLock<Client>,
    build: impl FnOnce() -> reqwest::Result<Client>,
) -> reqwest::Result<&Client> {
    match cell.get() {
        Some(client) => Ok(client),
        None => {
            let client = build()?;
            Ok(cell.get_or_init(|| client))
        }
    }
}
