//! A cloud and the provider in this process, for stories of a few lines.
//!
//! The emulator listens on loopback with the guide's scenario, and the provider, asked through its gRPC service, is
//! configured against it. Whatever a story does goes the whole way that Terraform goes: a broken rule of the contract
//! ends the test, a refusal by the provider is something the story has to expect.

use std::{ops::Deref, sync::LazyLock};

use huaweivpc::{
    cloud::Cloud,
    emulator::{Emulator, Scenario, Settings},
    framework::{Problem, Value, json as value_json},
    provider::Environment,
};
use serde_json::{Value as Json, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    config::{config, patched},
    core::{Action, Core, Failure, Instance},
    grpc::Grpc,
    outsider::Outsider,
    plugin::Plugin,
    provider::{now, nowhere, served},
};

mod meanwhile;
mod together;
mod told;

pub use told::{Finding, Object, Refusal};
use told::{new, prefixed};

/// The scenario that `make demo` shows: VPC `vpc-containers`, servers `ECS1` (192.168.0.2) and `ECS2` (192.168.0.3),
/// security group `sg-containers`.
pub static GUIDE: LazyLock<Json> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../examples/scenarios/guide.json"))
        .expect("the scenario is JSON")
});

pub struct World {
    core: Core<Grpc<Cloud>>,
    outsider: Outsider,
    emulator: JoinHandle<()>,
    /// The provider block, for those who want to come to this world from outside.
    pub settings: Json,
}

impl World {
    pub async fn start() -> Self {
        Self::with(json!({}), json!({})).await
    }

    /// The guide's world with some members of the scenario, and some settings of the provider, replaced. Nothing is
    /// repeated that fails, unless the settings say so.
    pub async fn with(scenario: Json, settings: Json) -> Self {
        Self::on(nowhere, scenario, settings).await
    }

    /// The same, with the provider on a machine that holds something.
    pub async fn on(machine: impl Fn() -> Environment, scenario: Json, settings: Json) -> Self {
        let scenario = patched(&GUIDE, &scenario);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let emulator = Scenario::parse(&scenario.to_string())
            .map(|scenario| Emulator::new(scenario, Settings::with_clock(now)))
            .unwrap_or_else(|errors| panic!("{errors}"))
            .expect("no state file is read");
        let emulator = tokio::spawn(async move {
            emulator.serve(listener).await.expect("the emulator goes on listening");
        });
        let key = &scenario["access_keys"][0];
        let settings = patched(
            &json!({
                "region": scenario["region"],
                "project_id": scenario["project"]["id"],
                "access_key": key["access_key"],
                "secret_key": key["secret_key"],
                "endpoints": { "iam": url, "vpc": url, "ecs": url },
                "max_retries": 0,
            }),
            &settings,
        );
        let plugin = served(machine, &settings).await;
        let outsider = Outsider::log_in(&url, &scenario).await;
        outsider.forget_requests().await;
        Self { core: Core { plugin }, outsider, emulator, settings }
    }

    /// Applies a new resource. Its type is named without the provider's prefix.
    pub async fn apply(&self, type_name: &str, config: Json) -> Object {
        let mut object = new(type_name, config);
        self.run(&mut object, None).await.unwrap_or_else(|failure| panic!("{failure}"));
        object
    }

    /// Applies a new resource of which less is known while planning.
    pub async fn apply_early(&self, type_name: &str, early: Json, config: Json) -> Object {
        let mut object = new(type_name, config);
        self.run(&mut object, Some(early)).await.unwrap_or_else(|failure| panic!("{failure}"));
        object
    }

    /// Applies a new resource and takes no look at it afterwards. Whoever forgets the object is a Terraform that was
    /// killed before it recorded anything.
    pub async fn apply_blindly(&self, type_name: &str, config: Json) -> Object {
        let object = new(type_name, config);
        let made = self.make(&object).await;
        let instance = made.unwrap_or_else(|failure| panic!("{failure}"));
        Object { instance, ..object }
    }

