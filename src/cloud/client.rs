//! One call from its words to its answer: sign, send, wait, repeat, page. The only file that waits.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::{
    auth::{Identity, Login},
    call::Call,
    config::Config,
    decode::{Answer, Page},
    error::{Error, Kind, Result, read_words},
    retry::{self, Decision, Effect, Policy},
    sign,
};

/// A handle on one region of the cloud. Clones share connections, tokens and what was looked up.
#[derive(Clone)]
pub struct Cloud {
    session: Arc<Session>,
    bounds: Bounds,
}

struct Session {
    config: Config,
    user_agent: HeaderValue,
    http: OnceLock<reqwest::Client>,
    metadata_http: OnceLock<reqwest::Client>,
    login: tokio::sync::Mutex<Option<Arc<Login>>>,
    project: tokio::sync::OnceCell<String>,
}

/// How long an operation may go on.
#[derive(Clone)]
struct Bounds {
    deadline: Option<(Instant, Duration)>,
    stop: CancellationToken,
}

/// How many elements a page of a list may hold. The API allows up to 2000.
const PAGE_LIMIT: usize = 1000;

impl Cloud {
    /// Nothing is read, connected or asked before the first call.
    ///
    /// # Errors
    /// `user_agent` cannot stand in a header.
    pub fn new(config: Config) -> Result<Self> {
        let user_agent = HeaderValue::from_str(&config.user_agent).map_err(|error| {
            let message = "the user agent holds characters that no header may hold";
            Error::new(Kind::Unconfigured("user_agent"), "configure the client", message)
                .caused_by(error)
        })?;
        Ok(Self {
            session: Arc::new(Session {
                config,
                user_agent,
                http: OnceLock::new(),
                metadata_http: OnceLock::new(),
                login: tokio::sync::Mutex::new(None),
                project: tokio::sync::OnceCell::new(),
            }),
            bounds: Bounds { deadline: None, stop: CancellationToken::new() },
        })
    }

    /// The same session, bounded in time from now on, in place of any earlier bounds.
    ///
    /// After `limit`, or once `stop` is cancelled, nothing is started or waited for any more. A read in flight is
    /// given up at once; a write in flight may finish, so that its outcome is known.
    pub fn bounded(&self, limit: Duration, stop: CancellationToken) -> Self {
        let deadline = Instant::now().checked_add(limit).map(|instant| (instant, limit));
        Self { session: Arc::clone(&self.session), bounds: Bounds { deadline, stop } }
    }

    pub fn region(&self) -> &str {
        &self.session.config.region
    }

    pub(super) fn config(&self) -> &Config {
        &self.session.config
    }

