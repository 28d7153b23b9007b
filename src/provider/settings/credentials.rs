//! As whom the provider acts: credentials, their order, and the agency they may assume.

use std::time::Duration;

use secrecy::SecretString;

use super::{
    arguments::AssumeRoleArguments,
    shared_config::{Profile, Refusal, find_profile},
    sources::{
        ACCESS_KEY, AGENCY_DOMAIN_ID, AGENCY_DOMAIN_NAME, AGENCY_DURATION, AGENCY_NAME, DOMAIN_ID,
        DOMAIN_NAME, Level, Name, PASSWORD, PROFILE, SECRET_KEY, SECURITY_TOKEN,
        SHARED_CONFIG_FILE, Setting, Sources, TOKEN, USER_NAME,
    },
};
use crate::cloud::{AccessKey, AssumeRole, Credentials, Domain};

/// What the arguments or the environment say about credentials.
pub(super) enum Own {
    Complete(Credentials),
    /// There is a problem about it already.
    Incomplete,
    /// Nothing: the file decides, or the server the provider runs on.
    Absent,
}

/// There is a problem about it already.
pub(super) struct Reported;

const DEFAULT_SHARED_CONFIG_FILE: &str = "~/.hcloud/config.json";
const DEFAULT_AGENCY_SECONDS: u32 = 3_600;

