//! Switching the checks of a set: every host gets its own answer, and what left the set is given back.

use std::collections::{BTreeMap, BTreeSet};

use super::{EcsPortSourceChecks, Held, Host, hosts, object};
use crate::{
    cloud::{About, CheckSwitch, Cloud, Port, PortId, Switched, Writing},
    framework::{Problem, Problems, Result},
    resources::{about_each, missing},
};

/// The ports that the set is to have, with the hosts that they belong to.
type Targets = BTreeMap<PortId, (Host, Port)>;

/// A host that is not as it was wished, and why.
type Failure = (Host, Problem);

impl EcsPortSourceChecks {
    /// Brings the ports from the set as recorded, nothing for a new one, to this set.
    pub(super) async fn write(
        mut self,
        prior: Option<Self>,
        cloud: &Cloud<Writing>,
    ) -> Result<Self> {
        let is_new = prior.is_none();
        let position = prior.as_ref().map_or(self.enabled, |prior| prior.enabled);
        let mut before = prior.map(|prior| prior.memory.ports).unwrap_or_default();
        let (targets, mut failures) = self.targets(cloud).await?;
        self.hosts.clear();
        self.ports = Some(BTreeMap::new());
        self.memory.ports.clear();
        failures.extend(self.take(targets, &mut before, cloud).await?);
        failures.extend(self.give_back(before, position, cloud).await);
        match Problems::from_list(about_each(failures)) {
            None => Ok(self),
            // Nothing is there that would have to be recorded.
            Some(problems) if is_new && self.memory.ports.is_empty() => Err(problems),
            Some(problems) => Err(problems.keeping(&self)),
        }
    }

    /// Gives everything back.
    pub(super) async fn unmake(mut self, cloud: &Cloud<Writing>) -> Result<()> {
        let mut held = std::mem::take(&mut self.memory.ports);
        for (host, shown) in self.ports.take().unwrap_or_default() {
            if held.contains_key(&shown.port_id) {
                continue;
            }
            if let Some(port) = cloud.port(&shown.port_id).await? {
                held.insert(shown.port_id, self.forgotten(host, &port, cloud));
            }
        }
        self.hosts.clear();
        self.ports = Some(BTreeMap::new());
        let failures = self.give_back(held, self.enabled, cloud).await;
        match Problems::from_list(about_each(failures)) {
            None => Ok(()),
            Some(problems) => Err(problems.keeping(&self)),
        }
    }

    /// What giving a port back takes, where Terraform has forgotten it: of an object that is tainted it does. The plan that
    /// saw it may remember, or a note; else the check was as it is not now.
    fn forgotten(&self, host: Host, port: &Port, cloud: &Cloud<Writing>) -> Held {
        let noted = || cloud.journal().find(About::SourceCheck { port_id: &port.id });
        let found = cloud.recalled_found(&port.id).or_else(noted);
        Held {
            host,
            subnet_id: port.subnet_id.clone(),
            found_enabled: found.unwrap_or(!self.enabled),
            unanswered: false,
        }
    }

    /// What the hosts are now.
    async fn targets(&self, cloud: &Cloud<Writing>) -> Result<(Targets, Vec<Failure>)> {
        let subnets = cloud.subnets(&self.vpc_id).await?;
        let mut ports = Vec::new();
        for subnet in hosts::places(self.hosts.iter(), &subnets) {
            ports.extend(cloud.ports_of_subnet(&subnet).await?);
        }
        let found = hosts::find(self.hosts.iter(), &ports, &self.vpc_id, cloud).await?;
        let (mut targets, mut failures) = (Targets::new(), Vec::new());
        for (host, port) in found {
            match port {
                Ok(port) if targets.contains_key(&port.id) => failures.push((host, twice())),
                Ok(port) => drop(targets.insert(port.id.clone(), (host, port))),
                Err(problem) => failures.push((host, problem)),
            }
        }
        Ok((targets, failures))
    }

