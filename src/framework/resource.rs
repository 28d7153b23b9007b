//! What a resource is, and how Terraform's requests become calls of its verbs.

use std::{future::Future, marker::PhantomData, mem, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::{
    damage::restored,
    draft::Draft,
    foresight::{Change, Foresight, Run},
    generation,
    plan::{self, PlanRequest, Planned},
    private::{self, InstanceId},
    problem::{Path, Problem, Problems, Result},
    record,
    request::{ApplyRequest, BoxFuture, ImportBy, Stored},
    schema::{GoDuration, Schema, Timeouts},
    session::{Bounded, Session},
    upgrade::{self, Attributes},
    validate,
    value::Value,
};

/// A resource *is* its state: a struct with one field per attribute of its schema.
///
/// The field types refuse bad values, so a handler never sees one. A computed attribute is an `Option`: `None`
/// is "not decided yet" on the way in. A field `memory` holds what the resource remembers beside its state.
/// `id` and `timeouts` are looked after by the framework: the `cloud` handed to a verb is already bounded.
pub trait Resource<C: Session>: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Without the provider's prefix.
    const NAME: &'static str;
    const SCHEMA: Schema;

    /// Optional attributes that say the same as others of a stored object.
    const REDUNDANT: &'static [&'static str] = &[];

    /// What an object stored with schema version `version`, the current one or an older one, has in the current one;
    /// `None` for a version that never was. Whoever raises the version of a schema upgrades each older one here.
    fn upgrade(version: i64, attributes: Attributes) -> Option<Attributes> {
        (version == Self::SCHEMA.version).then_some(attributes)
    }

    /// Rules across attributes that need no cloud.
    fn check(config: Draft<'_>) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    /// Computed attributes to find out anew although the configuration has not changed. Decided from what `read`
    /// stored, because both plans of a run have to agree.
    fn moved(&self) -> &'static [&'static str] {
        &[]
    }

    /// The objects, the whole one or some within it, whose aliases stand for something else now than the state says. Asked
    /// for an object that this process has not refreshed, so it has to look at how things are now.
    fn outdated(
        prior: Draft<'_>,
        config: Draft<'_>,
        cloud: &C,
    ) -> impl Future<Output = Vec<Path>> + Send {
        let _ = (prior, config, cloud);
        std::future::ready(Vec::new())
    }

    /// Takes note of an object in the state, before anything is planned.
    fn recall(state: Draft<'_>, cloud: &C) {
        let _ = (state, cloud);
    }

    /// Examines a planned change with the cloud in view, before anything is touched. Called for every plan; what is
    /// found is told where something is made or changed. Unknown values postpone an examination and never fail it.
    fn foresee(
        change: Change<'_>,
        cloud: &C,
        foresight: &mut Foresight<'_>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (change, cloud, foresight);
        std::future::ready(())
    }

    /// The object an import id names, as far as the id tells; `read` completes it.
    fn import(id: &str, cloud: &C) -> impl Future<Output = Result<Json>> + Send {
        let _ = cloud;
        std::future::ready(record::key_from_id(&Self::SCHEMA, id).map(Json::Object))
    }

    /// The object as it is now; `None` if it is certainly gone.
    fn read(self, cloud: &C) -> impl Future<Output = Result<Option<Self>>> + Send;

    fn create(self, cloud: &C::Writing) -> impl Future<Output = Result<Self>> + Send;

    fn update(self, prior: Self, cloud: &C::Writing) -> impl Future<Output = Result<Self>> + Send;

    /// Makes the object absent; succeeds on what is gone already.
    fn delete(self, cloud: &C::Writing) -> impl Future<Output = Result<()>> + Send;
}

/// A [`Resource`] of whatever type, as the tables and the protocol see it.
pub trait AnyResource<C>: Send + Sync {
    fn name(&self) -> &'static str;
    fn schema(&self) -> &'static Schema;
    fn validate(&self, config: &Value) -> Vec<Problem>;
    /// Takes `proposed` out of the request: it becomes the planned object.
    fn plan(&self, request: &mut PlanRequest, outdated: &[Path]) -> Result<Planned>;
    /// The objects whose aliases stand for something else now than the state says. Bounded by the time for reading.
    fn outdated<'a>(
        &'a self,
        request: &'a PlanRequest,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Vec<Path>>;
    /// Takes note of an object in the state.
    fn recall(&self, state: &Value, cloud: &C);
    /// What speaks against a plan, seen what is there, and how the object was `stored` if a refresh has found it changed
    /// or gone. Bounded by the time for reading.
    fn foresee<'a>(
        &'a self,
        request: &'a PlanRequest,
        planned: &'a Planned,
        stored: Option<&'a Value>,
        cloud: &'a C,
        stop: CancellationToken,
        run: &'a Run,
    ) -> BoxFuture<'a, Vec<Problem>>;
    fn import<'a>(
        &'a self,
        by: ImportBy,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Stored>>;
    fn read<'a>(
        &'a self,
        stored: Stored,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Option<Stored>>>;
    /// `None` after a destruction.
    fn apply<'a>(
        &'a self,
        request: ApplyRequest,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Option<Stored>>>;
    /// An object as it stands in the state, whichever schema version has stored it.
    fn upgrade(&self, version: i64, state: Json) -> Result<Value>;
    /// What a user would write for the object.
    fn config(&self, state: &Value) -> Value;
}

