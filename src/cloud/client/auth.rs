//! Becoming somebody: from the configured credentials to what requests are signed or marked with.
//!
//! API: POST `/v3/auth/tokens` (a token by password), POST `/v3.0/OS-CREDENTIAL/securitytokens` (the temporary
//! keys of an agency). Access keys and a given token need neither.

use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Client,
    call::Call,
    config::{AccessKey, AssumeRole, Credentials, Domain, Project},
    decode::{Answer, moment, secret},
    error::Result,
};
use crate::untrusted;

/// How a request shows who sends it.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    Keys(AccessKey),
    Token(SecretString),
}

/// An identity and for how long it is good.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) identity: Identity,
    /// The project the login was made for, where IAM said which.
    pub(crate) project_id: Option<String>,
    /// When to renew it; `None` where it cannot be.
    renew_at: Option<SystemTime>,
}

/// Temporary keys as IAM and the metadata service write them.
#[derive(Deserialize)]
pub(crate) struct TemporaryKeys {
    access: String,
    #[serde(deserialize_with = "secret")]
    secret: SecretString,
    #[serde(deserialize_with = "secret")]
    securitytoken: SecretString,
    #[serde(deserialize_with = "moment")]
    expires_at: SystemTime,
}

#[derive(Deserialize)]
struct Token {
    #[serde(deserialize_with = "moment")]
    expires_at: SystemTime,
    project: Option<TokenProject>,
}

#[derive(Deserialize)]
struct TokenProject {
    id: String,
}

/// Logins are renewed this long before they expire, or at half time where they are short.
const RENEWAL_MARGIN: Duration = Duration::from_secs(600);

impl Client {
    pub(crate) async fn log_in(&self, now: SystemTime) -> Result<Login> {
        let own = self.own_login(now).await?;
        match &self.config().assume_role {
            Some(role) => self.assume(role, &own.identity, now).await,
            None => Ok(own),
        }
    }

    async fn own_login(&self, now: SystemTime) -> Result<Login> {
        match &self.config().credentials {
            Credentials::AccessKey(key) => Ok(Login::permanent(Identity::Keys(key.clone()))),
            Credentials::Token(token) => Ok(Login::permanent(Identity::Token(token.clone()))),
            Credentials::Password { user_name, password, domain } => {
                let scope = match (&self.config().assume_role, &self.config().project) {
                    // The project is one of the account that made the agency, not of the user's.
                    (Some(_), _) => json!({ "domain": domain_json(domain) }),
                    (None, Project::Id(id)) => json!({ "project": { "id": id } }),
                    (None, Project::Name(name)) => json!({ "project": { "name": name } }),
                };
                self.token_by_password(user_name, password, domain, scope, now).await
            }
            Credentials::Metadata => Ok(Login::temporary(self.metadata_keys().await?, now)),
        }
    }

    async fn token_by_password(
        &self,
        user_name: &str,
        password: &SecretString,
        domain: &Domain,
        scope: Value,
        now: SystemTime,
    ) -> Result<Login> {
        let body = json!({ "auth": {
            "identity": {
                "methods": ["password"],
                "password": { "user": {
                    "name": user_name,
                    "password": password.expose_secret(),
                    "domain": domain_json(domain),
                } },
            },
            "scope": scope,
        } });
        let call = Call::login(format!("get a token for user {user_name}"), "v3/auth/tokens", body)
            .query("nocatalog", true);
        let answer: Answer = self.send_with_retries(&call, None, None).await?;
        let token: Token = answer.object("token")?;
        let subject_token = answer.subject_token.clone().ok_or_else(|| answer.unreadable())?;
        Ok(Login {
            identity: Identity::Token(subject_token),
            project_id: token.project.map(|project| project.id),
            renew_at: Some(renew_at(now, token.expires_at)),
        })
    }

    async fn assume(
        &self,
        role: &AssumeRole,
        identity: &Identity,
        now: SystemTime,
    ) -> Result<Login> {
        let mut assume_role = json!({
            "agency_name": role.agency_name,
            "duration_seconds": role.duration.as_secs(),
            "session_user": { "name": "terraform" },
        });
        let (key, value) = match &role.domain {
            Domain::Id(id) => ("domain_id", id),
            Domain::Name(name) => ("domain_name", name),
        };
        assume_role[key] = json!(value);
        let body = json!({ "auth": { "identity": {
            "methods": ["assume_role"],
            "assume_role": assume_role,
        } } });
        let operation = format!("assume the agency {}", role.agency_name);
        let call = Call::login(operation, "v3.0/OS-CREDENTIAL/securitytokens", body);
        let answer = self.send_with_retries(&call, Some(identity), None).await?;
        Ok(Login::temporary(answer.object("credential")?, now))
    }
}

impl Login {
    fn permanent(identity: Identity) -> Self {
        Self { identity, project_id: None, renew_at: None }
    }

    fn temporary(keys: TemporaryKeys, now: SystemTime) -> Self {
        let TemporaryKeys { access, secret, securitytoken, expires_at } = keys;
        [&secret, &securitytoken].into_iter().for_each(untrusted::keep_secret);
        Self {
            identity: Identity::Keys(AccessKey {
                access_key: access,
                secret_key: secret,
                security_token: Some(securitytoken),
            }),
            project_id: None,
            renew_at: Some(renew_at(now, expires_at)),
        }
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.renew_at.is_some()
    }

    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        self.renew_at.is_some_and(|renew_at| now >= renew_at)
    }
}

fn renew_at(now: SystemTime, expires: SystemTime) -> SystemTime {
    let lifetime = expires.duration_since(now).unwrap_or_default();
    expires.checked_sub(RENEWAL_MARGIN.min(lifetime / 2)).unwrap_or(now)
}

fn domain_json(domain: &Domain) -> Value {
    match domain {
        Domain::Id(id) => json!({ "id": id }),
        Domain::Name(name) => json!({ "name": name }),
    }
}
