//! What a failed call means to a user, in words.

use std::error::Error as _;

use crate::{
    cloud::{Error, Kind},
    framework::{Problem, Problems},
};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (summary, remedy) = match error.says_that_the_key_is_locked() {
            true => (KEY_LOCKED.0, KEY_LOCKED.1.to_owned()),
            false => advice(&error.kind()),
        };
        explained(&error, summary, &remedy)
    }
}

impl From<Error> for Problems {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

/// What to do about a key that the cloud refuses for a while, even if it is right by now.
const KEY_LOCKED: (&str, &str) = (
    "Access key locked for a while",
    "Too many wrong signatures came with this key. Check `access_key` and `secret_key` of the provider, and of all others \
     who use the key, wait some minutes without further attempts, and apply again.",
);

/// What failed in the cloud's words, and what to do about it in ours.
pub(super) fn explained(error: &Error, summary: &str, remedy: &str) -> Problem {
    let mut detail =
        format!("Could not {}: {}.\n", error.operation(), error.message().trim_end_matches('.'));
    for (label, value) in [
        ("HTTP status", error.status().map(|status| status.to_string())),
        ("Code", error.code().map(str::to_owned)),
        ("Request id", error.request_id().map(str::to_owned)),
        ("Cause", cause(error)),
    ] {
        if let Some(value) = value {
            detail.push_str(&format!("{label}: {value}\n"));
        }
    }
    detail.push('\n');
    detail.push_str(remedy);
    Problem::error(summary, detail)
}

/// The innermost cause, which names the host or the socket.
fn cause(error: &Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause.to_string())
}

fn advice(kind: &Kind) -> (&'static str, String) {
    let (summary, remedy) = match kind {
        Kind::NotFound => {
            ("Object not found", "Check the id, and that it belongs to this region and project.")
        }
        Kind::RouteExists => ("Route exists already", "Import it, or set `adopt_existing = true`."),
        Kind::RuleExists { .. } => {
            ("Rule exists already", "Import it, or set `adopt_existing = true`.")
        }
        Kind::QuotaExceeded => (
            "Quota exceeded",
            "Remove what is no longer needed, or ask for a higher quota in the console under My Quotas.",
        ),
        Kind::TooManyEntries => (
            "Too many entries in one call",
            "Write fewer routes at once. This is a mistake in the provider where one route was written.",
        ),
        Kind::Conflict => (
            "Object in use",
            "Something else holds or changes the object. Try again when it is done.",
        ),
        Kind::Busy => ("Cloud busy", "The object was being changed for too long. Try again."),
        Kind::Throttled => (
            "Too many calls",
            "The cloud refuses further calls for a while. Try again later, or with a lower `-parallelism`.",
        ),
        Kind::Denied => (
            "Not allowed",
            "Give the user or agency the missing right; the message above names it where the cloud says so.",
        ),
        Kind::Unauthenticated => (
            "Credentials refused",
            "Check `access_key`, `secret_key` and `security_token` (or `token`, or `user_name` and `password`) of the \
             provider, and that this machine's clock is right. After several wrong signatures the cloud locks a key for \
             some minutes.",
        ),
        Kind::OtherProject => (
            "Project of somebody else",
            "The credentials are not for this project. Check `project_id` (or `project_name`) and `region` of the provider, \
             or give the credentials of the project's account.",
        ),
        Kind::Refused => (
            "Refused by the cloud",
            "Correct what the message names. The same call would fail again.",
        ),
        Kind::NotPublished => (
            "API not offered here",
            "This region or cloud does not offer the call. Check `region`, `cloud` and `endpoints` of the provider.",
        ),
        Kind::Unreachable => (
            "Cloud not reachable",
            "Check `region`, `cloud`, `endpoints`, `cacert_file` and `insecure` of the provider, the name server and the \
             proxy.",
        ),
        Kind::Lost => (
            "No usable answer",
            "The call may have taken effect all the same. The next plan shows what is there; apply again.",
        ),
        Kind::Unreadable => (
            "Unreadable answer",
            "Check that `endpoints` and `cloud` of the provider name the cloud's API and not a proxy's page.",
        ),
        Kind::TimedOut => (
            "Time limit reached",
            "Raise the limit in `timeouts`, or find out why the cloud is slow. What exists was recorded.",
        ),
        Kind::Interrupted => ("Interrupted", "What exists was recorded; apply again to go on."),
        Kind::Unconfigured(argument) => {
            return ("Provider not fully configured", setting(argument));
        }
    };
    (summary, remedy.to_owned())
}

/// How to supply what the provider's configuration lacks.
fn setting(argument: &str) -> String {
    match argument {
        // Nothing was configured, so the last resort was tried; most users have never heard of it.
        "access_key" => "Set `access_key` and `secret_key` in the provider block, or HW_ACCESS_KEY and HW_SECRET_KEY in \
                         the environment (or `token`, or `user_name` and `password`). Without any of these, the keys of \
                         an agency are asked for, which only a server of the cloud has."
            .to_owned(),
        "project_id" => {
            "Check `region` and `project_name` of the provider, or set `project_id` to name the project itself.".to_owned()
        }
        argument => format!("Set `{argument}` in the provider block."),
    }
}