/// Makes an [`AnyResource`] of a [`Resource`], for the tables: `&Entry::<ContainerRoute>::NEW`.
pub struct Entry<R>(PhantomData<fn() -> R>);

impl<R> Entry<R> {
    pub const NEW: Self = Self(PhantomData);
}

impl<C: Session, R: Resource<C>> AnyResource<C> for Entry<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn schema(&self) -> &'static Schema {
        const { &R::SCHEMA }
    }

    fn validate(&self, config: &Value) -> Vec<Problem> {
        let mut problems = validate::validate(&R::SCHEMA, config);
        problems.extend(R::check(Draft::new(config)));
        problems
    }

    fn plan(&self, request: &mut PlanRequest, outdated: &[Path]) -> Result<Planned> {
        let proposed = mem::replace(&mut request.proposed, Value::Null);
        let moved = if request.prior.is_null() || proposed.is_null() {
            &[]
        } else {
            restored::<R>(&R::SCHEMA, &request.prior, &request.private)?.moved()
        };
        Ok(plan::plan(&R::SCHEMA, proposed, request, moved, outdated))
    }

    fn outdated<'a>(
        &'a self,
        request: &'a PlanRequest,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Vec<Path>> {
        Box::pin(async move {
            let PlanRequest { prior, config, .. } = request;
            let timeouts = prior.get("timeouts");
            let cloud = bounded(&R::SCHEMA, cloud, stop, timeouts, |limits| limits.read, "read");
            R::outdated(Draft::new(prior), Draft::new(config), &cloud).await
        })
    }

    fn recall(&self, state: &Value, cloud: &C) {
        R::recall(Draft::new(state), cloud);
    }

    fn foresee<'a>(
        &'a self,
        request: &'a PlanRequest,
        planned: &'a Planned,
        stored: Option<&'a Value>,
        cloud: &'a C,
        stop: CancellationToken,
        run: &'a Run,
    ) -> BoxFuture<'a, Vec<Problem>> {
        Box::pin(async move {
            let change = Change::of(request, planned);
            let timeouts = planned.state.get("timeouts");
            let cloud = bounded(&R::SCHEMA, cloud, stop, timeouts, |limits| limits.read, "read");
            let mut foresight = Foresight::new(run);
            R::foresee(change, &cloud, &mut foresight).await;
            let stored = stored.or(Some(&request.prior).filter(|prior| !prior.is_null()));
            foresight.about(change.kind, &R::SCHEMA, &planned.state, stored)
        })
    }

    fn import<'a>(
        &'a self,
        by: ImportBy,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let id = match by {
                ImportBy::Id(id) => id,
                ImportBy::Identity(identity) => record::id_from_identity(&R::SCHEMA, &identity)
                    .ok_or_else(|| {
                        Problem::error("Incomplete identity", identity_form(&R::SCHEMA))
                    })?,
            };
            let cloud =
                bounded(&R::SCHEMA, cloud, stop, &Value::Null, |limits| limits.read, "read");
            let imported = R::import(&id, &cloud).await?;
            // The read that follows an import names the instance.
            let mut stored = record::to_stored(imported, &R::SCHEMA, &Value::Null, None)?;
            stored.state = record::with_defaults(&R::SCHEMA, stored.state);
            Ok(stored)
        })
    }

    fn read<'a>(
        &'a self,
        stored: Stored,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Option<Stored>>> {
        Box::pin(async move {
            let timeouts = stored.state.get("timeouts").clone();
            let cloud = bounded(&R::SCHEMA, cloud, stop, &timeouts, |limits| limits.read, "read");
            let instance = instance_of(&stored.private);
            let object: R = restored(&R::SCHEMA, &stored.state, &stored.private)?;
            object
                .read(&cloud.for_instance(&instance))
                .await?
                .map(|object| to_stored(&object, &R::SCHEMA, &timeouts, instance))
                .transpose()
        })
    }

    fn apply<'a>(
        &'a self,
        request: ApplyRequest,
        cloud: &'a C,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Option<Stored>>> {
        Box::pin(async move {
            let current = if request.planned.is_null() { &request.prior } else { &request.planned };
            let timeouts = current.get("timeouts").clone();
            // A new object is another one than what it replaces, whose private data may be in the request.
            let instance = if request.prior.is_null() {
                InstanceId::fresh()
            } else {
                R::recall(Draft::new(&request.prior), cloud);
                instance_of(&request.private)
            };
            let cloud = cloud.for_change_of(&instance);
            let bounded = |limit: fn(&Timeouts) -> Duration, verb| {
                bounded(&R::SCHEMA, &cloud, stop, &timeouts, limit, verb)
            };
            let outcome = match Verb::<R>::of(request, &R::SCHEMA)? {
                Verb::Create(object) => {
                    object.create(&bounded(|limits| limits.create, "create")).await.map(Some)
                }
                Verb::Update { prior, object } => {
                    object.update(prior, &bounded(|limits| limits.update, "update")).await.map(Some)
                }
                Verb::Delete(object) => {
                    object.delete(&bounded(|limits| limits.delete, "delete")).await.map(|()| None)
                }
            };
            match outcome {
                Ok(None) => Ok(None),
                Ok(Some(object)) => to_stored(&object, &R::SCHEMA, &timeouts, instance).map(Some),
                Err(problems) => {
                    let problems = problems.together();
                    Err(with_half_made(problems, &R::SCHEMA, &timeouts, instance))
                }
            }
        })
    }

    fn upgrade(&self, version: i64, state: Json) -> Result<Value> {
        upgrade::upgraded(&R::SCHEMA, version, state, R::upgrade)
    }

    fn config(&self, state: &Value) -> Value {
        generation::config(&R::SCHEMA, state, R::REDUNDANT)
    }
}

