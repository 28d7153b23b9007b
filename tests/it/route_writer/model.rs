//! A model of one route table behind HTTP, as unhelpful as the documents leave room for.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::cloud::{
    VPC,
    script::{Reply, Seen, Server, json, text},
};

/// What befalls one PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    LostBefore,
    LostAfter,
    /// Only so many entries are carried out before the answer is lost.
    LostAmid(usize),
    Refused409,
    Refused500,
    /// Carried out, and answered with 500.
    Error500After,
    Garbage,
    Throttled,
    /// Carried out; the answer and the next reads show the table as it was before.
    Stale(usize),
    /// Carried out and answered so; so many reads show the table as it was before.
    Lagging(usize),
    /// Carried out; the answer shows no routes.
    ShowsNothing,
}

/// What other people do when a call comes in, before it is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    Put(String, String),
    Delete(String),
}

impl Foreign {
    pub fn names(&self, destination: &str) -> bool {
        let (Foreign::Put(named, _) | Foreign::Delete(named)) = self;
        named == destination
    }
}

/// The table, and how the cloud around it behaves.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Destination and description.
    pub routes: BTreeMap<String, String>,
    /// One for each PUT, as they come.
    pub faults: VecDeque<Option<Fault>>,
    /// One for each call.
    pub foreign: VecDeque<Option<Foreign>>,
    /// Refused wherever they are named in an addition or a modification.
    pub bad: Vec<String>,
    pub most_entries: Option<usize>,
    /// The refusal of too many entries does not tell the number.
    pub keeps_number: bool,
    /// How many routes have room.
    pub room: Option<usize>,
    /// A refused call may have carried out the entries before the refused one.
    pub is_partial: bool,
    /// Turns the order in which the entries of a call are carried out.
    pub turn: usize,
    pub stale: Option<BTreeMap<String, String>>,
    pub stale_reads: usize,
    /// Descriptions are stored without the spaces around them.
    pub trims: bool,
    pub seen: Tally,
    /// The id of the table that the last call was about.
    pub asked: String,
}

/// What the model has seen.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub puts: usize,
    pub gets: usize,
    pub in_flight: usize,
    pub most_in_flight: usize,
    /// Modifications to what stood already, and deletions of what was gone.
    pub in_vain: usize,
    /// Entries of each PUT.
    pub sizes: Vec<usize>,
    /// Deletions travelled in one call with something else.
    pub mixed: bool,
}

pub struct Served {
    model: Arc<Mutex<Model>>,
    server: Server,
}

impl Served {
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// For another server in front of the same table.
    pub fn shared(&self) -> Arc<Mutex<Model>> {
        Arc::clone(&self.model)
    }

    pub fn now(&self) -> Model {
        self.model.lock().unwrap().clone()
    }

    pub fn change(&self, change: impl FnOnce(&mut Model)) {
        change(&mut self.model.lock().unwrap());
    }
}

enum Entry {
    Add(String, String),
    Modify(String, String),
    Delete(String),
}

