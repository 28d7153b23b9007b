//! The RPCs about resources.
//!
//! Whatever Terraform is told here is recorded: a state with an error beside it is saved, private data and identity that
//! are left out are lost.

mod generation;

use std::sync::Arc;

pub(super) use self::generation::generate;

use super::{
    super::{
        diagnostics,
        generated::tfplugin6::{
            RawState, apply_resource_change, import_resource_state, plan_resource_change,
            read_resource, upgrade_resource_identity, upgrade_resource_state,
            validate_resource_config,
        },
        schema,
    },
    Shared,
    kind::Kind,
};
use crate::framework::{
    ApplyRequest, ImportBy, PlanRequest, Planned, Problem, Problems, Result, Session, Stored,
    Value, json,
};

pub(super) async fn validate<C: Session>(
    shared: Arc<Shared<C>>,
    request: validate_resource_config::Request,
) -> validate_resource_config::Response {
    let kind = match Kind::find(&shared, &request.type_name) {
        Ok(kind) => kind,
        Err(problem) => return vec![diagnostics::on_the_whole(&problem)].into(),
    };
    let problems = match kind.received(request.config.as_ref()) {
        Ok(config) => kind.entry.validate(&config),
        Err(problem) => vec![problem],
    };
    diagnostics::encode(&problems, &kind.ty).into()
}

pub(super) async fn upgrade<C: Session>(
    shared: Arc<Shared<C>>,
    request: upgrade_resource_state::Request,
) -> upgrade_resource_state::Response {
    let kind = match Kind::find(&shared, &request.type_name) {
        Ok(kind) => kind,
        Err(problem) => return vec![diagnostics::on_the_whole(&problem)].into(),
    };
    let upgraded = stored_json(request.raw_state).and_then(|state| {
        let state = kind.entry.upgrade(request.version, state)?;
        // Every run begins with this for each object in the state, whether it refreshes or not.
        if let Ok((session, _)) = shared.session() {
            kind.entry.recall(&state, &session);
        }
        Ok(kind.sent(&state)?)
    });
    match upgraded {
        Ok(state) => upgrade_resource_state::Response {
            upgraded_state: Some(state),
            diagnostics: Vec::new(),
        },
        Err(problems) => diagnostics::encode(problems.list(), &kind.ty).into(),
    }
}

pub(super) async fn upgrade_identity<C: Session>(
    shared: Arc<Shared<C>>,
    request: upgrade_resource_identity::Request,
) -> upgrade_resource_identity::Response {
    let upgraded =
        Kind::find(&shared, &request.type_name).map_err(Problems::from).and_then(|kind| {
            let ty = kind.identity.as_ref().filter(|_| request.version == schema::IDENTITY_VERSION);
            let ty = ty.ok_or_else(|| {
                let (name, version) = (&request.type_name, request.version);
                let detail = format!("`{name}` has no identity of version {version}.");
                Problem::error("Unknown identity version", detail)
            })?;
            let identity =
                json::parse(&stored_json(request.raw_identity)?, ty).map_err(|misfit| {
                    let detail = format!("The stored identity does not fit its schema: {misfit}.");
                    Problem::error("Unreadable identity", detail)
                })?;
            Ok(kind.sent_identity(&identity)?)
        });
    match upgraded {
        Ok(identity) => upgrade_resource_identity::Response {
            upgraded_identity: identity,
            diagnostics: Vec::new(),
        },
        Err(problems) => {
            problems.list().iter().map(diagnostics::on_the_whole).collect::<Vec<_>>().into()
        }
    }
}

pub(super) async fn read<C: Session>(
    shared: Arc<Shared<C>>,
    request: read_resource::Request,
) -> read_resource::Response {
    let kind = match Kind::find(&shared, &request.type_name) {
        Ok(kind) => kind,
        Err(problem) => return vec![diagnostics::on_the_whole(&problem)].into(),
    };
    match kind.read(&shared, request).await {
        Ok(response) => response,
        Err(problems) => diagnostics::encode(problems.list(), &kind.ty).into(),
    }
}

pub(super) async fn plan<C: Session>(
    shared: Arc<Shared<C>>,
    request: plan_resource_change::Request,
) -> plan_resource_change::Response {
    let kind = match Kind::find(&shared, &request.type_name) {
        Ok(kind) => kind,
        Err(problem) => return vec![diagnostics::on_the_whole(&problem)].into(),
    };
    match kind.plan(&shared, request).await {
        Ok(response) => response,
        Err(problems) => diagnostics::encode(problems.list(), &kind.ty).into(),
    }
}

