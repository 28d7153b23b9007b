//! Making and deleting the rules of security groups. A rule is never updated.

use super::{
    Api, Moment, Outcome, Refusal, World, is_description,
    quota::is_full,
    rule::{Action, AskedRule, Direction, Ethertype, Ports, Remote, Rule, number},
    security_group::{SecurityGroup, missing_group},
};
use crate::network::Cidr;

impl World {
    /// The rule and its group.
    pub fn rule(&self, rule_id: &str, api: Api) -> Outcome<(&SecurityGroup, &Rule)> {
        self.rules().find(|(_, rule)| rule.id == rule_id).ok_or_else(|| missing_rule(rule_id, api))
    }

    /// All rules of all groups.
    pub fn rules(&self) -> impl Iterator<Item = (&SecurityGroup, &Rule)> {
        self.security_groups
            .iter()
            .flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
    }

    /// Creates one rule, or says which rule is already the same.
    pub fn create_rule(
        &mut self,
        id: String,
        group_id: &str,
        asked: AskedRule,
        api: Api,
        now: Moment,
    ) -> Outcome<(&SecurityGroup, &Rule)> {
        let rule = self.check_rule(id, asked, api, now)?;
        let count = self.rules().count();
        if let Some(same) =
            self.group(group_id, api)?.rules.iter().find(|other| other.is_same(&rule))
        {
            let message = format!("Security group rule already exists. Rule id is {}.", same.id);
            return Err(Refusal::of(api, (409, "VPC.0602"), (409, "VPC.9902"), message));
        }
        if is_full(count, self.quotas.security_group_rule) {
            let message = "Quota exceeded for resources: ['security_group_rule'].";
            return Err(Refusal::of(api, (409, "VPC.0602"), (409, "VPC.9905"), message));
        }
        let id = rule.id.clone();
        if let Some(group) = self.security_groups.iter_mut().find(|group| group.id == group_id) {
            group.rules.push(rule);
        }
        self.rule(&id, api)
    }

    /// Creates one rule after the other up to the first that is refused; those that exist already are skipped if the
    /// caller says so.
    ///
    /// Returns the ids of the rules that were created, and the refusal. What was created before it stays, which is the
    /// harder of the two things that the cloud may do.
    pub fn create_rules(
        &mut self,
        group_id: &str,
        asked: Vec<AskedRule>,
        ignore_duplicate: bool,
        now: Moment,
    ) -> (Vec<String>, Outcome<()>) {
        let mut created = Vec::new();
        for asked in asked {
            let id = self.mint("rule");
            match self.create_rule(id.clone(), group_id, asked, Api::V3, now) {
                Ok(_) => created.push(id),
                Err(refusal) if ignore_duplicate && is_duplicate(&refusal) => {}
                Err(refusal) => return (created, Err(refusal)),
            }
        }
        (created, Ok(()))
    }

    pub fn delete_rule(&mut self, rule_id: &str, api: Api) -> Outcome<()> {
        self.rule(rule_id, api)?;
        for group in &mut self.security_groups {
            group.rules.retain(|rule| rule.id != rule_id);
        }
        Ok(())
    }

