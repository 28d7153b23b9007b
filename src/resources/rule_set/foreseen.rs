//! What speaks against rules before they are made: a group that does not exist, identical rules, rules that deny, the
//! quota, and servers that would be open to everyone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    RuleIds, RuleSet,
    alike::{identical, is_unrecorded},
    owning::{names_of, object, terms},
};
use crate::{
    cloud::{
        self, Cloud, NewRule, Object, Quota, RuleId, SECURITY_GROUP_RULES, SecurityGroupId,
        SecurityGroupRule, ServerId,
    },
    framework::{Change, Draft, Foresight, Given, Problem, Value},
    network::Cidr,
    resources::{
        missing, not_yet,
        ownership::{contested, if_nobody_releases_it, planning},
    },
    untrusted,
};

/// How many denying rules are named.
const DENYING: usize = 5;

pub(in crate::resources) fn recall<R: RuleSet>(state: Draft<'_>, cloud: &Cloud) {
    let ids: BTreeSet<RuleId> = ids(state).collect();
    cloud.recall(ids.iter().map(object));
    let set = state.object::<R>(&[]);
    cloud.recall(set.iter().flat_map(|set| terms(set).into_values()));
    cloud.intend_rules(|rules| rules.held.extend(ids));
}

/// Takes note of the rules that the resource is to have after the change. Another one that wants them, too, is told.
fn contests<R: RuleSet>(change: Change<'_>, cloud: &Cloud) -> Vec<Problem> {
    let before = change.before::<R>();
    let after = R::planned(change.planned);
    let had: BTreeSet<Object> = before.iter().flat_map(|set| terms(set).into_values()).collect();
    let named = after.as_ref().map(terms).unwrap_or_default();
    let wanted: BTreeSet<Object> = named.values().cloned().collect();
    let kept = before.iter().flat_map(|before| ids_kept_in(before, &wanted));
    let kept: Vec<Object> = kept.map(|id| object(&id)).collect();
    let had = had.into_iter().chain(kept.iter().cloned());
    let wanted = wanted.into_iter().chain(kept.clone());
    let planning = planning(change, had, wanted.map(|object| (object, None)));
    let contests = cloud.plan_ownership(planning).into_iter();
    let of_rules = contests.filter(|it| matches!(it.object, Object::RuleTerms { .. }));
    let (new, old): (Vec<_>, Vec<_>) = of_rules.partition(|contest| contest.is_new);
    let told = |contests: Vec<cloud::Contest>, is_new| {
        let objects: Vec<Object> = contests.into_iter().map(|contest| contest.object).collect();
        let names = names_of(&named, &objects);
        let set = after.as_ref().filter(|_| !names.is_empty())?;
        Some(contested(set.claimed(&names), is_new))
    };
    told(new, true).into_iter().chain(told(old, false)).collect()
}

