//! What speaks against switching the check of an interface: that there is none, that it is no server's, or that the
//! server speaks for other addresses which the check would stop.

use super::{
    EcsPortSourceCheck, NAMES, claimed,
    names::{disagreement, of_server},
};
use crate::{
    cloud::{self, Cloud, Contest, Object, Port, PortId, ServerId, VpcId},
    framework::{Change, ChangeKind, Foresight, Given, Problem},
    network::Address,
    resources::{
        absent,
        address_pairs::{VIRTUAL_IP, harm, off_already},
        missing, not_yet,
        ownership::{contested, planning},
        the_one,
    },
};

/// How the `device_owner` of a gateway's port, a name server's and the like begins.
const NETWORK_OWNED: &str = "network:";

pub(super) async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
    let before = change.prior.parsed::<PortId>("port_id");
    if let (Some(port), Some(check)) = (&before, change.before::<EcsPortSourceCheck>())
        && let Some(found) = check.memory.found_enabled
    {
        cloud.recall_found(port, found);
    }
    if !change.makes_something() {
        return foresight.find_between(contests(change, before.as_ref(), cloud));
    }
    foresight.find(flipped_back(change));
    let switched_on = change.planned.given("enabled") == Given::Known(&true.into());
    let look = async {
        let named = named(change, cloud).await?;
        let neighbours = match &named {
            Some(Ok(port)) if switched_on => {
                Some(cloud.cached().ports_of_subnet(&port.subnet_id).await?)
            }
            _ => None,
        };
        cloud::Result::Ok(named.map(|found| (found, neighbours)))
    };
    let Some(Some((found, neighbours))) = foresight.see("The network interface", look).await else {
        return;
    };
    match found {
        Ok(port) => {
            foresight.find_between(contests(change, Some(&port.id), cloud));
            let (server, address) =
                (change.config.parsed("ecs_id"), change.config.parsed("host_ip"));
            if change.kind == ChangeKind::Create {
                foresight.find(disagreement(&port, server.as_ref(), address));
            }
            foresight.find(flaw_of_owner(&port));
            foresight.find(neighbours.and_then(|ports| harm(&port, &ports)));
            let is_new = change.kind == ChangeKind::Create && !switched_on;
            foresight.find(off_already(&port, cloud).filter(|_| is_new));
        }
        Err(problem) => foresight.find([problem]),
    }
}

/// Takes note of the interface that the resource is to have after the change. Another one that has it, too, is told.
fn contests(change: Change<'_>, port: Option<&PortId>, cloud: &Cloud) -> Vec<Problem> {
    let object = |port_id: PortId| Object::SourceCheck { port_id };
    let is_to_be = change.kind != ChangeKind::Delete;
    let after = port.filter(|_| is_to_be).map(|port| (object(port.clone()), None));
    let before = change.prior.parsed("port_id").map(object);
    let planning = planning(change, before, after);
    let told = |contest: Contest| {
        let problem = port.map(claimed)?;
        Some(contested(problem, contest.is_new))
    };
    cloud.plan_ownership(planning).into_iter().filter_map(told).collect()
}

/// The check is no longer as the last apply has left it, although the same is still wanted.
fn flipped_back(change: Change<'_>) -> Option<Problem> {
    let before: EcsPortSourceCheck = change.before()?;
    let set = before.memory.set.filter(|set| *set != before.enabled)?;
    if change.planned.given("enabled") != Given::Known(&set.into()) {
        return None;
    }
    let (position, flag) = if before.enabled { ("on", "false") } else { ("off", "true") };
    let detail = format!(
        "Since the last apply, something else has switched the check of port `{}` {position}. If that is a \
         `huaweicloud_compute_instance`, each apply will undo the other's, for ever: write `source_dest_check = {flag}` in \
         its `network` block, or `ignore_changes = [network[0].source_dest_check]` in its `lifecycle`. The guide \"Beside \
         and from the official provider\" says more.",
        before.port_id.as_ref()?
    );
    Some(Problem::warning("Source check switched back", detail).at("enabled"))
}

/// The interface that is meant, or what is wrong with its name; `None` as long as it is not known.
async fn named(change: Change<'_>, cloud: &Cloud) -> cloud::Result<Option<Result<Port, Problem>>> {
    let Change { kind, prior, config, .. } = change;
    let by_config = kind == ChangeKind::Create;
    if by_config && NAMES.iter().any(|name| config.given(name) == Given::Unknown) {
        return Ok(None);
    }
    let said = if by_config { config } else { prior };
    if let Some(id) = said.parsed::<PortId>("port_id") {
        let port = match cloud.cached().port_seen(&id).await? {
            Some(port) => Some(port),
            None => cloud.port(&id).await?,
        };
        return Ok(Some(port.ok_or_else(|| missing("Port", &id, "port_id"))));
    }
    let server = said.parsed::<ServerId>("ecs_id");
    let Some(address) = said.parsed::<Address>("host_ip") else {
        return match &server {
            Some(server) => primary(server, cloud).await.map(Some),
            None => Ok(None),
        };
    };
    let mut what = format!("the private address {address}");
    let nics = match config.given("vpc_id") {
        Given::Absent => cloud.cached().nics_seen_at(address.into()).await?,
        Given::Unknown => return Ok(None),
        Given::Known(_) => {
            let Some(vpc) = config.parsed::<VpcId>("vpc_id") else { return Ok(None) };
            what.push_str(&format!(" in VPC `{vpc}`"));
            cloud.cached().nics_known_with_address(address.into(), &vpc).await?
        }
    };
    let nics = of_server(nics, server.as_ref());
    let is_nobodys = nics.is_empty();
    let found = the_one(nics, "host_ip", &what);
    Ok(Some(if is_nobodys { found.map_err(not_yet) } else { found }))
}

/// From a list of ports where that marks it, else as it is now.
async fn primary(server: &ServerId, cloud: &Cloud) -> cloud::Result<Result<Port, Problem>> {
    let seen = cloud.cached().nic_seen(server).await?;
    let port = match seen.filter(|port| port.is_primary == Some(true)) {
        Some(port) => Some(port),
        None => cloud.primary_nic(server).await?,
    };
    let fact = || format!("Server `{server}` does not exist or has no network interface");
    Ok(port.ok_or_else(|| absent("Server", &fact(), "ecs_id")))
}

/// A port without an owner may get a server later in the same run.
fn flaw_of_owner(port: &Port) -> Option<Problem> {
    let owner = match port.device_owner.as_str() {
        VIRTUAL_IP => "a virtual IP address",
        other if other.starts_with(NETWORK_OWNED) => "the network itself, such as a gateway",
        _ => return None,
    };
    let detail = format!(
        "Port `{}` belongs to {owner}. Write the `port_id` of a server's network interface.",
        port.id
    );
    Some(Problem::error("Not a server's network interface", detail).at("port_id"))
}