    /// The same for some changed arguments. The object stays as it was recorded before.
    pub async fn change_blindly(&self, object: &Object, patch: Json) {
        let config = patched(&object.config, &patch);
        let made = self.make(&Object { config, ..object.clone() }).await;
        made.unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// A plan and an apply, without the look afterwards that [`Self::apply`] takes.
    async fn make(&self, object: &Object) -> Result<Option<Instance>, Failure> {
        let type_name = &object.type_name;
        let config = config(self.core.plugin.resource_schema(type_name), &object.config);
        self.core.plugin.begin_anew().await;
        let prepared = self.core.prepare(type_name, object.instance.clone(), &config).await?;
        self.core.carry_out(type_name, prepared).await
    }

    /// Changes some arguments, null taking one away, and applies. Says what was done.
    pub async fn apply_to(&self, object: &mut Object, patch: Json) -> Action {
        object.config = patched(&object.config, &patch);
        self.run(object, None).await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Applies the configuration as it is, which repairs what others did.
    pub async fn repair(&self, object: &mut Object) -> Action {
        self.apply_to(object, json!({})).await
    }

    /// Tries to apply a new resource, which the provider has to refuse.
    pub async fn refuse(&self, type_name: &str, config: Json) -> Refusal {
        let object = new(type_name, config);
        self.refuse_to(object, json!({})).await
    }

    /// Tries to change an object, which the provider has to refuse.
    pub async fn refuse_to(&self, mut object: Object, patch: Json) -> Refusal {
        object.config = patched(&object.config, &patch);
        match self.run(&mut object, None).await {
            Ok(action) => panic!("{action:?} was not refused: {:#}", object.config),
            Err(failure) => object.refused(failure),
        }
    }

    /// From now on plans see nothing of the cloud, so whatever is wrong shows when it is applied.
    pub fn plan_blindly(&self) {
        self.core.plugin.plan_blindly();
    }

    /// The warnings of a plan.
    pub async fn warnings(&self, object: &Object) -> Vec<Problem> {
        let schema = self.core.plugin.resource_schema(&object.type_name);
        let config = config(schema, &object.config);
        let current = self.refreshed(object).await;
        let plan = self.core.plan(&object.type_name, current.as_ref(), &config).await;
        plan.unwrap_or_else(|failure| panic!("{failure}")).warnings
    }

    /// The warnings of the plan that would make an object.
    pub async fn warnings_of(&self, type_name: &str, config: Json) -> Vec<Problem> {
        self.warnings(&new(type_name, config)).await
    }

    pub async fn destroy(&self, object: Object) {
        if let Some(instance) = object.instance {
            let gone = self.core.destroy(&object.type_name, instance).await;
            gone.unwrap_or_else(|failure| panic!("{failure}"));
        }
    }

    /// `terraform destroy -refresh=false`: what became of the object meanwhile shows only on the way.
    pub async fn destroy_unrefreshed(&self, object: Object) {
        let instance = object.instance.expect("there is something to destroy");
        let gone = self.core.destroy_unrefreshed(&object.type_name, instance).await;
        gone.unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// Tries to destroy an object, which the provider has to refuse.
    pub async fn refuse_to_destroy(&self, object: Object) -> Refusal {
        let instance = object.instance.clone().expect("there is something to destroy");
        match self.core.destroy(&object.type_name, instance).await {
            Ok(()) => panic!("it was destroyed"),
            Err(failure) => object.refused(failure),
        }
    }

    /// Imports by id and by identity. The object has to need no change to be as configured.
    pub async fn import(&self, type_name: &str, id: &str, config: Json) -> Object {
        let object = self.import_differing(type_name, id, config).await;
        self.expect_no_further_change(&object).await;
        object
    }

    /// Imports what the configuration is to change.
    pub async fn import_differing(&self, type_name: &str, id: &str, config: Json) -> Object {
        let object = new(type_name, config);
        let imported = self.core.import(&object.type_name, id).await;
        let instance = imported.unwrap_or_else(|failure| panic!("{failure}"));
        Object { instance: Some(instance), ..object }
    }

    /// Imports without a configuration; the object can be changed into one.
    pub async fn import_by_id_alone(&self, type_name: &str, id: &str) -> Object {
        self.import_differing(type_name, id, json!({})).await
    }

    /// Tries to import, which the provider has to refuse.
    pub async fn refuse_import(&self, type_name: &str, id: &str) -> Refusal {
        let object = new(type_name, json!({}));
        match self.core.import(&object.type_name, id).await {
            Ok(instance) => panic!("it was imported: {instance:?}"),
            Err(failure) => object.refused(failure),
        }
    }

    /// Refreshes and plans, and changes nothing: what Terraform would do, and which attributes would change.
    pub async fn plan(&self, object: &Object) -> (Action, Vec<String>) {
        let schema = self.core.plugin.resource_schema(&object.type_name);
        let config = config(schema, &object.config);
        let current = self.refreshed(object).await;
        let plan = self.core.plan(&object.type_name, current.as_ref(), &config).await;
        let plan = plan.unwrap_or_else(|failure| panic!("{failure}"));
        let before = current.map_or(Value::Null, |instance| instance.stored.state);
        let members = plan.planned.state.as_map().into_iter().flatten();
        let changed = members.filter(|(name, value)| *value != before.get(name));
        (plan.action, changed.map(|(name, _)| name.clone()).collect())
    }

    /// What Terraform would do if these arguments were changed.
    pub async fn plan_to(&self, object: &Object, patch: Json) -> Action {
        let object = Object { config: patched(&object.config, &patch), ..object.clone() };
        self.plan(&object).await.0
    }

    pub async fn expect_no_further_change(&self, object: &Object) {
        assert_eq!(self.plan(object).await, (Action::NoOp, Vec::new()));
    }

    /// The object is to be changed in place, in these attributes.
    pub async fn expect_change(&self, object: &Object, attributes: &[&str]) {
        let attributes = attributes.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(self.plan(object).await, (Action::Update, attributes));
    }

    /// A refresh finds no object any more.
    pub async fn expect_gone(&self, object: &Object) {
        assert_eq!(self.refreshed(object).await, None);
    }

    /// A refresh fails; the object has to stay in the state.
    pub async fn refuse_to_refresh(&self, object: &Object) -> Refusal {
        let instance = object.instance.clone().expect("there is something to refresh");
        match self.core.refresh(&object.type_name, instance).await {
            Ok(found) => panic!("it was read: {found:?}"),
            Err(failure) => object.clone().refused(failure),
        }
    }

    /// `terraform refresh`: takes over what others did.
    pub async fn refresh(&self, object: &mut Object) {
        object.instance = self.refreshed(object).await;
    }

    async fn refreshed(&self, object: &Object) -> Option<Instance> {
        let instance = object.instance.clone()?;
        let found = self.core.refresh(&object.type_name, instance).await;
        found.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Reads a data source, named without the provider's prefix.
    pub async fn read(&self, type_name: &str, query: Json) -> Finding {
        let (value, warnings) =
            self.try_read(type_name, &query).await.unwrap_or_else(|failure| panic!("{failure}"));
        Finding { value: value_json::write(&value), warnings }
    }

    /// Tries to read a data source, which the provider has to refuse.
    pub async fn refuse_to_read(&self, type_name: &str, query: Json) -> Refusal {
        match self.try_read(type_name, &query).await {
            Ok(found) => panic!("it was read: {found:?}"),
            Err(failure) => new(type_name, query).refused(failure),
        }
    }

    async fn try_read(
        &self,
        type_name: &str,
        query: &Json,
    ) -> Result<(Value, Vec<Problem>), Failure> {
        let type_name = prefixed(type_name);
        let schema = self.core.plugin.data_source_schema(&type_name);
        self.core.read_data(&type_name, &config(schema, query)).await
    }

    /// The routes that somebody made in a table, one a line as `172.16.4.0/24 -> ECS1`.
    pub async fn expect_routes(&self, table: &str, lines: &str) {
        assert_eq!(self.look().await.routes(table), split(lines));
    }

    /// The rules of a group that name a range, one a line as `ingress udp 53 10.0.0.0/8`.
    pub async fn expect_rules(&self, group: &str, lines: &str) {
        assert_eq!(self.look().await.rules(group), split(lines));
    }

    /// The addresses of a port's pairs.
    pub async fn expect_pairs(&self, port: &str, addresses: &[&str]) {
        assert_eq!(self.look().await.pairs(port), addresses);
    }

    pub async fn server(&self, name: &str) -> String {
        self.look().await.id("servers", name)
    }

    pub async fn vpc(&self, name: &str) -> String {
        self.look().await.id("vpcs", name)
    }

    pub async fn group(&self, name: &str) -> String {
        self.look().await.id("security_groups", name)
    }

    /// The id of the port with this address.
    pub async fn port(&self, address: &str) -> String {
        self.look().await.port(address)["id"].as_str().expect("an id").to_owned()
    }

    /// The id of a subnet of the scenario.
    pub async fn subnet(&self, name: &str) -> String {
        self.look().await.id("subnets", name)
    }

    /// The id of a route table of the scenario.
    pub async fn table(&self, name: &str) -> String {
        self.look().await.id("route_tables", name)
    }

    pub async fn default_table(&self, vpc: &str) -> String {
        self.look().await.default_table(vpc)
    }

    async fn run(&self, object: &mut Object, early: Option<Json>) -> Result<Action, Failure> {
        let schema = self.core.plugin.resource_schema(&object.type_name);
        let late = config(schema, &object.config);
        let early = early.map_or_else(|| late.clone(), |early| config(schema, &early));
        let current = object.instance.clone();
        self.core.plugin.begin_anew().await;
        let outcome = self.core.apply(&object.type_name, current, &early, &late).await?;
        object.instance = Some(outcome.instance);
        Ok(outcome.action)
    }
}

/// A world is also its outsider: `world.add_route(…)`, `world.order_faults(…)`.
impl Deref for World {
    type Target = Outsider;

    fn deref(&self) -> &Outsider {
        &self.outsider
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.emulator.abort();
    }
}

fn split(lines: &str) -> Vec<String> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}
