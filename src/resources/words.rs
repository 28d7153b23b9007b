//! What a failed call means to a user, in words.

use std::error::Error as _;

use jiff::SignedDuration;

use crate::{
    cloud::{Distrust, Error, Kind},
    framework::{Problem, Problems},
};

/// Signatures that are 15 minutes off are refused; the way takes a moment, too.
const TOLERATED: SignedDuration = SignedDuration::from_secs(15 * 60 - 10);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let is_locked = error.says_that_the_key_is_locked();
        let (summary, remedy) = match is_locked {
            true => (KEY_LOCKED.0, KEY_LOCKED.1.to_owned()),
            false => advice(&error.kind()),
        };
        let remedy = match (error.kind(), error.clock_behind()) {
            (Kind::Unauthenticated, _) if is_locked => remedy,
            (Kind::Unauthenticated, Some(behind)) => clock(behind, &remedy),
            (Kind::Unauthenticated, None) => {
                format!("{remedy} Check this machine's clock as well.")
            }
            // Only a call that was sent to change something may have changed it.
            (Kind::Lost | Kind::Unreadable, _) if !error.leaves_doubt() => {
                format!("{remedy} Nothing was changed by this call.")
            }
            (Kind::Lost, _) => format!("{MAY_HAVE_HAPPENED} {remedy}"),
            (Kind::TimedOut, _) => {
                let sent = error.leaves_doubt().then_some(MAY_HAVE_HAPPENED);
                let cause = error.source().map(|_| LAST_ANSWER);
                let told = sent.into_iter().chain(cause).chain([remedy.as_str()]);
                told.collect::<Vec<_>>().join(" ")
            }
            _ => remedy,
        };
        let problem = explained(&error, summary, &remedy);
        // No other call will be accepted either.
        match error.kind() {
            Kind::Unauthenticated => problem.stopping_plans(),
            _ => problem,
        }
    }
}

impl From<Error> for Problems {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

const LAST_ANSWER: &str = "The cause is the last answer before the limit.";

const MAY_HAVE_HAPPENED: &str =
    "The call may have taken effect all the same; the next plan shows what is there.";

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
        ("Attempts", Some(error.sendings()).filter(|it| *it > 1).map(|it| it.to_string())),
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
             provider. After several wrong signatures the cloud locks a key for some minutes.",
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
        Kind::Untrusted(distrust) => ("Certificate not trusted", trust(*distrust)),
        Kind::ProxyRefused => (
            "Refused by the proxy",
            "The call did not reach the cloud. Give the proxy in HTTPS_PROXY (or HTTP_PROXY) what it asks for, such as a user \
             and a password, have it allow the host, or name the host in NO_PROXY.",
        ),
        Kind::Lost => (
            "No usable answer",
            "See whether the cloud or what is between works again, and run the same command once more.",
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

/// The remedy where the credentials were refused and both clocks are known.
fn clock(behind: SignedDuration, remedy: &str) -> String {
    let (minutes, side) = match behind.as_mins() {
        minutes @ 0.. => (minutes, "behind"),
        minutes => (-minutes, "ahead of"),
    };
    if behind.abs() < TOLERATED {
        return format!("{remedy} This machine's clock is near enough to the cloud's.");
    }
    format!(
        "This machine's clock is {minutes} minutes {side} the cloud's, which accepts no signature that is more than 15 \
         minutes off. Set the clock; the credentials may well be right."
    )
}

/// What to do about a certificate that is not accepted.
fn trust(distrust: Distrust) -> &'static str {
    match distrust {
        Distrust::Expired | Distrust::NotYetValid => {
            "Check this machine's clock. If it is right, whoever runs the service has to renew its certificate."
        }
        Distrust::OtherName => {
            "Check `endpoints`, `cloud` and `region` of the provider: the certificate belongs to a service of another name. A \
             proxy that opens encrypted connections may also be in between."
        }
        Distrust::UnknownAuthority => {
            "Where the service, or a proxy that opens encrypted connections, has a certificate of an authority of its own, \
             set `cacert_file` to the certificate of that authority."
        }
        Distrust::OtherAuthority => {
            "Add the certificate of the authority that issued the service's (or the proxy's) to the file that `cacert_file` \
             names."
        }
        Distrust::Invalid => {
            "The certificate itself is faulty, which the cause says. Whoever runs the service, or the proxy in between, has \
             to replace it."
        }
    }
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
        "endpoints" => "Check `endpoints` (and `auth_url`) of the provider: an address without a scheme is reached by \
                        `https://`."
            .to_owned(),
        argument => format!("Set `{argument}` in the provider block."),
    }
}
