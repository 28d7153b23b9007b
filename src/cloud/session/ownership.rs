//! Who owns which object in one run of Terraform: an object has at most one owner, and two resources that exchange one
//! hand it over. The decisions are in `registry.rs`; here is the waiting for each other.
//!
//! Terraform runs two processes, one that plans and one that applies. The first sees every object of the state, and
//! leaves what it has seen as a [`Snapshot`] for the second, which sees an object of the state only when its turn comes.
//! Why so is in `docs/decisions/0014-one-owner-in-a-run.md`.

mod object;
mod registry;
mod snapshot;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

pub use self::{
    object::{Object, Owner},
    registry::{Contest, Covers, Planning, Sweep, SweptRoute},
};
use self::{
    registry::{Registry, Released},
    snapshot::Snapshot,
};
use super::Cloud;
use crate::{
    cloud::{
        api::ids::{PortId, RouteTableId},
        client::{
            Client,
            bounds::{self, for_a_moment},
            error::Result,
            locked::locked,
        },
    },
    network::{Cidr, Route},
};

/// With every request waiting and nothing new for so long, nobody will release anything any more.
const QUIET: Duration = Duration::from_millis(300);

/// For so long at most a creation waits for another resource of the run to release what it needs.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Ownership {
    registry: Mutex<Registry>,
    /// What the process that planned has left is read once.
    loaded: OnceLock<()>,
    /// Whenever something happens that another request may wait for.
    changed: Notify,
    under_way: AtomicUsize,
    waiting: AtomicUsize,
}

/// A change that Terraform has asked for and that is not answered yet.
pub(super) struct UnderWay(Arc<Ownership>);

/// Objects that are about to become one owner's, or have. Dropped before they are `kept`, they are given up.
#[must_use]
pub struct Claims {
    ownership: Arc<Ownership>,
    owner: Owner,
    objects: Vec<Object>,
    /// Those that another resource of the run owns.
    pub refused: Vec<Object>,
}

/// Objects that their owner lets go of.
#[must_use]
pub struct Release {
    ownership: Arc<Ownership>,
    /// Those to be removed from the cloud. While this lives, nobody takes them over.
    pub removed: Vec<Object>,
    /// Those that another resource of the run owns now.
    pub handed_over: Vec<Object>,
    is_done: bool,
}

struct Waiting<'o>(&'o Ownership);

impl<A> Cloud<A> {
    /// Takes note of objects in Terraform's state.
    pub fn recall(&self, objects: impl IntoIterator<Item = Object>) {
        self.ownership().change(|registry| registry.recall(objects));
    }

    /// Whether an object that is there may be in the state, as far as this process and the last one that planned have
    /// seen it.
    pub fn may_be_in_state(&self, object: &Object) -> bool {
        self.handed_down().read(|registry| registry.may_be_in_state(object))
    }

    /// Takes note of the state in which a resource has found a source check at first.
    pub fn recall_found(&self, port: &PortId, enabled: bool) {
        self.ownership().change(|registry| registry.recall_found(port, enabled));
    }

    /// The state in which a resource of this Terraform state has found the source check at first.
    pub fn recalled_found(&self, port: &PortId) -> Option<bool> {
        self.handed_down().read(|registry| registry.found(port))
    }

    /// Takes note of a planned change, and returns what another resource of the configuration owns for good.
    pub fn plan_ownership(&self, planning: Planning) -> Vec<Contest> {
        self.ownership().change(|registry| registry.plan(planning))
    }

