//! The half of a run that applies, and what Terraform records when something fails.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use huaweivpc::framework::Planned;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{
    Node, Order, Outcome, Plan, Process, State, Todo,
    walk::{Turn, walk},
};
use crate::{
    harness::{
        config::config,
        core::{Failure, Instance},
        plugin::{NOTHING, Plugin},
    },
    ownership::wanted::Address,
};

/// What the tasks of the walk that applies share.
struct Applying {
    process: Process,
    order: Rc<Order>,
    state: RefCell<State>,
    outcome: RefCell<Outcome>,
    /// How many operations may still begin.
    left: Cell<usize>,
}

/// The walk that applies, in a process that ends with it. The state holds what Terraform would have recorded.
pub async fn apply(process: Process, plan: Plan, state: &mut State, order: &Rc<Order>) -> Outcome {
    let Plan { state: found, nodes, outcome } = plan;
    let mut rng = StdRng::seed_from_u64(order.seed ^ 1);
    let applying = Rc::new(Applying {
        process,
        order: Rc::clone(order),
        state: RefCell::new(found),
        outcome: RefCell::new(outcome),
        left: Cell::new(order.stop_after.unwrap_or(usize::MAX)),
    });
    let mut nodes: Vec<Node> =
        nodes.into_iter().filter(|node| !matches!(node.todo, Todo::Nothing)).collect();
    nodes.shuffle(&mut rng);
    let work = nodes.into_iter().map(|node| {
        let applying = Rc::clone(&applying);
        let goes_on = rng.random::<bool>();
        move |turn: Turn| async move { applying.carry_out(node, turn, goes_on).await }
    });
    walk(order.parallelism, work).await;
    let applying = Rc::try_unwrap(applying).unwrap_or_else(|_| panic!("every task has ended"));
    applying.process.plugin.end();
    *state = applying.state.into_inner();
    for entry in state.values_mut() {
        entry.deposed.retain(|instance| !is_removed(instance));
    }
    state.retain(|_, entry| entry.current.is_some() || !entry.deposed.is_empty());
    applying.outcome.into_inner()
}

/// The place of a deposed object that is gone; others are found by their place.
fn removed() -> Instance {
    Instance { stored: NOTHING, tainted: false }
}

fn is_removed(instance: &Instance) -> bool {
    instance.stored.state.is_null()
}

impl Applying {
    async fn carry_out(&self, node: Node, mut turn: Turn, goes_on: bool) {
        let Node { address, todo } = node;
        match todo {
            Todo::Nothing => {}
            Todo::Apply { prior, first } => self.make(address, prior, &first, None).await,
            Todo::Destroy { prior, private } => {
                self.destroy(address, prior, private).await;
            }
            Todo::DestroyDeposed { index } => self.destroy_deposed(address, index).await,
            Todo::Replace { prior, first, .. } if self.order.create_before_destroy.has(address) => {
                if !self.may_begin() {
                    return;
                }
                let index = {
                    let mut state = self.state.borrow_mut();
                    let entry = state.entry(address).or_default();
                    entry.current = None;
                    entry.deposed.push(prior);
                    entry.deposed.len() - 1
                };
                self.left.set(self.left.get().saturating_add(1));
                self.make(address, None, &first, Some(index)).await;
                if self.has_made(address) {
                    turn.pass(goes_on).await;
                    self.destroy_deposed(address, index).await;
                }
            }
            Todo::Replace { prior, private, first } => {
                if self.destroy(address, prior, private).await {
                    turn.pass(goes_on).await;
                    self.make(address, None, &first, None).await;
                }
            }
        }
    }

    fn has_made(&self, address: Address) -> bool {
        let state = self.state.borrow();
        let current = state.get(&address).and_then(|entry| entry.current.as_ref());
        current.is_some_and(|instance| !instance.tainted)
    }

    fn may_begin(&self) -> bool {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => self.outcome.borrow_mut().was_stopped = true,
        }
        !self.outcome.borrow().was_stopped
    }

    /// Creates or changes the current object. Where nothing comes of it, the deposed one is the current one again.
    async fn make(
        &self,
        address: Address,
        prior: Option<Instance>,
        first: &Planned,
        deposed: Option<usize>,
    ) {
        if !self.may_begin() {
            return;
        }
        let type_name = address.type_name();
        let made = async {
            if let Some(prior) = &prior {
                self.process.show(type_name, prior).await?;
            }
            let schema = self.process.plugin.resource_schema(type_name);
            let config = config(schema, &self.order.blocks[&address]);
            self.process.apply_in_run(type_name, prior, first, &config).await
        };
        let current = match made.await {
            Ok(instance) => Some(instance),
            Err(failure) => {
                self.outcome.borrow_mut().note(format_args!("apply of {address}"), &failure);
                match failure {
                    Failure::Refused { left, .. } => left.map(|left| *left),
                    Failure::Broken(_) => return,
                }
            }
        };
        let mut state = self.state.borrow_mut();
        let entry = state.entry(address).or_default();
        entry.current = current;
        if let (None, Some(index)) = (&entry.current, deposed) {
            entry.current = Some(std::mem::replace(&mut entry.deposed[index], removed()));
        }
    }

    async fn destroy(&self, address: Address, prior: Instance, private: Vec<u8>) -> bool {
        if !self.may_begin() {
            return false;
        }
        let type_name = address.type_name();
        let gone = async {
            self.process.show(type_name, &prior).await?;
            self.process.delete(type_name, prior.clone(), private).await
        };
        let left = match gone.await {
            Ok(()) => None,
            Err(failure) => {
                self.outcome.borrow_mut().note(format_args!("destroy of {address}"), &failure);
                match failure {
                    Failure::Refused { left, .. } => left.map_or(Some(prior), |left| Some(*left)),
                    Failure::Broken(_) => Some(prior),
                }
            }
        };
        let is_gone = left.is_none();
        self.state.borrow_mut().entry(address).or_default().current = left;
        is_gone
    }

    async fn destroy_deposed(&self, address: Address, index: usize) {
        let instance = self.state.borrow()[&address].deposed[index].clone();
        if is_removed(&instance) || !self.may_begin() {
            return;
        }
        let type_name = address.type_name();
        let gone = async {
            self.process.show(type_name, &instance).await?;
            let private = self.process.plan_destruction_in_run(type_name, &instance).await?;
            self.process.delete(type_name, instance.clone(), private).await
        };
        let left = match gone.await {
            Ok(()) => removed(),
            Err(failure) => {
                let what = format!("destroy of deposed {address}");
                self.outcome.borrow_mut().note(what, &failure);
                match failure {
                    Failure::Refused { left: Some(left), .. } => *left,
                    _ => instance,
                }
            }
        };
        self.state.borrow_mut().entry(address).or_default().deposed[index] = left;
    }
}
