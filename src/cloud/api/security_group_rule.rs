//! The rules of security groups. No version of the API can change a rule.
//!
//! API: GET and POST `/v3/{project}/vpc/security-group-rules`, GET and DELETE `…/{id}`; for several new ones POST
//! `/v3/{project}/vpc/security-groups/{group}/security-group-rules/batch-create`. Where v3 is not published, all but the
//! last under `/v1/{project}/`, which knows no action, no priority and one range of ports per rule.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ids::{Description, RuleId, SecurityGroupId};
use crate::{
    cloud::client::{
        Client,
        call::{Api, Call},
        decode::{or_default, text, text_or_number, whole_number},
        error::{Error, Kind, Result, Subject},
    },
    network::PortRanges,
};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireRule")]
pub struct SecurityGroupRule {
    pub id: RuleId,
    pub security_group_id: SecurityGroupId,
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
    /// `icmp`, `tcp`, `udp`, `icmpv6` or a number; any where absent.
    pub protocol: Option<String>,
    /// `22,3389,8000-8010`; all ports where absent. For ICMP read through v1: `type/code`.
    pub multiport: Option<String>,
    pub remote_ip_prefix: Option<String>,
    pub remote_group_id: Option<String>,
    pub remote_address_group_id: Option<String>,
    /// `allow` or `deny`.
    pub action: String,
    /// 1 to 100, 1 first.
    pub priority: i64,
    pub description: String,
}

/// A rule to make. Its source (or destination) is a range, the members of a group or the addresses of an address group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRule {
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
    pub protocol: Option<String>,
    /// `22,3389,8000-8010`; all ports where absent.
    pub multiport: Option<String>,
    pub remote_ip_prefix: Option<String>,
    /// `allow` or `deny`.
    pub action: String,
    pub priority: i64,
    pub description: Description,
    // Absent in notes that were left before rules could be about groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_group_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_address_group_id: Option<String>,
}

impl NewRule {
    /// What the cloud goes by when it refuses a second rule: all but the description.
    pub fn terms(&self) -> String {
        let ports = self.multiport.as_deref();
        let ports = ports.map(|text| match text.parse::<PortRanges>() {
            Ok(ports) => ports.merged().to_string(),
            Err(_) => text.to_owned(),
        });
        let group = self.remote_group_id.as_ref().map(|id| json!({ "group": id }));
        let addresses = self.remote_address_group_id.as_ref();
        let addresses = addresses.map(|id| json!({ "address_group": id }));
        json!([
            self.direction,
            self.ethertype,
            self.protocol,
            ports,
            group.or(addresses).unwrap_or_else(|| json!(self.remote_ip_prefix)),
            self.action,
            self.priority
        ])
        .to_string()
    }
}

/// What a rule is where its version of the API has no word for it.
const V1_ACTION: &str = "allow";
const V1_PRIORITY: i64 = 1;

#[derive(Deserialize)]
struct WireRule {
    id: RuleId,
    security_group_id: SecurityGroupId,
    direction: String,
    ethertype: String,
    #[serde(default, deserialize_with = "text_or_number")]
    protocol: Option<String>,
    #[serde(default, deserialize_with = "text_or_number")]
    multiport: Option<String>,
    #[serde(default, deserialize_with = "whole_number")]
    port_range_min: Option<i64>,
    #[serde(default, deserialize_with = "whole_number")]
    port_range_max: Option<i64>,
    #[serde(default, deserialize_with = "text")]
    remote_ip_prefix: Option<String>,
    #[serde(default, deserialize_with = "text")]
    remote_group_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    remote_address_group_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    action: Option<String>,
    #[serde(default, deserialize_with = "whole_number")]
    priority: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    description: String,
}

const RULES: &str = "security-group-rules";
const ONE_RULE: &str = "security-group-rules/{id}";
const BATCH: &str = "security-group-rules/batch-create";

