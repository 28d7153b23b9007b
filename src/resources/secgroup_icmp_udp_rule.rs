//! `huaweivpc_secgroup_icmp_udp_rule`: the guide's two security group rules, ICMP and UDP, as one unit.
//!
//! API: POST, GET and DELETE `/v3/{project_id}/vpc/security-group-rules`, v1 where v3 is not offered. The cloud cannot
//! change a rule, so an update makes the new rules first and deletes the old ones after: at no moment is less
//! open than before and after.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod terms;

use self::terms::{Direction, Priority, Protocol};
use super::{conflict::exists_already, missing};
use crate::{
    cloud::{self, Cloud, Description, NewRule, RuleId, SecurityGroupId, SecurityGroupRule},
    framework::{
        Default, Draft, Kind, Problem, Problems, Resource, Result, Schema, Timeouts,
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

/// Rules of ours beside those in `rule_ids`: what a failed update made or could not delete.
#[derive(Debug, Clone, std::default::Default, Serialize, Deserialize)]
struct Memory {
    surplus: BTreeSet<RuleId>,
}

impl Resource<Cloud> for SecgroupIcmpUdpRule {
    const NAME: &'static str = "secgroup_icmp_udp_rule";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Opens ICMP and UDP in a security group, so that containers on different servers can be pinged and traced.\n\n\
                The cloud cannot change a rule: an update makes the new rules first and deletes the old ones after. Rules \
                that this resource did not make are never touched.",
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

    fn moved(&self) -> &'static [&'static str] {
        if self.memory.surplus.is_empty() { &[] } else { &["rule_ids"] }
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
            (rule.security_group_id.clone(), rule.direction.clone(), rule.remote_ip_prefix.clone())
        };
        let alike = rules.windows(2).all(|pair| place(&pair[0]) == place(&pair[1]));
        let (Some(first), true, true) = (rules.first(), alike, rule_ids.len() == rules.len())
        else {
            return Err(invalid_import(
                "The rules have to be one ICMP rule, one UDP rule or one of each, in one group, with one direction and \
                 one prefix.",
            )
            .into());
        };
        Ok(serde_json::json!({
            "security_group_id": first.security_group_id,
            "direction": first.direction,
            "remote_ip_prefix": first.remote_ip_prefix.as_deref().and_then(Cidr::lenient),
            "rule_ids": rule_ids,
        }))
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Option<Self>> {
        let rules = cloud.security_group_rules(&self.security_group_id).await?;
        let ours = match &self.rule_ids {
            Some(ids) => rules
                .iter()
                .filter_map(|rule| Some((Protocol::of(rule)?, rule)))
                .filter(|(protocol, rule)| ids.get(protocol) == Some(&rule.id))
                .collect(),
            None => self.matching(&rules)?,
        };
        if ours.is_empty() {
            return Ok(None);
        }
        self.memory.surplus.retain(|id| rules.iter().any(|rule| rule.id == *id));
        self.rule_ids =
            Some(ours.iter().map(|(protocol, rule)| (*protocol, rule.id.clone())).collect());
        for rule in ours.values() {
            self.take_over_differences(rule);
        }
        self.protocols = ours.into_keys().collect();
        Ok(Some(self))
    }

    async fn create(mut self, cloud: &Cloud) -> Result<Self> {
        let mut made = BTreeMap::new();
        for protocol in self.protocols.clone() {
            match self.make(protocol, &BTreeSet::new(), cloud).await {
                Ok(id) => made.insert(protocol, id),
                Err(problems) if made.is_empty() => return Err(problems),
                Err(problems) => {
                    self.protocols = made.keys().copied().collect();
                    self.rule_ids = Some(made);
                    return Err(problems.keeping(&self));
                }
            };
        }
        self.rule_ids = Some(made);
        Ok(self)
    }

    async fn update(mut self, mut prior: Self, cloud: &Cloud) -> Result<Self> {
        let mut old = prior.rule_ids.take().unwrap_or_default();
        let mut surplus = std::mem::take(&mut self.memory.surplus);
        let mut new = BTreeMap::new();
        for protocol in self.protocols.clone() {
            let unchanged = self.rule(protocol) == prior.rule(protocol);
            match old.get(&protocol).filter(|_| unchanged).cloned() {
                Some(id) => new.insert(protocol, id),
                None => match self.remake(protocol, &mut old, &surplus, cloud).await {
                    Ok(id) => new.insert(protocol, id),
                    Err(problems) => {
                        // What stands of the old rules is the state; the next apply finds the new ones again.
                        prior.memory.surplus = beside(&old, surplus, new);
                        prior.rule_ids = Some(old);
                        return Err(problems.keeping(&prior));
                    }
                },
            };
        }
        surplus = beside(&new, surplus, old);
        self.rule_ids = Some(new);
        while let Some(id) = surplus.first().cloned() {
            if let Err(error) = cloud.delete_security_group_rule(&id).await {
                self.memory.surplus = surplus;
                return Err(Problems::from(error).keeping(&self));
            }
            surplus.remove(&id);
        }
        Ok(self)
    }

    async fn delete(self, cloud: &Cloud) -> Result<()> {
        let rule_ids = self.rule_ids.unwrap_or_default();
        for id in rule_ids.values().chain(&self.memory.surplus) {
            cloud.delete_security_group_rule(id).await?;
        }
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

    /// Makes the rule. An identical one is taken if it is in `ours`, or if the user lets us.
    async fn make(
        &self,
        protocol: Protocol,
        ours: &BTreeSet<RuleId>,
        cloud: &Cloud,
    ) -> Result<RuleId> {
        match self.try_make(protocol, cloud).await? {
            Made::New(id) => Ok(id),
            Made::Stands(id) if self.adopt_existing || ours.contains(&id) => Ok(id),
            Made::Stands(id) => {
                let what = format!(
                    "The {protocol} rule `{id}` in security group `{}`",
                    self.security_group_id
                );
                Err(exists_already(Self::NAME, &what, id.as_str(), "remote_ip_prefix").into())
            }
        }
    }

    /// Makes the rule that takes the place of an old one. To the cloud, rules that differ in their description only
    /// are the same; there the old one has to go first, and `old` says so.
    async fn remake(
        &self,
        protocol: Protocol,
        old: &mut BTreeMap<Protocol, RuleId>,
        surplus: &BTreeSet<RuleId>,
        cloud: &Cloud,
    ) -> Result<RuleId> {
        if let Some(id) = old.get(&protocol) {
            match self.try_make(protocol, cloud).await? {
                Made::New(id) => return Ok(id),
                Made::Stands(existing) if existing == *id => {
                    cloud.delete_security_group_rule(id).await?;
                    old.remove(&protocol);
                }
                Made::Stands(_) => {}
            }
        }
        self.make(protocol, surplus, cloud).await
    }

    async fn try_make(&self, protocol: Protocol, cloud: &Cloud) -> Result<Made> {
        let group = &self.security_group_id;
        let error = match cloud.create_security_group_rule(group, &self.rule(protocol)).await {
            Ok(rule) => return Ok(Made::New(rule.id)),
            Err(error) => error,
        };
        let existing = match error.kind() {
            cloud::Kind::RuleExists { id: Some(id) } => id.parse().ok(),
            cloud::Kind::RuleExists { id: None } => self.identical(protocol, cloud).await?,
            cloud::Kind::NotFound => {
                return Err(missing("Security group", group, "security_group_id").into());
            }
            _ => None,
        };
        existing.map(Made::Stands).ok_or_else(|| error.into())
    }

    /// The id of the rule that is as this one should be, where the cloud does not say which it is.
    async fn identical(&self, protocol: Protocol, cloud: &Cloud) -> Result<Option<RuleId>> {
        let rules = cloud.security_group_rules(&self.security_group_id).await?;
        let wanted = self.rule(protocol);
        Ok(rules.into_iter().find(|rule| opens(rule, protocol, &wanted)).map(|rule| rule.id))
    }

    /// The group's rules that an import by key names.
    fn matching<'r>(
        &self,
        rules: &'r [SecurityGroupRule],
    ) -> Result<BTreeMap<Protocol, &'r SecurityGroupRule>> {
        let mut matching = BTreeMap::new();
        for rule in rules
            .iter()
            .filter(|rule| rule.action == "allow" && rule.direction == self.direction.to_string())
        {
            let prefix = rule.remote_ip_prefix.as_deref().and_then(Cidr::lenient);
            let Some(protocol) =
                Protocol::of(rule).filter(|_| prefix == Some(self.remote_ip_prefix))
            else {
                continue;
            };
            if matching.insert(protocol, rule).is_some() {
                let detail = format!(
                    "Several {protocol} rules of the group have this prefix. Import by rule ids instead: `<icmp rule>,<udp rule>`."
                );
                return Err(Problem::error("Ambiguous import id", detail).into());
            }
        }
        Ok(matching)
    }

    /// Shows what the cloud holds where it is not what the state says; another spelling is not a difference.
    fn take_over_differences(&mut self, rule: &SecurityGroupRule) {
        let prefix = rule.remote_ip_prefix.as_deref().and_then(Cidr::lenient);
        self.remote_ip_prefix = prefix.unwrap_or(self.remote_ip_prefix);
        self.priority = rule.priority.try_into().unwrap_or(self.priority);
        self.description = rule.description.clone().try_into().unwrap_or_default();
        if Protocol::of(rule) == Some(Protocol::Udp) {
            let ports: Option<PortRanges> =
                rule.multiport.as_deref().and_then(|ports| ports.parse().ok());
            let same = match (&ports, &self.udp_ports) {
                (Some(held), Some(known)) => held.is_equivalent(known),
                (held, known) => held.is_none() && known.is_none(),
            };
            if !same {
                self.udp_ports = ports;
            }
        }
    }

    fn from_key(id: &str) -> Result<Json> {
        crate::framework::key_from_id(&<Self as Resource<Cloud>>::SCHEMA, id).map(Json::Object)
    }
}

/// What became of the wish for a rule.
enum Made {
    New(RuleId),
    /// The cloud holds an identical one.
    Stands(RuleId),
}

/// The ids that are ours and not in `current`.
fn beside(
    current: &BTreeMap<Protocol, RuleId>,
    surplus: BTreeSet<RuleId>,
    more: BTreeMap<Protocol, RuleId>,
) -> BTreeSet<RuleId> {
    let mut ours = surplus;
    ours.extend(more.into_values());
    ours.retain(|id| !current.values().any(|known| known == id));
    ours
}

fn opens(rule: &SecurityGroupRule, protocol: Protocol, wanted: &NewRule) -> bool {
    Protocol::of(rule) == Some(protocol)
        && rule.direction == wanted.direction
        && rule.multiport == wanted.multiport
        && rule.remote_ip_prefix.as_deref().and_then(Cidr::lenient)
            == wanted.remote_ip_prefix.as_deref().and_then(Cidr::lenient)
}

fn invalid_import(reason: &str) -> Problem {
    let forms = "Write `<security_group_id>/<direction>/<remote_ip_prefix>`, or the rule ids joined by `,`.";
    Problem::error("Invalid import id", format!("{reason} {forms}"))
}
