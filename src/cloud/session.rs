//! What resources hold: a handle on one region of the cloud, with what the resources of a run share.
//!
//! How old what they read may be shows in the door: see [`Cloud`].

mod coalesced;
mod fresh_reads;
mod lookup;
pub(crate) mod ownership;
pub(crate) mod planned_changes;
mod port_locks;
mod port_lookup;
mod refresh;
mod route_writes;
mod rule_writes;
mod run_cache;
mod single_flight;
pub(crate) mod source_check;
pub(crate) mod source_checks;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use self::run_cache::Cached;
use self::{
    fresh_reads::InFlight,
    ownership::{Owner, Ownership, UnderWay},
    planned_changes::PlannedChanges,
    port_locks::PortLocks,
    run_cache::RunCache,
};
use super::{
    client::{Client, config::Config, error::Result},
    journal::{Journal, Notes},
    routes::writer::RouteWriters,
};

/// A handle on one region of the cloud. Clones share connections, logins, and what was read in the run.
///
/// What it reads itself it reads now: the request begins after the call. With [`Reading`], which is what refreshes, plans
/// and data sources get, there is a second door, [`Cloud::cached`], to what this run may have read earlier. With
/// [`Writing`], which is what a change gets, that door does not exist, and only with it can anything be changed. So nothing
/// is written that was decided by an old read:
///
/// ```
/// use huaweivpc::cloud::{Cloud, Reading};
/// fn plan(cloud: &Cloud<Reading>) { let _ = cloud.cached(); }
/// ```
///
/// ```compile_fail,E0599
/// use huaweivpc::cloud::{Cloud, Writing};
/// fn change(cloud: &Cloud<Writing>) { let _ = cloud.cached(); }
/// ```
///
/// ```compile_fail,E0599
/// use huaweivpc::cloud::{Cloud, Reading, RouteTableId, Wish};
/// fn plan(cloud: &Cloud<Reading>, table: &RouteTableId, wish: Wish) {
///     let _ = cloud.write_route(table, wish);
/// }
/// ```
#[derive(Clone)]
pub struct Cloud<A = Reading> {
    client: Client,
    session: Arc<Session>,
    owner: Owner,
    _access: A,
}

/// A handle that can read what this run has read already, and change nothing.
#[derive(Debug, Clone, Copy)]
pub struct Reading;

/// A handle that can change the cloud, and reads everything now. Others may wait for what comes of the change as long as
/// it lives.
#[derive(Clone)]
pub struct Writing {
    _under_way: Arc<UnderWay>,
}

struct Session {
    journal: Journal,
    cache: RunCache,
    in_flight: InFlight,
    route_writers: RouteWriters,
    port_locks: PortLocks,
    planned: PlannedChanges,
    ownership: Arc<Ownership>,
}

impl Cloud<Reading> {
    /// Nothing is read, connected or asked before the first call. `notes` keep what is being made and not recorded yet.
    ///
    /// # Errors
    /// `user_agent` cannot stand in a header.
    pub fn new(config: Config, notes: Arc<dyn Notes>) -> Result<Self> {
        let client = Client::new(config)?;
        let session = Session {
            journal: Journal::new(notes),
            cache: RunCache::default(),
            in_flight: InFlight::default(),
            route_writers: RouteWriters::default(),
            port_locks: PortLocks::default(),
            planned: PlannedChanges::default(),
            ownership: Arc::default(),
        };
        let session = Arc::new(session);
        Ok(Self { client, session, owner: Owner::default(), _access: Reading })
    }

    /// The same session, for what concerns one resource instance.
    pub fn for_owner(&self, owner: Owner) -> Self {
        Self { owner, ..self.clone() }
    }

    /// The same session, for a change of one resource instance.
    pub fn for_change_of(&self, owner: Owner) -> Cloud<Writing> {
        let (client, session) = (self.client.clone(), Arc::clone(&self.session));
        Cloud { client, session, owner, _access: Writing { _under_way: self.under_way() } }
    }
}

impl<A: Clone> Cloud<A> {
    /// The same session, bounded in time from now on, in place of any earlier bounds.
    ///
    /// After `limit`, or once `stop` is cancelled, nothing is started or waited for any more. A read in flight is
    /// given up at once; a write in flight may finish after `stop`, so that its outcome is known, but not after `limit`.
    pub fn bounded(&self, limit: Duration, stop: CancellationToken) -> Self {
        Self { client: self.client.bounded(limit, stop), ..self.clone() }
    }
}

impl<A> Cloud<A> {
    /// What is being made and not recorded yet.
    pub fn journal(&self) -> &Journal {
        &self.session.journal
    }

    /// Lists show what there is in all enterprise projects, as far as the user may see it.
    pub fn sees_all_projects(&self) -> bool {
        self.client.config().enterprise_project_id.is_none()
    }

    pub fn region(&self) -> &str {
        &self.client.config().region
    }

    fn owner(&self) -> &Owner {
        &self.owner
    }

    fn ownership(&self) -> &Arc<Ownership> {
        &self.session.ownership
    }
}
