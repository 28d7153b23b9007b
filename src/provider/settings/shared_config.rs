//! The configuration file of the `hcloud` command line, as far as the provider reads it.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::{
    cloud::{AccessKey, Credentials, Domain},
    untrusted,
};

/// One profile of the file. What the file leaves empty is absent.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) region: Option<String>,
    pub(super) project_id: Option<String>,
    pub(super) agency: Option<Agency>,
    /// Or why the profile offers none, for whoever needs them.
    pub(super) credentials: Result<Credentials, String>,
}

/// The agency a profile acts as.
#[derive(Debug)]
pub(super) struct Agency {
    pub(super) name: String,
    pub(super) domain: Option<Domain>,
}

/// Why there is no such profile, as something said of the file.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The file is none of `hcloud`'s.
    File(String),
    /// The file has other profiles.
    Profile(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default, deserialize_with = "text")]
    current: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    auth_encrypt: bool,
    #[serde(default)]
    profiles: Vec<FileProfile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct FileProfile {
    name: String,
    #[serde(deserialize_with = "text")]
    mode: Option<String>,
    #[serde(flatten)]
    keys: Keys,
    #[serde(deserialize_with = "text")]
    region: Option<String>,
    #[serde(deserialize_with = "text")]
    project_id: Option<String>,
    #[serde(deserialize_with = "text")]
    agency_name: Option<String>,
    #[serde(deserialize_with = "text")]
    agency_domain_id: Option<String>,
    #[serde(deserialize_with = "text")]
    agency_domain_name: Option<String>,
    sso_auth: SsoAuth,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Keys {
    #[serde(deserialize_with = "text")]
    access_key_id: Option<String>,
    #[serde(deserialize_with = "text")]
    secret_access_key: Option<String>,
    #[serde(deserialize_with = "text")]
    security_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SsoAuth {
    sts_token: Keys,
}

/// Finds a profile: the one named, or else the one the file calls current.
pub(super) fn find_profile(text: &[u8], name: Option<&str>) -> Result<Profile, Refusal> {
    // What the parser has to say may quote a key.
    let file: File = serde_json::from_slice(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::File(format!(
            "is not the JSON that `hcloud configure` writes (line {line}, column {column})."
        ))
    })?;
    file.profiles.iter().for_each(FileProfile::keep_secrets);
    let name = name.or(file.current.as_deref()).unwrap_or("default").to_owned();
    let quoted = |profile: &FileProfile| format!("`{}`", untrusted::name(&profile.name));
    let names: Vec<_> = file.profiles.iter().map(quoted).collect();
    let profile =
        file.profiles.into_iter().find(|profile| profile.name == name).ok_or_else(|| {
            let name = untrusted::name(&name);
            Refusal::Profile(match names.as_slice() {
                [] => format!("has no profile `{name}`, nor any other."),
                names => format!("has no profile `{name}`. It has {}.", names.join(", ")),
            })
        })?;
    Ok(profile.read(file.auth_encrypt))
}

impl FileProfile {
    fn read(self, encrypted: bool) -> Profile {
        let credentials = self.credentials(encrypted);
        let domain =
            self.agency_domain_id.map(Domain::Id).or(self.agency_domain_name.map(Domain::Name));
        Profile {
            region: self.region,
            project_id: self.project_id,
            agency: self.agency_name.map(|name| Agency { name, domain }),
            credentials,
        }
    }

    fn keep_secrets(&self) {
        for keys in [&self.keys, &self.sso_auth.sts_token] {
            let secrets = [&keys.secret_access_key, &keys.security_token].into_iter().flatten();
            secrets.for_each(|it| untrusted::keep_secret(&SecretString::from(it.as_str())));
        }
    }

    fn credentials(&self, encrypted: bool) -> Result<Credentials, String> {
        let keys = match self.mode.as_deref() {
            None | Some("AKSK") => &self.keys,
            Some("SSO") => &self.sso_auth.sts_token,
            Some("ecsAgency") => return Ok(Credentials::Metadata),
            Some(mode) => {
                return Err(format!(
                    "Profile `{}` is of mode `{}`, which the provider cannot use. Write a profile of mode \
                     `AKSK` or `SSO`.",
                    untrusted::name(&self.name),
                    untrusted::name(mode)
                ));
            }
        };
        if encrypted {
            return Err(
                "The file keeps its keys encrypted, and only `hcloud` can read them. Run \
                 `hcloud configure set --cli-auth-encrypt=false`, or set `access_key` and `secret_key`."
                    .to_owned(),
            );
        }
        let (Some(access_key), Some(secret_key)) = (&keys.access_key_id, &keys.secret_access_key)
        else {
            return Err(format!(
                "Profile `{}` holds no keys. Run `hcloud configure init`, or `hcloud configure sso` for a profile \
                 of mode `SSO`.",
                untrusted::name(&self.name)
            ));
        };
        Ok(Credentials::AccessKey(AccessKey {
            access_key: access_key.clone(),
            secret_key: SecretString::from(secret_key.clone()),
            security_token: keys.security_token.clone().map(SecretString::from),
        }))
    }
}

/// Null, absent and `""` are all no text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// `hcloud` writes its flags as texts.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Bool(flag) => flag,
        serde_json::Value::String(text) => text == "true",
        _ => false,
    })
}