    /// Switches the ports of the set, and takes those that it had out of `before`.
    async fn take(
        &mut self,
        mut targets: Targets,
        before: &mut BTreeMap<PortId, Held>,
        cloud: &Cloud<Writing>,
    ) -> Result<Vec<Failure>> {
        let mut failures = Vec::new();
        let (kept, new): (Vec<_>, Vec<_>) =
            targets.keys().cloned().partition(|id| before.contains_key(id));
        let objects = |ids: Vec<PortId>| ids.into_iter().map(object).collect();
        let mut claims = cloud.claim(objects(new), objects(kept)).await?;
        for (_, (host, _)) in
            targets.extract_if(.., |id, _| claims.refused.contains(&object(id.clone())))
        {
            failures.push((host, claimed()));
        }
        let switches = targets.iter().map(|(id, (_, port))| CheckSwitch {
            port_id: id.clone(),
            subnet_id: port.subnet_id.clone(),
            enabled: self.enabled,
            is_new: !before.contains_key(id),
        });
        let mut switched = cloud.switch_source_checks(switches.collect()).await;
        let mut lost = Vec::new();
        for (id, (host, port)) in targets {
            let had = before.remove(&id);
            let outcome = switched.remove(&id).unwrap_or(Ok(None));
            let (held, problem) = match outcome {
                Ok(Some(Switched { found_enabled, now, .. })) => {
                    // What is remembered is what was found before the first change, be it another resource's of this state.
                    let found = || cloud.recalled_found(&id).unwrap_or(found_enabled);
                    let (is_new, held) = (
                        had.is_none(),
                        had.unwrap_or_else(|| Held {
                            host: host.clone(),
                            subnet_id: port.subnet_id.clone(),
                            found_enabled: found(),
                            unanswered: false,
                        }),
                    );
                    match now {
                        Ok(port) => {
                            self.show(&host, &port);
                            (Some(Held { host: host.clone(), unanswered: false, ..held }), None)
                        }
                        Err(error) => {
                            let held = Held { unanswered: is_new, ..held };
                            (Some(held), Some(Problem::from(error)))
                        }
                    }
                }
                Ok(None) => (None, Some(missing("Port", &id, "hosts"))),
                Err(error) => (had, Some(error.into())),
            };
            failures.extend(problem.map(|problem| (host, problem)));
            match held {
                Some(held) => drop(self.memory.ports.insert(id, held)),
                None => lost.push(object(id)),
            }
        }
        claims.keep_all_but(&lost);
        Ok(failures)
    }

    /// Gives ports back as they were found, where they are still as the set had switched them. What another resource of
    /// the run has taken over is that one's to give back.
    async fn give_back(
        &mut self,
        held: BTreeMap<PortId, Held>,
        position: bool,
        cloud: &Cloud<Writing>,
    ) -> Vec<Failure> {
        if held.is_empty() {
            return Vec::new();
        }
        let objects: Vec<_> = held.keys().cloned().map(object).collect();
        cloud.await_successors(&objects).await;
        let release = match cloud.release(objects).await {
            Ok(release) => release,
            Err(error) => {
                let problem = Problem::from(error);
                let failures = held.values().map(|held| (held.host.clone(), problem.clone()));
                let failures = failures.collect();
                self.memory.ports.extend(held);
                return failures;
            }
        };
        let mut switches = Vec::new();
        for (id, held) in &held {
            cloud.recall_found(id, held.found_enabled);
            if release.handed_over.contains(&object(id.clone())) {
                cloud.journal().leave(About::SourceCheck { port_id: id }, &held.found_enabled);
            } else if held.found_enabled == position {
                cloud.journal().settle(About::SourceCheck { port_id: id });
            } else {
                switches.push(CheckSwitch {
                    port_id: id.clone(),
                    subnet_id: held.subnet_id.clone(),
                    enabled: held.found_enabled,
                    is_new: false,
                });
            }
        }
        let switched = cloud.switch_source_checks(switches).await;
        let mut failures = Vec::new();
        let mut left: BTreeSet<PortId> = BTreeSet::new();
        for (id, outcome) in switched {
            match outcome.map(|switched| switched.map_or(Ok(()), |it| it.now.map(drop))) {
                Ok(Ok(())) => cloud.journal().settle(About::SourceCheck { port_id: &id }),
                Ok(Err(error)) | Err(error) => {
                    let host = held.get(&id).map(|held| held.host.clone());
                    failures.extend(host.map(|host| (host, error.into())));
                    left.insert(id);
                }
            }
        }
        self.memory.ports.extend(held.into_iter().filter(|(id, _)| left.contains(id)));
        failures
    }
}

/// Two names of one interface.
pub(super) fn twice() -> Problem {
    let detail = "The server is in `hosts` under another name already, and an interface has one check. Keep one name of each.";
    Problem::error("Server named twice", detail).at("hosts")
}

/// Two resources want the interface.
pub(super) fn claimed() -> Problem {
    let detail = "Another resource of this configuration switches the same source check. Keep it in one of them.";
    Problem::error("Source check claimed twice", detail).at("hosts")
}
