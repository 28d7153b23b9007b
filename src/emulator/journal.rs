//! The log of what was asked: enough to count and order requests, and nothing secret.

use std::collections::VecDeque;

use jiff::SignedDuration;
use serde::Serialize;

/// Older entries are forgotten beyond this many.
const CAPACITY: usize = 100_000;

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
    /// The fault that hit this request: `answer`, `cut before` or `cut after`.
    pub fault: Option<&'static str>,
}

#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    next: u64,
    in_flight: u32,
}

impl Journal {
    /// Notes that a request came. Returns its sequence number.
    pub fn begin(&mut self, method: &str, path: &str, query: &str, start: SignedDuration) -> u64 {
        self.next += 1;
        self.in_flight += 1;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            sequence: self.next,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            status: None,
            caller: None,
            start_ms: start.as_millis(),
            in_flight: self.in_flight,
            fault: None,
        });
        self.next
    }

    /// Fills in what became of a request, if its entry is still there.
    pub fn note(&mut self, sequence: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|e| e.sequence == sequence) {
            change(entry);
        }
    }

    /// Notes that a request is over, answered or not.
    pub fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets the entries. Sequence numbers go on.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
