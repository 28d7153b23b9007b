//! HTTP to one region: log in, sign, send, repeat, log in again, and read what comes back.
//!
//! A call's way: `api/` words it as a `call::Call`; here it is sent as whoever the configuration says (`auth.rs`,
//! `metadata.rs`, `project.rs`); `send.rs` has it signed (`request.rs`, `sign.rs`), sends it (`transport.rs`, and
//! `unanswered.rs` where no answer comes), and repeats what `retry.rs` calls worth repeating; `decode.rs` reads the answer
//! and `error.rs` says what a refusal means. All waiting is in `bounds.rs`; `throttle.rs` makes callers wait together;
//! `contact.rs` knows which service is worth waiting for.

mod auth;
pub(crate) mod bounds;
pub(crate) mod call;
pub(crate) mod config;
mod contact;
pub(crate) mod decode;
pub(crate) mod error;
pub(crate) mod linger;
pub(crate) mod list;
pub(crate) mod locked;
mod metadata;
mod project;
mod request;
pub(crate) mod retry;
mod send;
pub mod sign;
mod throttle;
mod transport;
mod unanswered;
mod words;

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;
use tracing::info;

use self::{
    auth::Login,
    bounds::Bounds,
    call::{Api, Call, Unpublished},
    config::Config,
    contact::Contacts,
    decode::Answer,
    error::{Error, Kind, Result},
    throttle::Throttle,
    transport::Transport,
};
use crate::untrusted;

/// A handle on one region. Clones share connections and logins.
#[derive(Clone)]
pub(crate) struct Client {
    shared: Arc<Shared>,
    bounds: Bounds,
}

struct Shared {
    config: Config,
    transport: Transport,
    login: Mutex<Option<Arc<Login>>>,
    project: OnceCell<String>,
    /// Set once the cloud has accepted the credentials.
    credentials_hold: OnceCell<()>,
    /// Held by the call that finds that out; what it leaves is the refusal.
    first_call: Mutex<Option<Error>>,
    throttle: Throttle,
    contacts: Contacts,
    unpublished: Unpublished,
}

impl Client {
    /// Nothing is read, connected or asked before the first call.
    ///
    /// # Errors
    /// `user_agent` cannot stand in a header.
    pub(crate) fn new(config: Config) -> Result<Self> {
        let transport = Transport::new(&config.user_agent).map_err(|error| {
            let message = "the user agent holds characters that no header may hold";
            Error::new(Kind::Unconfigured("user_agent"), "configure the client", message)
                .caused_by(error)
        })?;
        config.credentials.secrets().into_iter().for_each(untrusted::keep_secret);
        let shared = Arc::new(Shared {
            config,
            transport,
            login: Mutex::new(None),
            project: OnceCell::new(),
            credentials_hold: OnceCell::new(),
            first_call: Mutex::new(None),
            throttle: Throttle::default(),
            contacts: Contacts::default(),
            unpublished: Unpublished::default(),
        });
        Ok(Self { shared, bounds: Bounds::default() })
    }

