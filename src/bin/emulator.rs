//! The emulator as a program: reads a scenario, serves it, and says where on one line.

use std::{
    error::Error,
    fs, io,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use clap::Parser;
use huaweivpc::emulator::{Emulator, RateLimit, Scenario, Settings};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// A small Huawei Cloud on this machine: IAM, VPC and ECS behind one base URL, for demos and tests.
///
/// When it is ready it prints one line of JSON on stdout, {"listening":"http://127.0.0.1:PORT"}, and nothing else.
#[derive(Parser)]
#[command(name = "huaweivpc-emulator", version)]
struct Arguments {
    /// What exists in the cloud and who may call, as JSON (see docs/guides/emulator.md)
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,

    /// Where to listen, as an IP address and a port; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Keep the world in this file, and go on from it if it is there
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Let every request wait this long, such as 50ms
    #[arg(long, value_name = "TIME", value_parser = duration)]
    latency: Option<Duration>,

    /// Refuse what a caller sends beyond this, such as 200/5m
    #[arg(long, value_name = "COUNT/TIME")]
    rate_limit: Option<RateLimit>,

    /// Listen on other addresses than loopback; anybody who reaches the emulator can change it
    #[arg(long)]
    allow_remote: bool,

    /// A further name it may be called by, without a port; may be given several times
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
}

/// How long a request may take to come in, and a connection may be idle.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if !arguments.allow_remote && !arguments.listen.ip().is_loopback() {
        let address = arguments.listen.ip();
        return Err(format!(
            "{address} is not a loopback address. Listen on 127.0.0.1, or add --allow-remote."
        )
        .into());
    }
    let scenario = read_scenario(&arguments.scenario)?;
    let emulator = Emulator::new(scenario, settings(&arguments))?;
    let mut terminated = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;
    announce(listener.local_addr()?)?;
    tokio::select! {
        served = emulator.serve(listener) => Ok(served?),
        _ = terminated.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

fn read_scenario(path: &Path) -> Result<Scenario, Box<dyn Error>> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read the scenario {}: {error}", path.display()))?;
    Scenario::parse(&text).map_err(|errors| format!("{}:\n{errors}", path.display()).into())
}

fn settings(arguments: &Arguments) -> Settings {
    #[expect(clippy::disallowed_methods, reason = "the program is where the clock is read")]
    let clock = SystemTime::now;
    Settings {
        state_file: arguments.state.clone(),
        latency: arguments.latency.unwrap_or_default(),
        rate_limit: arguments.rate_limit,
        patience: Some(PATIENCE),
        hosts: arguments.hosts.clone(),
        ..Settings::with_clock(clock)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = text.parse();
    let hint = || format!("`{text}` is no time. Write a number and a unit, such as 50ms or 2s.");
    parsed.ok().and_then(|duration| Duration::try_from(duration).ok()).ok_or_else(hint)
}

/// The one line on stdout that says where the emulator is.
fn announce(address: SocketAddr) -> io::Result<()> {
    let line = serde_json::json!({ "listening": format!("http://{address}") });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// The error and what caused it, on stderr.
fn report(error: &dyn Error) {
    let mut text = format!("huaweivpc-emulator: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    // If stderr is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{text}");
}
