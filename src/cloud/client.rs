//! What the calls of one region share, and a call made as whoever the configuration says: log in, send, log in again.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    auth::Login,
    bounds::{self, Bounds},
    call::{Api, Call, Unpublished},
    callers::Callers,
    config::Config,
    contact::Contacts,
    decode::Answer,
    error::{Error, Kind, Result},
    intents::Plans,
    known::{Known, Now},
    ownership::{Owner, Ownership, UnderWay},
    retry,
    route_writer::RouteWriters,
    throttle::Throttle,
    transport::Transport,
    turns::Turns,
};
use crate::untrusted;

/// A handle on one region of the cloud. Clones share connections, logins and what was looked up.
#[derive(Clone)]
pub struct Cloud {
    session: Arc<Session>,
    bounds: Bounds,
    owner: Owner,
    /// Of a change: it is under way as long as somebody works on it.
    _under_way: Option<Arc<UnderWay>>,
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
    contacts: Contacts,
    unpublished: Unpublished,
    callers: Arc<Callers>,
    route_writers: RouteWriters,
    port_turns: Turns,
    known: Known,
    now: Now,
    plans: Plans,
    ownership: Arc<Ownership>,
}

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
        config.credentials.secrets().into_iter().for_each(untrusted::keep_secret);
        let login = Mutex::new(None);
        let session = Session {
            config,
            transport,
            login,
            project: OnceCell::new(),
            credentials_hold: OnceCell::new(),
            first_call: Mutex::new(None),
            throttle: Throttle::default(),
            contacts: Contacts::default(),
            unpublished: Unpublished::default(),
            callers: Arc::default(),
            route_writers: RouteWriters::default(),
            port_turns: Turns::default(),
            known: Known::default(),
            now: Now::default(),
            plans: Plans::default(),
            ownership: Arc::default(),
        };
        let session = Arc::new(session);
        Ok(Self { session, bounds: Bounds::default(), owner: Owner::default(), _under_way: None })
    }

    /// The same session, bounded in time from now on, in place of any earlier bounds.
    ///
    /// After `limit`, or once `stop` is cancelled, nothing is started or waited for any more. A read in flight is
    /// given up at once; a write in flight may finish after `stop`, so that its outcome is known, but not after `limit`.
    pub fn bounded(&self, limit: Duration, stop: CancellationToken) -> Self {
        Self { bounds: Bounds::from_now(limit, stop), ..self.clone() }
    }

    /// The same session, for what concerns one resource instance.
    pub fn for_owner(&self, owner: Owner) -> Self {
        Self { owner, ..self.clone() }
    }

    /// The same, for a change of it. Others may wait for what comes of that.
    pub fn for_change_of(&self, owner: Owner) -> Self {
        Self { owner, _under_way: Some(self.under_way()), ..self.clone() }
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

    pub(super) fn contacts(&self) -> &Contacts {
        &self.session.contacts
    }

    pub(super) fn throttle(&self) -> &Throttle {
        &self.session.throttle
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

    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }

    pub(super) fn ownership(&self) -> &Arc<Ownership> {
        &self.session.ownership
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
            Ok((object, _)) => Ok(Some(object)),
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
    pub(super) async fn newest<T, A>(&self, ask: impl Fn(Api) -> A) -> Result<T>
    where
        A: Future<Output = Result<T>>,
    {
        match ask(Api::VpcV3).await {
            Err(error) if error.kind() == Kind::NotPublished => ask(Api::VpcV1).await,
            result => result,
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
}
