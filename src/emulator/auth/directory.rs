//! The people of the scenario: accounts, users, access keys and the agencies they may assume.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    Caller,
    seal::{Seal, Statement},
};
use crate::emulator::world::Moment;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: String,
    pub name: String,
}

/// A permanent key pair, or with `security_token` one that somebody obtained elsewhere.
#[derive(Debug)]
pub struct AccessKey {
    pub access_key: String,
    pub secret_key: SecretString,
    pub security_token: Option<SecretString>,
    pub domain: Domain,
}

#[derive(Debug)]
pub struct User {
    pub id: String,
    pub name: String,
    pub password: SecretString,
    pub domain: Domain,
}

/// What the owning account lets others act as.
#[derive(Debug)]
pub struct Agency {
    pub name: String,
    /// The only account that may assume it; anybody with credentials if none.
    pub trusts: Option<String>,
}

#[derive(Debug)]
pub struct Directory {
    /// The account that owns the project.
    pub domain: Domain,
    pub project: Project,
    pub access_keys: Vec<AccessKey>,
    pub users: Vec<User>,
    pub agencies: Vec<Agency>,
    pub seal: Seal,
    serial: AtomicU64,
}

/// A temporary key pair, ready to be handed out.
#[derive(Debug)]
pub struct TemporaryKey {
    pub access: String,
    pub secret: SecretString,
    pub security_token: SecretString,
    pub expires_at: Moment,
}

impl Directory {
    /// The seal's key comes from the scenario's secrets, so issued credentials stay good across a restart.
    pub fn new(
        domain: Domain,
        project: Project,
        access_keys: Vec<AccessKey>,
        users: Vec<User>,
        agencies: Vec<Agency>,
    ) -> Self {
        let secrets = access_keys.iter().map(|key| key.secret_key.expose_secret());
        let passwords = users.iter().map(|user| user.password.expose_secret());
        let key = secrets.chain(passwords).collect::<Vec<_>>().join("\n");
        let seal = Seal::new(format!("{}\n{key}", project.id).as_bytes());
        Self { domain, project, access_keys, users, agencies, seal, serial: AtomicU64::new(0) }
    }

    /// The secret of an access key and who holds it. `None` if there is no such key or not with this token.
    pub fn key(
        &self,
        access_key: &str,
        security_token: Option<&str>,
        now: Moment,
    ) -> Option<(SecretString, Caller)> {
        if let Some(key) = self.access_keys.iter().find(|key| key.access_key == access_key) {
            let fits = match (&key.security_token, security_token) {
                (None, None) => true,
                (Some(expected), Some(sent)) => same(expected.expose_secret(), sent),
                _ => false,
            };
            let caller = self.caller(key.access_key.clone(), key.domain.clone());
            return fits.then(|| (key.secret_key.clone(), caller));
        }
        let security_token = security_token?;
        let Statement::AccessKey { domain, expires_at, .. } = self.seal.open(security_token)?
        else {
            return None;
        };
        let (access, secret) = self.seal.key_pair(security_token);
        let good = access == access_key && expires_at > now;
        good.then(|| (secret.into(), self.caller(access, domain)))
    }

    /// The user with this password, by name or id.
    pub fn user(
        &self,
        name: Option<&str>,
        id: Option<&str>,
        domain: Option<&str>,
        password: &str,
    ) -> Option<&User> {
        self.users.iter().find(|user| {
            let named = match (name, id) {
                (_, Some(id)) => user.id == id,
                (Some(name), None) => {
                    user.name == name
                        && domain.is_some_and(|d| d == user.domain.name || d == user.domain.id)
                }
                (None, None) => false,
            };
            named && same(user.password.expose_secret(), password)
        })
    }

    /// The agency of the owning account, if this caller may assume it.
    pub fn agency(&self, name: &str, domain: &str, caller: &Caller) -> Option<&Agency> {
        let owner = domain == self.domain.name || domain == self.domain.id;
        self.agencies.iter().find(|agency| {
            let trusted = agency
                .trusts
                .as_ref()
                .is_none_or(|t| *t == caller.domain.name || *t == caller.domain.id);
            owner && trusted && agency.name == name
        })
    }

    /// Makes a temporary key pair of the account `domain`.
    pub fn issue_key(
        &self,
        holder: &str,
        domain: Domain,
        lifetime: SignedDuration,
        now: Moment,
    ) -> TemporaryKey {
        let expires_at = now.after(lifetime);
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let statement =
            Statement::AccessKey { holder: holder.to_owned(), domain, expires_at, serial };
        let security_token = self.seal.close(&statement);
        let (access, secret) = self.seal.key_pair(&security_token);
        TemporaryKey {
            access,
            secret: secret.into(),
            security_token: security_token.into(),
            expires_at,
        }
    }

    /// Access keys have no scope of their own: those of the owning account are good for its project.
    fn caller(&self, name: String, domain: Domain) -> Caller {
        let project_id = (domain == self.domain).then(|| self.project.id.clone());
        Caller { name, domain, project_id }
    }
}

/// Compares in a time that does not depend on where the texts differ.
fn same(left: &str, right: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}