impl Client {
    pub(crate) async fn security_group_rules(
        &self,
        group: &SecurityGroupId,
    ) -> Result<Vec<SecurityGroupRule>> {
        self.newest(|api| async move {
            let operation = format!("list the rules of security group {group}");
            let call = Call::get(Subject::SecurityGroup, operation, api, RULES)
                .query("security_group_id", group);
            self.list(call.regional(RULES), "security_group_rules").await
        })
        .await
    }

    pub(crate) async fn security_group_rule(
        &self,
        id: &RuleId,
    ) -> Result<Option<SecurityGroupRule>> {
        self.newest(|api| async move {
            let operation = format!("read security group rule {id}");
            let call = Call::get(Subject::Rule, operation, api, format!("{RULES}/{id}"));
            self.find(&call.regional(ONE_RULE), "security_group_rule").await
        })
        .await
    }

    /// # Errors
    /// `NotPublished` where the region has no v3 and v1 has no words for this rule.
    pub(crate) async fn create_security_group_rule(
        &self,
        group: &SecurityGroupId,
        rule: &NewRule,
    ) -> Result<SecurityGroupRule> {
        let create = |api, mut rule: Value| async move {
            rule["security_group_id"] = json!(group);
            let operation = format!("create a rule in security group {group}");
            let body = json!({ "security_group_rule": rule });
            let call = Call::post(Subject::Rule, operation, api, RULES, body);
            self.send(&call.regional(RULES)).await?.object("security_group_rule")
        };
        let wanted = rule.priority;
        match (create(Api::VpcV3, rule.as_v3()).await, rule.as_v1()) {
            (Err(error), Some(rule)) if error.kind() == Kind::NotPublished => {
                let made: SecurityGroupRule = create(Api::VpcV1, rule).await?;
                self.with_wanted_priority(group, made, wanted).await
            }
            (result, _) => result,
        }
    }

    /// The rule if it got the priority that is wanted, as far as that can be seen: v1 neither takes nor shows one, and
    /// clouds differ in what it gives.
    async fn with_wanted_priority(
        &self,
        group: &SecurityGroupId,
        made: SecurityGroupRule,
        wanted: i64,
    ) -> Result<SecurityGroupRule> {
        let operation = format!("read security group rule {}", made.id);
        let path = format!("{RULES}/{}", made.id);
        let call = Call::get(Subject::Rule, operation, Api::VpcV3, path).regional(ONE_RULE);
        let seen: Option<SecurityGroupRule> = match self.find(&call, "security_group_rule").await {
            // Whoever asked verifies in any case that it is there.
            Err(_) | Ok(None) => return Ok(made),
            Ok(seen) => seen,
        };
        let Some(got) = seen.map(|rule| rule.priority).filter(|got| *got != wanted) else {
            return Ok(made);
        };
        let id = &made.id;
        let removal = self.delete_security_group_rule(id).await;
        let outcome = match &removal {
            Ok(()) => "was removed again".to_owned(),
            Err(_) => format!("could not be removed again: remove rule {id} by other means"),
        };
        let message = format!(
            "this region makes rules only through version 1 of the API, which gave rule {id} priority {got} where {wanted} \
             is wanted; the rule {outcome}"
        );
        let operation = format!("create a rule in security group {group}");
        let error = Error::new(Kind::Refused, &operation, message);
        Err(match removal {
            Ok(()) => error,
            Err(cause) => error.caused_by(cause),
        })
    }

    /// All of them in one call. Whether the cloud makes some of them before it refuses one is not documented.
    ///
    /// # Errors
    /// `NotPublished` where the region does not have the call.
    pub(crate) async fn create_security_group_rules(
        &self,
        group: &SecurityGroupId,
        rules: &[NewRule],
    ) -> Result<Vec<SecurityGroupRule>> {
        let operation = format!("create {} rules in security group {group}", rules.len());
        let path = format!("security-groups/{group}/{BATCH}");
        let rules: Vec<Value> = rules.iter().map(NewRule::as_v3).collect();
        // Duplicates are not to be ignored: the answer would not tell which rules are ours.
        let body = json!({ "security_group_rules": rules });
        let call = Call::post(Subject::Rule, operation, Api::VpcV3, path, body);
        self.send(&call.regional(BATCH)).await?.object("security_group_rules")
    }

