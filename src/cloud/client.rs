//! One call from its words to its answer: log in, sign, send, wait, repeat, page. The only file that waits.

use std::{sync::Arc, time::Duration};

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::{
    auth::{Identity, Login},
    call::{Api, Call},
    config::Config,
    decode::{Answer, Page},
    error::{Error, Kind, Result, read_words},
    retry::{self, Decision, Effect, Policy},
    sign,
    transport::{self, Response, Transport},
};

/// A handle on one region of the cloud. Clones share connections, logins and what was looked up.
#[derive(Clone)]
pub struct Cloud {
    session: Arc<Session>,
    bounds: Bounds,
}

struct Session {
    config: Config,
    transport: Transport,
    login: Mutex<Option<Arc<Login>>>,
    project: OnceCell<String>,
}

/// How long an operation may go on.
#[derive(Clone)]
struct Bounds {
    /// When it ends, and how long that was when it began.
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
        let transport = Transport::new(&config.user_agent).map_err(|error| {
            let message = "the user agent holds characters that no header may hold";
            Error::new(Kind::Unconfigured("user_agent"), "configure the client", message)
                .caused_by(error)
        })?;
        let login = Mutex::new(None);
        let session = Session { config, transport, login, project: OnceCell::new() };
        let bounds = Bounds { deadline: None, stop: CancellationToken::new() };
        Ok(Self { session: Arc::new(session), bounds })
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
        &self.config().region
    }

    pub(super) fn config(&self) -> &Config {
        &self.session.config
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.session.transport
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

    /// Asks v3, and v1 in regions that do not publish v3.
    pub(super) async fn newest<T, A>(&self, ask: impl Fn(Api) -> A) -> Result<T>
    where
        A: Future<Output = Result<T>>,
    {
        match ask(Api::VpcV3).await {
            Err(error) if error.kind() == Kind::NotPublished => ask(Api::VpcV1).await,
            result => result,
        }
    }

    /// All elements of a list, page by page.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        call: Call,
        wrapper: &str,
    ) -> Result<Vec<T>> {
        let first = call.query("limit", PAGE_LIMIT);
        let mut call = first.clone();
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let answer = self.send(&call).await?;
            let Page { items, next } = answer.page(wrapper, PAGE_LIMIT)?;
            all.extend(items);
            match next {
                None => return Ok(all),
                // The list would never end.
                next if next == marker => return Err(answer.unreadable()),
                Some(next) => {
                    call = first.clone().query("marker", &next);
                    marker = Some(next);
                }
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
            let error = match self.attempt(call, identity, project, attempt).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match retry::decide(policy, call.effect, &error, attempt, rand::random()) {
                Decision::GiveUp => return Err(error),
                Decision::RepeatAfter(pause) => {
                    let pause_ms = pause.as_millis();
                    info!(operation = call.operation, attempt, pause_ms, %error, "repeating after a pause");
                    #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
                    let nap = tokio::time::sleep(pause);
                    self.during(&call.operation, nap).await.map_err(|end| end.caused_by(error))?;
                }
            }
            attempt += 1;
        }
    }

    /// Waits for `work`, but not beyond the bounds of the operation.
    pub(super) async fn during<F: Future>(&self, operation: &str, work: F) -> Result<F::Output> {
        tokio::select! {
            biased;
            end = self.bounds.end() => Err(self.bounds.error(end, operation)),
            output = work => Ok(output),
        }
    }

    async fn send_as(&self, call: &Call, login: &Login) -> Result<Answer> {
        let project = match call.api {
            Api::Iam => None,
            Api::VpcV1 | Api::VpcV3 | Api::EcsV1 => Some(self.project(call, login).await?),
        };
        self.exchange(call, Some(&login.identity), project).await
    }

    /// The login in use, renewed where it is about to expire or where it is the one that was refused.
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

    /// Sends once and reads what comes back.
    async fn attempt(
        &self,
        call: &Call,
        identity: Option<&Identity>,
        project: Option<&str>,
        attempt: u32,
    ) -> Result<Answer> {
        let request = self.request(call, identity, project)?;
        let host = transport::host_of(request.url());
        let path = request.url().path().to_owned();
        let http = self.transport().services(self.config()).map_err(|error| {
            let message = "the trusted certificates cannot be loaded";
            Error::new(Kind::Unconfigured("cacert_file"), &call.operation, message).caused_by(error)
        })?;

        let started = Instant::now();
        let exchange = transport::exchange(http, request);
        let response = match call.effect {
            Effect::None => self.during(&call.operation, exchange).await?,
            // Given up, its outcome would be unknown. The time limits of the connection end it all the same.
            Effect::Idempotent | Effect::Once => exchange.await,
        };
        let result = match response {
            Ok(response) => answer(call, identity, response),
            Err(error) => Err(transport::unanswered(&call.operation, &host, error)),
        };

        let (status, request_id) = match &result {
            Ok(answer) => (Some(answer.status), answer.request_id.as_deref()),
            Err(error) => (error.status(), error.request_id()),
        };
        let ms = started.elapsed().as_millis();
        debug!(operation = call.operation, method = %call.method, path, status, ms, request_id, attempt, "call");
        result
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
                    body: &body,
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
        if call.body.is_some() {
            *request.body_mut() = Some(body.into());
        }
        Ok(request)
    }
}

/// The answer that a response is, or its error.
fn answer(call: &Call, identity: Option<&Identity>, response: Response) -> Result<Answer> {
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

impl Bounds {
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

    fn error(&self, end: Kind, operation: &str) -> Error {
        let message = match (&end, self.deadline) {
            (Kind::TimedOut, Some((_, limit))) => {
                format!("the time limit of {} s has passed", limit.as_secs_f64())
            }
            _ => "stopped before it was done".to_owned(),
        };
        Error::new(end, operation, message)
    }
}
