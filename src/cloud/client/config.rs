//! What the client has to know before its first call: where, as whom, and how patiently.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use secrecy::SecretString;
use url::Url;

/// The whole configuration of a session. `provider::settings` makes it from what the user wrote.
#[derive(Debug, Clone)]
pub struct Config {
    pub region: String,
    pub endpoints: Endpoints,
    pub project: Project,
    pub credentials: Credentials,
    /// Act as this agency, with temporary keys that `credentials` obtain.
    pub assume_role: Option<AssumeRole>,
    /// Narrows lists to one enterprise project.
    pub enterprise_project_id: Option<String>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Trusted in addition to the roots of the system.
    pub ca_certificates: Option<CaCertificates>,
    /// How often a call is repeated after its first failure.
    pub max_retries: u32,
    /// The longest pause before the first repetition; it doubles each time.
    pub pause: Duration,
    /// For how long a call waits for the next one of those that were answered by the last one of its kind.
    pub linger: Duration,
    pub timeouts: Timeouts,
    pub user_agent: String,
    /// The metadata service of the server the provider runs on.
    pub metadata: Url,
    pub clock: fn() -> SystemTime,
}

impl Config {
    pub const MAX_RETRIES: u32 = 5;
    pub const PAUSE: Duration = Duration::from_secs(1);
    pub const LINGER: Duration = Duration::from_millis(300);
    pub const METADATA: &str = "http://169.254.169.254";
}

/// The base URL of each service, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Without the version: `https://iam.cn-north-4.myhuaweicloud.com`.
    pub iam: Url,
    pub vpc: Url,
    pub ecs: Url,
}

/// The domain under which a region's services are, unless the user names another cloud.
pub fn default_cloud(region: &str) -> &'static str {
    // The sovereign European cloud; all others share one domain.
    if region.starts_with("eu-west-1") { "myhuaweicloud.eu" } else { "myhuaweicloud.com" }
}

/// The project whose resources are managed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Project {
    Id(String),
    /// Looked up before the first call that needs it.
    Name(String),
}

/// Who calls.
#[derive(Debug, Clone)]
pub enum Credentials {
    AccessKey(AccessKey),
    Token(SecretString),
    Password {
        user_name: String,
        password: SecretString,
        domain: Domain,
    },
    /// The agency of the server the provider runs on.
    Metadata,
}

impl Credentials {
    /// What no text may repeat.
    pub(crate) fn secrets(&self) -> Vec<&SecretString> {
        match self {
            Credentials::AccessKey(key) => {
                [&key.secret_key].into_iter().chain(&key.security_token).collect()
            }
            Credentials::Token(token) => vec![token],
            Credentials::Password { password, .. } => vec![password],
            Credentials::Metadata => Vec::new(),
        }
    }
}

/// A permanent key, or a temporary one with its security token.
#[derive(Debug, Clone)]
pub struct AccessKey {
    pub access_key: String,
    pub secret_key: SecretString,
    pub security_token: Option<SecretString>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    Id(String),
    Name(String),
}

/// An agency to act as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    pub agency_name: String,
    /// The account that made the agency.
    pub domain: Domain,
    /// For how long the temporary keys hold; they are renewed before.
    pub duration: Duration,
}

/// How long one HTTP exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// Without any sign of life.
    pub read: Duration,
    pub total: Duration,
    /// Of the metadata service, which answers at once or not at all.
    pub metadata: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            read: Duration::from_secs(60),
            total: Duration::from_secs(120),
            metadata: Duration::from_secs(3),
        }
    }
}

/// Certificates of authorities, from PEM text.
#[derive(Clone)]
pub struct CaCertificates(Vec<reqwest::Certificate>);

impl CaCertificates {
    /// # Errors
    /// The text is no PEM, or holds no certificate.
    pub fn from_pem(text: &[u8]) -> Result<Self, InvalidCertificates> {
        match reqwest::Certificate::from_pem_bundle(text) {
            Ok(certificates) if !certificates.is_empty() => Ok(Self(certificates)),
            Ok(_) | Err(_) => Err(InvalidCertificates),
        }
    }

    pub(crate) fn list(&self) -> &[reqwest::Certificate] {
        &self.0
    }
}

impl fmt::Debug for CaCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaCertificates({})", self.0.len())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "The file holds no certificate in PEM form, which begins with `-----BEGIN CERTIFICATE-----`."
)]
pub struct InvalidCertificates;