impl Sources<'_> {
    /// Whatever the arguments name goes before all of the environment; on one level a token goes before keys, and
    /// keys before a password. What a way lacks on its level may still come from the other.
    pub(super) fn own_credentials(&mut self) -> Own {
        let arguments = self.arguments;
        let token = self.secret(&TOKEN, &arguments.token);
        let access_key = self.setting(&ACCESS_KEY, &arguments.access_key);
        let secret_key = self.secret(&SECRET_KEY, &arguments.secret_key);
        let user_name = self.setting(&USER_NAME, &arguments.user_name);
        let password = self.secret(&PASSWORD, &arguments.password);

        for level in [Level::Arguments, Level::Environment] {
            let any = |settings: [&Setting; 2]| settings.iter().any(|it| it.is_set_in(level));
            if token.is_set_in(level) {
                let token = token.first().unwrap_or_default();
                return Own::Complete(Credentials::Token(SecretString::from(token)));
            }
            if any([&access_key, &secret_key]) {
                return self
                    .pair(&access_key, &secret_key)
                    .map_or(Own::Incomplete, |pair| Own::Complete(self.access_key(pair)));
            }
            if any([&user_name, &password]) {
                let pair = self.pair(&user_name, &password);
                let domain = self.user_domain();
                return pair.zip(domain).map_or(
                    Own::Incomplete,
                    |((user_name, password), domain)| {
                        let password = SecretString::from(password);
                        Own::Complete(Credentials::Password { user_name, password, domain })
                    },
                );
            }
        }
        Own::Absent
    }

    fn access_key(&self, (access_key, secret_key): (String, String)) -> Credentials {
        let security_token = self.secret(&SECURITY_TOKEN, &self.arguments.security_token).first();
        Credentials::AccessKey(AccessKey {
            access_key,
            secret_key: SecretString::from(secret_key),
            security_token: security_token.map(SecretString::from),
        })
    }

    /// The credentials of the file or, without a file, of the server.
    pub(super) fn other_credentials(&mut self, profile: Option<&Profile>) -> Option<Credentials> {
        match profile.map(|profile| &profile.credentials) {
            Some(Ok(credentials)) => Some(credentials.clone()),
            Some(Err(detail)) => {
                self.refuse(&SHARED_CONFIG_FILE, "Unusable shared configuration file", detail);
                None
            }
            None => Some(Credentials::Metadata),
        }
    }

    /// Two settings that are nothing without each other.
    fn pair(&mut self, one: &Setting, other: &Setting) -> Option<(String, String)> {
        let (present, missing) = match (one.first(), other.first()) {
            (Some(one), Some(other)) => return Some((one, other)),
            (Some(_), None) => (one, other),
            (None, _) => (other, one),
        };
        let detail = format!(
            "`{}` is set, and what belongs to it is not. Set {}.",
            present.given_as(),
            missing.name.ways()
        );
        self.refuse(missing.name, "Incomplete credentials", detail);
        None
    }

    fn user_domain(&mut self) -> Option<Domain> {
        let arguments = self.arguments;
        let id = (&DOMAIN_ID, &arguments.domain_id);
        let domain = self.domain(id, (&DOMAIN_NAME, &arguments.domain_name));
        if domain.is_none() {
            let detail = format!(
                "A token by password needs the account of the user. Set {}, or {}.",
                DOMAIN_NAME.ways(),
                DOMAIN_ID.ways()
            );
            self.refuse(&DOMAIN_NAME, "Incomplete credentials", detail);
        }
        domain
    }

    fn domain(
        &self,
        (id_name, id): (&'static Name, &Option<String>),
        (name_name, name): (&'static Name, &Option<String>),
    ) -> Option<Domain> {
        let id = self.text(id_name, id).map(Domain::Id);
        id.or_else(|| self.text(name_name, name).map(Domain::Name))
    }

    /// A file or a profile that is named is read in any case; the file of the default place only where something
    /// is `missing` without it, and without a complaint where there is none.
    pub(super) fn profile(&mut self, missing: bool) -> Result<Option<Profile>, Reported> {
        let file = self.text(&SHARED_CONFIG_FILE, &self.arguments.shared_config_file);
        let name = self.text(&PROFILE, &self.arguments.profile);
        let is_named = file.is_some() || name.is_some();
        if !is_named && !missing {
            return Ok(None);
        }
        let path = file.as_deref().unwrap_or(DEFAULT_SHARED_CONFIG_FILE);
        let text = match self.read(path) {
            Ok(text) => text,
            Err(_) if !is_named => return Ok(None),
            Err(error) => {
                let ways = SHARED_CONFIG_FILE.ways();
                let detail = format!("`{path}` cannot be read: {error}. Set {ways}.");
                self.refuse(&SHARED_CONFIG_FILE, "Unreadable shared configuration file", detail);
                return Err(Reported);
            }
        };
        find_profile(&text, name.as_deref()).map(Some).map_err(|refusal| {
            let (setting, summary, detail) = match refusal {
                Refusal::File(detail) => {
                    (&SHARED_CONFIG_FILE, "Unusable shared configuration file", detail)
                }
                Refusal::Profile(detail) => (&PROFILE, "Unknown profile", detail),
            };
            self.refuse(setting, summary, format!("`{path}` {detail} Check {}.", setting.ways()));
            Reported
        })
    }

    /// The agency that is configured or, together with the credentials of a profile, the profile's.
    pub(super) fn assume_role(&mut self, profile: Option<&Profile>) -> Option<AssumeRole> {
        let none = AssumeRoleArguments::default();
        let block = self.arguments.assume_role.as_ref();
        let written = block.unwrap_or(&none);
        let range = 900..=86_400;
        let seconds =
            self.number(&AGENCY_DURATION, &written.duration, range, DEFAULT_AGENCY_SECONDS);

        let id = (&AGENCY_DOMAIN_ID, &written.domain_id);
        let domain = self.domain(id, (&AGENCY_DOMAIN_NAME, &written.domain_name));
        let own_name = self.text(&AGENCY_NAME, &written.agency_name);
        let (agency_name, domain) = match (own_name, profile.and_then(|it| it.agency.as_ref())) {
            (Some(name), _) => (name, domain),
            (None, _) if block.is_some() => {
                let detail = format!("`assume_role` names no agency. Set {}.", AGENCY_NAME.ways());
                self.refuse(&AGENCY_NAME, "Missing agency", detail);
                return None;
            }
            (None, Some(agency)) => (agency.name.clone(), agency.domain.clone().or(domain)),
            (None, None) => return None,
        };
        if domain.is_none() {
            let detail = format!(
                "The agency `{agency_name}` belongs to an account, which is not named. Set {}, or {}.",
                AGENCY_DOMAIN_NAME.ways(),
                AGENCY_DOMAIN_ID.ways()
            );
            self.refuse(&AGENCY_DOMAIN_NAME, "Missing account of the agency", detail);
        }
        let duration = Duration::from_secs(seconds.into());
        Some(AssumeRole { agency_name, domain: domain?, duration })
    }
}
