//! `huaweivpc_secgroup_icmp_udp_rule`: the guide's two security group rules, ICMP and UDP, as one unit.
//!
//! API: POST, GET and DELETE `/v3/{project_id}/vpc/security-group-rules`, v1 where v3 is not offered; two new rules in
//! one call where the cloud has it. The cloud cannot change a rule, so an update makes the new rules first and deletes
//! the old ones after: at no moment is less open than before and after.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod deleting;
mod foreseen;
mod making;
mod memory;
mod owning;
mod reading;
mod terms;

use self::{
    deleting::delete_rules,
    making::{Maker, Unmade, identical},
    memory::{Memory, beside},
    owning::claimed,
    terms::{Direction, Priority, Protocol, range_of},
};
use crate::{
    cloud::{
        self, About, Cloud, Description, NewRule, Object, RuleId, SecurityGroupId,
        SecurityGroupRule, Writing,
    },
    framework::{
        Change, Default, Draft, Foresight, Kind, Problem, Problems, Resource, Result, Schema,
        Timeouts,
        schema::{attribute, boolean, number, string},
    },
    network::{Cidr, PortRanges},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecgroupIcmpUdpRule {
    security_group_id: SecurityGroupId,
    remote_ip_prefix: Cidr,
    protocols: BTreeSet<Protocol>,
    udp_ports: Option<PortRanges>,
    direction: Direction,
    priority: Priority,
    description: Description,
    adopt_existing: bool,
    rule_ids: Option<BTreeMap<Protocol, RuleId>>,
    #[serde(default)]
    memory: Memory,
}

impl Resource<Cloud> for SecgroupIcmpUdpRule {
    const NAME: &'static str = "secgroup_icmp_udp_rule";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Opens ICMP and UDP in a security group, so that containers on different servers can be pinged and traced.\n\n\
                The cloud cannot change a rule: an update makes the new rules first and deletes the old ones after. Rules \
                that this resource did not make are never touched.\n\nA plan says if the group does not exist, if it holds \
                such a rule already, and which servers would be open to everyone (see the guide [What a plan \
                checks](../guides/plan-checks.md)).",
        key: &["security_group_id", "direction", "remote_ip_prefix"],
        attributes: &[
            string("security_group_id", "Security group that gets the rules.").replaces().of::<SecurityGroupId>(),
            string("remote_ip_prefix", "Source of incoming packets, or destination of outgoing ones, in CIDR form without host bits. The container ranges and the subnet's range are enough; `0.0.0.0/0` opens the servers to everyone.")
                .of::<Cidr>(),
            attribute("protocols", Kind::Set(&Kind::String), "What to open: `icmp`, `udp` or both. Defaults to both. With an IPv6 prefix, `icmp` means ICMPv6.")
                .default(Default::Strs(&["icmp", "udp"]))
                .of::<Protocol>(),
            string("udp_ports", "UDP ports and port ranges, such as `33434-33534,53`. Defaults to all ports.").optional().of::<PortRanges>(),
            string("direction", "`ingress` or `egress`. Defaults to `ingress`.")
                .default(Default::Str("ingress"))
                .replaces()
                .of::<Direction>(),
            number("priority", "From 1, the highest, to 100. Defaults to `1`.").default(Default::Int(1)).of::<Priority>(),
            string("description", "At most 255 characters, without `<` and `>`. Defaults to an empty text.")
                .default(Default::Str(""))
                .of::<Description>(),
            boolean("adopt_existing", "Take over identical rules instead of failing on them. Defaults to `false`.")
                .default(Default::Bool(false)),
            attribute("rule_ids", Kind::Map(&Kind::String), "The ids of the rules in the cloud, by protocol.")
                .computed()
                .follows(&["remote_ip_prefix", "protocols", "udp_ports", "priority", "description"]),
        ],
        blocks: &[],
        timeouts: Some(Timeouts::MINUTES_5),
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(protocols) = config.texts("protocols") {
            if protocols.is_empty() {
                let detail =
                    "`protocols` is empty. Write `icmp`, `udp` or both, or leave it out for both.";
                problems.push(Problem::error("Nothing to open", detail).at("protocols"));
            } else if !protocols.contains(&"udp") && config.text("udp_ports").is_some() {
                let detail = "`protocols` does not hold `udp`. Add it, or leave `udp_ports` out.";
                problems.push(Problem::error("Ports without a protocol", detail).at("udp_ports"));
            }
        }
        problems
    }

    fn recall(state: Draft<'_>, cloud: &Cloud) {
        foreseen::recall(state, cloud);
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        foreseen::foresee(change, cloud, foresight).await;
    }

    fn moved(&self) -> &'static [&'static str] {
        if self.memory.is_empty() { &[] } else { &["rule_ids"] }
    }

    async fn import(id: &str, cloud: &Cloud) -> Result<Json> {
        if id.contains('/') {
            return Self::from_key(id);
        }
        let mut rules = Vec::new();
        for id in id.split(',') {
            let rule_id: RuleId = id
                .parse()
                .map_err(|reason: cloud::InvalidId| invalid_import(&reason.to_string()))?;
            let rule = cloud.security_group_rule(&rule_id).await?;
            rules.push(
                rule.ok_or_else(|| invalid_import(&format!("There is no rule `{rule_id}`.")))?,
            );
        }
        let rule_ids: BTreeMap<Protocol, RuleId> =
            rules.iter().filter_map(|rule| Some((Protocol::of(rule)?, rule.id.clone()))).collect();
        let place = |rule: &SecurityGroupRule| {
            let opened = Some(range_of(rule)?).filter(|_| rule.action == "allow")?;
            Some((rule.security_group_id.clone(), rule.direction.clone(), opened))
        };
        let alike = rules.windows(2).all(|pair| place(&pair[0]) == place(&pair[1]));
        let one_each = rule_ids.len() == rules.len();
        let first = rules.first().and_then(place).filter(|_| alike && one_each);
        let Some((group, direction, range)) = first else {
            return Err(invalid_import(
                "The rules have to be one ICMP rule, one UDP rule or one of each, in one group, with one direction and \
                 one range, and allow what they name.",
            )
            .into());
        };
        let terms = |rule: &SecurityGroupRule| (rule.priority, rule.description.clone());
        if rules.windows(2).any(|pair| terms(&pair[0]) != terms(&pair[1])) {
            return Err(unlike().into());
        }
        Ok(serde_json::json!({
            "security_group_id": group,
            "direction": direction,
            "remote_ip_prefix": range,
            "rule_ids": rule_ids,
        }))
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Option<Self>> {
        let ids = self.rule_ids.iter().flatten();
        let made: Vec<_> = ids.map(|(protocol, id)| (id, self.rule(*protocol))).collect();
        let rules =
            cloud.cached().security_group_rules_showing(&self.security_group_id, &made).await;
        let Some(rules) = found(rules)? else { return Ok(None) };
        let mut ours: BTreeMap<Protocol, &SecurityGroupRule> = match &self.rule_ids {
            Some(ids) => rules
                .iter()
                .filter_map(|rule| Some((Protocol::of(rule)?, rule)))
                .filter(|(protocol, rule)| ids.get(protocol) == Some(&rule.id))
                .collect(),
            None => self.matching(&rules)?,
        };
        self.memory.look_through(&rules);
        for protocol in [Protocol::Icmp, Protocol::Udp] {
            let surplus = rules.iter().filter(|rule| self.memory.surplus.contains(&rule.id));
            // What fills a gap is of the pair. Terraform forgets what is remembered of a pair that was half made.
            if !ours.contains_key(&protocol)
                && let Some(rule) = identical(surplus, protocol, &self.rule(protocol))
            {
                self.memory.surplus.remove(&rule.id);
                ours.insert(protocol, rule);
            }
        }
        // What is remembered may be forgotten before the next plan: of a pair that was half made, Terraform does.
        cloud.intend_rules(|rules| rules.held.extend(self.memory.surplus.iter().cloned()));
        if ours.is_empty() && self.memory.is_empty() {
            return Ok(None);
        }
        self.rule_ids =
            Some(ours.iter().map(|(protocol, rule)| (*protocol, rule.id.clone())).collect());
        for rule in ours.values() {
            self.take_over_differences(rule);
        }
        self.protocols = ours.into_keys().collect();
        Ok(Some(self))
    }

    async fn create(mut self, cloud: &Cloud<Writing>) -> Result<Self> {
        let claims = cloud.claim(self.terms().into_values().collect(), Vec::new()).await?;
        if !claims.refused.is_empty() {
            return Err(claimed(&self).into());
        }
        let rules = self.rules_to_change(cloud).await?;
        let (maker, outcome) =
            self.make(self.wanted(|_| true), &BTreeSet::new(), rules, cloud).await?;
        let Maker { made, lost, .. } = maker;
        let problems = outcome.map_err(|unmade| self.told(unmade)).err();
        let is_nothing_there = made.is_empty() && lost.is_empty();
        match problems {
            None => {
                claims.keep();
                self.rule_ids = Some(made);
                Ok(self)
            }
            Some(problems) if is_nothing_there => Err(problems),
            Some(problems) => {
                claims.keep();
                self.protocols = made.keys().copied().collect();
                self.rule_ids = Some(made);
                self.memory.lost = lost;
                Err(problems.keeping(&self))
            }
        }
    }

    async fn update(mut self, mut prior: Self, cloud: &Cloud<Writing>) -> Result<Self> {
        prior.settle_notes(cloud);
        let (before, after) = (prior.terms(), self.terms());
        let (kept, new) =
            after.values().cloned().partition(|it| before.values().any(|had| had == it));
        let claims = cloud.claim(new, kept).await?;
        if !claims.refused.is_empty() {
            return Err(claimed(&self).into());
        }
        let rules = self.rules_to_change(cloud).await?;
        self.memory.look_through(&rules);
        let mut surplus = mem::take(&mut self.memory.surplus);
        let mut old = prior.rule_ids.clone().unwrap_or_default();
        let mut new = old.clone();
        new.retain(|protocol, _| {
            self.protocols.contains(protocol) && self.rule(*protocol) == prior.rule(*protocol)
        });
        let own = surplus.iter().chain(old.values()).cloned().collect();
        let wanted = self.wanted(|protocol| !new.contains_key(protocol));
        let (maker, outcome) = self.make(wanted, &own, rules, cloud).await?;
        old.retain(|_, id| !maker.deleted.contains(id));
        surplus.retain(|id| !maker.deleted.contains(id));
        new.extend(maker.made);
        if let Err(unmade) = outcome {
            // What stands of the old rules is the state; the next apply finds the new ones again.
            prior.memory.surplus = beside(&old, surplus, new);
            prior.memory.lost = maker.lost;
            prior.rule_ids = Some(old);
            return Err(self.told(unmade).keeping(&prior));
        }
        claims.keep();
        surplus = beside(&new, surplus, old);
        self.rule_ids = Some(new);
        let given_up: Vec<Object> =
            before.into_values().filter(|had| !after.values().any(|it| it == had)).collect();
        cloud.await_successors(&given_up).await;
        let let_go = match prior.let_go(&surplus, &after, cloud).await {
            Ok((release, mut doomed)) => {
                let deleted = delete_rules(&self.security_group_id, &mut doomed, cloud).await;
                surplus = doomed;
                deleted.map(|()| release.done())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = let_go {
            self.memory.surplus = surplus;
            return Err(Problems::from(error).keeping(&self));
        }
        Ok(self)
    }

    async fn delete(mut self, cloud: &Cloud<Writing>) -> Result<()> {
        if !self.memory.lost.is_empty()
            && let Some(rules) = found(cloud.security_group_rules(&self.security_group_id).await)?
        {
            self.memory.look_through(&rules);
        }
        let mut ids = mem::take(&mut self.memory.surplus);
        ids.extend(self.rule_ids.iter().flat_map(BTreeMap::values).cloned());
        let (release, mut doomed) = self.let_go(&ids, &BTreeMap::new(), cloud).await?;
        delete_rules(&self.security_group_id, &mut doomed, cloud).await?;
        release.done();
        self.settle_notes(cloud);
        Ok(())
    }
}

impl SecgroupIcmpUdpRule {
    /// The rule that opens `protocol`, as it should be.
    fn rule(&self, protocol: Protocol) -> NewRule {
        let (ethertype, protocol_name) = match (self.remote_ip_prefix.is_ipv6(), protocol) {
            (false, Protocol::Icmp) => ("IPv4", "icmp"),
            (true, Protocol::Icmp) => ("IPv6", "icmpv6"),
            (false, Protocol::Udp) => ("IPv4", "udp"),
            (true, Protocol::Udp) => ("IPv6", "udp"),
        };
        NewRule {
            direction: self.direction.to_string(),
            ethertype: ethertype.to_owned(),
            protocol: Some(protocol_name.to_owned()),
            multiport: self
                .udp_ports
                .as_ref()
                .filter(|_| protocol == Protocol::Udp)
                .map(ToString::to_string),
            remote_ip_prefix: Some(self.remote_ip_prefix.to_string()),
            action: "allow".to_owned(),
            priority: self.priority.into(),
            description: self.description.clone(),
        }
    }

    /// Terraform has recorded the pair, or there is none any more.
    fn settle_notes<A>(&self, cloud: &Cloud<A>) {
        for protocol in &self.protocols {
            let (security_group_id, rule) = (&self.security_group_id, &self.rule(*protocol));
            cloud.journal().settle(About::SecurityGroupRule { security_group_id, rule });
        }
    }

    /// The rules to make, of the protocols that are meant.
    fn wanted(&self, is_meant: impl Fn(&Protocol) -> bool) -> BTreeMap<Protocol, NewRule> {
        let protocols = self.protocols.iter().copied().filter(is_meant);
        protocols.map(|protocol| (protocol, self.rule(protocol))).collect()
    }

    fn told(&self, unmade: Unmade) -> Problems {
        match unmade {
            Unmade::Standing(standing) => self.conflict(&standing).into(),
            Unmade::Failed(problems) => problems,
        }
    }

    fn from_key(id: &str) -> Result<Json> {
        crate::framework::key_from_id(&<Self as Resource<Cloud>>::SCHEMA, id).map(Json::Object)
    }
}

/// The rules of a group; `None` if the group does not exist.
fn found<T>(rules: cloud::Result<T>) -> Result<Option<T>> {
    match rules {
        Ok(rules) => Ok(Some(rules)),
        Err(error) if error.kind() == cloud::Kind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// As one pair, at least one of the rules would be made anew.
fn unlike() -> Problem {
    invalid_import(
        "The ICMP and the UDP rule differ in priority or description. Import each as a resource of its own, with \
         `protocols` naming one, by its rule id.",
    )
}

fn invalid_import(reason: &str) -> Problem {
    let forms = "Write `<security_group_id>/<direction>/<remote_ip_prefix>`, or the rule ids joined by `,`.";
    Problem::error("Invalid import id", format!("{reason} {forms}"))
}
