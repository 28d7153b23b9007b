//! The keys of the server the provider runs on, from its metadata service.
//!
//! API: GET `/openstack/latest/securitykey`, with a token from PUT `/meta-data/latest/api/token` where the service
//! is in hardened mode. The token is fetched anew each time: keys are asked for once in hours.

use reqwest::{Method, header::HeaderValue};
use serde::Deserialize;

use super::{
    Client,
    auth::TemporaryKeys,
    error::{Error, Kind, Result},
    transport,
};

#[derive(Deserialize)]
struct SecurityKey {
    credential: TemporaryKeys,
}

const OPERATION: &str = "get keys from the metadata service of this server";

impl Client {
    pub(crate) async fn metadata_keys(&self) -> Result<TemporaryKeys> {
        self.during(OPERATION, self.ask_metadata()).await?
    }

    async fn ask_metadata(&self) -> Result<TemporaryKeys> {
        let base = self.config().metadata.as_str().trim_end_matches('/');
        let http = self.transport().metadata(self.config()).map_err(unreachable)?;

        let token = http
            .request(Method::PUT, format!("{base}/meta-data/latest/api/token"))
            .header("X-Metadata-Token-Ttl-Seconds", "21600")
            .send()
            .await
            .map_err(unreachable)?;
        let token = match token.status().as_u16() {
            // A service that knows no tokens wants none.
            404 | 405 | 503 => None,
            200..300 => {
                let token = transport::short_body(token).await.map_err(unreachable)?;
                let mut token = HeaderValue::from_bytes(token.trim_ascii()).map_err(|_| {
                    no_keys("the metadata service answered with a token that is none")
                })?;
                token.set_sensitive(true);
                Some(token)
            }
            status => {
                let message =
                    format!("the metadata service refused to give a token: HTTP {status}");
                return Err(no_keys(message));
            }
        };

        let mut request = http.get(format!("{base}/openstack/latest/securitykey"));
        if let Some(token) = token {
            request = request.header("X-Metadata-Token", token);
        }
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = transport::short_body(answer).await.map_err(unreachable)?;
        if !status.is_success() {
            let message = format!(
                "the metadata service gave no keys (HTTP {}). Does this server have an agency?",
                status.as_u16()
            );
            return Err(no_keys(message));
        }
        // The cause would quote the keys.
        let SecurityKey { credential } = serde_json::from_slice(&body)
            .map_err(|_| no_keys("the metadata service answered with something that is no key"))?;
        Ok(credential)
    }
}

fn unreachable(error: reqwest::Error) -> Error {
    no_keys(
        "no credentials are configured, and there is no metadata service to ask: this is not a server of the \
         cloud, or it does not answer",
    )
    .caused_by(error.without_url())
}

fn no_keys(message: impl Into<String>) -> Error {
    Error::new(Kind::Unconfigured("access_key"), OPERATION, message)
}