    /// Makes the call as whoever the configuration says, logging in first where that is needed.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer> {
        let login = self.login(call, None).await?;
        match self.send_as(call, &login).await {
            // Temporary credentials can expire early. Permanent ones stay wrong, and asking again and again
            // locks the account's key.
            Err(error) if error.kind() == Kind::Unauthenticated && login.is_temporary() => {
                let login = self.login(call, Some(&login)).await?;
                self.send_as(call, &login).await
            }
            result => result,
        }
    }

    async fn send_as(&self, call: &Call, login: &Login) -> Result<Answer> {
        let project = match call.api.needs_project() {
            true => Some(self.project(call, login).await?),
            false => None,
        };
        self.exchange(call, Some(&login.identity), project).await
    }

    /// The login in use, renewed where it is about to expire or where it is `refused`.
    async fn login(&self, call: &Call, refused: Option<&Arc<Login>>) -> Result<Arc<Login>> {
        let mut held = self.during(&call.operation, self.session.login.lock()).await?;
        let now = (self.config().clock)();
        if let Some(login) = held.as_ref() {
            // Another call may have renewed it meanwhile.
            let is_refused = refused.is_some_and(|refused| Arc::ptr_eq(refused, login));
            if !is_refused && !login.is_due(now) {
                return Ok(Arc::clone(login));
            }
        }
        let login = Arc::new(self.log_in(now).await?);
        *held = Some(Arc::clone(&login));
        Ok(login)
    }

    async fn project(&self, call: &Call, login: &Login) -> Result<&str> {
        let project = self.session.project.get_or_try_init(|| self.find_project(login));
        self.during(&call.operation, project).await?.map(String::as_str)
    }

    /// The object, or `None` where the cloud says that there is none.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        call: &Call,
        wrapper: &str,
    ) -> Result<Option<T>> {
        match self.send(call).await {
            Ok(answer) => answer.object(wrapper).map(Some),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All elements of a list, page by page.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        call: Call,
        wrapper: &str,
    ) -> Result<Vec<T>> {
        let call = call.query("limit", PAGE_LIMIT);
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let call = match &marker {
                Some(marker) => call.clone().query("marker", marker),
                None => call.clone(),
            };
            let answer = self.send(&call).await?;
            let Page { items, next } = answer.page(wrapper, PAGE_LIMIT)?;
            all.extend(items);
            match next {
                None => return Ok(all),
                // The list would never end.
                Some(next) if marker.as_ref() == Some(&next) => return Err(answer.unreadable()),
                Some(next) => marker = Some(next),
            }
        }
    }

    /// Sends until there is an answer worth handing back.
    ///
    /// Without an identity the call goes out unsigned, as a login with a password does.
    pub(super) async fn exchange(
        &self,
        call: &Call,
        identity: Option<&Identity>,
        project: Option<&str>,
    ) -> Result<Answer> {
        let Config { max_retries, pause, .. } = *self.config();
        let policy = Policy { max_retries, pause };
        let mut attempt = 0;
        loop {
            let request = self.request(call, identity, project)?;
            let secrets = Secrets(identity, call.secret.as_ref());
            let error = match self.attempt(call, request, secrets, attempt).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match retry::decide(policy, call.effect, &error, attempt, rand::random()) {
                Decision::GiveUp => return Err(error),
                Decision::RepeatAfter(pause) => {
                    info!(
                        operation = call.operation,
                        pause_ms = pause.as_millis(),
                        attempt,
                        %error,
                        "waiting before the call is repeated"
                    );
                    #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
                    let nap = tokio::time::sleep(pause);
                    self.during(&call.operation, nap).await.map_err(|end| end.caused_by(error))?;
                }
            }
            attempt += 1;
        }
    }

    /// The HTTP request, signed with the time of now. What is sent is what was signed.
    fn request(
        &self,
        call: &Call,
        identity: Option<&Identity>,
        project: Option<&str>,
    ) -> Result<reqwest::Request> {
        let url = call.url(&self.config().endpoints, project);
        let body = call.body.as_ref().map(ToString::to_string).unwrap_or_default().into_bytes();
        let mut headers =
            vec![("content-type", "application/json".to_owned()), ("host", host_of(&url))];
        headers.extend(project.map(|project| ("x-project-id", project.to_owned())));

        let mut secret_headers = Vec::new();
        match identity {
            Some(Identity::Keys(key)) => {
                headers.push((sign::DATE_HEADER, sign::date((self.config().clock)())));
                if let Some(token) = &key.security_token {
                    headers.push(("x-security-token", token.expose_secret().to_owned()));
                }
                let request = sign::Request {
                    method: call.method.as_str(),
                    path: url.path(),
                    query: url.query().unwrap_or_default(),
                    headers: &headers,
                    body: &body,
                };
                secret_headers.push(("authorization", sign::authorization(request, key)));
            }
            Some(Identity::Token(token)) => {
                secret_headers.push(("x-auth-token", token.expose_secret().to_owned()));
            }
            None => {}
        }

        let mut request = reqwest::Request::new(call.method.clone(), url);
        for (name, value) in headers.into_iter().chain(secret_headers) {
            // A line break in a key or a token, from a file read with its newline.
            let mut value = HeaderValue::from_str(&value).map_err(|_| {
                let message = format!("a credential cannot stand in the header `{name}`: it holds a line break or another control character");
                Error::new(Kind::Unconfigured("access_key"), &call.operation, message)
            })?;
            value.set_sensitive(true);
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        // The HTTP library writes it itself, from the URL.
        request.headers_mut().remove("host");
        if call.body.is_some() {
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }

    /// Sends once and reads what comes back.
    async fn attempt(
        &self,
        call: &Call,
        request: reqwest::Request,
        secrets: Secrets<'_>,
        attempt: u32,
    ) -> Result<Answer> {
        self.bounds.check().map_err(|end| self.ended(end, &call.operation))?;
        let host = host_of(request.url());
        let path = request.url().path().to_owned();
        let http = self.http(&call.operation)?;
        let started = Instant::now();

        let exchange = receive(http.execute(request));
        let received = match call.effect {
            Effect::None => self.during(&call.operation, exchange).await?,
            Effect::Idempotent | Effect::Once => exchange.await,
        };
        let result = match received {
            Ok(response) => response.into_answer(call, secrets),
            Err(error) => Err(unanswered(call, &host, error)),
        };
        let (status, request_id) = match &result {
            Ok(answer) => (Some(answer.status), answer.request_id.as_deref()),
            Err(error) => (error.status(), error.request_id()),
        };
        debug!(
            operation = call.operation,
            method = %call.method,
            path,
            status,
            request_id,
            ms = started.elapsed().as_millis(),
            attempt,
            "call"
        );
        result
    }

    /// Waits for `work`, but not beyond the bounds of the operation.
    pub(super) async fn during<F: Future>(&self, operation: &str, work: F) -> Result<F::Output> {
        tokio::select! {
            biased;
            end = self.bounds.end() => Err(self.ended(end, operation)),
            output = work => Ok(output),
        }
    }

    fn ended(&self, end: Kind, operation: &str) -> Error {
        let message = match (&end, self.bounds.deadline) {
            (Kind::TimedOut, Some((_, limit))) => {
                format!(
                    "the time limit of {} has passed",
                    jiff::SignedDuration::try_from(limit)
                        .map(|limit| format!("{limit:#}"))
                        .unwrap_or_default()
                )
            }
            _ => "stopped before it was done".to_owned(),
        };
        Error::new(end, operation, message)
    }

    /// The connections to the services, opened and given their trusted roots at the first call.
    fn http(&self, operation: &str) -> Result<&reqwest::Client> {
        lazily(&self.session.http, || {
            let Config { timeouts, ca_certificates, insecure, .. } = self.config();
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
        .map_err(|error| {
            let message = "the trusted certificates cannot be loaded";
            Error::new(Kind::Unconfigured("cacert_file"), operation, message).caused_by(error)
        })
    }

    /// The connection to the metadata service, which is on this very server and never behind a proxy.
    pub(super) fn metadata_http(&self) -> std::result::Result<&reqwest::Client, reqwest::Error> {
        lazily(&self.session.metadata_http, || {
            let limit = self.config().timeouts.metadata;
            // Plain HTTP: no certificate is ever checked.
            self.builder()
                .no_proxy()
                .tls_certs_only([])
                .connect_timeout(limit)
                .timeout(limit)
                .build()
        })
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .user_agent(self.session.user_agent.clone())
            // A signature holds for one URL only.
            .redirect(reqwest::redirect::Policy::none())
    }
}

impl Bounds {
    fn check(&self) -> std::result::Result<(), Kind> {
        match self.deadline {
            _ if self.stop.is_cancelled() => Err(Kind::Interrupted),
            Some((deadline, _)) if Instant::now() >= deadline => Err(Kind::TimedOut),
            _ => Ok(()),
        }
    }

    /// Comes back when the bounds are reached, and says which.
    async fn end(&self) -> Kind {
        let deadline = async {
            match self.deadline {
                Some((deadline, _)) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Kind::Interrupted,
            () = deadline => Kind::TimedOut,
        }
    }
}

/// What must not appear in an error, should the cloud echo it.
#[derive(Clone, Copy)]
struct Secrets<'a>(Option<&'a Identity>, Option<&'a SecretString>);

impl Secrets<'_> {
    fn conceal(self, text: &str) -> String {
        let secrets = self.0.into_iter().flat_map(Identity::secrets).chain(self.1);
        secrets
            .map(ExposeSecret::expose_secret)
            .filter(|secret| !secret.is_empty())
            .fold(text.to_owned(), |text, secret| text.replace(secret, "(concealed)"))
    }
}

/// A response that was read to its end.
struct Response {
    status: u16,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    subject_token: Option<SecretString>,
    body: Vec<u8>,
}

async fn receive(
    response: impl Future<Output = reqwest::Result<reqwest::Response>>,
) -> reqwest::Result<Response> {
    let response = response.await?;
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

impl Response {
    fn into_answer(self, call: &Call, secrets: Secrets<'_>) -> Result<Answer> {
        let Response { status, request_id, retry_after, subject_token, body } = self;
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
        let mut words = read_words(&body);
        // A refused signature comes back with the text that was signed, security token and all.
        words.message = secrets.conceal(&words.message);
        words.request_id = request_id.or(words.request_id);
        Err(Error::refused(call.subject, &call.operation, status, words, retry_after))
    }
}

/// The error of a call without an answer.
fn unanswered(call: &Call, host: &str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    let (kind, message) = if is_certificate_refused(&error) {
        let message = format!("the certificate of {host} is not trusted");
        (Kind::Unconfigured("cacert_file"), message)
    } else if error.is_connect() {
        (Kind::Unreachable, format!("no connection to {host}"))
    } else {
        (Kind::Lost, format!("the connection to {host} broke before the answer was complete"))
    };
    Error::new(kind, &call.operation, message).caused_by(error)
}

fn is_certificate_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// As it stands in the request: with the port unless it is the scheme's own.
fn host_of(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Two callers may both build one; the first to finish is kept.
fn lazily(
    cell: &OnceLock<reqwest::Client>,
    build: impl FnOnce() -> reqwest::Result<reqwest::Client>,
) -> reqwest::Result<&reqwest::Client> {
    match cell.get() {
        Some(client) => Ok(client),
        None => {
            let client = build()?;
            Ok(cell.get_or_init(|| client))
        }
    }
}
