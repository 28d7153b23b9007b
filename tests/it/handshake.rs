//! The provider's binary as Terraform meets it: how it is started, found, trusted and ended.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    process::Command,
    time::{Duration, SystemTime},
};

use huaweivpc::protocol::{
    generated::{
        plugin::{
            ConnInfo, Empty, grpc_broker_client::GrpcBrokerClient,
            grpc_controller_client::GrpcControllerClient, grpc_stdio_client::GrpcStdioClient,
        },
        tfplugin6 as wire,
    },
    handshake::{self, Address, Place, Refusal},
    listener::Listener,
    tls::Identity,
};
use rustls::{client::WebPkiServerVerifier, client::danger::ServerCertVerifier, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::AsyncReadExt;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::plugin_client::{
    BINARY, Client, Process, Start, channel, configured, pem, provider, signal,
};

#[test]
fn started_by_hand_it_explains_itself() {
    for cookie in [None, Some("wrong")] {
        let start = Start::new().without("TF_PLUGIN_MAGIC_COOKIE");
        let start = match cookie {
            Some(cookie) => start.env("TF_PLUGIN_MAGIC_COOKIE", cookie),
            None => start,
        };
        let output = start.output();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8(output.stderr).unwrap().contains("This program is a plugin"));
    }
}

#[test]
fn it_tells_its_version_and_its_options() {
    for (option, expected) in [("--version", env!("CARGO_PKG_VERSION")), ("--help", "--version")] {
        let output = Command::new(BINARY).arg(option).env_clear().output().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains(expected));
    }
}

#[tokio::test]
async fn one_line_says_where_it_listens() {
    let process = Start::new().run();
    let [core, protocol, network, address, kind, certificate] = process.fields()[..] else {
        panic!("not six fields: {}", process.line);
    };
    assert_eq!((core, protocol, network, kind, certificate), ("1", "6", "unix", "grpc", ""));
    let file = std::fs::metadata(address).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let channel = process.plain().await;
    let (status, rest) = process.shut_down(channel).await;
    assert!(status.success());
    assert_eq!(rest, "", "nothing else may be printed");
}

#[tokio::test]
async fn it_can_be_reached_as_soon_as_it_says_so() {
    for _ in 0..20 {
        serving(&Start::new().run()).await;
    }
}

#[test]
fn copies_started_together_do_not_collide() {
    let processes: Vec<_> =
        std::iter::repeat_with(|| std::thread::spawn(|| Start::new().run())).take(8).collect();
    let processes: Vec<Process> =
        processes.into_iter().map(|process| process.join().unwrap()).collect();
    let sockets: BTreeSet<_> = processes.iter().map(|process| process.socket()).collect();
    assert_eq!(sockets.len(), processes.len());
}

#[test]
fn it_speaks_version_6_to_whoever_can() {
    for (versions, note) in [
        (Some("5,6"), None),
        (Some("6,5"), None),
        (Some("6"), None),
        (Some("x, 6"), Some("Ignoring the protocol version `x`")),
        (Some("4,5"), Some("speaks the protocol versions `4,5`")),
        (None, None),
    ] {
        let start = Start::new().without("PLUGIN_PROTOCOL_VERSIONS");
        let start = match versions {
            Some(versions) => start.env("PLUGIN_PROTOCOL_VERSIONS", versions),
            None => start,
        };
        let mut process = start.run();
        assert_eq!(process.fields()[1], "6", "{versions:?}");
        process.signal("TERM");
        let mut stderr = String::new();
        process.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        match note {
            Some(note) => assert!(stderr.contains(note), "{versions:?}: {stderr}"),
            None => assert_eq!(stderr, "", "{versions:?}"),
        }
    }
}

#[test]
fn multiplexing_is_declined_only_when_asked_for() {
    let process = Start::new().env("PLUGIN_MULTIPLEX_GRPC", "true").run();
    assert_eq!(process.fields().get(6), Some(&"false"));
}

#[test]
fn the_socket_goes_where_it_is_wanted_and_to_whom() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let text = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let number = text("id", "-g");
    for group in [text("id", "-gn"), number.clone()] {
        let process = Start::new()
            .env("PLUGIN_UNIX_SOCKET_DIR", directory.path().to_str().unwrap())
            .env("PLUGIN_UNIX_SOCKET_GROUP", &group)
            .run();
        assert!(process.socket().starts_with(directory.path()));
        let file = std::fs::metadata(process.socket()).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o660);
        assert_eq!(file.gid().to_string(), number);
    }
}

