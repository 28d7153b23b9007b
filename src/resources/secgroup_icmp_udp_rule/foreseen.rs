//! What speaks against a pair of rules before it is made: a group that does not exist, identical rules, the quota, and servers that it
//! would open to everyone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    SecgroupIcmpUdpRule,
    making::{identical, is_unrecorded},
    owning::{self, claimed},
    terms::{Direction, Protocol},
};
use crate::{
    cloud::{
        self, Cloud, Contest, NewRule, Object, Quota, RuleId, SECURITY_GROUP_RULES,
        SecurityGroupId, SecurityGroupRule, ServerId,
    },
    framework::{Change, Draft, Foresight, Given, Problem, Resource, Value},
    network::Cidr,
    resources::{
        conflict::exists_already,
        missing, not_yet,
        ownership::{contested, if_nobody_releases_it, planning},
    },
    untrusted,
};

/// How many denying rules are named.
const DENYING: usize = 5;

pub(super) fn recall(state: Draft<'_>, cloud: &Cloud) {
    let ids: BTreeSet<RuleId> = ids(state).collect();
    cloud.recall(ids.iter().map(owning::object));
    let pair = state.object::<SecgroupIcmpUdpRule>(&[]);
    cloud.recall(pair.into_iter().flat_map(|pair| pair.terms().into_values()));
    cloud.intend_rules(|rules| rules.held.extend(ids));
}

/// Takes note of the rules that the resource is to have after the change. Another one that wants them, too, is told.
fn contests(change: Change<'_>, cloud: &Cloud) -> Vec<Problem> {
    let before = change.before::<SecgroupIcmpUdpRule>();
    let is_known = change.planned.given("udp_ports") != Given::Unknown;
    let after = change.planned.object::<SecgroupIcmpUdpRule>(&[]).filter(|_| is_known);
    let had: BTreeSet<Object> = before.iter().flat_map(|pair| pair.terms().into_values()).collect();
    let terms = after.iter().flat_map(|pair| pair.terms().into_values());
    let kept = before.iter().zip(&after).flat_map(|(before, after)| before.ids_kept_in(after));
    let kept: Vec<Object> = kept.map(|id| owning::object(&id)).collect();
    let had = had.into_iter().chain(kept.iter().cloned());
    let wanted = terms.chain(kept.clone());
    let planning = planning(change, had, wanted.map(|object| (object, None)));
    let told = |contest: Contest| {
        let problem = claimed(after.as_ref()?);
        let is_rule = matches!(contest.object, Object::RuleTerms { .. });
        is_rule.then(|| contested(problem, contest.is_new))
    };
    let mut problems: Vec<Problem> =
        cloud.plan_ownership(planning).into_iter().filter_map(told).collect();
    problems.dedup();
    problems
}

pub(super) async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
    foresight.find_between(contests(change, cloud));
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
    if planned.given("udp_ports") == Given::Unknown {
        return;
    }
    let Some(pair) = planned.object::<SecgroupIcmpUdpRule>(&[]) else { return };
    let standing = pair.protocols.iter().filter_map(|protocol| {
        Some((*protocol, identical(rules.iter(), *protocol, &pair.rule(*protocol))?))
    });
    let standing: BTreeMap<Protocol, &SecurityGroupRule> = standing.collect();
    foresight.find(pair.denied(&rules));
    let before = change.before::<SecgroupIcmpUdpRule>();
    let ours = before.map(|before| before.all_ids()).unwrap_or_default();
    let is_foreign = |(protocol, rule): &(&Protocol, &&SecurityGroupRule)| {
        !ours.contains(&rule.id)
            && !cloud.may_be_in_state(&owning::object(&rule.id))
            && !is_unrecorded(&group, &pair.rule(**protocol), rule, cloud)
    };
    let foreign = standing.iter().filter(is_foreign);
    let foreign: BTreeMap<_, _> = foreign.map(|(it, rule)| (*it, rule.id.clone())).collect();
    if !foreign.is_empty() && !planned.may_be_true("adopt_existing") {
        foresight.find([if_nobody_releases_it(pair.conflict(&foreign))]);
    }
    let new = pair.protocols.iter().filter(|it| !standing.contains_key(it));
    let new: Vec<_> = new.map(|it| (group.clone(), format!("{:?}", pair.rule(*it)))).collect();
    if !new.is_empty() {
        cloud.intend_rules(|rules| rules.new.extend(new));
        let quota = foresight
            .see("The quota of rules", cloud.cached().quota_and_use(SECURITY_GROUP_RULES))
            .await;
        foresight.find(quota.flatten().and_then(|quota| lack_of_room(quota, cloud)));
    }
    if pair.remote_ip_prefix.prefix_length() == 0 && matches!(pair.direction, Direction::Ingress) {
        let exposed =
            foresight.see("Who would be opened to everyone", exposed(&group, cloud)).await;
        foresight.find(exposed.and_then(|servers| opened(&servers, &pair)));
    }
}