impl Model {
    pub fn holding<'r>(routes: impl IntoIterator<Item = (String, &'r str)>) -> Self {
        let owned = |(destination, description): (String, &str)| (destination, description.into());
        Self { routes: routes.into_iter().map(owned).collect(), ..Self::default() }
    }

    pub async fn serve(self) -> Served {
        let model = Arc::new(Mutex::new(self));
        let shared = Arc::clone(&model);
        let server = Server::answering(move |seen| answer(Arc::clone(&shared), seen)).await;
        Served { model, server }
    }

    /// The table of the call, whichever it is.
    fn shown(&self, routes: &BTreeMap<String, String>) -> Value {
        let local = json!({ "type": "local", "destination": "192.168.0.0/16", "nexthop": "-" });
        let routes = routes.iter().map(|(destination, description)| {
            json!({ "type": "ecs", "destination": destination, "nexthop": crate::cloud::SERVER,
                "description": description })
        });
        let routes: Vec<Value> = [local].into_iter().chain(routes).collect();
        json!({ "routetable": { "id": self.asked, "vpc_id": VPC, "routes": routes } })
    }

    fn get(&mut self) -> Reply {
        self.seen.gets += 1;
        self.others_act();
        if self.stale_reads > 0
            && let Some(stale) = &self.stale
        {
            self.stale_reads -= 1;
            return json(200, self.shown(stale));
        }
        json(200, self.shown(&self.routes))
    }

    fn put(&mut self, body: &Value) -> Reply {
        self.others_act();
        let entries = entries_of(body);
        let is_deletion = |entry: &Entry| matches!(entry, Entry::Delete(_));
        let deletions = entries.iter().filter(|entry| is_deletion(entry)).count();
        self.seen.mixed |= deletions > 0 && deletions < entries.len();
        self.seen.sizes.push(entries.len());
        let before = self.routes.clone();
        match self.faults.pop_front().flatten() {
            Some(Fault::LostBefore) => return Reply::HangUp,
            Some(Fault::Refused409) => return text(409, r#"{"code":"VPC.9","message":"busy"}"#),
            Some(Fault::Refused500) => return text(500, r#"{"code":"VPC.9","message":"oops"}"#),
            Some(Fault::Throttled) => return text(429, "").with("Retry-After", "0"),
            Some(Fault::LostAmid(most)) => {
                let _ = self.carry_out(entries, most);
                return Reply::HangUp;
            }
            Some(fault) => match (self.carry_out(entries, usize::MAX), fault) {
                (_, Fault::LostAfter) => return Reply::HangUp,
                (_, Fault::Error500After) => return text(500, "{}"),
                (Err(refusal), _) => return refusal,
                (Ok(()), Fault::Garbage) => return text(200, "<html>"),
                (Ok(()), Fault::ShowsNothing) => return json(200, self.shown(&BTreeMap::new())),
                (Ok(()), Fault::Stale(reads)) => {
                    self.stale_reads = reads;
                    let shown = self.shown(&before);
                    self.stale = Some(before);
                    return json(200, shown);
                }
                (Ok(()), Fault::Lagging(reads)) => {
                    self.stale_reads = reads;
                    self.stale = Some(before);
                }
                (Ok(()), _) => {}
            },
            None => {
                if let Err(refusal) = self.carry_out(entries, usize::MAX) {
                    return refusal;
                }
            }
        }
        json(200, self.shown(&self.routes))
    }

    fn carry_out(&mut self, mut entries: Vec<Entry>, most: usize) -> Result<(), Reply> {
        if let Some(limit) = self.most_entries.filter(|limit| entries.len() > *limit) {
            let number = if self.keeps_number { "allowed".to_owned() } else { limit.to_string() };
            let message = format!("The num of routes to update is more than {number}.");
            return Err(json(400, json!({ "code": "VPC.2800", "message": message })));
        }
        let before = self.routes.clone();
        let turn = self.turn % entries.len().max(1);
        entries.rotate_left(turn);
        for entry in entries.into_iter().take(most) {
            if let Err(refusal) = self.carry_out_one(entry) {
                if !self.is_partial {
                    self.routes = before;
                }
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn carry_out_one(&mut self, entry: Entry) -> Result<(), Reply> {
        let refused =
            |code: &str, message: &str| Err(json(400, json!({ "code": code, "message": message })));
        match entry {
            Entry::Add(destination, _) | Entry::Modify(destination, _)
                if self.bad.contains(&destination) =>
            {
                return refused("VPC.2809", "NeutronError");
            }
            Entry::Add(destination, _) if self.routes.contains_key(&destination) => {
                return refused("VPC.2812", "route exists");
            }
            Entry::Add(..) if self.room.is_some_and(|room| self.routes.len() >= room) => {
                return refused("VPC.2801", "Quota exceeded for routes.");
            }
            Entry::Modify(destination, _) | Entry::Delete(destination)
                if !self.routes.contains_key(&destination) =>
            {
                self.seen.in_vain += 1;
                return refused("VPC.2805", "no such route");
            }
            Entry::Add(destination, description) if self.trims => {
                self.routes.insert(destination, description.trim().to_owned());
            }
            Entry::Add(destination, description) => {
                self.routes.insert(destination, description);
            }
            Entry::Modify(destination, description) => {
                let former = self.routes.insert(destination, description.clone());
                self.seen.in_vain += usize::from(former == Some(description));
            }
            Entry::Delete(destination) => drop(self.routes.remove(&destination)),
        }
        Ok(())
    }

    fn others_act(&mut self) {
        match self.foreign.pop_front().flatten() {
            Some(Foreign::Put(destination, description)) => {
                self.routes.insert(destination, description);
            }
            Some(Foreign::Delete(destination)) => drop(self.routes.remove(&destination)),
            None => {}
        }
    }
}

/// Carries a call out in the midst of others, so that two writes at once are seen.
pub async fn answer(model: Arc<Mutex<Model>>, seen: Seen) -> Reply {
    let asked = seen.path.rsplit('/').next().unwrap_or_default().to_owned();
    if seen.method == "GET" {
        tokio::task::yield_now().await;
        let mut model = model.lock().unwrap();
        model.asked = asked;
        return model.get();
    }
    {
        let tally = &mut model.lock().unwrap().seen;
        tally.puts += 1;
        tally.in_flight += 1;
        tally.most_in_flight = tally.most_in_flight.max(tally.in_flight);
    }
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    let mut model = model.lock().unwrap();
    model.asked = asked;
    let reply = model.put(&seen.json());
    model.seen.in_flight -= 1;
    reply
}

fn entries_of(body: &Value) -> Vec<Entry> {
    let list = |name: &str| {
        body["routetable"]["routes"][name].as_array().cloned().unwrap_or_default().into_iter()
    };
    let text = |route: &Value, key: &str| route[key].as_str().unwrap().to_owned();
    let both = |route: Value| (text(&route, "destination"), text(&route, "description"));
    let additions = list("add").map(both).map(|(a, b)| Entry::Add(a, b));
    let modifications = list("mod").map(both).map(|(a, b)| Entry::Modify(a, b));
    let deletions = list("del").map(|route| Entry::Delete(text(&route, "destination")));
    additions.chain(modifications).chain(deletions).collect()
}