#[test]
fn a_socket_that_cannot_be_is_an_error() {
    let long = tempfile::Builder::new().prefix(&"x".repeat(100)).tempdir_in("/tmp").unwrap();
    for (name, value, reason) in [
        ("PLUGIN_UNIX_SOCKET_DIR", long.path().to_str().unwrap(), "too long"),
        ("PLUGIN_UNIX_SOCKET_DIR", "/nowhere", "could not be opened"),
        ("PLUGIN_UNIX_SOCKET_GROUP", "no such group", "there is no group"),
    ] {
        let output = Start::new().env(name, value).output();
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(reason), "{stderr}");
    }
}

#[tokio::test]
async fn a_port_is_one_of_those_allowed() {
    let ports = |min: Option<&str>, max: Option<&str>| {
        let (min, max) = (min.map(str::to_owned), max.map(str::to_owned));
        handshake::tcp_place(&move |name| match name {
            "PLUGIN_MIN_PORT" => min.clone(),
            "PLUGIN_MAX_PORT" => max.clone(),
            _ => None,
        })
    };
    assert_eq!(ports(None, None), Ok(Place::Tcp { ports: None }));
    let range = ports(Some("10000"), Some("25000"));
    assert_eq!(range, Ok(Place::Tcp { ports: Some((10000, 25000)) }));
    assert_eq!(ports(Some("2"), Some("1")), Err(Refusal::NoPorts { min: 2, max: 1 }));
    assert!(matches!(ports(Some("x"), None), Err(Refusal::InvalidPort { .. })));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let only = Place::Tcp { ports: Some((port, port)) };
    assert!(Listener::bind(&only).await.is_err());
    let range = Place::Tcp { ports: Some((port, port.saturating_add(50))) };
    let Address::Tcp(address) = Listener::bind(&range).await.unwrap().address else {
        panic!("not TCP");
    };
    let found: u16 = address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert!(found > port);
}

#[test]
fn the_certificate_travels_without_padding() {
    let environment = |name: &str| {
        let cookie = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
        (name == "TF_PLUGIN_MAGIC_COOKIE").then(|| cookie.to_owned())
    };
    let invitation = handshake::invitation(&environment).unwrap();
    let address = Address::UnixSocket("/s".to_owned());
    for (der, text) in
        [([0xff; 3].as_slice(), "////"), (&[0xff; 4], "/////w"), (&[0xff; 5], "//////8")]
    {
        let line = handshake::line(&address, Some(der), &invitation);
        assert_eq!(line, format!("1|6|unix|/s|grpc|{text}\n"));
    }
}

#[tokio::test]
async fn the_client_that_started_it_is_let_in() {
    let client = Client::new();
    let process = Start::new().for_client(&client).run();
    assert!(process.fields()[5].len() > 50);
    let stream = process.tls(client.config(process.certificate())).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let channel = channel(stream).await.unwrap();
    // Configuring is the first request here: no other may be needed before.
    let request = wire::configure_provider::Request::default();
    provider(channel.clone()).configure_provider(request).await.unwrap();
    assert!(process.shut_down(channel).await.0.success());
}

#[tokio::test]
async fn nobody_else_is_let_in() {
    let (client, foreign) = (Client::new(), Client::new());
    let process = Start::new().for_client(&client).run();
    let server = || process.certificate();
    let stolen = (client.certificate.clone(), foreign.signing_key());
    for (who, config) in [
        ("a client without a certificate", configured(server(), None)),
        ("another certificate of the same subject", foreign.config(server())),
        ("the certificate without its key", configured(server(), Some(stolen))),
    ] {
        // In TLS 1.3 the client is done before the server has judged it.
        let refused = match process.tls(config).await {
            Ok(mut stream) => stream.read_u8().await.is_err(),
            Err(_) => true,
        };
        assert!(refused, "{who} was let in");
    }
    let mut plain = provider(process.plain().await);
    let request = wire::get_provider_schema::Request::default();
    assert!(plain.get_provider_schema(request).await.is_err(), "plain text was let in");
}

#[tokio::test]
async fn a_client_that_stalls_keeps_nobody_waiting() {
    let client = Client::new();
    let process = Start::new().for_client(&client).run();
    let mut stalled = Vec::new();
    for _ in 0..10 {
        stalled.push(process.stream().await);
    }
    let stream = process.tls(client.config(process.certificate())).await.unwrap();
    assert!(process.shut_down(channel(stream).await.unwrap()).await.0.success());
}

#[test]
fn a_certificate_that_cannot_be_read_is_never_done_without() {
    for certificate in ["", "nonsense", &pem(b"no certificate")] {
        let output = Start::new().env("PLUGIN_CLIENT_CERT", certificate).output();
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
        assert!(String::from_utf8(output.stderr).unwrap().contains("PLUGIN_CLIENT_CERT"));
    }
}

