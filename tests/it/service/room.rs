//! A tiny provider for a tiny cloud, a room full of notes, whose notes misbehave as their texts say.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use huaweivpc::framework::{
    AnyDataSource, AnyResource, Attributes, Bounded, Configured, DataSource, Draft, Function,
    FunctionError, InstanceId, Kind, Noted, Parameter, Path, Problem, Provider, Resource, Result,
    Schema, Session, Signature, Value, data_source, resource,
    schema::{attribute, string},
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
pub struct Room {
    pub notes: Arc<Mutex<BTreeMap<String, String>>>,
    /// One permit per note that has begun to wait.
    pub waiting: Arc<Semaphore>,
    /// One permit lets one note go on.
    pub go_on: Arc<Semaphore>,
    /// One permit per note that has been written after waiting.
    pub done: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Room {
    pub fn new() -> Self {
        let [waiting, go_on, done] = [(); 3].map(|()| Arc::new(Semaphore::new(0)));
        Self { notes: Arc::default(), waiting, go_on, done, stop: CancellationToken::new() }
    }

    fn put(&self, note: &Note) {
        self.notes.lock().unwrap().insert(note.name.clone(), note.text.clone());
    }
}

impl Bounded for Room {
    fn bounded(&self, _: Duration, stop: CancellationToken) -> Self {
        Self { stop, ..self.clone() }
    }
}

impl Session for Room {
    type Writing = Self;

    fn for_change_of(&self, _: &InstanceId) -> Self {
        self.clone()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Note {
    name: String,
    text: String,
    length: Option<u64>,
    memory: Option<String>,
}

impl Resource<Room> for Note {
    const NAME: &'static str = "note";

    const SCHEMA: Schema = Schema {
        version: 3,
        about: "A note.",
        key: &["name"],
        attributes: &[
            string("name", "What it is called.").replaces(),
            string("text", "What it says."),
            attribute("length", Kind::Number, "How long it is.").computed().follows(&["text"]),
        ],
        blocks: &[],
        timeouts: None,
    };

    fn upgrade(version: i64, mut note: Attributes) -> Option<Attributes> {
        if !(1..=3).contains(&version) {
            return None;
        }
        if version < 2 {
            let title = note.remove("title").unwrap_or_default();
            note.insert("name".to_owned(), title);
        }
        if version < 3 {
            let length = note.get("text").and_then(Json::as_str).map(str::len);
            note.insert("length".to_owned(), length.into());
        }
        Some(note)
    }

    fn check(config: Draft<'_>) -> Vec<Problem> {
        match config.text("text") {
            Some("") => vec![Problem::error("Empty note", "Write something.").at("text")],
            Some("panic in check") => panic!("cannot check"),
            _ => Vec::new(),
        }
    }

    async fn read(self, room: &Room) -> Result<Option<Self>> {
        let text = room.notes.lock().unwrap().get(&self.name).cloned();
        Ok(text.map(|text| Self { text, ..self }.complete()))
    }

    async fn create(self, room: &Room) -> Result<Self> {
        match self.text.as_str() {
            "panic" => panic!("no paper"),
            "refused" => return Err(Problem::error("No notes today", "Come back later.").into()),
            "half" => {
                room.put(&self);
                let problem = Problem::error("Out of ink", "Bring some.").at("text");
                return Err(huaweivpc::framework::Problems::from(problem).keeping(&self.complete()));
            }
            "wait" => {
                room.waiting.add_permits(1);
                tokio::select! {
                    permit = room.go_on.acquire() => permit.unwrap().forget(),
                    () = room.stop.cancelled() => {
                        room.put(&self);
                        let problem = Problem::error("Stopped", "Go on later.");
                        let problems = huaweivpc::framework::Problems::from(problem);
                        return Err(problems.keeping(&self.complete()));
                    }
                }
                room.put(&self);
                room.done.add_permits(1);
            }
            _ => room.put(&self),
        }
        Ok(self.complete())
    }

    async fn update(self, _: Self, room: &Room) -> Result<Self> {
        self.create(room).await
    }

    async fn delete(self, room: &Room) -> Result<()> {
        if self.text == "glued" {
            return Err(Problem::error("It sticks", "Pull harder.").into());
        }
        room.notes.lock().unwrap().remove(&self.name);
        Ok(())
    }
}

impl Note {
    fn complete(self) -> Self {
        let length = Some(self.text.len() as u64);
        Self { length, memory: Some(format!("memory of {}", self.name)), ..self }
    }
}

/// Without a key, hence without an identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Smell {
    kind: String,
}

impl Resource<Room> for Smell {
    const NAME: &'static str = "smell";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "A smell.",
        key: &[],
        attributes: &[string("kind", "Of what.")],
        blocks: &[],
        timeouts: None,
    };

