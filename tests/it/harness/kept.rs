//! Notes of intent in memory, without files, age or owner.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use huaweivpc::cloud::Notes;
use serde_json::Value as Json;

#[derive(Debug, Default)]
pub struct Kept(Mutex<BTreeMap<String, Json>>, Mutex<Option<Json>>);

impl Kept {
    fn notes(&self) -> MutexGuard<'_, BTreeMap<String, Json>> {
        self.0.lock().expect("nobody panicked with it")
    }
}

impl Notes for Kept {
    fn leave(&self, about: &Json, intent: &Json) {
        self.notes().insert(about.to_string(), intent.clone());
    }

    fn find(&self, about: &Json) -> Option<Json> {
        self.notes().get(&about.to_string()).cloned()
    }

    fn is_fresh(&self, about: &Json) -> bool {
        self.notes().contains_key(&about.to_string())
    }

    fn settle(&self, about: &Json) {
        self.notes().remove(&about.to_string());
    }

    fn leave_snapshot(&self, snapshot: &Json) {
        *self.1.lock().expect("nobody panicked with it") = Some(snapshot.clone());
    }

    fn find_snapshot(&self) -> Option<Json> {
        self.1.lock().expect("nobody panicked with it").clone()
    }
}