#[test]
fn the_servers_certificate_is_for_localhost_and_valid_at_once() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let identity = Identity::for_client(&pem(&Client::new().certificate), now).unwrap();
    let certificate = CertificateDer::from(identity.certificate);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(
        roots.into(),
        aws_lc_rs::default_provider().into(),
    )
    .build()
    .unwrap();
    let valid = |name: &'static str, at: u64| {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
        let name = ServerName::try_from(name).unwrap();
        verifier.verify_server_cert(&certificate, &[], &name, &[], at).is_ok()
    };
    assert!(valid("localhost", 1_800_000_000 - 30));
    assert!(!valid("localhost", 1_800_000_000 - 31));
    assert!(!valid("elsewhere", 1_800_000_000));
}

#[tokio::test]
async fn it_is_healthy() {
    let process = Start::new().run();
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    let answer = HealthClient::new(process.plain().await).check(request).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn it_ends_at_once_and_cleans_up_whatever_streams_are_open() {
    let mut process = Start::new().run();
    let channel = process.plain().await;
    let silent = tokio_stream::pending::<ConnInfo>();
    let mut stdio =
        GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    let broker = GrpcBrokerClient::new(channel.clone()).start_stream(silent).await.unwrap();
    let sockets = process.sockets();
    assert_eq!(sockets.len(), 1);
    let directory = process.socket().parent().unwrap().to_owned();

    GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
    assert!(process.child.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0);
    // Not a single message came before the end.
    assert!(!matches!(stdio.message().await, Ok(Some(_))));
    drop(broker);
}

#[tokio::test]
async fn what_is_not_on_offer_is_said_so() {
    let process = Start::new().run();
    let mut provider = provider(process.plain().await);
    macro_rules! not_on_offer {
        ($($rpc:ident($request:expr)),* $(,)?) => {
            $(
                let status = provider.$rpc($request).await.err().expect(stringify!($rpc));
                assert_eq!(status.code(), Code::Unimplemented, stringify!($rpc));
            )*
        };
    }
    not_on_offer!(
        move_resource_state(wire::move_resource_state::Request::default()),
        generate_resource_config(wire::generate_resource_config::Request::default()),
        validate_ephemeral_resource_config(
            wire::validate_ephemeral_resource_config::Request::default()
        ),
        open_ephemeral_resource(wire::open_ephemeral_resource::Request::default()),
        renew_ephemeral_resource(wire::renew_ephemeral_resource::Request::default()),
        close_ephemeral_resource(wire::close_ephemeral_resource::Request::default()),
        list_resource(wire::list_resource::Request::default()),
        validate_list_resource_config(wire::validate_list_resource_config::Request::default()),
        validate_state_store_config(wire::validate_state_store::Request::default()),
        lock_state(wire::lock_state::Request::default()),
        plan_action(wire::plan_action::Request::default()),
        invoke_action(wire::invoke_action::Request::default()),
        validate_action_config(wire::validate_action_config::Request::default()),
    );
}

#[tokio::test]
async fn a_large_state_gets_through() {
    let process = Start::new().run();
    let json = vec![b' '; 20 << 20];
    let raw_state = Some(wire::RawState { json, ..Default::default() });
    let request = wire::upgrade_resource_state::Request { raw_state, ..Default::default() };
    let answer = provider(process.plain().await).upgrade_resource_state(request).await.unwrap();
    assert_eq!(answer.into_inner().diagnostics.len(), 1, "there is no resource without a name");
}

#[tokio::test]
async fn an_interrupt_is_terraforms_to_handle() {
    let mut process = Start::new().env("TF_LOG_PROVIDER_HUAWEIVPC", "trace").run();
    process.signal("INT");
    let stderr = BufReader::new(process.child.stderr.take().unwrap());
    let seen = stderr.lines().find(|line| line.as_ref().unwrap().contains("interrupt"));
    assert!(seen.is_some(), "it ended without a word");
    serving(&process).await;
}

#[test]
fn it_cleans_up_when_it_is_terminated() {
    for (signal, code) in [("TERM", 128 + 15), ("HUP", 128 + 1)] {
        let mut process = Start::new().run();
        process.signal(signal);
        assert_eq!(process.child.wait().unwrap().code(), Some(code));
        assert!(process.sockets().is_empty());
    }
}

#[test]
fn it_ends_when_the_process_that_started_it_is_gone() {
    // The shell starts the provider beside itself and becomes a program that waits for ever.
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" & exec tail -f /dev/null", BINARY]);
    let mut process = Start::of(shell).run();
    assert!(process.socket().exists());
    signal(process.child.id(), "KILL");
    process.child.wait().unwrap();
    // The provider was the last to hold the other end.
    assert_eq!(process.rest_of_stdout(), "");
    assert!(process.sockets().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_its_only_client_is_gone_for_good() {
    let mut process = Start::new().run();
    serving(&process).await;
    assert!(process.child.wait().unwrap().success());
    assert!(process.sockets().is_empty());
}

async fn serving(process: &Process) {
    let request = wire::get_metadata::Request::default();
    provider(process.plain().await).get_metadata(request).await.unwrap();
}
