//! `huaweivpc_secgroup_icmp_udp_rule`: the guide's two security group rules, ICMP and UDP, as one unit.
//!
//! A set of two rules with the names `icmp` and `udp`; what becomes of sets is in `rule_set`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod pair;
mod reading;
mod terms;

use self::terms::Protocol;
use super::rule_set::{self, Direction, Memory, Priority, RuleSet, range_of};
use crate::{
    cloud::{
        self, Cloud, Description, NewRule, RuleId, SecurityGroupId, SecurityGroupRule, Writing,
    },
    framework::{
        Change, Default, Draft, Foresight, Kind, Problem, Resource, Result, Schema, Timeouts,
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
        rule_set::recall::<Self>(state, cloud);
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        rule_set::foresee::<Self>(change, cloud, foresight).await;
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
        let Some(rules) = rule_set::look(&self, cloud).await? else { return Ok(None) };
        let mut ours: BTreeMap<String, &SecurityGroupRule> = match &self.rule_ids {
            Some(ids) => rules
                .iter()
                .filter_map(|rule| Some((Protocol::of(rule)?, rule)))
                .filter(|(protocol, rule)| ids.get(protocol) == Some(&rule.id))
                .map(|(protocol, rule)| (protocol.name().to_owned(), rule))
                .collect(),
            None => self.matching(&rules)?,
        };
        let both = self.rules_of([Protocol::Icmp, Protocol::Udp]);
        rule_set::fill_gaps(&both, &mut ours, &mut self.memory, &rules, cloud);
        if ours.is_empty() && self.memory.is_empty() {
            return Ok(None);
        }
        self.record(ours.iter().map(|(name, rule)| (name.clone(), rule.id.clone())).collect());
        for rule in ours.values() {
            self.take_over_differences(rule);
        }
        self.protocols = ours.keys().filter_map(|name| name.parse().ok()).collect();
        Ok(Some(self))
    }

    async fn create(self, cloud: &Cloud<Writing>) -> Result<Self> {
        rule_set::create(self, cloud).await
    }

    async fn update(self, prior: Self, cloud: &Cloud<Writing>) -> Result<Self> {
        rule_set::update(self, prior, cloud).await
    }

    async fn delete(self, cloud: &Cloud<Writing>) -> Result<()> {
        rule_set::delete(self, cloud).await
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
            remote_group_id: None,
            remote_address_group_id: None,
        }
    }

    fn rules_of(&self, protocols: impl IntoIterator<Item = Protocol>) -> rule_set::Rules {
        let rule = |protocol: Protocol| (protocol.name().to_owned(), self.rule(protocol));
        protocols.into_iter().map(rule).collect()
    }

    fn from_key(id: &str) -> Result<Json> {
        crate::framework::key_from_id(&<Self as Resource<Cloud>>::SCHEMA, id).map(Json::Object)
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