    /// Takes note of routes that the plan shows to be removed because an exclusive set covers them.
    pub fn show_removals<'r>(
        &self,
        table: &RouteTableId,
        routes: impl IntoIterator<Item = &'r Route>,
    ) {
        let routes = routes.into_iter().map(|route| (route.destination, route.clone()));
        self.ownership().change(|registry| registry.show_removals(table, routes));
    }

    /// What the plan that is applied has shown so; `None` where that is not known.
    pub fn shown_removals(&self, table: &RouteTableId) -> Option<BTreeMap<Cidr, Route>> {
        self.handed_down().read(|registry| registry.shown_removals(table))
    }

    /// Makes the objects this owner's, unless another resource of the run owns them. `kept` are those which it holds
    /// already.
    ///
    /// # Errors
    /// The bounds of the operation were reached while another request was removing one of them.
    pub async fn claim(&self, new: Vec<Object>, kept: Vec<Object>) -> Result<Claims> {
        let ownership = self.handed_down();
        let refused = ownership
            .decide(&self.client, "wait for another resource to remove an object", |registry| {
                registry.claim(&new, &kept, self.owner())
            })
            .await?;
        let is_granted = |object: &Object| !refused.contains(object);
        let objects = new.into_iter().chain(kept).filter(is_granted).collect();
        let owner = self.owner().clone();
        Ok(Claims { ownership: Arc::clone(ownership), owner, objects, refused })
    }

    /// Whether the object is in the state of this run, so that its owner is another resource of it that gives it up.
    pub fn is_released_to_us(&self, object: &Object) -> bool {
        self.handed_down().read(|registry| registry.may_take_over(object, self.owner()))
    }

    /// Waits until all of them are, as long as another resource of the run that holds one may still be on its way.
    pub async fn await_release(&self, objects: &[Object]) {
        self.await_others(|registry| {
            objects.iter().all(|object| registry.may_take_over(object, self.owner()))
        })
        .await;
    }

    /// Waits until those of the objects that the plan gives to another resource are claimed by it, as long as it may
    /// still be on its way: then there is no moment without them.
    pub async fn await_successors(&self, objects: &[Object]) {
        self.await_others(|registry| !registry.awaits_successor(objects, self.owner())).await;
    }

    async fn await_others(&self, is_settled: impl Fn(&Registry) -> bool) {
        let ownership = self.handed_down();
        let _waiting = ownership.wait();
        let end = bounds::after(LONGEST_WAIT);
        loop {
            let changed = ownership.changed.notified();
            if ownership.read(&is_settled) {
                return;
            }
            let quiet = bounds::after(QUIET).filter(|_| ownership.is_quiet());
            let until = quiet.into_iter().chain(end).min();
            if !ownership.happens_before(&self.client, until, changed).await {
                return;
            }
        }
    }

    /// Lets go of objects. Those that another resource of the run has claimed stay in the cloud.
    ///
    /// # Errors
    /// The bounds of the operation were reached while another request was taking one of them over.
    pub async fn release(&self, objects: Vec<Object>) -> Result<Release> {
        let ownership = self.handed_down();
        let Released { removed, handed_over } = ownership
            .decide(&self.client, "wait for another resource to take an object over", |registry| {
                registry.release(&objects, self.owner())
            })
            .await?;
        let ownership = Arc::clone(ownership);
        Ok(Release { ownership, removed, handed_over, is_done: false })
    }

    /// Leaves what this process has seen of the state for the process that applies the plan.
    pub fn leave_snapshot(&self) {
        let snapshot = self.ownership().read(Registry::snapshot);
        self.journal().leave_snapshot(&snapshot.to_json());
    }

    /// The plan that the snapshot belongs to is applied. What it says of the state may still spare a later plan a
    /// warning; nothing is taken over or left alone by it any more.
    pub fn use_up_snapshot(&self) {
        let notes = self.journal();
        if let Some(mut snapshot) = notes.find_snapshot().and_then(Snapshot::parse) {
            snapshot.is_used_up = true;
            notes.leave_snapshot(&snapshot.to_json());
        }
    }

    pub(super) fn under_way(&self) -> Arc<UnderWay> {
        let ownership = Arc::clone(self.ownership());
        ownership.under_way.fetch_add(1, Ordering::SeqCst);
        ownership.changed.notify_waiters();
        Arc::new(UnderWay(ownership))
    }

    /// With what the process that planned has left.
    fn handed_down(&self) -> &Arc<Ownership> {
        let ownership = self.ownership();
        ownership.loaded.get_or_init(|| {
            let left = self.journal().find_snapshot();
            if let Some(snapshot) = left.and_then(Snapshot::parse) {
                locked(&ownership.registry).hand_down(snapshot);
            }
        });
        ownership
    }
}

impl Ownership {
    fn read<T>(&self, look: impl FnOnce(&Registry) -> T) -> T {
        look(&locked(&self.registry))
    }

    fn change<T>(&self, act: impl FnOnce(&mut Registry) -> T) -> T {
        let outcome = act(&mut locked(&self.registry));
        self.changed.notify_waiters();
        outcome
    }

    /// Asks for a decision until there is one.
    async fn decide<T>(
        &self,
        client: &Client,
        operation: &str,
        mut decide: impl FnMut(&mut Registry) -> Option<T>,
    ) -> Result<T> {
        let deciding = async {
            loop {
                let changed = self.changed.notified();
                if let Some(decision) = decide(&mut locked(&self.registry)) {
                    self.changed.notify_waiters();
                    return decision;
                }
                changed.await;
            }
        };
        client.during(operation, deciding).await
    }

    fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
        Waiting(self)
    }

    /// Every change that is under way waits.
    fn is_quiet(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) >= self.under_way.load(Ordering::SeqCst)
    }

    /// Whether something happens until then, and within the bounds of the operation.
    async fn happens_before(
        &self,
        client: &Client,
        until: Option<tokio::time::Instant>,
        changed: impl Future<Output = ()>,
    ) -> bool {
        let mut has_changed = false;
        let waited = async {
            let change = async {
                changed.await;
                has_changed = true;
            };
            match until {
                Some(until) => for_a_moment(until, change).await,
                None => change.await,
            }
        };
        let is_in_time = client.during("wait for another resource", waited).await.is_ok();
        is_in_time && has_changed
    }
}

impl Claims {
    /// The objects are the owner's now.
    pub fn keep(mut self) {
        self.keep_all_but(&[]);
    }

    /// The same for all but those of which nothing came.
    pub fn keep_all_but(&mut self, failed: &[Object]) {
        let (owner, objects) = (&self.owner, std::mem::take(&mut self.objects));
        self.ownership.change(|registry| registry.settle(&objects, failed, owner));
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        let (owner, objects) = (&self.owner, std::mem::take(&mut self.objects));
        self.ownership.change(|registry| registry.settle(&objects, &objects, owner));
    }
}

impl Release {
    /// The objects are gone.
    pub fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        self.ownership.change(|registry| registry.end_release(&self.removed, self.is_done));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