impl SecgroupIcmpUdpRule {
    /// That somebody else's rules stand which are identical to these.
    pub(super) fn conflict(&self, standing: &BTreeMap<Protocol, RuleId>) -> Problem {
        let rules = standing.iter().map(|(protocol, id)| format!("{protocol} rule `{id}`"));
        let what = match rules.collect::<Vec<_>>().as_slice() {
            [one] => format!("The {one}"),
            all => format!("The pair of {}", all.join(" and ")),
        };
        let what = format!("{what} in security group `{}`", self.security_group_id);
        let ids: Vec<&str> = standing.values().map(RuleId::as_str).collect();
        exists_already(<Self as Resource<Cloud>>::NAME, &what, &ids.join(","), "remote_ip_prefix")
    }

    /// Rules of the group that deny what these allow: they have the smaller number, or the same, and then a refusal wins.
    fn denied(&self, rules: &[SecurityGroupRule]) -> Option<Problem> {
        let wanted: Vec<NewRule> = self.protocols.iter().map(|it| self.rule(*it)).collect();
        let denies = |rule: &&SecurityGroupRule| {
            let concerns = |new: &NewRule| {
                rule.direction == new.direction
                    && rule.ethertype == new.ethertype
                    && rule.priority <= new.priority
                    && (rule.protocol.is_none() || rule.protocol == new.protocol)
            };
            // A group of addresses, or of servers, may be anywhere.
            let prefix = rule.remote_ip_prefix.as_deref().and_then(Cidr::lenient);
            rule.action == "deny"
                && prefix.is_none_or(|prefix| prefix.overlaps(self.remote_ip_prefix))
                && wanted.iter().any(concerns)
        };
        let named = |rule: &SecurityGroupRule| {
            let protocol = rule.protocol.as_deref().unwrap_or("every protocol");
            format!("`{}` (priority {}, {protocol})", rule.id, rule.priority)
        };
        let denying: Vec<String> = rules.iter().filter(denies).take(DENYING).map(named).collect();
        (!denying.is_empty()).then(|| {
            let detail = format!(
                "Rules of security group `{}` deny some of what is allowed here, and win: {}. Remove them if they are \
                 yours, or set a smaller `priority` here, unless it is meant so.",
                self.security_group_id,
                denying.join(", ")
            );
            Problem::warning("Denied by another rule of the group", detail).at("priority")
        })
    }

    /// The rules that a change leaves as they are.
    fn ids_kept_in(&self, after: &Self) -> Vec<RuleId> {
        let (before, after) = (self.terms(), after.terms());
        let ids = self.rule_ids.iter().flatten();
        let is_kept = |(protocol, _): &(&Protocol, &RuleId)| {
            before.get(protocol).is_some_and(|terms| after.get(protocol) == Some(terms))
        };
        ids.filter(is_kept).map(|(_, id)| id.clone()).collect()
    }

    /// Its rules, those it only remembers among them.
    fn all_ids(&self) -> BTreeSet<RuleId> {
        let current = self.rule_ids.iter().flat_map(BTreeMap::values);
        current.chain(&self.memory.surplus).cloned().collect()
    }
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

fn opened(servers: &BTreeSet<String>, pair: &SecgroupIcmpUdpRule) -> Option<Problem> {
    if servers.is_empty() {
        return None;
    }
    let quoted = servers.iter().map(|name| format!("`{}`", untrusted::name(name)));
    let names = quoted.collect::<Vec<_>>().join(", ");
    let opened = pair.protocols.iter().map(Protocol::to_string).collect::<Vec<_>>().join(" and ");
    let detail = format!(
        "{} lets everyone on the Internet reach {opened} of the servers with a public address in security group `{}`: \
         {names}. The container ranges and the subnet's range are enough; write a pair of rules for each.",
        pair.remote_ip_prefix, pair.security_group_id
    );
    Some(Problem::warning("Servers opened to the Internet", detail).at("remote_ip_prefix"))
}