/// Answers with what exists afterwards, also where the change failed.
pub(super) async fn apply<C: Session>(
    shared: Arc<Shared<C>>,
    request: apply_resource_change::Request,
) -> apply_resource_change::Response {
    let kind = match Kind::find(&shared, &request.type_name) {
        Ok(kind) => kind,
        Err(problem) => return vec![diagnostics::on_the_whole(&problem)].into(),
    };
    shared.run().begin_writing();
    let unchanged = kind.unchanged(&request);
    let (problems, kept) = match kind.apply(&shared, request).await {
        Ok(response) => return response,
        Err(problems) => problems.into_parts(),
    };
    let mut diagnostics = diagnostics::encode(&problems, &kind.ty);
    match kept.map(|kept| kind.sent_stored(&kept)) {
        Some(Ok((state, private, identity))) => apply_resource_change::Response {
            new_state: Some(state),
            private,
            new_identity: identity,
            diagnostics,
            ..Default::default()
        },
        Some(Err(problem)) => {
            diagnostics.push(diagnostics::on_the_whole(&problem));
            apply_resource_change::Response { diagnostics, ..unchanged }
        }
        None => apply_resource_change::Response { diagnostics, ..unchanged },
    }
}

pub(super) async fn import<C: Session>(
    shared: Arc<Shared<C>>,
    request: import_resource_state::Request,
) -> import_resource_state::Response {
    let imported = match Kind::find(&shared, &request.type_name) {
        Ok(kind) => kind.import(&shared, request).await,
        Err(problem) => Err(problem.into()),
    };
    match imported {
        Ok(imported) => import_resource_state::Response {
            imported_resources: vec![imported],
            ..Default::default()
        },
        // An import has no configuration that a path could lead into.
        Err(problems) => {
            problems.list().iter().map(diagnostics::on_the_whole).collect::<Vec<_>>().into()
        }
    }
}

impl<C: Session> Kind<C> {
    async fn read(
        &self,
        shared: &Shared<C>,
        request: read_resource::Request,
    ) -> Result<read_resource::Response> {
        let stored = Stored {
            state: self.received(request.current_state.as_ref())?,
            private: request.private,
            identity: self.received_identity(request.current_identity)?,
        };
        let (session, stop) = match shared.session() {
            Ok(session) => session,
            // What there is must not be in the way of a provider block whose values come with the same apply.
            Err(why) if shared.is_waiting() => {
                let warning = Vec::from_iter(shared.run().unread(&why));
                return Ok(read_resource::Response {
                    new_state: Some(self.sent(&stored.state)?),
                    private: stored.private,
                    new_identity: match &stored.identity {
                        Some(identity) => self.sent_identity(identity)?,
                        None => None,
                    },
                    diagnostics: diagnostics::encode(&warning, &self.ty),
                    ..Default::default()
                });
            }
            Err(problem) => return Err(problem.into()),
        };
        let run = shared.run();
        let Some(found) = self.entry.read(stored.clone(), &session, stop).await? else {
            return Ok(read_resource::Response {
                new_state: Some(self.sent(&Value::Null)?),
                private: run.have_found_gone(stored)?,
                ..Default::default()
            });
        };
        if found.state != stored.state {
            run.have_found_changed(stored);
        }
        self.entry.recall(&found.state, &session);
        run.have_refreshed(self.entry.name(), &found.state);
        let (state, private, new_identity) = self.sent_stored(&found)?;
        Ok(read_resource::Response {
            new_state: Some(state),
            private,
            new_identity,
            ..Default::default()
        })
    }

    async fn plan(
        &self,
        shared: &Shared<C>,
        request: plan_resource_change::Request,
    ) -> Result<plan_resource_change::Response> {
        let mut request = PlanRequest {
            prior: self.received(request.prior_state.as_ref())?,
            proposed: self.received(request.proposed_new_state.as_ref())?,
            config: self.received(request.config.as_ref())?,
            private: request.prior_private,
            prior_identity: self.received_identity(request.prior_identity)?,
        };
        let stored = shared.run().stored_before(&mut request);
        let planned = self.planned(shared, &mut request).await?;
        let problems = self.foresee(shared, &request, &planned, stored.as_ref()).await;
        let requires_replace = planned
            .replaces
            .iter()
            .filter_map(|path| diagnostics::attribute_path(path, &self.ty))
            .collect();
        Ok(plan_resource_change::Response {
            planned_state: Some(self.sent(&planned.state)?),
            requires_replace,
            planned_private: planned.private,
            planned_identity: match &planned.identity {
                Some(identity) => self.sent_identity(identity)?,
                None => None,
            },
            diagnostics: diagnostics::encode(&problems, &self.ty),
            ..Default::default()
        })
    }

