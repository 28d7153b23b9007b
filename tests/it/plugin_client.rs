//! Terraform's side of the handshake: starts the provider's binary and talks to it, in good faith or not.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    pin::Pin,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::Arc,
    task::{Context, Poll},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use huaweivpc::protocol::generated::{
    plugin::{Empty, grpc_controller_client::GrpcControllerClient},
    tfplugin6::provider_client::ProviderClient,
};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::{
    ClientConfig, RootCertStore, SignatureScheme,
    client::ResolvesClientCert,
    crypto::aws_lc_rs,
    sign::{CertifiedKey, SigningKey},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::{
    codegen::{Service, http::Uri},
    transport::{Channel, Endpoint},
};

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

pub const BINARY: &str = env!("CARGO_BIN_EXE_terraform-provider-huaweivpc");

/// The binary with an environment of its own, as Terraform would start it, without TLS.
pub struct Start {
    pub command: Command,
    sockets: TempDir,
}

impl Start {
    pub fn new() -> Self {
        Self::of(Command::new(BINARY))
    }

    /// Starts the binary by another program.
    pub fn of(mut command: Command) -> Self {
        let sockets = tempfile::Builder::new().prefix("tf").tempdir_in("/tmp").unwrap();
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TMPDIR", sockets.path())
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command, sockets }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Asks for TLS with the owner of this certificate.
    pub fn for_client(self, client: &Client) -> Self {
        let pem = pem(&client.certificate);
        self.env("PLUGIN_CLIENT_CERT", &pem)
    }

    /// Runs to the end, for what ends by itself.
    pub fn output(mut self) -> Output {
        self.command.output().unwrap()
    }

    /// Waits for the handshake line.
    pub fn run(mut self) -> Process {
        let mut child = self.command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "no handshake line but {line:?}");
        Process { child, stdout, line, sockets: self.sockets }
    }
}

/// A provider that has said where it listens. Killed when dropped.
pub struct Process {
    pub child: Child,
    stdout: BufReader<ChildStdout>,
    pub line: String,
    sockets: TempDir,
}

impl Process {
    /// The fields of the handshake line.
    pub fn fields(&self) -> Vec<&str> {
        self.line.trim_end_matches('\n').split('|').collect()
    }

    pub fn socket(&self) -> PathBuf {
        PathBuf::from(self.fields()[3])
    }

    /// Names of the socket files that are left.
    pub fn sockets(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.sockets.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The server's certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        STANDARD_NO_PAD.decode(self.fields()[5]).unwrap().into()
    }

    pub async fn stream(&self) -> UnixStream {
        UnixStream::connect(self.socket()).await.unwrap()
    }

    /// A connection without TLS.
    pub async fn plain(&self) -> Channel {
        channel(self.stream().await).await.unwrap()
    }

    pub async fn tls(&self, client: ClientConfig) -> std::io::Result<TlsStream<UnixStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(client)).connect(name, self.stream().await).await
    }

    /// Ends the provider as Terraform does, and says what else it wrote to stdout.
    pub async fn shut_down(mut self, channel: Channel) -> (ExitStatus, String) {
        GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
        let rest = self.rest_of_stdout();
        (self.child.wait().unwrap(), rest)
    }

    /// Waits until nobody has the other end of stdout any more.
    pub fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(status.success());
}

/// A certificate as Terraform makes one: P-521, self-signed, an authority.
pub struct Client {
    pub certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Client {
    pub fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, key }
    }

    /// A client that expects `server` and shows this certificate.
    pub fn config(&self, server: CertificateDer<'static>) -> ClientConfig {
        configured(server, Some((self.certificate.clone(), self.signing_key())))
    }

    pub fn signing_key(&self) -> Arc<dyn SigningKey> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        aws_lc_rs::sign::any_supported_type(&key).unwrap()
    }
}

/// A client that expects `server` and shows a certificate, or none. Nobody checks whether the key is that of the
/// certificate.
pub fn configured(
    server: CertificateDer<'static>,
    shown: Option<(CertificateDer<'static>, Arc<dyn SigningKey>)>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let shown = CertifiedKey::new(vec![certificate], key);
            builder.with_client_cert_resolver(Arc::new(Always(Arc::new(shown))))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A gRPC channel over one connection that exists already.
pub async fn channel(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<Channel, tonic::transport::Error> {
    let once = Once(Some(stream));
    Endpoint::from_static("http://localhost").connect_with_connector(once).await
}

/// A client of the provider's RPCs that accepts answers of any size.
pub fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX)
}

struct Once<S>(Option<S>);

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Service<Uri> for Once<S> {
    type Response = TokioIo<S>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<TokioIo<S>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let stream = self.0.take().ok_or(std::io::ErrorKind::NotConnected.into());
        Box::pin(async move { stream.map(TokioIo::new) })
    }
}

pub fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