    /// The same, bounded in time from now on, in place of any earlier bounds.
    ///
    /// After `limit`, or once `stop` is cancelled, nothing is started or waited for any more. A read in flight is
    /// given up at once; a write in flight may finish after `stop`, so that its outcome is known, but not after `limit`.
    pub(crate) fn bounded(&self, limit: Duration, stop: CancellationToken) -> Self {
        Self { bounds: Bounds::from_now(limit, stop), ..self.clone() }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    fn contacts(&self) -> &Contacts {
        &self.shared.contacts
    }

    fn throttle(&self) -> &Throttle {
        &self.shared.throttle
    }

    /// The enterprise project to list, where one is named here or in the provider block.
    pub(crate) fn enterprise_project(&self, named: Option<&str>) -> Option<String> {
        named.map(str::to_owned).or_else(|| self.config().enterprise_project_id.clone())
    }

    pub(crate) fn max_retries(&self) -> u32 {
        self.config().max_retries
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// A pause that grows with `attempt`, within the bounds of the operation.
    pub(crate) async fn pause(&self, operation: &str, attempt: u32) -> Result<()> {
        let pause = retry::pause(self.config().pause, attempt, rand::random());
        info!(operation, attempt, pause_ms = pause.as_millis(), "looking again after a pause");
        self.bounds.wait_until(operation, bounds::after(pause)).await
    }

    /// A pause before something is sent again that has failed so; at least as long as the cloud asks for.
    pub(crate) async fn pause_after(
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
    pub(crate) async fn during<F: Future>(&self, operation: &str, work: F) -> Result<F::Output> {
        self.bounds.during(operation, work).await
    }

    /// Makes the call as whoever the configuration says, logging in first where that is needed. An API that the region
    /// has turned out not to publish is not asked again.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer> {
        if let Some(refusal) = self.shared.unpublished.refusal(call) {
            return Err(refusal);
        }
        let outcome = self.send_first_alone(call).await;
        if let Err(error) = &outcome
            && error.kind() == Kind::NotPublished
        {
            self.shared.unpublished.note(call, error);
        }
        outcome
    }

    /// The same for an API that the region publishes. The first call of a session goes alone: ten at once with a wrong key
    /// would lock the key.
    async fn send_first_alone(&self, call: &Call) -> Result<Answer> {
        if self.shared.credentials_hold.initialized() {
            return Box::pin(self.send_logged_in(call)).await;
        }
        let mut first = self.during(&call.operation, self.shared.first_call.lock()).await?;
        if let Some(refusal) = first.as_ref() {
            return Err(refusal.clone());
        }
        if self.shared.credentials_hold.initialized() {
            drop(first);
            return Box::pin(self.send_logged_in(call)).await;
        }
        let outcome = Box::pin(self.send_logged_in(call)).await;
        match &outcome {
            Err(error) if error.kind() == Kind::Unauthenticated => *first = Some(error.clone()),
            Ok(_) => drop(self.shared.credentials_hold.set(())),
            // Throttled, it may not have got as far as the key.
            Err(error)
                if error.status().is_some()
                    && !error.leaves_doubt()
                    && error.kind() != Kind::Throttled =>
            {
                drop(self.shared.credentials_hold.set(()));
            }
            Err(_) => {}
        }
        outcome
    }

    /// The same with a login, which is renewed once where it is refused before its time.
    async fn send_logged_in(&self, call: &Call) -> Result<Answer> {
        let login = self.login(call, None).await?;
        match self.send_in_project(call, &login).await {
            // Temporary credentials can expire early. Permanent ones stay wrong, and asking again and again
            // locks the account's key.
            Err(error) if error.kind() == Kind::Unauthenticated && login.is_temporary() => {
                let login = self.login(call, Some(&login)).await?;
                self.send_in_project(call, &login).await
            }
            result => result,
        }
    }

    /// The object, or `None` where the cloud says that there is none.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        call: &Call,
        wrapper: &str,
    ) -> Result<Option<T>> {
        let object = |answer: &Answer| answer.object_with_id(wrapper, call.object_id());
        match self.read(call, object).await {
            Ok((object, _)) => Ok(Some(object)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a call that changes nothing answers. An answer that makes no sense, as of a front end in the middle of a
    /// restart, is asked for again like one that was lost.
    pub(crate) async fn read<T>(
        &self,
        call: &Call,
        decode: impl Fn(&Answer) -> Result<T>,
    ) -> Result<(T, Answer)> {
        let mut attempt = 0;
        loop {
            let answer = self.send(call).await?;
            let error = match decode(&answer) {
                Ok(decoded) => return Ok((decoded, answer)),
                Err(error) if error.kind() == Kind::Unreadable => error.of_read(),
                Err(error) => return Err(error),
            };
            if attempt == self.max_retries() {
                return Err(error.after_sendings(attempt + 1));
            }
            self.pause_after(&error, &call.operation, attempt).await?;
            attempt += 1;
        }
    }

    /// Asks v3, and v1 in regions that do not publish v3.
    pub(crate) async fn newest<T, A>(&self, ask: impl Fn(Api) -> A) -> Result<T>
    where
        A: Future<Output = Result<T>>,
    {
        match ask(Api::VpcV3).await {
            Err(error) if error.kind() == Kind::NotPublished => ask(Api::VpcV1).await,
            result => result,
        }
    }

    /// The same with this login, for the project where the API has one.
    async fn send_in_project(&self, call: &Call, login: &Login) -> Result<Answer> {
        let project = match call.api {
            Api::Iam => None,
            Api::VpcV1 | Api::VpcV3 | Api::EcsV1 => Some(self.project(call, login).await?),
        };
        self.send_with_retries(call, Some(&login.identity), project).await
    }

    /// The login in use, renewed where it is about to expire or where it is the one that was refused.
    async fn login(&self, call: &Call, refused: Option<&Arc<Login>>) -> Result<Arc<Login>> {
        let mut held = self.during(&call.operation, self.shared.login.lock()).await?;
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
        let project = self.shared.project.get_or_try_init(|| self.find_project(login));
        self.during(&call.operation, project).await?.map(String::as_str)
    }
}
