//! The provider block: what a user may write there.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use crate::framework::{
    Schema,
    schema::{Attribute, Block, Kind, attribute, boolean, number, string},
};

/// The provider block as written; all of it is optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Arguments {
    pub region: Option<String>,
    pub access_key: Option<String>,
    #[serde(deserialize_with = "secret")]
    pub secret_key: Option<SecretString>,
    #[serde(deserialize_with = "secret")]
    pub security_token: Option<SecretString>,
    pub project_id: Option<String>,
    pub project_name: Option<String>,
    pub auth_url: Option<String>,
    pub cloud: Option<String>,
    pub endpoints: Option<BTreeMap<String, Option<String>>>,
    pub insecure: Option<bool>,
    pub cacert_file: Option<String>,
    pub max_retries: Option<Number>,
    pub enterprise_project_id: Option<String>,
    pub shared_config_file: Option<String>,
    pub profile: Option<String>,
    pub assume_role: Option<AssumeRoleArguments>,
    #[serde(deserialize_with = "secret")]
    pub token: Option<SecretString>,
    pub user_name: Option<String>,
    #[serde(deserialize_with = "secret")]
    pub password: Option<SecretString>,
    pub domain_name: Option<String>,
    pub domain_id: Option<String>,
    pub regional: Option<bool>,
    pub signing_algorithm: Option<String>,
    pub skip_check_website_type: Option<bool>,
    pub skip_check_upgrade: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AssumeRoleArguments {
    pub agency_name: Option<String>,
    pub domain_name: Option<String>,
    pub domain_id: Option<String>,
    /// Seconds.
    pub duration: Option<Number>,
}

/// The provider block as declared.
pub const SCHEMA: Schema = Schema {
    version: 0,
    about: "Routes container networks through the route tables of a Huawei Cloud VPC. Where an argument is left \
            out, its environment variable counts, then the shared configuration file of the `hcloud` command line. \
            Without any credentials the metadata service of the server is asked.",
    key: &[],
    attributes: ATTRIBUTES,
    blocks: &[ASSUME_ROLE],
    timeouts: None,
};

const ATTRIBUTES: &[Attribute] = &[
    string(
        "region",
        "Region, such as `cn-north-4`. Needed here, in `HW_REGION_NAME`, `OS_REGION_NAME` or in the shared \
         configuration file.",
    )
    .optional(),
    string("access_key", "Access key (AK). Also `HW_ACCESS_KEY`, `OS_ACCESS_KEY`.").optional(),
    string("secret_key", "Secret key (SK) to `access_key`. Also `HW_SECRET_KEY`, `OS_SECRET_KEY`.")
        .optional()
        .sensitive(),
    string(
        "security_token",
        "Security token, where the access key is a temporary one. Also `HW_SECURITY_TOKEN`, `OS_SECURITY_TOKEN`.",
    )
    .optional()
    .sensitive(),
    string(
        "project_id",
        "Project of the region. With it no call to IAM is made; without it the project is looked up by \
         `project_name`. Also `HW_PROJECT_ID`, `OS_PROJECT_ID`, `OS_TENANT_ID`.",
    )
    .optional(),
    string(
        "project_name",
        "Name of the project, where it is not that of the region. Also `HW_PROJECT_NAME`, `OS_PROJECT_NAME`, \
         `OS_TENANT_NAME`.",
    )
    .optional(),
    string(
        "auth_url",
        "URL of IAM; default `https://iam.{region}.{cloud}/v3`. `endpoints.iam` goes before it. Also `HW_AUTH_URL`, \
         `OS_AUTH_URL`.",
    )
    .optional(),
    string(
        "cloud",
        "Domain of the cloud; default `myhuaweicloud.com`, and `myhuaweicloud.eu` for the regions `eu-west-1*`. \
         Also `HW_CLOUD`.",
    )
    .optional(),
    attribute(
        "endpoints",
        Kind::Map(&Kind::String),
        "URLs of services whose place does not follow from `region` and `cloud`; the keys are `iam`, `vpc` and \
         `ecs`. Scheme and trailing slash may be left out.",
    )
    .optional(),
    boolean("insecure", "Accept any TLS certificate. Also `HW_INSECURE`, `OS_INSECURE`.").optional(),
    string(
        "cacert_file",
        "File with certificates in PEM form to trust in addition to those of the system. Also `OS_CACERT`.",
    )
    .optional(),
    number(
        "max_retries",
        "How often a call is repeated that failed for a passing reason; default 5. Also `HW_MAX_RETRIES`.",
    )
    .optional(),
    string(
        "enterprise_project_id",
        "Enterprise project that lists are narrowed to. Also `HW_ENTERPRISE_PROJECT_ID`.",
    )
    .optional(),
    string(
        "shared_config_file",
        "Configuration file of the `hcloud` command line, stored without encryption (`hcloud configure set \
         --cli-auth-encrypt=false`); default `~/.hcloud/config.json`. Also `HW_SHARED_CONFIG_FILE`.",
    )
    .optional(),
    string(
        "profile",
        "Profile in that file; default is the one the file calls current. Also `HW_PROFILE`.",
    )
    .optional(),
    string("token", "IAM token, used as it is. Also `HW_AUTH_TOKEN`, `OS_AUTH_TOKEN`.")
        .optional()
        .sensitive(),
    string(
        "user_name",
        "IAM user that gets a token by `password`. Also `HW_USER_NAME`, `OS_USERNAME`.",
    )
    .optional(),
    string("password", "Password of `user_name`. Also `HW_USER_PASSWORD`, `OS_PASSWORD`.")
        .optional()
        .sensitive(),
    string(
        "domain_name",
        "Account of `user_name`, by name. Also `HW_DOMAIN_NAME`, `OS_DOMAIN_NAME`, `OS_USER_DOMAIN_NAME`, \
         `OS_PROJECT_DOMAIN_NAME`.",
    )
    .optional(),
    string(
        "domain_id",
        "Account of `user_name`, by id, which goes before the name. Also `HW_DOMAIN_ID`, `OS_DOMAIN_ID`, \
         `OS_USER_DOMAIN_ID`, `OS_PROJECT_DOMAIN_ID`.",
    )
    .optional(),
    boolean("regional", UNUSED).optional(),
    string("signing_algorithm", UNUSED).optional(),
    boolean("skip_check_website_type", UNUSED).optional(),
    boolean("skip_check_upgrade", UNUSED).optional(),
];

const UNUSED: &str = "Without effect, with a warning: accepted so that the block of the `huaweicloud` provider can be copied.";

const ASSUME_ROLE: Block = Block {
    name: "assume_role",
    about: "Agency to act as, with temporary keys that the credentials above obtain and that are renewed before \
            they expire.",
    attributes: &[
        string("agency_name", "Name of the agency. Also `HW_ASSUME_ROLE_AGENCY_NAME`.").optional(),
        string(
            "domain_name",
            "Account that made the agency, by name. Also `HW_ASSUME_ROLE_DOMAIN_NAME`.",
        )
        .optional(),
        string(
            "domain_id",
            "Account that made the agency, by id, which goes before the name. Also `HW_ASSUME_ROLE_DOMAIN_ID`.",
        )
        .optional(),
        number(
            "duration",
            "Lifetime of the temporary keys in seconds, 900 to 86400; default 3600. Also `HW_ASSUME_ROLE_DURATION`.",
        )
        .optional(),
    ],
};

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}
