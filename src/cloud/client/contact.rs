//! Which services have answered in this session.
//!
//! A service that has answered before and cannot be reached now is waited for as long as the user is patient. One that
//! never has, most likely cannot be reached from here at all: its name is misspelt, or there is no way to it. That is
//! said soon.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use super::{
    call::Service,
    error::{Error, Kind},
    locked::locked,
    retry::Policy,
};

#[derive(Default)]
pub(crate) struct Contacts(Mutex<HashMap<Service, Contact>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contact {
    Answered,
    /// A call has given up on it.
    GivenUp,
}

/// For a service that has never answered: the repetitions, the longest pause before the first of them, and how much
/// time may have passed before another one.
const REPETITIONS: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);
const TIME: Duration = Duration::from_secs(3);

impl Contacts {
    /// How patient to be after this failure of a call that began so long ago.
    pub(crate) fn policy(
        &self,
        usual: Policy,
        service: Service,
        error: &Error,
        passed: Duration,
    ) -> Policy {
        let mut contacts = locked(&self.0);
        if error.kind() != Kind::Unreachable {
            if error.status().is_some() || error.kind() == Kind::Lost {
                contacts.insert(service, Contact::Answered);
            }
            return usual;
        }
        let most = match contacts.get(&service) {
            Some(Contact::Answered) => return usual,
            Some(Contact::GivenUp) => 0,
            None if passed >= TIME => 0,
            None => REPETITIONS,
        };
        Policy { max_retries: usual.max_retries.min(most), pause: usual.pause.min(PAUSE) }
    }

    pub(crate) fn answered(&self, service: Service) {
        locked(&self.0).insert(service, Contact::Answered);
    }

    /// A call has failed for good because the service could not be reached.
    pub(crate) fn given_up(&self, service: Service) {
        locked(&self.0).entry(service).or_insert(Contact::GivenUp);
    }
}