    fn check_rule(&self, id: String, asked: AskedRule, api: Api, now: Moment) -> Outcome<Rule> {
        let invalid = |what: &str| {
            let message = format!("Param is invalid. {what}");
            Refusal::of(api, (400, "VPC.0601"), (400, "VPC.9901"), message)
        };
        let mismatch =
            |what: &str| Refusal::of(api, (400, "VPC.0601"), (400, "VPC.9902"), what.to_owned());
        let direction = match asked.direction.as_deref() {
            Some("ingress") => Direction::Ingress,
            Some("egress") => Direction::Egress,
            _ => return Err(invalid("direction must be ingress or egress.")),
        };
        let ethertype = match asked.ethertype.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("ipv4") => Ethertype::IPv4,
            Some("ipv6") => Ethertype::IPv6,
            Some(_) => return Err(mismatch("ethertype must be IPv4 or IPv6.")),
        };
        let protocol = check_protocol(asked.protocol, ethertype).map_err(|what| mismatch(&what))?;
        check_ports(&asked.ports, protocol.as_deref()).map_err(invalid)?;
        let remotes =
            (asked.remote_ip_prefix, asked.remote_group_id, asked.remote_address_group_id);
        let remote = match remotes {
            (None, None, None) => Remote::Anyone,
            (Some(text), None, None) => {
                let prefix = remote_prefix(&text).ok_or_else(|| {
                    invalid(&format!("remote_ip_prefix {text} is no address or range."))
                })?;
                if prefix.is_ipv6() != (ethertype == Ethertype::IPv6) {
                    return Err(mismatch("remote_ip_prefix does not match ethertype."));
                }
                Remote::Prefix(prefix)
            }
            (None, Some(group), None) => {
                if self.security_group(&group).is_none() {
                    return Err(missing_group(&group, api));
                }
                Remote::Group(group)
            }
            (None, None, Some(group)) => {
                if !self.address_groups.contains(&group) {
                    let message = format!("Address_group {group} could not be found.");
                    return Err(Refusal::v3(404, "VPC.9904", message));
                }
                Remote::AddressGroup(group)
            }
            _ => {
                return Err(invalid(
                    "remote_ip_prefix, remote_group_id and remote_address_group_id exclude each other.",
                ));
            }
        };
        let action = match asked.action.as_deref() {
            None | Some("allow") => Action::Allow,
            Some("deny") => Action::Deny,
            Some(_) => return Err(invalid("action must be allow or deny.")),
        };
        let priority = u8::try_from(asked.priority)
            .ok()
            .filter(|number| (1..=100).contains(number))
            .ok_or_else(|| invalid("priority must be 1 to 100."))?;
        let description = asked.description.unwrap_or_default();
        if !is_description(&description) {
            return Err(invalid("description is not allowed."));
        }
        Ok(Rule {
            id,
            direction,
            ethertype,
            protocol,
            ports: asked.ports,
            remote,
            action,
            priority,
            enabled: asked.enabled.unwrap_or(true),
            description,
            created_at: now,
            updated_at: now,
        })
    }
}

fn missing_rule(rule_id: &str, api: Api) -> Refusal {
    let message = format!("Security_group_rule {rule_id} could not be found.");
    Refusal::of(api, (404, "VPC.0603"), (404, "VPC.9904"), message)
}

fn is_duplicate(refusal: &Refusal) -> bool {
    refusal.code == "VPC.9902" && refusal.status == 409
}

fn check_protocol(asked: Option<String>, ethertype: Ethertype) -> Result<Option<String>, String> {
    let Some(protocol) = asked.map(|text| text.to_ascii_lowercase()) else { return Ok(None) };
    let Some(number) = number(Some(&protocol)) else {
        return Err(format!("protocol {protocol} is not supported."));
    };
    match (number, ethertype) {
        (1, Ethertype::IPv6) => Err("protocol icmp needs ethertype IPv4.".into()),
        (58, Ethertype::IPv4) => Err("protocol icmpv6 needs ethertype IPv6.".into()),
        _ => Ok(Some(protocol)),
    }
}

fn check_ports(ports: &Ports, protocol: Option<&str>) -> Result<(), &'static str> {
    match (ports, number(protocol)) {
        (Ports::All, _) => Ok(()),
        (Ports::Ranges(_), Some(6 | 17)) => Ok(()),
        (Ports::Ranges(_), _) => Err("ports need protocol tcp or udp."),
        (Ports::IcmpType { .. }, Some(1 | 58)) => Ok(()),
        (Ports::IcmpType { .. }, _) => Err("an ICMP type needs protocol icmp or icmpv6."),
    }
}

/// A single address, or a range without host bits; IPv6 in any letter case.
fn remote_prefix(text: &str) -> Option<Cidr> {
    let lower = text.to_ascii_lowercase();
    match lower.contains('/') {
        true => lower.parse().ok(),
        false => Cidr::lenient(&lower),
    }
}