/// What to do, and with what.
enum Verb<R> {
    Create(R),
    Update { prior: R, object: R },
    Delete(R),
}

impl<R: DeserializeOwned> Verb<R> {
    /// Nobody needs the values of the request any more while the cloud is waited for.
    fn of(request: ApplyRequest, schema: &Schema) -> Result<Self> {
        let ApplyRequest { prior, planned, private } = request;
        Ok(if planned.is_null() {
            Self::Delete(restored(schema, &prior, &private)?)
        } else if prior.is_null() {
            // A new object remembers nothing; after a replacement the private data may still be the old one's.
            Self::Create(record::to_struct(&planned, &[])?)
        } else {
            let prior = restored(schema, &prior, &private)?;
            Self::Update { prior, object: record::to_struct(&planned, &private)? }
        })
    }
}

/// The instance that a request is about. One that was stored without a name gets it now.
fn instance_of(private: &[u8]) -> InstanceId {
    private::instance(private).unwrap_or_else(InstanceId::fresh)
}

fn to_stored(
    object: &impl Serialize,
    schema: &Schema,
    timeouts: &Value,
    instance: InstanceId,
) -> Result<Stored> {
    let object = serde_json::to_value(object).map_err(Problem::bug)?;
    record::to_stored(object, schema, timeouts, Some(instance))
}

/// The session for one operation, within the user's limit or else the schema's.
fn bounded<C: Bounded>(
    schema: &Schema,
    cloud: &C,
    stop: CancellationToken,
    timeouts: &Value,
    limit: fn(&Timeouts) -> Duration,
    verb: &str,
) -> C {
    let wanted = timeouts.get(verb).as_str().and_then(|text| text.parse::<GoDuration>().ok());
    let otherwise = limit(&schema.timeouts.unwrap_or(Timeouts::MINUTES_5));
    cloud.bounded(wanted.map_or(otherwise, |GoDuration(limit)| limit), stop)
}

/// What a failed verb left behind, in the form that is stored. If even that cannot be written, this is said too.
fn with_half_made(
    mut problems: Problems,
    schema: &Schema,
    timeouts: &Value,
    instance: InstanceId,
) -> Problems {
    let half_made = problems.half_made.take();
    match half_made.map(|object| record::to_stored(object, schema, timeouts, Some(instance))) {
        Some(Ok(stored)) => problems.kept = Some(Box::new(stored)),
        Some(Err(more)) => problems.extend(more),
        None => {}
    }
    problems
}

fn identity_form(schema: &Schema) -> String {
    format!("The identity needs all of: {}.", schema.key.join(", "))
}
