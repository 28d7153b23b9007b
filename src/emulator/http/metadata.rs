//! The metadata service a server sees at 169.254.169.254: temporary keys of the agency the server runs under.

use axum::{
    Router,
    routing::{get, put},
};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    App,
    call::{Call, Handled, Reply, answer},
    iam::credential,
};
use crate::emulator::{
    auth::seal::Statement,
    scenario::TokenMode,
    world::{Outcome, Refusal},
};

/// How long keys from the metadata service last.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(6);

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/openstack/latest/securitykey", get(answer(security_key)))
        .route("/openstack/latest/meta_data.json", get(answer(meta_data)))
        .route("/meta-data/latest/api/token", put(answer(create_session)))
}

fn security_key(call: &Call) -> Handled {
    check_session(call)?;
    let scenario = &call.app.scenario;
    let Some(agency) = &scenario.metadata.agency else {
        let text = "A cloud service agency must be configured for the server first.";
        return Ok(Reply::text(401, text.into()));
    };
    let directory = &scenario.directory;
    let key = directory.issue_key(agency, directory.domain.clone(), KEY_LIFETIME, call.now);
    Ok(Reply::json(200, credential(&key)))
}

fn meta_data(call: &Call) -> Handled {
    check_session(call)?;
    let scenario = &call.app.scenario;
    let body = json!({
        "region_id": scenario.world.region,
        "availability_zone": scenario.world.default_zone(),
        "project_id": scenario.world.project_id,
    });
    Ok(Reply::json(200, body))
}

fn create_session(call: &Call) -> Handled {
    if call.app.scenario.metadata.token_mode == TokenMode::Off {
        return Ok(Reply::text(405, "Method Not Allowed".into()));
    }
    let seconds = call
        .headers
        .get("x-metadata-token-ttl-seconds")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .filter(|seconds| (1..=21_600).contains(seconds));
    let Some(seconds) = seconds else {
        return Ok(Reply::text(400, "X-Metadata-Token-Ttl-Seconds must be 1 to 21600".into()));
    };
    let expires_at = call.now.after(SignedDuration::from_secs(seconds));
    let session = Statement::Metadata { expires_at };
    Ok(Reply::text(200, call.app.scenario.directory.seal.close(&session)))
}

fn check_session(call: &Call) -> Outcome<()> {
    let scenario = &call.app.scenario;
    let sent = call.headers.get("x-metadata-token").and_then(|value| value.to_str().ok());
    let good = sent.map(|token| {
        matches!(
            scenario.directory.seal.open(token),
            Some(Statement::Metadata { expires_at }) if expires_at > call.now
        )
    });
    match (good, scenario.metadata.token_mode) {
        (Some(true), _) | (None, TokenMode::Off | TokenMode::Optional) => Ok(()),
        _ => Err(Refusal::iam(401, "The metadata token is missing or not valid.")),
    }
}
