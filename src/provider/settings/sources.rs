//! Where settings come from, and how problems with them are told.

use std::{io, ops::RangeInclusive};

use secrecy::{ExposeSecret, SecretString};
use serde_json::Number;
use url::Url;

use super::arguments::Arguments;
use crate::{
    framework::{Path, Problem},
    untrusted,
};

pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;
pub type Files<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

/// What there is to read, and what was found wrong with it so far.
pub(super) struct Sources<'a> {
    pub(super) arguments: &'a Arguments,
    environment: Environment<'a>,
    files: Files<'a>,
    problems: Vec<Problem>,
}

/// What a setting is called.
pub(super) struct Name {
    /// `region`, or `assume_role.agency_name` for an attribute of a block.
    pub(super) argument: &'static str,
    /// The first that is set counts.
    pub(super) variables: &'static [&'static str],
}

/// What a setting is in the two places that go before the shared configuration file. Empty is not set.
pub(super) struct Setting {
    pub(super) name: &'static Name,
    argument: Option<String>,
    variable: Option<(&'static str, String)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    Arguments,
    Environment,
}

impl<'a> Sources<'a> {
    pub(super) fn new(
        arguments: &'a Arguments,
        environment: Environment<'a>,
        files: Files<'a>,
    ) -> Self {
        Self { arguments, environment, files, problems: Vec::new() }
    }

    /// The password of a proxy, which nothing here needs and no text may repeat.
    pub(super) fn keep_proxy_secrets(&self) {
        for variable in
            ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        {
            let url = (self.environment)(variable).and_then(|text| Url::parse(&text).ok());
            if let Some(password) = url.as_ref().and_then(Url::password) {
                untrusted::keep_secret(&SecretString::from(password));
            }
        }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn setting(&self, name: &'static Name, argument: &Option<String>) -> Setting {
        let variable = name.variables.iter().find_map(|variable| {
            let value = (self.environment)(variable).filter(|value| !value.is_empty())?;
            Some((*variable, value))
        });
        let argument = argument.clone().filter(|value| !value.is_empty());
        Setting { name, argument, variable }
    }

    pub(super) fn text(&self, name: &'static Name, argument: &Option<String>) -> Option<String> {
        self.setting(name, argument).first()
    }

    pub(super) fn secret(&self, name: &'static Name, argument: &Option<SecretString>) -> Setting {
        let argument = argument.as_ref().map(|secret| secret.expose_secret().to_owned());
        let setting = self.setting(name, &argument);
        let values = setting.argument.iter().chain(setting.variable.iter().map(|(_, value)| value));
        values.for_each(|value| untrusted::keep_secret(&SecretString::from(value.as_str())));
        setting
    }

    /// A whole number in `range`, or `default`.
    pub(super) fn number(
        &mut self,
        name: &'static Name,
        argument: &Option<Number>,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let Some(text) = self.text(name, &argument.as_ref().map(Number::to_string)) else {
            return default;
        };
        match text.trim().parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (first, last) = range.into_inner();
                let detail = format!(
                    "`{}` cannot be `{text}`. Write a whole number from {first} to {last}.",
                    name.argument
                );
                self.refuse(name, "Invalid number", detail);
                default
            }
        }
    }

    /// A yes or a no, in the spellings of Go, which users of other providers know; default no.
    pub(super) fn flag(&mut self, name: &'static Name, argument: Option<bool>) -> bool {
        let text = self.text(name, &argument.map(|flag| flag.to_string())).unwrap_or_default();
        match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => {
                let detail =
                    format!("`{}` cannot be `{text}`. Write `true` or `false`.", name.argument);
                self.refuse(name, "Invalid flag", detail);
                false
            }
        }
    }

    /// The content of a file; `~/` is the user's home.
    pub(super) fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let Some(rest) = path.strip_prefix("~/") else { return (self.files)(path) };
        let home = ["HOME", "USERPROFILE"].into_iter().find_map(self.environment);
        match home.filter(|home| !home.is_empty()) {
            Some(home) => (self.files)(&format!("{}/{rest}", home.trim_end_matches('/'))),
            None => {
                let message = "`~` stands for the home directory, and no variable names one";
                Err(io::Error::new(io::ErrorKind::NotFound, message))
            }
        }
    }

    /// Records a problem with a setting.
    pub(super) fn refuse(
        &mut self,
        name: &'static Name,
        summary: &'static str,
        detail: impl Into<String>,
    ) {
        self.report(name.path(), summary, detail);
    }

    pub(super) fn report(
        &mut self,
        path: impl Into<Path>,
        summary: &'static str,
        detail: impl Into<String>,
    ) {
        self.problems.push(Problem::error(summary, detail).at(path));
    }
}