pub(in crate::resources) async fn foresee<R: RuleSet>(
    change: Change<'_>,
    cloud: &Cloud,
    foresight: &mut Foresight<'_>,
) {
    foresight.find_between(contests::<R>(change, cloud));
    let planned = change.planned;
    let group = planned.parsed::<SecurityGroupId>("security_group_id");
    let Some(group) = group.filter(|_| change.makes_something()) else { return };
    let look = async {
        match cloud.cached().security_group_rules(&group).await {
            // A group without rules and none at all have the same list.
            Ok(rules) if rules.is_empty() && cloud.security_group(&group).await?.is_none() => {
                Ok(None)
            }
            Ok(rules) => Ok(Some(rules)),
            Err(error) if error.kind() == cloud::Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    };
    let rules = match foresight.see("The rules of the security group", look).await {
        Some(Some(rules)) => rules,
        Some(None) => {
            return foresight.find([missing("Security group", &group, "security_group_id")]);
        }
        None => return,
    };
    let is_worn = foresight.see("Who has the security group", cloud.may_be_worn(&group)).await;
    foresight.find((is_worn == Some(false)).then(|| of_nobody(&group)));
    let Some(set) = R::planned(planned) else { return };
    let wanted = set.rules();
    let ours = change.before::<R>().map(all_ids).unwrap_or_default();
    let standing = wanted
        .iter()
        .filter_map(|(name, rule)| Some((name.clone(), (rule, identical(rules.iter(), rule)?))));
    let standing: BTreeMap<String, (&NewRule, &SecurityGroupRule)> = standing.collect();
    foresight.find(denied(&set, &rules, &ours));
    let is_foreign = |(wanted, rule): &(&NewRule, &SecurityGroupRule)| {
        !ours.contains(&rule.id)
            && !cloud.may_be_in_state(&object(&rule.id))
            && !is_unrecorded(&group, wanted, rule, cloud)
    };
    let foreign = standing.iter().filter(|(_, standing)| is_foreign(standing));
    let foreign: RuleIds = foreign.map(|(name, (_, it))| (name.clone(), it.id.clone())).collect();
    if !foreign.is_empty() && !planned.may_be_true("adopt_existing") {
        foresight.find([if_nobody_releases_it(set.conflict(&foreign))]);
    }
    let new = wanted.iter().filter(|(name, _)| !standing.contains_key(*name));
    let new: Vec<_> = new.map(|(_, rule)| (group.clone(), format!("{rule:?}"))).collect();
    if !new.is_empty() {
        cloud.intend_rules(|rules| rules.new.extend(new));
        let quota = foresight
            .see("The quota of rules", cloud.cached().quota_and_use(SECURITY_GROUP_RULES))
            .await;
        foresight.find(quota.flatten().and_then(|quota| lack_of_room(quota, cloud)));
    }
    let open = wanted.iter().filter(|(_, rule)| is_for_everyone(rule));
    let open: BTreeSet<String> = open.map(|(name, _)| name.clone()).collect();
    if !open.is_empty() {
        let exposed =
            foresight.see("Who would be opened to everyone", exposed(&group, cloud)).await;
        let servers = exposed.filter(|servers| !servers.is_empty());
        foresight.find(servers.map(|servers| {
            let quoted = servers.iter().map(|name| format!("`{}`", untrusted::name(name)));
            set.opened(&open, &quoted.collect::<Vec<_>>().join(", "))
        }));
    }
}

/// Rules of the group that deny what these allow: they have the smaller number, or the same, and then a refusal wins.
fn denied(
    set: &impl RuleSet,
    rules: &[SecurityGroupRule],
    ours: &BTreeSet<RuleId>,
) -> Option<Problem> {
    let wanted = set.rules();
    let is_denied_by = |rule: &SecurityGroupRule, new: &NewRule| {
        // A group of addresses, or of servers, may be anywhere.
        let range = |prefix: &Option<String>| prefix.as_deref().and_then(Cidr::lenient);
        let (denied, allowed) = (range(&rule.remote_ip_prefix), range(&new.remote_ip_prefix));
        new.action == "allow"
            && rule.direction == new.direction
            && rule.ethertype == new.ethertype
            && rule.priority <= new.priority
            && (rule.protocol.is_none() || rule.protocol == new.protocol)
            && denied.zip(allowed).is_none_or(|(denied, allowed)| denied.overlaps(allowed))
    };
    let denies = |rule: &&SecurityGroupRule| {
        rule.action == "deny"
            && !ours.contains(&rule.id)
            && wanted.values().any(|new| is_denied_by(rule, new))
    };
    let named = |rule: &SecurityGroupRule| {
        let protocol = rule.protocol.as_deref().unwrap_or("every protocol");
        format!("`{}` (priority {}, {protocol})", rule.id, rule.priority)
    };
    let denying: Vec<&SecurityGroupRule> = rules.iter().filter(denies).take(DENYING).collect();
    let is_denied = |new: &NewRule| denying.iter().any(|rule| is_denied_by(rule, new));
    let names = wanted.iter().filter(|(_, new)| is_denied(new)).map(|(name, _)| name.clone());
    (!denying.is_empty()).then(|| {
        let detail = format!(
            "Rules of security group `{}` deny some of what is allowed here, and win: {}. Remove them if they are \
             yours, or set a smaller `priority` here, unless it is meant so.",
            set.group(),
            denying.iter().map(|rule| named(rule)).collect::<Vec<_>>().join(", ")
        );
        let problem = Problem::warning("Denied by another rule of the group", detail);
        set.about(&names.collect(), "priority", problem)
    })
}

fn is_for_everyone(rule: &NewRule) -> bool {
    let range = rule.remote_ip_prefix.as_deref().and_then(Cidr::lenient);
    rule.direction == "ingress"
        && rule.action == "allow"
        && range.is_some_and(|range| range.prefix_length() == 0)
}

/// The rules that a change leaves as they are.
fn ids_kept_in(before: &impl RuleSet, wanted: &BTreeSet<Object>) -> Vec<RuleId> {
    let terms = terms(before);
    let is_kept = |name: &str| terms.get(name).is_some_and(|terms| wanted.contains(terms));
    before.ids().into_iter().filter(|(name, _)| is_kept(name)).map(|(_, id)| id).collect()
}

/// Its rules, those it only remembers among them.
fn all_ids(mut set: impl RuleSet) -> BTreeSet<RuleId> {
    let remembered = set.memory().surplus.clone();
    set.ids().into_values().chain(remembered).collect()
}

fn ids(state: Draft<'_>) -> impl Iterator<Item = RuleId> {
    let ids = match state.given("rule_ids") {
        Given::Known(ids) => ids.as_map(),
        Given::Absent | Given::Unknown => None,
    };
    ids.into_iter().flatten().filter_map(|(_, id)| Value::as_str(id)?.parse().ok())
}

/// Rules are made before others go, so what goes makes no room in time for sure.
fn lack_of_room(quota: Quota, cloud: &Cloud) -> Option<Problem> {
    let Quota { limit, used } = quota;
    let (new, may_go, is_told) = cloud.intend_rules(|rules| {
        let new = rules.new.len() as u64;
        let lacks = used + new > limit;
        let is_told = lacks && std::mem::replace(&mut rules.is_room_told, true);
        (new, !rules.held.is_empty(), is_told)
    });
    if used + new <= limit || is_told {
        return None;
    }
    let detail = format!(
        "{used} of {limit} security group rules of the project are used, and so far this plan adds {new}. Remove rules \
         that are no longer needed, or ask for a higher quota in the console under My Quotas."
    );
    let problem = if may_go {
        Problem::warning("Rule quota nearly used up", detail)
    } else {
        Problem::error("Rule quota exceeded", detail)
    };
    Some(problem.at("security_group_id"))
}

fn of_nobody(group: &SecurityGroupId) -> Problem {
    let detail = format!(
        "No server's network interface has security group `{group}`, so its rules let nothing in and nothing out. Write the \
         group of the servers in `security_group_id`, or give the servers this one."
    );
    not_yet(Problem::error("Security group of no server", detail).at("security_group_id"))
}

/// The servers of the group that have a public address, by name.
async fn exposed(group: &SecurityGroupId, cloud: &Cloud) -> cloud::Result<BTreeSet<String>> {
    let ports = cloud.cached().ports_of_group(group).await?;
    let members = ports.iter().filter(|port| port.is_nic());
    let servers: BTreeSet<ServerId> =
        members.filter_map(|port| port.device_id.parse().ok()).collect();
    if servers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all = cloud.servers().await?;
    let exposed = all.iter().filter(|it| it.has_public_ip && servers.contains(&it.id));
    Ok(exposed.map(|server| server.name.clone()).collect())
}
