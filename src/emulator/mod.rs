//! A small Huawei Cloud in memory: IAM, VPC and ECS behind one base URL.
//!
//! It is a second implementation of the cloud's documents, apart from the client in `cloud`: `world` holds state and
//! rules, `http` the wire format, `auth` signatures and tokens. It shares with the rest of the project only ranges of
//! addresses, because a field misspelt the same way on both sides would be a green test.

pub mod auth;
pub mod faults;
pub mod journal;
pub mod scenario;
pub mod state_file;
pub mod throttle;
pub mod world;

mod connection;
mod http;
mod past;
mod serve;

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::net::TcpListener;

pub use scenario::{Scenario, ScenarioError, ScenarioErrors};
pub use state_file::StateFileError;
pub use throttle::RateLimit;

use auth::lockout::Lockout;
use faults::Faults;
use journal::Journal;
use past::Past;
use throttle::Throttle;
use world::{Moment, Refusal, World};

/// How an emulator runs, apart from what it knows.
#[derive(Clone)]
pub struct Settings {
    /// Where the world is kept between runs; only in memory if `None`.
    pub state_file: Option<PathBuf>,
    /// How long every request waits before it is looked at.
    pub latency: Duration,
    pub rate_limit: Option<RateLimit>,
    /// How long a request may take to come in, and a connection may be idle; for ever if `None`.
    pub patience: Option<Duration>,
    /// Names it may be called by besides loopback and the address it listens on.
    pub hosts: Vec<String>,
    pub clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// A running, or not yet running, emulator. Clones are the same emulator.
#[derive(Clone)]
pub struct Emulator(Arc<Shared>);

struct Shared {
    scenario: Scenario,
    settings: Settings,
    started: Moment,
    world: Mutex<World>,
    journal: Mutex<Journal>,
    faults: Mutex<Faults>,
    past: Mutex<Past>,
    throttle: Mutex<Throttle>,
    lockout: Mutex<Lockout>,
}

impl Settings {
    /// An emulator that answers at once, to anybody any number of times, and remembers nothing.
    pub fn with_clock(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            state_file: None,
            latency: Duration::ZERO,
            rate_limit: None,
            patience: None,
            hosts: Vec::new(),
            clock: Arc::new(clock),
        }
    }
}

impl Emulator {
    /// Starts from the state file if there is one, otherwise from the scenario. Credentials and everything else
    /// besides the world come from the scenario in both cases.
    pub fn new(scenario: Scenario, settings: Settings) -> Result<Self, StateFileError> {
        let mut world = scenario.world.clone();
        if let Some(path) = &settings.state_file {
            match state_file::load(path, &world.project_id)? {
                Some(stored) => world = stored,
                // A file that cannot be written is better found out now than at the first change.
                None => state_file::save(path, &world)?,
            }
        }
        Ok(Self(Arc::new(Shared {
            started: Moment::from((settings.clock)()),
            scenario,
            settings,
            world: Mutex::new(world),
            journal: Mutex::default(),
            faults: Mutex::default(),
            past: Mutex::default(),
            throttle: Mutex::default(),
            lockout: Mutex::default(),
        })))
    }

    /// Answers requests until the future is dropped. Fails only if the listener does.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let router = http::router(self.0.clone(), listener.local_addr()?.ip());
        serve::serve(listener, router, self.0.settings.patience).await;
        Ok(())
    }
}

impl Shared {
    fn now(&self) -> Moment {
        Moment::from((self.settings.clock)())
    }

    /// Writes the world to the state file, if there is one.
    fn save(&self, world: &World) -> Result<(), Refusal> {
        let Some(path) = &self.settings.state_file else { return Ok(()) };
        state_file::save(path, world).map_err(|error| {
            tracing::error!(error = %error, "the world was not saved");
            Refusal::gateway(500, "APIGW.0601", format!("The emulator's {error}"))
        })
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").finish_non_exhaustive()
    }
}

/// Locks, and goes on after a panic elsewhere: every change is made on a copy first.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
