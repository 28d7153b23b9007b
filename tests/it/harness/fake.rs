//! The smallest provider that has one of everything, and a way to make it break the contract in one place.
//!
//! It is what the harness itself is tested with: a harness that notices nothing proves nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use huaweivpc::framework::{
    ApplyRequest, Bounded, Configured, Default, Draft, ImportBy, InstanceId, Kind, PlanRequest,
    Problem, Problems, Provider, Resource, Result, Schema, Session, Stored, Timeouts, Value,
    resource::Entry,
    schema::{attribute, string},
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::plugin::{Answer, Direct, PlanAnswer, Plugin, ValueAnswer};

/// The sockets of a house by room and name, each with what hangs there.
#[derive(Clone, Default)]
pub struct House(Arc<Mutex<BTreeMap<(String, String), Lamp>>>);

impl Bounded for House {
    fn bounded(&self, _limit: Duration, _stop: CancellationToken) -> Self {
        self.clone()
    }
}

impl Session for House {
    type Writing = Self;

    fn for_change_of(&self, _: &InstanceId) -> Self {
        self.clone()
    }
}

impl House {
    pub fn change<T>(&self, act: impl FnOnce(&mut BTreeMap<(String, String), Lamp>) -> T) -> T {
        act(&mut self.0.lock().expect("no test panics while it holds the house"))
    }
}

/// A lamp. In a room named `cursed` hanging it up fails half-way; one named `stuck` cannot be taken down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lamp {
    pub room: String,
    name: String,
    pub colour: Option<String>,
    note: Option<String>,
    watts: Option<Vec<i64>>,
    wiring: Option<String>,
    serial: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
}

impl Lamp {
    fn place(&self) -> (String, String) {
        (self.room.clone(), self.name.clone())
    }

    /// As it hangs, with what only the house decides.
    fn hung(mut self) -> Self {
        self.wiring = self.colour.as_ref().map(|colour| format!("wire-{colour}"));
        self.serial = Some(format!("{}-{}", self.room, self.name));
        self.memory = Some("what hung there before".to_owned());
        self
    }
}

impl Resource<House> for Lamp {
    const NAME: &'static str = "lamp";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "A lamp.",
        key: &["room", "name"],
        attributes: &[
            string("room", "Where it hangs.").replaces(),
            string("name", "What it is called there.").replaces(),
            string("colour", "Of its light.").default(Default::Str("white")),
            string("note", "For the electrician.").optional(),
            attribute("watts", Kind::List(&Kind::Number), "Of each bulb.").optional(),
            string("wiring", "By colour.").computed().follows(&["colour"]),
            string("serial", "By place.").computed(),
        ],
        blocks: &[],
        timeouts: Some(Timeouts {
            create: Duration::from_secs(60),
            read: Duration::from_secs(60),
            update: Duration::from_secs(60),
            delete: Duration::from_secs(60),
        }),
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        let ugly = config.text("colour") == Some("mauve");
        let problem =
            || Problem::error("Ugly colour", "`mauve` is refused. Write `red`.").at("colour");
        ugly.then(problem).into_iter().collect()
    }

    async fn read(self, house: &House) -> Result<Option<Self>> {
        Ok(house.change(|lamps| lamps.get(&self.place()).cloned()))
    }

    async fn create(self, house: &House) -> Result<Self> {
        let lamp = self.hung();
        house.change(|lamps| lamps.insert(lamp.place(), lamp.clone()));
        if lamp.room == "cursed" {
            let problem = Problem::error("It fell", "The lamp hangs, but not well.").at("room");
            return Err(Problems::from(problem).keeping(&lamp));
        }
        Ok(lamp)
    }

    async fn update(self, _prior: Self, house: &House) -> Result<Self> {
        self.create(house).await
    }

    async fn delete(self, house: &House) -> Result<()> {
        if self.name == "stuck" {
            return Err(Problem::error("Stuck", "The lamp cannot be taken down.").into());
        }
        house.change(|lamps| lamps.remove(&self.place()));
        Ok(())
    }
}

/// The provider of lamps, whatever is configured, for `house`.
pub fn house_of(house: House) -> Provider<House> {
    static NO_SETTINGS: Schema = Schema {
        version: 0,
        about: "Lamps.",
        key: &[],
        attributes: &[],
        blocks: &[],
        timeouts: None,
    };
    Provider {
        name: "house",
        address: "example.com/test/house",
        version: "0.0.0",
        schema: &NO_SETTINGS,
        check: |_| Vec::new(),
        resources: &[&Entry::<Lamp>::NEW],
        data_sources: &[],
        functions: &[],
        configure: Box::new(move |_| Ok(Configured::Ready(house.clone()))),
    }
}

/// The same, called directly.
pub fn lamps(house: House) -> Direct<House> {
    Direct { provider: house_of(house.clone()), session: house }
}

/// One way of breaking the contract: what is done to every answer of a kind.
#[derive(Clone, Copy)]
pub enum Sin {
    None,
    Validate(fn(&Value, &mut Vec<Problem>)),
    Upgrade(fn(&mut ValueAnswer)),
    Read(fn(&Stored, &mut Answer)),
    Plan(fn(&PlanRequest, &mut PlanAnswer)),
    Apply(fn(&ApplyRequest, &mut Answer)),
    Import(fn(&ImportBy, &mut Vec<Answer>)),
}

/// A provider of lamps that commits one sin.
pub struct Sinner {
    pub honest: Direct<House>,
    pub sin: Sin,
}

impl Plugin for Sinner {
    fn resource_schema(&self, type_name: &str) -> &'static Schema {
        self.honest.resource_schema(type_name)
    }

    fn data_source_schema(&self, type_name: &str) -> &'static Schema {
        self.honest.data_source_schema(type_name)
    }

    async fn validate(&self, type_name: &str, config: &Value) -> Vec<Problem> {
        let mut problems = self.honest.validate(type_name, config).await;
        if let Sin::Validate(commit) = self.sin {
            commit(config, &mut problems);
        }
        problems
    }

    async fn upgrade(&self, type_name: &str, version: i64, state: &Json) -> ValueAnswer {
        let mut answer = self.honest.upgrade(type_name, version, state).await;
        if let Sin::Upgrade(commit) = self.sin {
            commit(&mut answer);
        }
        answer
    }

    async fn read(&self, type_name: &str, stored: &Stored) -> Answer {
        let mut answer = self.honest.read(type_name, stored).await;
        if let Sin::Read(commit) = self.sin {
            commit(stored, &mut answer);
        }
        answer
    }

    async fn plan(&self, type_name: &str, request: &PlanRequest) -> PlanAnswer {
        let mut answer = self.honest.plan(type_name, request).await;
        if let Sin::Plan(commit) = self.sin {
            commit(request, &mut answer);
        }
        answer
    }

    async fn apply(
        &self,
        type_name: &str,
        request: &ApplyRequest,
        config: &Value,
        identity: Option<&Value>,
    ) -> Answer {
        let mut answer = self.honest.apply(type_name, request, config, identity).await;
        if let Sin::Apply(commit) = self.sin {
            commit(request, &mut answer);
        }
        answer
    }

    async fn import(&self, type_name: &str, by: &ImportBy) -> Vec<Answer> {
        let mut answers = self.honest.import(type_name, by).await;
        if let Sin::Import(commit) = self.sin {
            commit(by, &mut answers);
        }
        answers
    }

    async fn validate_data(&self, type_name: &str, config: &Value) -> Vec<Problem> {
        self.honest.validate_data(type_name, config).await
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> ValueAnswer {
        self.honest.read_data(type_name, config).await
    }
}
