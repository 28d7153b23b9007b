//! Credentials the emulator issues: a statement and a seal over it, so that nothing about them has to be remembered
//! and they outlive a restart.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::Domain;
use crate::emulator::world::Moment;

/// What an issued credential says about its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Statement {
    /// An IAM token.
    Token { name: String, domain: Domain, project_id: Option<String>, expires_at: Moment },
    /// The security token of a temporary access key. `serial` tells keys of the same second apart.
    AccessKey { holder: String, domain: Domain, expires_at: Moment, serial: u64 },
    /// A session of the metadata service.
    Metadata { expires_at: Moment },
}

/// The key to make and check statements.
#[derive(Debug)]
pub struct Seal(hmac::Key);

impl Seal {
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    pub fn close(&self, statement: &Statement) -> String {
        let payload = serde_json::to_vec(statement).unwrap_or_default();
        let tag = hmac::sign(&self.0, &payload);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&payload), URL_SAFE_NO_PAD.encode(tag))
    }

    /// The statement, if this seal made it.
    pub fn open(&self, text: &str) -> Option<Statement> {
        let (payload, tag) = text.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.0, &payload, &tag).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// The access key and secret key that belong to a security token.
    pub fn key_pair(&self, security_token: &str) -> (String, String) {
        let derive = |what: &str| {
            hex::encode(hmac::sign(&self.0, format!("{what}{security_token}").as_bytes()))
        };
        (
            format!("TMPAK{}", &derive("access:")[..15]).to_uppercase(),
            derive("secret:")[..40].to_owned(),
        )
    }
}
