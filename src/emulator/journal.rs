//! The log of what was asked: enough to count and order requests, and nothing secret.

use std::collections::{BTreeMap, VecDeque};

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;

/// Older entries are forgotten beyond this many, and beyond so many bytes in them.
const CAPACITY: usize = 100_000;
const LARGEST: usize = 32 * 1024 * 1024;

#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub sequence: u64,
    pub method: String,
    pub path: String,
    pub query: String,
    /// `null` while the request is under way, and for good if its connection was cut.
    pub status: Option<u16>,
    /// The access key, or the name of whoever a token belongs to.
    pub caller: Option<String>,
    /// Since the emulator was started.
    pub start_ms: i128,
    /// Requests under way when this one came, itself included.
    pub in_flight: u32,
    /// How many routes it was to change in a table.
    pub routes: Option<Carried>,
    /// The fault that hit this request, such as `answer` or `cut before`.
    pub fault: Option<&'static str>,
}

/// How many routes a change of a route table carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Carried {
    pub add: usize,
    #[serde(rename = "mod")]
    pub modify: usize,
    pub del: usize,
}

#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    /// What the entries take, about.
    bytes: usize,
    next: u64,
    in_flight: u32,
    /// How many writes to each path are under way.
    writes: BTreeMap<String, u32>,
}

impl Journal {
    /// Notes that a request came. Returns its sequence number.
    pub fn begin(&mut self, method: &str, path: &str, query: &str, start: SignedDuration) -> u64 {
        self.next += 1;
        self.in_flight += 1;
        if is_write(method) {
            *self.writes.entry(path.to_owned()).or_default() += 1;
        }
        let entry = Entry {
            sequence: self.next,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            status: None,
            caller: None,
            start_ms: start.as_millis(),
            in_flight: self.in_flight,
            routes: None,
            fault: None,
        };
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while self.entries.len() > CAPACITY || self.bytes > LARGEST {
            let oldest = self.entries.pop_front();
            self.bytes -= oldest.as_ref().map_or(self.bytes, Entry::size);
        }
        self.next
    }

    /// Fills in what became of a request, if its entry is still there.
    pub fn note(&mut self, sequence: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|e| e.sequence == sequence) {
            change(entry);
        }
    }

    /// Notes that a request is over, answered or not.
    pub fn end(&mut self, method: &str, path: &str) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(writes) = self.writes.get_mut(path).filter(|_| is_write(method)) {
            *writes = writes.saturating_sub(1);
            if *writes == 0 {
                self.writes.remove(path);
            }
        }
    }

    /// How many writes to this path are under way besides the one that asks.
    pub fn alongside(&self, method: &str, path: &str) -> u32 {
        let writes = self.writes.get(path).filter(|_| is_write(method));
        writes.map_or(0, |writes| writes.saturating_sub(1))
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets the entries. Sequence numbers go on.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

impl Entry {
    /// What a caller can make long, and room for the rest.
    fn size(&self) -> usize {
        size_of::<Self>() + self.method.len() + self.path.len() + self.query.len()
    }
}

impl Carried {
    /// `None` for a body that is no change of a table's routes.
    pub fn by(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let routes = body.get("routetable")?.get("routes")?.as_object()?;
        let count = |name: &str| routes.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        Some(Self { add: count("add"), modify: count("mod"), del: count("del") })
    }

    pub fn total(self) -> usize {
        self.add + self.modify + self.del
    }
}

fn is_write(method: &str) -> bool {
    method != "GET"
}
