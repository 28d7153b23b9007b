//! The pair as a set of rules, and the words it has for what is wrong with them.

use std::collections::BTreeSet;

use super::{SecgroupIcmpUdpRule, terms::Protocol};
use crate::{
    cloud::{Cloud, Error, Kind, RuleId, SecurityGroupId},
    framework::{Draft, Given, Problem, Resource},
    resources::{
        conflict::exists_already,
        missing,
        rule_set::{Memory, RuleIds, RuleSet, Rules},
    },
};

impl RuleSet for SecgroupIcmpUdpRule {
    fn group(&self) -> &SecurityGroupId {
        &self.security_group_id
    }

    fn rules(&self) -> Rules {
        self.rules_of(self.protocols.iter().copied())
    }

    fn ids(&self) -> RuleIds {
        let ids = self.rule_ids.iter().flatten();
        ids.map(|(protocol, id)| (protocol.name().to_owned(), id.clone())).collect()
    }

    fn record(&mut self, ids: RuleIds) {
        let ids = ids.into_iter().filter_map(|(name, id)| Some((name.parse().ok()?, id)));
        self.rule_ids = Some(ids.collect());
    }

    fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.protocols.retain(|protocol| is_there(protocol.name()));
    }

    fn adopts(&self) -> bool {
        self.adopt_existing
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    fn planned(planned: Draft<'_>) -> Option<Self> {
        let is_known = planned.given("udp_ports") != Given::Unknown;
        planned.object(&[]).filter(|_| is_known)
    }

    fn claimed(&self, _: &BTreeSet<String>) -> Problem {
        let detail = format!(
            "Another resource of this configuration makes the same rule in security group `{}`, and the group holds it once. \
             Keep it in one of them, or write another `remote_ip_prefix`.",
            self.security_group_id
        );
        Problem::error("Rule claimed twice", detail).at("remote_ip_prefix")
    }

    fn conflict(&self, standing: &RuleIds) -> Problem {
        let rules = standing.iter().map(|(name, id)| format!("{} rule `{id}`", word(name)));
        let what = match rules.collect::<Vec<_>>().as_slice() {
            [one] => format!("The {one}"),
            all => format!("The pair of {}", all.join(" and ")),
        };
        let what = format!("{what} in security group `{}`", self.security_group_id);
        let ids: Vec<&str> = standing.values().map(RuleId::as_str).collect();
        exists_already(<Self as Resource<Cloud>>::NAME, &what, &ids.join(","), "remote_ip_prefix")
    }

    fn refused(&self, _: &str, error: Error) -> Problem {
        match error.kind() {
            Kind::NotFound => missing("Security group", self.group(), "security_group_id"),
            _ => error.into(),
        }
    }

    fn about(&self, _: &BTreeSet<String>, attribute: &'static str, problem: Problem) -> Problem {
        problem.at(attribute)
    }

    fn opened(&self, names: &BTreeSet<String>, servers: &str) -> Problem {
        let opened = names.iter().map(|name| word(name)).collect::<Vec<_>>().join(" and ");
        let detail = format!(
            "{} lets everyone on the Internet reach {opened} of the servers with a public address in security group `{}`: \
             {servers}. The container ranges and the subnet's range are enough; write a pair of rules for each.",
            self.remote_ip_prefix, self.security_group_id
        );
        Problem::warning("Servers opened to the Internet", detail).at("remote_ip_prefix")
    }
}

/// The protocol of a rule of the pair, in a text.
fn word(name: &str) -> String {
    name.parse().map_or_else(|_| name.to_owned(), |protocol: Protocol| protocol.to_string())
}
