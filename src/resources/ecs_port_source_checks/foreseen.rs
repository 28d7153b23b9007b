//! What speaks against switching the checks of a set: hosts that are not there or named twice, other resources that want
//! the same checks, somebody who switches them back, and virtual IP addresses that a check would stop.

use std::collections::{BTreeMap, BTreeSet};

use super::{EcsPortSourceChecks, Host, hosts, object, writing};
use crate::{
    cloud::{self, Cloud, Contest, Object, Port, PortId, VpcId},
    framework::{Change, ChangeKind, Foresight, Given, Problem},
    resources::{
        about_each,
        address_pairs::{harm, off_already},
        not_yet,
        ownership::{contested, planning},
    },
};

/// The ports of the set after the change, with the hosts that they belong to.
type Ports = BTreeMap<PortId, Host>;

pub(super) async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
    let before: Option<EcsPortSourceChecks> = change.before();
    let held = before.as_ref().map(|before| before.memory.ports.clone()).unwrap_or_default();
    for (id, held) in &held {
        cloud.recall_found(id, held.found_enabled);
    }
    let had: Ports = held.into_iter().map(|(id, held)| (id, held.host)).collect();
    if !change.makes_something() {
        let stays = if change.kind == ChangeKind::Keep { had.clone() } else { Ports::new() };
        return foresight.find_between(contests(change, &had, &stays, cloud));
    }
    foresight.find(before.as_ref().and_then(|before| switched_back(change, before)));
    let hosts = change.planned.texts("hosts");
    let hosts = hosts.and_then(|texts| texts.into_iter().map(|it| it.parse().ok()).collect());
    let (Some(hosts), Some(vpc)) = (hosts, change.planned.parsed::<VpcId>("vpc_id")) else {
        return;
    };
    let look = look(hosts, &vpc, cloud);
    let Some((found, ports)) = foresight.see("The network interfaces", look).await else { return };
    let mut after = Ports::new();
    let mut meant = Vec::new();
    let mut flaws = Vec::new();
    for (host, port) in found {
        match port {
            Ok(port) if after.contains_key(&port.id) => flaws.push((host, writing::twice())),
            Ok(port) => {
                after.insert(port.id.clone(), host);
                meant.push(port);
            }
            Err(absence) => flaws.push((host, not_yet(absence))),
        }
    }
    foresight.find(about_each(flaws));
    foresight.find_between(contests(change, &had, &after, cloud));
    if change.planned.given("enabled") == Given::Known(&false.into()) {
        let new = meant.iter().filter(|port| !had.contains_key(&port.id));
        let told =
            new.filter_map(|port| Some((after[&port.id].clone(), off_already(port, cloud)?)));
        foresight.find(about_each(told.collect()));
    } else if change.planned.given("enabled") == Given::Known(&true.into()) {
        let harms = meant.iter().filter_map(|port| harm(port, &ports));
        foresight.find(harms.reduce(|all, one| Problem {
            detail: format!("{}\n{}", all.detail, one.detail),
            ..all
        }));
    }
}

type Found = BTreeMap<Host, Result<Port, Problem>>;

/// What the hosts are, and all ports of their subnets, as this run has read them.
async fn look(
    hosts: BTreeSet<Host>,
    vpc: &VpcId,
    cloud: &Cloud,
) -> cloud::Result<(Found, Vec<Port>)> {
    let subnets = cloud.cached().subnets(vpc).await?;
    let mut ports = Vec::new();
    for subnet in hosts::places(hosts.iter(), &subnets) {
        ports.extend(cloud.cached().ports_of_subnet(&subnet).await?.iter().cloned());
    }
    Ok((hosts::find(hosts.iter(), &ports, vpc, cloud).await?, ports))
}

/// Takes note of the ports that the set is to have. Another resource that has one, too, is told.
fn contests(change: Change<'_>, before: &Ports, after: &Ports, cloud: &Cloud) -> Vec<Problem> {
    let objects = |ports: &Ports| ports.keys().cloned().map(object).collect::<Vec<_>>();
    let wanted = objects(after).into_iter().map(|object| (object, None));
    let told = |contest: Contest| {
        let Object::SourceCheck { port_id } = &contest.object else { return None };
        let host = after.get(port_id)?.clone();
        Some((host, contested(writing::claimed(), contest.is_new)))
    };
    let contests = cloud.plan_ownership(planning(change, objects(before), wanted));
    about_each(contests.into_iter().filter_map(told).collect())
}

/// Hosts whose checks are no longer as the last apply has left them, although the same is still wanted.
fn switched_back(change: Change<'_>, before: &EcsPortSourceChecks) -> Option<Problem> {
    if change.planned.given("enabled") != Given::Known(&before.enabled.into()) {
        return None;
    }
    let wanted = change.planned.texts("hosts")?;
    let is_switched_back =
        |host: &&Host| !before.hosts.contains(host) && wanted.contains(&host.to_string().as_str());
    let hosts = before.memory.ports.values().map(|held| &held.host).filter(is_switched_back);
    let (position, flag) = if before.enabled { ("off", "true") } else { ("on", "false") };
    let detail = format!(
        "Since the last apply, something else has switched source checks of the set {position}. If that is a \
         `huaweicloud_compute_instance`, each apply will undo the other's, for ever: write `source_dest_check = {flag}` in \
         its `network` block, or `ignore_changes = [network[0].source_dest_check]` in its `lifecycle`. The guide \"Beside \
         and from the official provider\" says more."
    );
    let problem = Problem::warning("Source checks switched back", detail).at("hosts");
    about_each(hosts.map(|host| (host.clone(), problem.clone())).collect()).pop()
}
