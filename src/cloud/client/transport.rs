//! HTTP: connections that are opened when first needed, and one exchange, of which no more is read than an answer may
//! hold.

use std::{
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{
    Client, ClientBuilder,
    header::{CONTENT_ENCODING, DATE, HeaderValue, InvalidHeaderValue, RETRY_AFTER},
};
use secrecy::SecretString;
use url::Url;

use super::config::Config;
use crate::untrusted;

/// The connections of a session. None exists before its first use; all are kept for reuse.
pub(crate) struct Transport {
    user_agent: HeaderValue,
    services: OnceLock<Client>,
    metadata: OnceLock<Client>,
    proxies: OnceLock<Matcher>,
}

/// A response that was read to its end, or to the bound.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The cloud's clock.
    pub(crate) date: Option<SystemTime>,
    /// How the body is compressed, which nobody asked for.
    pub(crate) encoding: Option<String>,
    /// The token IAM hands out in a header.
    pub(crate) subject_token: Option<SecretString>,
    pub(crate) body: Body,
}

impl Response {
    /// Why its body is not worth reading.
    pub(crate) fn unusable(&self) -> Option<String> {
        match &self.encoding {
            Some(encoding) => {
                Some(format!("the answer is compressed ({encoding}), which was not asked for"))
            }
            None if self.body.is_cut && self.body.bytes.len() == LONGEST_ANSWER => {
                let bound = LONGEST_ANSWER >> 20;
                Some(format!("the answer is longer than {bound} MiB, and was not read to its end"))
            }
            None => None,
        }
    }
}

/// What was read of a body.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// There is more, which was not read.
    pub(crate) is_cut: bool,
}

/// A page of a thousand servers with all their details has some ten MB.
const LONGEST_ANSWER: usize = 32 << 20;

/// The answers of a refusal or of the metadata service are short.
const LONGEST_REFUSAL: usize = 1 << 20;

impl Transport {
    pub(crate) fn new(user_agent: &str) -> Result<Self, InvalidHeaderValue> {
        let user_agent = HeaderValue::from_str(user_agent)?;
        let (services, metadata, proxies) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Self { user_agent, services, metadata, proxies })
    }

    /// To the services, through the proxy of the system where there is one.
    pub(crate) fn services(&self, config: &Config) -> reqwest::Result<&Client> {
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
    pub(crate) fn metadata(&self, config: &Config) -> reqwest::Result<&Client> {
        lazily(&self.metadata, || {
            let limit = config.timeouts.metadata;
            // Plain HTTP: there is no certificate to check, and so no roots to load.
            let builder = self.builder().no_proxy().tls_certs_only([]);
            builder.connect_timeout(limit).timeout(limit).build()
        })
    }

    /// The proxy that the system has for this URL, without its credentials: the HTTP library goes by the same rules.
    pub(crate) fn proxy(&self, url: &Url) -> Option<String> {
        let matcher = self.proxies.get_or_init(Matcher::from_system);
        let proxy = matcher.intercept(&url.as_str().parse().ok()?)?;
        let (scheme, host) = (proxy.uri().scheme_str()?, proxy.uri().host()?);
        let port = proxy.uri().port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{host}{port}"))
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .user_agent(self.user_agent.clone())
            // A signature holds for one URL only.
            .redirect(reqwest::redirect::Policy::none())
    }
}

/// Sends a request and reads the response.
pub(crate) async fn exchange(
    client: &Client,
    request: reqwest::Request,
) -> reqwest::Result<Response> {
    let response = client.execute(request).await?;
    let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    let longest = if response.status().is_success() { LONGEST_ANSWER } else { LONGEST_REFUSAL };
    Ok(Response {
        status: response.status().as_u16(),
        // IAM has a name of its own for it.
        request_id: header("x-request-id")
            .or_else(|| header("x-iam-trace-id"))
            .map(|id| untrusted::name(&id)),
        retry_after: header(RETRY_AFTER.as_str())
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
        date: header(DATE.as_str()).and_then(|date| moment(&date)),
        encoding: header(CONTENT_ENCODING.as_str())
            .filter(|encoding| encoding != "identity")
            .map(|encoding| untrusted::name(&encoding)),
        subject_token: header("x-subject-token").map(SecretString::from),
        body: read(response, longest).await?,
    })
}

/// The body of a short answer.
pub(crate) async fn short_body(response: reqwest::Response) -> reqwest::Result<Vec<u8>> {
    Ok(read(response, LONGEST_REFUSAL).await?.bytes)
}

/// Reads until the body ends or is longer than it may be, whatever length the header says.
async fn read(mut response: reqwest::Response, longest: usize) -> reqwest::Result<Body> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let left = longest - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(left)]);
        if chunk.len() > left {
            return Ok(Body { bytes, is_cut: true });
        }
    }
    Ok(Body { bytes, is_cut: false })
}

/// As HTTP writes it: `Fri, 02 Jan 2026 03:04:05 GMT`.
fn moment(date: &str) -> Option<SystemTime> {
    let date = jiff::fmt::rfc2822::parse(date.trim()).ok()?;
    Some(date.timestamp().into())
}

/// As it stands in the request: with the port unless it is the scheme's own.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
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
