//! Sending one call until there is an answer worth handing back: wait while the service throttles, send, read, log, and
//! repeat where that may help.

use std::error::Error as _;

use tracing::{debug, info};

use super::{
    Client,
    auth::Identity,
    bounds,
    call::Call,
    config::Config,
    decode::Answer,
    error::{Error, Kind, Result},
    request::answer,
    retry::{self, Decision, Effect, Past, Policy},
    transport,
    unanswered::{Way, unanswered},
};

impl Client {
    /// Sends until there is an answer worth handing back.
    ///
    /// Without an identity the call goes out unsigned, as a login with a password does.
    pub(crate) async fn send_with_retries(
        &self,
        call: &Call,
        identity: Option<&Identity>,
        project: Option<&str>,
    ) -> Result<Answer> {
        let Config { max_retries, pause, .. } = *self.config();
        let usual = Policy { max_retries, pause };
        let (service, contacts) = (call.api.service(), self.contacts());
        let began = bounds::now();
        let mut past = Past::of(call.sendings);
        let mut last: Option<Error> = None;
        loop {
            if let Err(end) = self.await_throttle(call).await {
                return Err(explained(end, last));
            }
            let attempt = past.attempts();
            let error = match self.send_once(call, identity, project, attempt).await {
                Ok(answer) => {
                    contacts.answered(service);
                    return Ok(answer);
                }
                Err(end) if end.is_end() => return Err(explained(end, last)),
                Err(error) => error.after_sendings(attempt + 1),
            };
            let policy = contacts.policy(usual, service, &error, bounds::now() - began);
            let Decision::RepeatAfter(pause) =
                retry::decide(policy, call.effect, &error, past, rand::random())
            else {
                if error.kind() == Kind::Unreachable {
                    contacts.given_up(service);
                }
                return Err(error);
            };
            let pause_ms = pause.as_millis();
            info!(operation = call.operation, attempt, pause_ms, %error, "repeating after a pause");
            past = past.and(&error, pause);
            let then = bounds::after(pause);
            if let (Kind::Throttled, Some(then)) = (error.kind(), then) {
                self.throttle().hold(service, then);
            }
            let waited = self.bounds().wait_until(&call.operation, then).await;
            waited.map_err(|end| end.caused_by(error.clone()))?;
            last = Some(error);
        }
    }

    /// Waits while the service is left alone because it throttles. Others may be refused meanwhile and prolong that.
    async fn await_throttle(&self, call: &Call) -> Result<()> {
        let service = call.api.service();
        let until = || self.throttle().held_beyond(service, bounds::now());
        while let Some(until) = until() {
            self.bounds().wait_until(&call.operation, Some(until)).await?;
        }
        Ok(())
    }

    /// Sends once and reads what comes back.
    async fn send_once(
        &self,
        call: &Call,
        identity: Option<&Identity>,
        project: Option<&str>,
        attempt: u32,
    ) -> Result<Answer> {
        let request = self.request(call, identity, project)?;
        let host = transport::host_of(request.url());
        let uses_tls = request.url().scheme() == "https";
        let proxy = self.transport().proxy(request.url());
        let path = request.url().path().to_owned();
        debug!(operation = call.operation, method = %call.method, host, path, attempt, "sending");
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
                    self.bounds().during_write(&call.operation, exchange).await
                }
            }
        })
        .await;
        let response = exchanged?;
        let result = match response {
            Ok(response) => {
                let is_signed = matches!(identity, Some(Identity::Keys(_)));
                let signed = is_signed.then(|| (self.config().clock)());
                answer(call, proxy.as_deref(), signed, response)
            }
            Err(error) => {
                let way = Way {
                    host: &host,
                    proxy: proxy.as_deref(),
                    uses_tls,
                    has_own_authorities: self.config().ca_certificates.is_some(),
                };
                Err(unanswered(&call.operation, &way, error))
            }
        };

        let result = match call.effect {
            Effect::None => result.map_err(Error::of_read),
            Effect::Idempotent | Effect::Once => result,
        };

        let (status, request_id) = match &result {
            Ok(answer) => (Some(answer.status), answer.request_id.as_deref()),
            Err(error) => (error.status(), error.request_id()),
        };
        let (code, said) = match &result {
            Ok(_) => (None, None),
            Err(error) => (error.code(), Some(error.message())),
        };
        let ms = took.as_millis();
        debug!(
            operation = call.operation, method = %call.method, path, status, ms, request_id, attempt, code, said, "call"
        );
        result
    }
}

/// The end of the time, with the last failure before it.
fn explained(end: Error, last: Option<Error>) -> Error {
    match last {
        Some(cause) if end.source().is_none() => end.caused_by(cause),
        _ => end,
    }
}
