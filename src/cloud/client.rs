//! One call from its words to its answer: log in, send, repeat, page.

use std::{error::Error as _, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::{
    auth::{Identity, Login},
    bounds::{self, Bounds},
    call::{Api, Call, Unpublished},
    callers::Callers,
    config::Config,
    decode::{Answer, Page},
    error::{Error, Kind, Result},
    intents::Plans,
    known::{Known, Now},
    request::answer,
    retry::{self, Decision, Effect, Past, Policy},
    route_writer::RouteWriters,
    throttle::Throttle,
    transport::{self, Transport},
    turns::Turns,
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
    /// Set once the cloud has accepted the credentials.
    credentials_hold: OnceCell<()>,
    /// Held by the call that finds that out; what it leaves is the refusal.
    first_call: Mutex<Option<Error>>,
    throttle: Throttle,
    unpublished: Unpublished,
    callers: Arc<Callers>,
    route_writers: RouteWriters,
    port_turns: Turns,
    known: Known,
    now: Now,
    plans: Plans,
}

/// How many elements a page of a list may hold. The API allows up to 2000.
pub(super) const PAGE_LIMIT: usize = 1000;

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
        let session = Session {
            config,
            transport,
            login,
            project: OnceCell::new(),
            credentials_hold: OnceCell::new(),
            first_call: Mutex::new(None),
            throttle: Throttle::default(),
            unpublished: Unpublished::default(),
            callers: Arc::default(),
            route_writers: RouteWriters::default(),
            port_turns: Turns::default(),
            known: Known::default(),
            now: Now::default(),
            plans: Plans::default(),
        };
        Ok(Self { session: Arc::new(session), bounds: Bounds::default() })
    }

    /// The same session, bounded in time from now on, in place of any earlier bounds.
    ///
    /// After `limit`, or once `stop` is cancelled, nothing is started or waited for any more. A read in flight is
    /// given up at once; a write in flight may finish after `stop`, so that its outcome is known, but not after `limit`.
    pub fn bounded(&self, limit: Duration, stop: CancellationToken) -> Self {
        Self { session: Arc::clone(&self.session), bounds: Bounds::from_now(limit, stop) }
    }

    /// Lists show what there is in all enterprise projects, as far as the user may see it.
    pub fn sees_all_projects(&self) -> bool {
        self.config().enterprise_project_id.is_none()
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

    pub(super) fn route_writers(&self) -> &RouteWriters {
        &self.session.route_writers
    }

    pub(super) fn port_turns(&self) -> &Turns {
        &self.session.port_turns
    }

    pub(super) fn known(&self) -> &Known {
        &self.session.known
    }

    pub(super) fn now(&self) -> &Now {
        &self.session.now
    }

    pub(super) fn callers(&self) -> &Arc<Callers> {
        &self.session.callers
    }

    /// The enterprise project to list, where one is named here or in the provider block.
    pub(super) fn enterprise_project(&self, named: Option<&str>) -> Option<String> {
        named.map(str::to_owned).or_else(|| self.config().enterprise_project_id.clone())
    }

    pub(super) fn plans(&self) -> &Plans {
        &self.session.plans
    }

    pub(super) fn max_retries(&self) -> u32 {
        self.config().max_retries
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// A pause that grows with `attempt`, within the bounds of the operation.
    pub(super) async fn pause(&self, operation: &str, attempt: u32) -> Result<()> {
        let pause = retry::pause(self.config().pause, attempt, rand::random());
        info!(operation, attempt, pause_ms = pause.as_millis(), "looking again after a pause");
        self.bounds.wait_until(operation, bounds::after(pause)).await
    }

    /// A pause before something is sent again that has failed so; at least as long as the cloud asks for.
    pub(super) async fn pause_after(
        &self,
        error: &Error,
        operation: &str,
        attempt: u32,
    ) -> Result<()> {
        let pause = retry::pause_after(error, self.config().pause, attempt, rand::random());
        info!(operation, attempt, pause_ms = pause.as_millis(), %error, "sending again after a pause");
        let waited = self.bounds.wait_until(operation, bounds::after(pause)).await;
        waited.map_err(|end| end.caused_by(error.clone()))
    }

    /// Waits for `work`, but not beyond the bounds of the operation.
    pub(super) async fn during<F: Future>(&self, operation: &str, work: F) -> Result<F::Output> {
        self.bounds.during(operation, work).await
    }

    /// Makes the call as whoever the configuration says, logging in first where that is needed. An API that the region
    /// has turned out not to publish is not asked again.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer> {
        if let Some(refusal) = self.session.unpublished.refusal(call) {
            return Err(refusal);
        }
        let outcome = self.send_known(call).await;
        if let Err(error) = &outcome
            && error.kind() == Kind::NotPublished
        {
            self.session.unpublished.note(call, error);
        }
        outcome
    }

    async fn send_known(&self, call: &Call) -> Result<Answer> {
        if self.session.credentials_hold.initialized() {
            return Box::pin(self.send_renewing(call)).await;
        }
        // The first call goes alone: ten at once with a wrong key would lock the key.
        let mut first = self.during(&call.operation, self.session.first_call.lock()).await?;
        if let Some(refusal) = first.as_ref() {
            return Err(refusal.clone());
        }
        if self.session.credentials_hold.initialized() {
            drop(first);
            return Box::pin(self.send_renewing(call)).await;
        }
        let outcome = Box::pin(self.send_renewing(call)).await;
        match &outcome {
            Err(error) if error.kind() == Kind::Unauthenticated => *first = Some(error.clone()),
            Ok(_) => drop(self.session.credentials_hold.set(())),
            // Throttled, it may not have got as far as the key.
            Err(error)
                if error.status().is_some()
                    && !error.leaves_doubt()
                    && error.kind() != Kind::Throttled =>
            {
                drop(self.session.credentials_hold.set(()));
            }
            Err(_) => {}
        }
        outcome
    }

    async fn send_renewing(&self, call: &Call) -> Result<Answer> {
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
        let object = |answer: &Answer| answer.object_with_id(wrapper, call.object_id());
        match self.read(call, object).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a call that changes nothing answers. An answer that makes no sense, as of a front end in the middle of a
    /// restart, is asked for again like one that was lost.
    pub(super) async fn read<T>(
        &self,
        call: &Call,
        decode: impl Fn(&Answer) -> Result<T>,
    ) -> Result<T> {
        let mut attempt = 0;
        loop {
            let error = match decode(&self.send(call).await?) {
                Err(error) if error.kind() == Kind::Unreadable => error.of_read(),
                decoded => return decoded,
            };
            if attempt == self.max_retries() {
                return Err(error.after_sendings(attempt + 1));
            }
            self.pause_after(&error, &call.operation, attempt).await?;
            attempt += 1;
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
            let page = |answer: &Answer| {
                let page = answer.page(wrapper, PAGE_LIMIT)?;
                // Else the list would never end.
                let is_over = page.next.is_none() || page.next != marker;
                Ok(if is_over { Ok(page) } else { Err(answer.unreadable()) })
            };
            let Page { items, next } = self.read(&call, page).await??;
            all.extend(items);
            match next {
                None => return Ok(all),
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
        let mut past = Past::of(call.sendings);
        let mut last: Option<Error> = None;
        loop {
            if let Err(end) = self.await_throttle(call).await {
                return Err(match last {
                    Some(error) => end.caused_by(error),
                    None => end,
                });
            }
            let attempt = past.attempts();
            let error = match self.attempt(call, identity, project, attempt).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_end() && error.source().is_none() => {
                    return Err(match last {
                        Some(cause) => error.caused_by(cause),
                        None => error,
                    });
                }
                Err(error) => error.after_sendings(attempt + 1),
            };
            let Decision::RepeatAfter(pause) =
                retry::decide(policy, call.effect, &error, past, rand::random())
            else {
                return Err(error);
            };
            let pause_ms = pause.as_millis();
            info!(operation = call.operation, attempt, pause_ms, %error, "repeating after a pause");
            past = past.and(&error, pause);
            let then = bounds::after(pause);
            if let (Kind::Throttled, Some(then)) = (error.kind(), then) {
                self.session.throttle.hold(call.api.service(), then);
            }
            let waited = self.bounds.wait_until(&call.operation, then).await;
            waited.map_err(|end| end.caused_by(error.clone()))?;
            last = Some(error);
        }
    }

    /// Waits while the service is left alone because it throttles. Others may be refused meanwhile and prolong that.
    async fn await_throttle(&self, call: &Call) -> Result<()> {
        let service = call.api.service();
        let until = || self.session.throttle.held_beyond(service, bounds::now());
        while let Some(until) = until() {
            self.bounds.wait_until(&call.operation, Some(until)).await?;
        }
        Ok(())
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

        let (exchanged, took) = bounds::timed(async {
            let exchange = transport::exchange(http, request);
            match call.effect {
                Effect::None => self.during(&call.operation, exchange).await,
                // Given up, its outcome is unknown.
                Effect::Idempotent | Effect::Once => {
                    self.bounds.during_write(&call.operation, exchange).await
                }
            }
        })
        .await;
        self.callers().took(took);
        let response = exchanged?;
        let result = match response {
            Ok(response) => answer(call, identity, response),
            Err(error) => Err(transport::unanswered(&call.operation, &host, error)),
        };
        let result = match call.effect {
            Effect::None => result.map_err(Error::of_read),
            Effect::Idempotent | Effect::Once => result,
        };

        let (status, request_id) = match &result {
            Ok(answer) => (Some(answer.status), answer.request_id.as_deref()),
            Err(error) => (error.status(), error.request_id()),
        };
        let ms = took.as_millis();
        debug!(operation = call.operation, method = %call.method, path, status, ms, request_id, attempt, "call");
        result
    }
}