    /// Where nothing would change of an object that this process has not refreshed, its state may be no longer true:
    /// another process has read it, before the same apply made or replaced other objects.
    async fn planned(&self, shared: &Shared<C>, request: &mut PlanRequest) -> Result<Planned> {
        let is_refreshed = shared.run().is_refreshed(self.entry.name(), &request.prior);
        let again = (!is_refreshed && !request.prior.is_null()).then(|| request.proposed.clone());
        let planned = self.entry.plan(request, &[])?;
        let (Some(proposed), Ok((session, stop))) = (again, shared.session()) else {
            return Ok(planned);
        };
        if planned.state != request.prior {
            return Ok(planned);
        }
        let outdated = self.entry.outdated(request, &session, stop).await;
        request.proposed = proposed;
        self.entry.plan(request, &outdated)
    }

    /// What speaks against the plan. That the cloud cannot be asked never does.
    async fn foresee(
        &self,
        shared: &Shared<C>,
        request: &PlanRequest,
        planned: &Planned,
        stored: Option<&Value>,
    ) -> Vec<Problem> {
        let run = shared.run();
        run.begin_planning();
        if run.is_writing() {
            return Vec::new();
        }
        match shared.session() {
            Ok((session, stop)) => {
                self.entry.foresee(request, planned, stored, &session, stop, &run).await
            }
            Err(why) if shared.is_waiting() => Vec::from_iter(run.blind(request, planned, &why)),
            Err(_) => Vec::new(),
        }
    }

    async fn apply(
        &self,
        shared: &Shared<C>,
        request: apply_resource_change::Request,
    ) -> Result<apply_resource_change::Response> {
        let change = ApplyRequest {
            prior: self.received(request.prior_state.as_ref())?,
            planned: self.received(request.planned_state.as_ref())?,
            private: request.planned_private,
        };
        let (session, stop) = shared.session()?;
        let Some(made) = self.entry.apply(change, &session, stop).await? else {
            let new_state = Some(self.sent(&Value::Null)?);
            return Ok(apply_resource_change::Response { new_state, ..Default::default() });
        };
        let (state, private, new_identity) = self.sent_stored(&made)?;
        Ok(apply_resource_change::Response {
            new_state: Some(state),
            private,
            new_identity,
            ..Default::default()
        })
    }

    /// What there is if nothing comes of the change.
    fn unchanged(
        &self,
        request: &apply_resource_change::Request,
    ) -> apply_resource_change::Response {
        let prior = self.received(request.prior_state.as_ref());
        if !prior.is_ok_and(|prior| !prior.is_null()) {
            return apply_resource_change::Response::default();
        }
        apply_resource_change::Response {
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            new_identity: request.planned_identity.clone().filter(|_| self.identity.is_some()),
            ..Default::default()
        }
    }

    async fn import(
        &self,
        shared: &Shared<C>,
        request: import_resource_state::Request,
    ) -> Result<import_resource_state::ImportedResource> {
        let by = match self.received_identity(request.identity)? {
            Some(identity) => ImportBy::Identity(identity),
            None => ImportBy::Id(request.id),
        };
        let (session, stop) = shared.session()?;
        let imported = self.entry.import(by, &session, stop).await?;
        let (state, private, identity) = self.sent_stored(&imported)?;
        Ok(import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: Some(state),
            private,
            identity,
        })
    }
}

/// More than any object of a provider takes. In memory, damaged text may become fifty times as large.
const LARGEST_STATE: usize = 32 << 20;

fn stored_json(raw: Option<RawState>) -> Result<serde_json::Value> {
    let raw = raw.unwrap_or_default();
    if raw.json.len() > LARGEST_STATE {
        let detail = format!(
            "The stored object is {} bytes long, and at most {LARGEST_STATE} are read. The state was damaged, or edited by \
             hand: restore it from a backup.",
            raw.json.len()
        );
        return Err(Problem::error("State too large", detail).into());
    }
    if !raw.flatmap.is_empty() {
        let detail = "The state was written by Terraform 0.11 or older. Refresh it with Terraform 0.12 first.";
        return Err(Problem::error("State of an old form", detail).into());
    }
    serde_json::from_slice(&raw.json).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let detail = format!("The stored object is not valid JSON ({place}).");
        Problem::error("Unreadable state", detail).into()
    })
}
