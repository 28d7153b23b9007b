//! One call of the API, before anybody signs or sends it.

use std::{collections::HashMap, fmt, sync::Mutex};

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::{
    config::Endpoints,
    error::{Error, Subject},
    locked::locked,
    retry::Effect,
    sign,
};

/// The families of paths the provider uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// `/v1/{project}/…`
    VpcV1,
    /// `/v3/{project}/vpc/…`
    VpcV3,
    /// `/v1/{project}/…`
    EcsV1,
    /// `/…`, of no project
    Iam,
}

/// Who answers, and throttles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Vpc,
    Ecs,
    Iam,
}

impl Api {
    pub(crate) fn service(self) -> Service {
        match self {
            Api::VpcV1 | Api::VpcV3 => Service::Vpc,
            Api::EcsV1 => Service::Ecs,
            Api::Iam => Service::Iam,
        }
    }
}

/// Cannot be printed: the body of a login holds a password.
#[derive(Clone)]
pub(crate) struct Call {
    /// What the call does, for whoever reads its error.
    pub(crate) operation: String,
    pub(crate) subject: Subject,
    pub(crate) api: Api,
    pub(crate) method: Method,
    pub(crate) effect: Effect,
    path: String,
    /// The name of an API that not every region publishes in version 3.
    regional: Option<&'static str>,
    query: Vec<(&'static str, String)>,
    /// JSON, as it is sent.
    pub(crate) body: Option<String>,
    /// How often the caller has sent the same before.
    pub(crate) sendings: u32,
}

impl Call {
    pub(crate) fn get(
        subject: Subject,
        operation: impl Into<String>,
        api: Api,
        path: impl Into<String>,
    ) -> Self {
        Self::new(subject, operation, api, path, Method::GET, Effect::None)
    }

    pub(crate) fn put(
        subject: Subject,
        operation: impl Into<String>,
        api: Api,
        path: impl Into<String>,
        body: Value,
    ) -> Self {
        Self::new(subject, operation, api, path, Method::PUT, Effect::Once).with_body(&body)
    }

    pub(crate) fn post(
        subject: Subject,
        operation: impl Into<String>,
        api: Api,
        path: impl Into<String>,
        body: Value,
    ) -> Self {
        Self::new(subject, operation, api, path, Method::POST, Effect::Once).with_body(&body)
    }

    pub(crate) fn delete(
        subject: Subject,
        operation: impl Into<String>,
        api: Api,
        path: impl Into<String>,
    ) -> Self {
        Self::new(subject, operation, api, path, Method::DELETE, Effect::Idempotent)
    }

    /// Asks IAM for a token or keys. That is a POST and yet changes nothing.
    pub(crate) fn login(
        operation: impl Into<String>,
        path: impl Into<String>,
        body: Value,
    ) -> Self {
        Self::new(Subject::Login, operation, Api::Iam, path, Method::POST, Effect::None)
            .with_body(&body)
    }

    fn new(
        subject: Subject,
        operation: impl Into<String>,
        api: Api,
        path: impl Into<String>,
        method: Method,
        effect: Effect,
    ) -> Self {
        Self {
            operation: operation.into(),
            subject,
            api,
            method,
            effect,
            path: path.into(),
            regional: None,
            query: Vec::new(),
            body: None,
            sendings: 0,
        }
    }

    fn with_body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self
    }

    /// The caller has sent the same so often before; that counts.
    pub(crate) fn sent_before(mut self, sendings: u32) -> Self {
        self.sendings = sendings;
        self
    }

    /// Not every region publishes version 3 of the API called `name`.
    pub(crate) fn regional(mut self, name: &'static str) -> Self {
        self.regional = Some(name).filter(|_| self.api == Api::VpcV3);
        self
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.query.push((key, value.to_string()));
        self
    }

    /// As [`Call::query`], where there is a value.
    pub(crate) fn optional_query(self, key: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }

    /// The id of the object that the call is about, where its path ends in one.
    pub(crate) fn object_id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The answer holds a token or keys.
    pub(crate) fn is_confidential(&self) -> bool {
        self.subject == Subject::Login
    }

    /// Where the call goes. Path and query are already as they are signed and sent.
    pub(crate) fn url(&self, endpoints: &Endpoints, project: Option<&str>) -> Url {
        let (base, prefix) = match (self.api, project.unwrap_or_default()) {
            (Api::VpcV1, project) => (&endpoints.vpc, format!("/v1/{project}/")),
            (Api::VpcV3, project) => (&endpoints.vpc, format!("/v3/{project}/vpc/")),
            (Api::EcsV1, project) => (&endpoints.ecs, format!("/v1/{project}/")),
            (Api::Iam, _) => (&endpoints.iam, "/".to_owned()),
        };
        let mut url = base.clone();
        url.set_path(&format!("{}{prefix}{}", base.path().trim_end_matches('/'), self.path));
        let pairs = self.query.iter().map(|(key, value)| (*key, value.as_str()));
        url.set_query(Some(sign::encode_query(pairs)).filter(|query| !query.is_empty()).as_deref());
        url
    }
}

/// The regional APIs that a session has asked for in vain, with what it was told.
#[derive(Default)]
pub(crate) struct Unpublished(Mutex<HashMap<(Method, &'static str), Error>>);

impl Unpublished {
    /// What the cloud would say, if it has said so before.
    pub(crate) fn refusal(&self, call: &Call) -> Option<Error> {
        let key = (call.method.clone(), call.regional?);
        let told = locked(&self.0).get(&key).cloned();
        told.map(|error| error.during(&call.operation))
    }

    pub(crate) fn note(&self, call: &Call, error: &Error) {
        if let Some(name) = call.regional {
            let key = (call.method.clone(), name);
            let mut told = locked(&self.0);
            told.insert(key, error.clone());
        }
    }
}
