//! Mutual TLS between two processes that have just met: each knows the other's very certificate.
//!
//! Terraform hands over its certificate in the environment and learns ours from the handshake line. Its certificate is
//! self-signed, says that it is an authority, and uses P-521, so the usual verification against roots refuses it. What
//! is checked instead is stricter: the certificate has to be the one handed over, byte for byte, and the peer has to own
//! its key.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{
        WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
    },
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime,
    pem::{self, PemObject},
};

/// Clients check the name in our certificate against this one.
const SERVER_NAME: &str = "localhost";

/// Clocks of two processes on one machine agree, but their reading of a second may not.
const MARGIN: Duration = Duration::from_secs(30);

/// Longer than any run.
const VALIDITY: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("`PLUGIN_CLIENT_CERT` holds no certificate in PEM")]
    Pem(#[source] pem::Error),
    #[error("`PLUGIN_CLIENT_CERT` holds something that is not an X.509 certificate")]
    Certificate(#[source] Error),
    #[error("no certificate could be made for the server")]
    Own(#[source] rcgen::Error),
    #[error("TLS could not be set up")]
    Setup(#[source] Error),
}

/// One end of the connection, made for one client.
pub struct Identity {
    pub config: Arc<ServerConfig>,
    /// Our certificate in DER.
    pub certificate: Vec<u8>,
}

impl Identity {
    /// An identity that talks to the owner of `client_certificate` (PEM) and nobody else, valid from `now`.
    pub fn for_client(client_certificate: &str, now: SystemTime) -> Result<Self, Unusable> {
        let pinned =
            CertificateDer::from_pem_slice(client_certificate.as_bytes()).map_err(Unusable::Pem)?;
        ParsedCertificate::try_from(&pinned).map_err(Unusable::Certificate)?;
        let provider = aws_lc_rs::default_provider();
        let verifier =
            PinnedClient { pinned, algorithms: provider.signature_verification_algorithms };
        let (certificate, key) = own_certificate(now).map_err(Unusable::Own)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(Unusable::Setup)?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![certificate.clone()], key)
            .map_err(Unusable::Setup)?;
        // Terraform since 1.12 refuses a server that does not choose the protocol.
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { config: Arc::new(config), certificate: certificate.to_vec() })
    }
}

fn own_certificate(
    now: SystemTime,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new([SERVER_NAME.to_owned()])?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch.saturating_sub(MARGIN);
    params.not_after = epoch + since_epoch + VALIDITY;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((certificate.into(), key))
}

/// Accepts one certificate.
#[derive(Debug)]
pub struct PinnedClient {
    pub pinned: CertificateDer<'static>,
    pub algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for PinnedClient {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    /// Naming no authority makes every client offer what it has.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if *end_entity == self.pinned {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    /// The certificate is no secret; this is what proves that the peer owns its key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
