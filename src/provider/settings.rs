//! From the provider block, the environment and the shared configuration file to the client's configuration.
//!
//! Pure: files and variables come in as functions. For each setting the first source that has it counts: the
//! argument, its variables in order, the file, a default. What is empty is not set. All problems are reported at
//! once.

mod arguments;
mod credentials;
mod shared_config;
mod sources;

use std::time::SystemTime;

use url::Url;

pub use self::{
    arguments::{Arguments, AssumeRoleArguments, SCHEMA},
    sources::{Environment, Files},
};
use self::{
    credentials::Own,
    shared_config::Profile,
    sources::{
        AUTH_URL, CACERT_FILE, CLOUD, ENTERPRISE_PROJECT_ID, INSECURE, MAX_RETRIES, PROJECT_ID,
        PROJECT_NAME, REGION, Sources,
    },
};
use crate::{
    cloud::{CaCertificates, Config, Endpoints, Project, Timeouts, default_cloud},
    framework::{Draft, Given, Path, Problem},
    untrusted,
};

/// The configuration that these sources amount to.
///
/// # Errors
/// Every problem there is, each with the argument it concerns and what to write instead.
pub fn resolve(
    arguments: &Arguments,
    environment: Environment<'_>,
    files: Files<'_>,
    clock: fn() -> SystemTime,
) -> Result<Config, Vec<Problem>> {
    let mut sources = Sources::new(arguments, environment, files);
    sources.keep_proxy_secrets();
    let config = sources.config(clock);
    let problems = sources.into_problems();
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

/// What a block of the `huaweicloud` provider may hold, and this provider does without.
pub fn check(block: Draft<'_>) -> Vec<Problem> {
    let is_given = |name: &&&str| matches!(block.given(name), Given::Known(_));
    let unused = UNUSED.iter().filter(is_given).map(|name| {
        let detail = format!(
            "`{name}` is an argument of the `huaweicloud` provider, accepted so that a block can be copied. This provider \
             does without it: calls are signed with HMAC-SHA256, endpoints are those of the region, and nothing is checked \
             that could be skipped."
        );
        Problem::warning("Argument without effect", detail).at(*name)
    });
    let services = block.members("endpoints").map(|(service, _)| service);
    let others = services.filter(|service| !SERVICES.contains(service)).map(|service| {
        let detail = format!(
            "The provider does not use a service `{service}`; the keys that it looks at are `iam`, `vpc` and `ecs`."
        );
        Problem::warning("Service not used", detail).at(Path::from("endpoints").key(service))
    });
    unused.chain(others).collect()
}

const UNUSED: [&str; 4] =
    ["regional", "signing_algorithm", "skip_check_website_type", "skip_check_upgrade"];
const USER_AGENT: &str = concat!("terraform-provider-huaweivpc/", env!("CARGO_PKG_VERSION"));
const SERVICES: [&str; 3] = ["iam", "vpc", "ecs"];
/// Any number is allowed that cannot be a mistake.
const MOST_RETRIES: u32 = 1_000;

impl Sources<'_> {
    /// `None` only beside a problem.
    fn config(&mut self, clock: fn() -> SystemTime) -> Option<Config> {
        let arguments = self.arguments;
        let own_region = self.text(&REGION, &arguments.region);
        let own_credentials = self.own_credentials();
        let missing = own_region.is_none() || matches!(own_credentials, Own::Absent);
        let profile = self.profile(missing);
        let is_file_refused = profile.is_err();
        let profile = profile.unwrap_or_default();

        let region = match own_region.or_else(|| profile.as_ref()?.region.clone()) {
            Some(region) => self.valid_region(region),
            // The file that was refused might have had it.
            None if is_file_refused => None,
            None => {
                let detail = format!("No region is configured. Set {}.", REGION.ways());
                self.refuse(&REGION, "Missing region", detail);
                None
            }
        };
        // Agency and project belong to an account: those of the file count only with its credentials.
        let (credentials, profile) = match own_credentials {
            Own::Complete(credentials) => (Some(credentials), None),
            Own::Incomplete => (None, None),
            Own::Absent => (self.other_credentials(profile.as_ref()), profile),
        };
        let assume_role = self.assume_role(profile.as_ref());
        let endpoints = self.endpoints(region.as_deref());
        let insecure = self.flag(&INSECURE, arguments.insecure);
        let ca_certificates = self.ca_certificates();
        let max_retries = self.number(
            &MAX_RETRIES,
            &arguments.max_retries,
            0..=MOST_RETRIES,
            Config::MAX_RETRIES,
        );

        let region = region?;
        Some(Config {
            project: self.project(&region, profile.as_ref()),
            region,
            endpoints: endpoints?,
            credentials: credentials?,
            assume_role,
            enterprise_project_id: self
                .text(&ENTERPRISE_PROJECT_ID, &arguments.enterprise_project_id),
            insecure,
            ca_certificates,
            max_retries,
            pause: Config::PAUSE,
            linger: Config::LINGER,
            timeouts: Timeouts::default(),
            user_agent: USER_AGENT.to_owned(),
            metadata: Url::parse(Config::METADATA).ok()?,
            clock,
        })
    }

    fn valid_region(&mut self, region: String) -> Option<String> {
        // New regions and private clouds appear: only what no URL can hold is refused.
        if !is_part_of_host(&region) || region.contains('.') {
            let detail = format!(
                "`region` cannot be `{}`. Write the name of one, such as `cn-north-4`.",
                untrusted::name(&region)
            );
            self.refuse(&REGION, "Invalid region", detail);
            return None;
        }
        Some(region)
    }

    fn project(&self, region: &str, profile: Option<&Profile>) -> Project {
        let arguments = self.arguments;
        let own_id = self.text(&PROJECT_ID, &arguments.project_id).map(Project::Id);
        let own_name = || self.text(&PROJECT_NAME, &arguments.project_name).map(Project::Name);
        // A project lies in one region: the file's is another's where the region is not the file's.
        let of_file = || {
            let profile = profile?;
            let is_of_region = profile.region.as_deref().is_none_or(|own| own == region);
            profile.project_id.clone().filter(|_| is_of_region).map(Project::Id)
        };
        own_id
            .or_else(own_name)
            .or_else(of_file)
            .unwrap_or_else(|| Project::Name(region.to_owned()))
    }

    fn endpoints(&mut self, region: Option<&str>) -> Option<Endpoints> {
        let cloud = self.cloud(region)?;
        let auth_url = self.text(&AUTH_URL, &self.arguments.auth_url);
        let iam = self.endpoint("iam", auth_url.map(|url| (AUTH_URL.path(), url)), region, &cloud);
        let vpc = self.endpoint("vpc", None, region, &cloud);
        let ecs = self.endpoint("ecs", None, region, &cloud);
        Some(Endpoints { iam: without_version(iam?), vpc: vpc?, ecs: ecs? })
    }

    fn cloud(&mut self, region: Option<&str>) -> Option<String> {
        let Some(cloud) = self.text(&CLOUD, &self.arguments.cloud) else {
            return Some(default_cloud(region.unwrap_or_default()).to_owned());
        };
        if !is_part_of_host(&cloud) {
            let detail = format!(
                "`cloud` cannot be `{cloud}`. Write a domain alone, such as `myhuaweicloud.com`, without `https://`; whole \
                 URLs belong into `endpoints`."
            );
            self.refuse(&CLOUD, "Invalid domain", detail);
            return None;
        }
        Some(cloud)
    }

    /// The URL of a service: from `endpoints`, from an argument `of_its_own`, or by the rule.
    fn endpoint(
        &mut self,
        service: &'static str,
        of_its_own: Option<(Path, String)>,
        region: Option<&str>,
        cloud: &str,
    ) -> Option<Url> {
        let written = self.arguments.endpoints.as_ref().and_then(|map| map.get(service)?.clone());
        let (path, text) = match (written.filter(|text| !text.is_empty()), of_its_own) {
            (Some(text), _) => (Path::from("endpoints").key(service), text),
            (None, Some(given)) => given,
            (None, None) => (REGION.path(), format!("{service}.{}.{cloud}", region?)),
        };
        let url = base_url(&text);
        if url.is_none() {
            // A user in a URL may come with a password.
            let shown = if text.contains('@') { "what is given" } else { &format!("`{text}`") };
            let detail = format!(
                "The URL of service `{service}` cannot be {shown}. Write one such as \
                 `https://{service}.example.com`, without user, query and fragment."
            );
            self.report(path, "Invalid URL", detail);
        }
        url
    }

    fn ca_certificates(&mut self) -> Option<CaCertificates> {
        let path = self.text(&CACERT_FILE, &self.arguments.cacert_file)?;
        let parsed = match self.read(&path) {
            Ok(text) => CaCertificates::from_pem(&text).map_err(|error| error.to_string()),
            Err(error) => Err(format!("It cannot be read: {error}.")),
        };
        parsed
            .inspect_err(|why| {
                let detail = format!("`{path}` gives no certificates. {why} Check `cacert_file`.");
                self.refuse(&CACERT_FILE, "Unusable certificate file", detail);
            })
            .ok()
    }
}

/// A URL with `https` unless it says otherwise, and without a trailing slash.
fn base_url(text: &str) -> Option<Url> {
    let url = match text.contains("://") {
        true => Url::parse(text),
        false => Url::parse(&format!("https://{text}")),
    };
    let mut url = url.ok()?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Some(url).filter(|url| {
        matches!(url.scheme(), "http" | "https")
            // A slip in the scheme reads as a host: `https:/ecs…`, `http//ecs…`.
            && url.host_str().is_some_and(|host| !matches!(host, "http" | "https"))
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// IAM is known by URLs with and without the version, which the calls add themselves.
fn without_version(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/');
    let base = path.strip_suffix("/v3.0").or_else(|| path.strip_suffix("/v3")).unwrap_or(path);
    let base = base.to_owned();
    url.set_path(&base);
    url
}

fn is_part_of_host(text: &str) -> bool {
    let safe = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    !text.is_empty() && text.chars().all(safe)
}
