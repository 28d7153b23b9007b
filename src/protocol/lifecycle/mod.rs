//! The life of the process: it introduces itself, serves, and ends when nobody needs it any more.
//!
//! Ctrl-C reaches the whole process group and is Terraform's to handle: it calls StopProvider and waits for what is
//! running. The process ends when Terraform says so, on SIGTERM and SIGHUP, and when Terraform is gone. That is seen in
//! two ways: the parent process has changed, which is so within half a second also before the first connection; and
//! no connection has been open for a while, which holds as well where a wrapper stands between Terraform and us.

mod signals;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Server, server::Router};
use tonic_health::ServingStatus;

use self::signals::{Parent, Signals};
use super::{
    generated::{
        plugin::{
            grpc_broker_server::GrpcBrokerServer, grpc_controller_server::GrpcControllerServer,
            grpc_stdio_server::GrpcStdioServer,
        },
        tfplugin6::provider_server::ProviderServer,
    },
    handshake::{self, Environment, Invitation},
    listener::{Incoming, Listener, SocketFile},
    log,
    plugin::Plugin,
    service::Service,
    tls::Identity,
};
use crate::framework::{Provider, Session};

/// States can be large; this is what other providers allow.
const LARGEST_MESSAGE: usize = 256 << 20;

/// The name under which the health service answers for the plugin.
const HEALTH_NAME: &str = "plugin";

/// Terraform waits this long for the handshake line, and connects at once when it has it.
const FIRST_CONNECTION: Duration = Duration::from_secs(60);

/// Terraform keeps one connection open until it ends the plugin. Other clients may come back.
const NEXT_CONNECTION: Duration = Duration::from_secs(3);

/// How long an answer may take to reach Terraform after it asked for the end.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What the process has of the world around it.
pub struct World<'a> {
    /// Without the program's own name.
    pub arguments: Vec<String>,
    pub environment: Environment<'a>,
    pub clock: fn() -> SystemTime,
}

/// The whole life of the provider's process.
pub fn run<C: Session>(provider: Provider<C>, world: World) -> ExitCode {
    let parent = Parent::now();
    match world.arguments.first().map(String::as_str) {
        Some("--version") => return print(&format!("{}\n", title(&provider))),
        Some("--help" | "-h") => return print(&help(&provider)),
        _ => {}
    }
    let invitation = match handshake::invitation(world.environment) {
        Ok(invitation) => invitation,
        Err(refusal) => return fail(&refusal),
    };
    log::install(provider.name, world.environment, world.clock);
    for note in &invitation.notes {
        complain(note);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let outcome = runtime.block_on(introduce_and_serve(provider, &invitation, world.clock, parent));
    // What still runs has nobody left to tell.
    runtime.shutdown_background();
    match outcome {
        Ok(End::Wanted) => ExitCode::SUCCESS,
        Ok(End::Signalled(signal)) => ExitCode::from(128 + signal),
        Err(error) => fail(error.as_ref()),
    }
}

/// Why the process ends.
enum End {
    /// Terraform said so, or is gone.
    Wanted,
    /// By this signal.
    Signalled(u8),
}

async fn introduce_and_serve<C: Session>(
    provider: Provider<C>,
    invitation: &Invitation,
    clock: fn() -> SystemTime,
    parent: Parent,
) -> Result<End, Box<dyn std::error::Error>> {
    let signals = Signals::listen()?;
    let identity = match &invitation.client_certificate {
        Some(certificate) => Some(Identity::for_client(certificate, clock())?),
        None => None,
    };
    let listener = Listener::bind_or_elsewhere(&invitation.place, identity.is_some()).await?;
    let certificate = identity.as_ref().map(|identity| identity.certificate.as_slice());
    let line = handshake::line(&listener.address, certificate, invitation);
    let Incoming { connections, count, file } =
        listener.accept(identity.map(|identity| identity.config));
    // The file goes when this function ends, whatever ends it.
    let _file: Option<SocketFile> = file;
    let mut stdout = io::stdout();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()?;

    let ending = CancellationToken::new();
    let server = services(provider, ending.clone())
        .await
        .serve_with_incoming_shutdown(connections, ending.clone().cancelled_owned());
    tokio::select! {
        served = server => served.map(|()| End::Wanted).map_err(Into::into),
        () = last_words(ending) => Ok(End::Wanted),
        signal = signals.ended() => Ok(End::Signalled(signal)),
        () = parent.gone() => Ok(End::Wanted),
        () = abandoned(count) => Ok(End::Wanted),
    }
}

/// Everything that is served. `ending` is cancelled when Terraform wants the process to end.
pub async fn services<C: Session>(provider: Provider<C>, ending: CancellationToken) -> Router {
    let service = Service::new(provider);
    let plugin = Plugin { ending, last_act: service.last_act().into() };
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(HEALTH_NAME, ServingStatus::Serving).await;
    Server::builder()
        .add_service(
            ProviderServer::new(service)
                .max_decoding_message_size(LARGEST_MESSAGE)
                .max_encoding_message_size(LARGEST_MESSAGE),
        )
        .add_service(GrpcControllerServer::new(plugin.clone()))
        .add_service(GrpcStdioServer::new(plugin.clone()))
        .add_service(GrpcBrokerServer::new(plugin))
        .add_service(health_service)
}

#[expect(clippy::disallowed_methods, reason = "the end of the process; nothing could cancel it")]
async fn last_words(ending: CancellationToken) {
    ending.cancelled().await;
    tokio::time::sleep(LAST_WORDS).await;
}

/// Returns once no connection has been open for too long.
async fn abandoned(mut connections: watch::Receiver<usize>) {
    let mut patience = FIRST_CONNECTION;
    while timeout(patience, connections.wait_for(|open| *open > 0)).await.is_ok() {
        if connections.wait_for(|open| *open == 0).await.is_err() {
            return;
        }
        patience = NEXT_CONNECTION;
    }
}

fn title<C>(provider: &Provider<C>) -> String {
    format!("terraform-provider-{} v{}", provider.name, provider.version)
}

fn help<C>(provider: &Provider<C>) -> String {
    format!(
        "{}\n\n\
         A provider for Terraform and OpenTofu, source address `{}`.\n\
         They start it by themselves; started by hand it does nothing but explain that.\n\n\
         Options:\n\
         \x20 --version  print the version\n\
         \x20 --help     print this text\n\n\
         Logs go to standard error as JSON, at the level in `TF_LOG_PROVIDER_{}`, `TF_LOG_PROVIDER` or `TF_LOG`.\n",
        title(provider),
        provider.address,
        provider.name.to_uppercase(),
    )
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    let causes = std::iter::successors(Some(error), |error| error.source());
    complain(&causes.map(ToString::to_string).collect::<Vec<_>>().join(": "));
    ExitCode::FAILURE
}

/// Tells the user, who sees it only where Terraform shows the plugin's output.
fn complain(text: &str) {
    // Without standard error there is nobody to tell.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}