impl Name {
    pub(super) fn path(&self) -> Path {
        self.argument.split('.').fold(Path::default(), |path, step| path.attribute(step))
    }

    /// What to set: "`region` or `HW_REGION_NAME`".
    pub(super) fn ways(&self) -> String {
        let ways = [&[self.argument][..], self.variables].concat();
        ways.iter().map(|way| format!("`{way}`")).collect::<Vec<_>>().join(" or ")
    }
}

impl Setting {
    pub(super) fn first(&self) -> Option<String> {
        self.argument.clone().or_else(|| self.variable.as_ref().map(|(_, value)| value.clone()))
    }

    pub(super) fn is_set_in(&self, level: Level) -> bool {
        match level {
            Level::Arguments => self.argument.is_some(),
            Level::Environment => self.variable.is_some(),
        }
    }

    /// How the user gave it, for a problem.
    pub(super) fn given_as(&self) -> &'static str {
        match &self.variable {
            Some((variable, _)) if self.argument.is_none() => variable,
            _ => self.name.argument,
        }
    }
}

macro_rules! names {
    ($($constant:ident = $argument:literal: $($variable:literal)*;)*) => {$(
        pub(super) static $constant: Name =
            Name { argument: $argument, variables: &[$($variable),*] };
    )*};
}

names! {
    REGION = "region": "HW_REGION_NAME" "OS_REGION_NAME";
    ACCESS_KEY = "access_key": "HW_ACCESS_KEY" "OS_ACCESS_KEY";
    SECRET_KEY = "secret_key": "HW_SECRET_KEY" "OS_SECRET_KEY";
    SECURITY_TOKEN = "security_token": "HW_SECURITY_TOKEN" "OS_SECURITY_TOKEN";
    PROJECT_ID = "project_id": "HW_PROJECT_ID" "OS_PROJECT_ID" "OS_TENANT_ID";
    PROJECT_NAME = "project_name": "HW_PROJECT_NAME" "OS_PROJECT_NAME" "OS_TENANT_NAME";
    AUTH_URL = "auth_url": "HW_AUTH_URL" "OS_AUTH_URL";
    CLOUD = "cloud": "HW_CLOUD";
    INSECURE = "insecure": "HW_INSECURE" "OS_INSECURE";
    CACERT_FILE = "cacert_file": "OS_CACERT";
    MAX_RETRIES = "max_retries": "HW_MAX_RETRIES";
    ENTERPRISE_PROJECT_ID = "enterprise_project_id": "HW_ENTERPRISE_PROJECT_ID";
    SHARED_CONFIG_FILE = "shared_config_file": "HW_SHARED_CONFIG_FILE";
    PROFILE = "profile": "HW_PROFILE";
    TOKEN = "token": "HW_AUTH_TOKEN" "OS_AUTH_TOKEN";
    USER_NAME = "user_name": "HW_USER_NAME" "OS_USERNAME";
    PASSWORD = "password": "HW_USER_PASSWORD" "OS_PASSWORD";
    DOMAIN_NAME = "domain_name":
        "HW_DOMAIN_NAME" "OS_DOMAIN_NAME" "OS_USER_DOMAIN_NAME" "OS_PROJECT_DOMAIN_NAME";
    DOMAIN_ID = "domain_id": "HW_DOMAIN_ID" "OS_DOMAIN_ID" "OS_USER_DOMAIN_ID" "OS_PROJECT_DOMAIN_ID";
    AGENCY_NAME = "assume_role.agency_name": "HW_ASSUME_ROLE_AGENCY_NAME";
    AGENCY_DOMAIN_NAME = "assume_role.domain_name": "HW_ASSUME_ROLE_DOMAIN_NAME";
    AGENCY_DOMAIN_ID = "assume_role.domain_id": "HW_ASSUME_ROLE_DOMAIN_ID";
    AGENCY_DURATION = "assume_role.duration": "HW_ASSUME_ROLE_DURATION";
}