    async fn read(self, _: &Room) -> Result<Option<Self>> {
        Ok(Some(self))
    }

    async fn create(self, _: &Room) -> Result<Self> {
        Ok(self)
    }

    async fn update(self, _: Self, _: &Room) -> Result<Self> {
        Ok(self)
    }

    async fn delete(self, _: &Room) -> Result<()> {
        Ok(())
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Look {
    at: String,
    text: Option<String>,
}

impl DataSource<Room> for Look {
    const NAME: &'static str = "look";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "A look at a note.",
        key: &[],
        attributes: &[string("at", "Which."), string("text", "What it says.").computed()],
        blocks: &[],
        timeouts: None,
    };

    async fn read(self, room: &Room) -> Result<Noted<Self>> {
        let text = room.notes.lock().unwrap().get(&self.at).cloned();
        let problem = || Problem::error("No such note", "Write one.").at("at");
        let value = Self { text: Some(text.ok_or_else(problem)?), ..self };
        Ok(Noted { value, warnings: vec![Problem::warning("Dim light", "Take a lamp.").at("at")] })
    }
}

struct Shout;

impl Function for Shout {
    fn signature(&self) -> &'static Signature {
        &Signature {
            name: "shout",
            summary: "Louder.",
            description: "Makes a text louder.",
            parameters: &[Parameter { name: "text", about: "What.", kind: Kind::String }],
            returns: Kind::String,
        }
    }

    fn call(&self, arguments: &[Value]) -> std::result::Result<Value, FunctionError> {
        match arguments[0].as_str() {
            Some("") => Err(FunctionError { text: "is empty".to_owned(), argument: Some(0) }),
            Some("panic") => panic!("hoarse"),
            text => Ok(Value::from(text.unwrap_or_default().to_uppercase())),
        }
    }
}

static BLOCK: Schema = Schema {
    version: 0,
    about: "The room.",
    key: &[],
    attributes: &[string("door", "Where it is.").optional()],
    blocks: &[],
    timeouts: None,
};

const RESOURCES: &[&dyn AnyResource<Room>] =
    &[&resource::Entry::<Note>::NEW, &resource::Entry::<Smell>::NEW];

const DATA_SOURCES: &[&dyn AnyDataSource<Room>] = &[&data_source::Entry::<Look>::NEW];

/// A provider that finds `first`, and once `door` says `other`, finds `other`.
pub fn provider(first: Room, other: Room) -> Provider<Room> {
    Provider {
        name: "room",
        address: "registry.terraform.io/test/room",
        version: "0.0.0",
        schema: &BLOCK,
        check: |_| Vec::new(),
        resources: RESOURCES,
        data_sources: DATA_SOURCES,
        functions: &[&Shout],
        configure: Box::new(move |block| match block.get("door") {
            Value::Unknown(_) => {
                let problem = Problem::error("Door unknown", "It will be known during apply.");
                Ok(Configured::Waiting(problem.at(Path::from("door"))))
            }
            Value::String(door) if door == "locked" => {
                Err(Problem::error("Door locked", "Find the key.").at("door").into())
            }
            Value::String(door) if door == "other" => Ok(Configured::Ready(other.clone())),
            _ => Ok(Configured::Ready(first.clone())),
        }),
    }
}