    /// Succeeds where the rule is already gone. The group may show it for a while.
    pub(crate) async fn delete_security_group_rule(&self, id: &RuleId) -> Result<()> {
        let result = self.newest(|api| async move {
            let operation = format!("delete security group rule {id}");
            let call = Call::delete(Subject::Rule, operation, api, format!("{RULES}/{id}"));
            let answer = self.send(&call.regional(ONE_RULE)).await?;
            // Nothing else is documented: any other success comes from something in between, and the rule may stand.
            if answer.status == 204 { Ok(()) } else { Err(answer.unreadable()) }
        });
        match result.await {
            Err(error) if error.kind() == Kind::NotFound => Ok(()),
            result => result,
        }
    }
}

impl NewRule {
    fn as_v3(&self) -> Value {
        let mut rule = self.common();
        rule["action"] = json!(self.action);
        // The default is disputed between the documents: always said.
        rule["priority"] = json!(self.priority);
        set(&mut rule, "multiport", self.multiport.as_deref());
        set(&mut rule, "remote_address_group_id", self.remote_address_group_id.as_deref());
        rule
    }

    /// `None` where v1 would make another rule than this.
    fn as_v1(&self) -> Option<Value> {
        let has_words = self.action == V1_ACTION && self.remote_address_group_id.is_none();
        if !has_words || self.priority != V1_PRIORITY {
            return None;
        }
        let mut rule = self.common();
        if let Some(ports) = &self.multiport {
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            rule["port_range_min"] = json!(first.parse::<u16>().ok()?);
            rule["port_range_max"] = json!(last.parse::<u16>().ok()?);
        }
        Some(rule)
    }

    /// Without the group, which some calls name in their path.
    fn common(&self) -> Value {
        let mut rule = json!({
            "direction": self.direction,
            "ethertype": self.ethertype,
            "description": self.description,
        });
        set(&mut rule, "protocol", self.protocol.as_deref());
        set(&mut rule, "remote_ip_prefix", self.remote_ip_prefix.as_deref());
        set(&mut rule, "remote_group_id", self.remote_group_id.as_deref());
        rule
    }
}

fn set(rule: &mut Value, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        rule[name] = json!(value);
    }
}

impl From<WireRule> for SecurityGroupRule {
    fn from(wire: WireRule) -> Self {
        let multiport = wire.multiport.clone().or_else(|| wire.v1_ports());
        Self {
            id: wire.id,
            security_group_id: wire.security_group_id,
            direction: wire.direction,
            ethertype: wire.ethertype,
            protocol: wire.protocol,
            multiport,
            remote_ip_prefix: wire.remote_ip_prefix,
            remote_group_id: wire.remote_group_id,
            remote_address_group_id: wire.remote_address_group_id,
            action: wire.action.unwrap_or_else(|| V1_ACTION.to_owned()),
            priority: wire.priority.unwrap_or(V1_PRIORITY),
            description: wire.description,
        }
    }
}

impl WireRule {
    fn v1_ports(&self) -> Option<String> {
        let is_icmp = matches!(self.protocol.as_deref(), Some("icmp" | "icmpv6" | "1" | "58"));
        match (self.port_range_min, self.port_range_max) {
            (None, None) => None,
            (Some(kind), Some(code)) if is_icmp => Some(format!("{kind}/{code}")),
            (Some(kind), None) if is_icmp => Some(kind.to_string()),
            (Some(first), Some(last)) if first != last => Some(format!("{first}-{last}")),
            (first, last) => first.or(last).map(|port| port.to_string()),
        }
    }
}
