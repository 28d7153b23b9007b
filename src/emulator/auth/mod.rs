//! Who is calling: access keys with a signature, or tokens. Written from the cloud's description of both, apart from
//! the code that signs in the provider.

pub mod directory;
pub mod lockout;
pub mod seal;
pub mod signature;

use jiff::SignedDuration;
use secrecy::ExposeSecret;

pub use directory::{AccessKey, Agency, Directory, Domain, Project, User};

use lockout::Lockout;
use seal::Statement;
use signature::{Authorization, SignedRequest};

use super::world::{Moment, Refusal};

/// How far the caller's clock may be from the cloud's.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// Somebody whose credentials were found good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The access key, or the name of the user or agency behind a token.
    pub name: String,
    pub domain: Domain,
    /// The project the credentials are good for; none for other accounts and for domain tokens.
    pub project_id: Option<String>,
}

/// Finds out who sent a request.
///
/// Fails with 401 and the gateway's own sentence, which for a bad signature repeats what the gateway signed.
pub fn authenticate(
    directory: &Directory,
    lockout: &mut Lockout,
    request: &SignedRequest<'_>,
    now: Moment,
) -> Result<Caller, Refusal> {
    match (request.header("authorization"), request.header("x-auth-token")) {
        (Some(authorization), _) => signed_by(directory, lockout, request, authorization, now),
        (None, Some(token)) => bearer_of(directory, token, now),
        (None, None) => Err(incorrect("authentication information is missing")),
    }
}

fn signed_by(
    directory: &Directory,
    lockout: &mut Lockout,
    request: &SignedRequest<'_>,
    authorization: &str,
    now: Moment,
) -> Result<Caller, Refusal> {
    let Some(authorization) = Authorization::parse(authorization) else {
        return Err(incorrect("authorization header is malformed"));
    };
    let security_token = request.header("x-security-token");
    let Some((secret, caller)) = directory.key(&authorization.access_key, security_token, now)
    else {
        return Err(incorrect(&format!("ak {} not exist", authorization.access_key)));
    };
    if lockout.is_locked(&authorization.access_key, now) {
        return Err(incorrect("AK access failed to reach the limit,forbidden"));
    }
    let Some(date) = request.header("x-sdk-date").and_then(Moment::parse_sdk_date) else {
        return Err(incorrect("X-Sdk-Date is missing or malformed"));
    };
    if date.distance(now) > CLOCK_SKEW {
        return Err(incorrect(&format!("signature expired, now is {now}, signed at {date}")));
    }
    signature::verify(secret.expose_secret(), request, &authorization).map_err(|canonical| {
        lockout.note_failure(&authorization.access_key, now);
        let shown = canonical.replace('\n', "|");
        incorrect(&format!("verify aksk signature fail, canonicalRequest:{shown}"))
    })?;
    lockout.note_success(&authorization.access_key);
    Ok(caller)
}

/// The owner of a token.
pub fn bearer_of(directory: &Directory, token: &str, now: Moment) -> Result<Caller, Refusal> {
    let Some(statement) = directory.seal.open(token) else {
        return Err(incorrect("decrypt token fail"));
    };
    let Statement::Token { name, domain, project_id, expires_at } = statement else {
        return Err(incorrect("decrypt token fail"));
    };
    if expires_at <= now {
        return Err(Refusal::gateway(401, "APIGW.0307", "The token must be updated."));
    }
    Ok(Caller { name, domain, project_id })
}

fn incorrect(what: &str) -> Refusal {
    let message = format!("Incorrect IAM authentication information: {what}");
    Refusal::gateway(401, "APIGW.0301", message)
}
