//! The half of a run that plans: each object is shown, read and planned, in whatever order.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use huaweivpc::framework::PlanRequest;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{Node, Order, Outcome, Plan, Process, State, Todo, walk::walk};
use crate::{
    harness::{
        config::config,
        core::{
            Action, Failure, Instance,
            planning::{action, request},
        },
        plugin::Plugin,
    },
    ownership::wanted::Address,
};

/// The walk that plans, in a process that ends with it.
pub async fn plan(process: Process, state: &State, order: &Rc<Order>) -> Plan {
    let mut rng = StdRng::seed_from_u64(order.seed);
    let process = Rc::new(process);
    let addresses: BTreeSet<Address> = state.keys().chain(order.blocks.keys()).copied().collect();
    let mut work: Vec<(Address, Option<usize>)> = Vec::new();
    for address in addresses {
        work.push((address, None));
        let deposed = state.get(&address).map_or(0, |entry| entry.deposed.len());
        work.extend((0..deposed).map(|index| (address, Some(index))));
    }
    work.shuffle(&mut rng);
    let found: Rc<RefCell<State>> = Rc::default();
    found.borrow_mut().clone_from(state);
    let nodes = walk(
        order.parallelism,
        work.into_iter().map(|(address, deposed)| {
            let (process, order, found) =
                (Rc::clone(&process), Rc::clone(order), Rc::clone(&found));
            move |_| async move {
                let todo = match deposed {
                    None => plan_current(&process, address, &order, &found).await,
                    Some(index) => plan_deposed(&process, address, index, &order, &found).await,
                };
                (address, todo)
            }
        }),
    )
    .await;
    let mut outcome = Outcome {
        todo: Vec::new(),
        refusals: Vec::new(),
        is_refused_at_plan: false,
        broken: Vec::new(),
        was_stopped: false,
    };
    let mut planned = Vec::new();
    for (address, todo) in nodes {
        match todo {
            Ok(todo) => {
                outcome.todo.extend(todo.words().map(|words| format!("{address}: {words}")));
                planned.push(Node { address, todo });
            }
            Err(failure) => outcome.note(format_args!("plan of {address}"), &failure),
        }
    }
    outcome.todo.sort_unstable();
    outcome.is_refused_at_plan = !outcome.refusals.is_empty();
    ended(process).plugin.end();
    let state = found.take();
    Plan { state, nodes: planned, outcome }
}

fn ended(process: Rc<Process>) -> Process {
    Rc::try_unwrap(process).unwrap_or_else(|_| panic!("every request is answered"))
}

async fn plan_current(
    process: &Process,
    address: Address,
    order: &Order,
    found: &RefCell<State>,
) -> Result<Todo, Failure> {
    let type_name = address.type_name();
    let before = found.borrow().get(&address).and_then(|entry| entry.current.clone());
    let prior = match before {
        Some(instance) => seen(process, type_name, instance, order.refresh).await?,
        None => None,
    };
    found.borrow_mut().entry(address).or_default().current.clone_from(&prior);
    let Some(block) = order.blocks.get(&address) else {
        let Some(prior) = prior else { return Ok(Todo::Nothing) };
        let private = process.plan_destruction_in_run(type_name, &prior).await?;
        return Ok(Todo::Destroy { prior, private });
    };
    let schema = process.plugin.resource_schema(type_name);
    let config = config(schema, block);
    // A tainted object is planned as if it were not there.
    let known = prior.as_ref().filter(|instance| !instance.tainted);
    let ask = request(schema, known, &config);
    let first = process.plan_in_run(type_name, &ask).await?.planned;
    let Some(prior) = prior else { return Ok(Todo::Apply { prior: None, first }) };
    let kind = match action(&ask.prior, &first) {
        Action::Create => Action::Replace,
        _ if order.replace.has(address) => Action::Replace,
        kind => kind,
    };
    match kind {
        Action::NoOp => Ok(Todo::Nothing),
        Action::Replace if prior.tainted => {
            let private = first.private.clone();
            Ok(Todo::Replace { prior, private, first })
        }
        Action::Replace => {
            let second = PlanRequest {
                private: first.private.clone(),
                prior_identity: first.identity.clone(),
                ..request(schema, None, &config)
            };
            let first = process.plan_in_run(type_name, &second).await?.planned;
            let private = first.private.clone();
            Ok(Todo::Replace { prior, private, first })
        }
        Action::Create | Action::Update => Ok(Todo::Apply { prior: Some(prior), first }),
    }
}

async fn plan_deposed(
    process: &Process,
    address: Address,
    index: usize,
    order: &Order,
    found: &RefCell<State>,
) -> Result<Todo, Failure> {
    let type_name = address.type_name();
    let instance = found.borrow()[&address].deposed[index].clone();
    // What is gone is destroyed in vain.
    if let Some(instance) = seen(process, type_name, instance, order.refresh).await? {
        process.plan_destruction_in_run(type_name, &instance).await?;
        if let Some(entry) = found.borrow_mut().get_mut(&address) {
            entry.deposed[index] = instance;
        }
    }
    Ok(Todo::DestroyDeposed { index })
}

/// The object as a run begins with it.
async fn seen(
    process: &Process,
    type_name: &str,
    instance: Instance,
    refresh: bool,
) -> Result<Option<Instance>, Failure> {
    if refresh {
        return process.refresh(type_name, instance).await;
    }
    process.show(type_name, &instance).await?;
    Ok(Some(instance))
}
