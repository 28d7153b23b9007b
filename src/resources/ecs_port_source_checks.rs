//! `huaweivpc_ecs_port_source_checks`: the source/destination checks of the network interfaces of a set of hosts.
//!
//! API: as `huaweivpc_ecs_port_source_check`, one PUT a port; what decides the writes and shows their outcome is read for
//! all ports of a subnet at once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

mod foreseen;
mod hosts;
mod writing;

use self::hosts::Host;
use super::address_pairs::{PAIR, Pair, foreign_pairs};
use crate::{
    cloud::{About, Cloud, Object, Port, PortId, SubnetId, VpcId, Writing},
    framework::{
        Attribute, Change, Default, Draft, Foresight, Kind, Nesting, Problem, Resource, Result,
        Schema, Timeouts, key_from_id,
        schema::{attribute, boolean, string},
    },
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EcsPortSourceChecks {
    vpc_id: VpcId,
    hosts: BTreeSet<Host>,
    enabled: bool,
    ports: Option<BTreeMap<Host, HostPort>>,
    #[serde(default)]
    memory: Memory,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct HostPort {
    port_id: PortId,
    allowed_address_pairs: Vec<Pair>,
}

/// The ports that the set has switched. One that others have switched back is not in `hosts`, so that a plan shows it.
#[derive(Debug, Clone, std::default::Default, Serialize, Deserialize)]
struct Memory {
    ports: BTreeMap<PortId, Held>,
}

/// What giving a port back takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Held {
    host: Host,
    /// In which subnet's list of ports to look for it.
    subnet_id: SubnetId,
    /// Whether the check was on when the port was first seen.
    found_enabled: bool,
    /// The first change was sent, and the port could not be asked what came of it.
    #[serde(default)]
    unanswered: bool,
}

const PORT: &[Attribute] = &[
    string("port_id", "The network interface, by its port id.").computed(),
    attribute(
        "allowed_address_pairs",
        Kind::Nested(Nesting::List, PAIR),
        "The other address pairs of the port. They are kept.",
    )
    .computed(),
];

impl Resource<Cloud> for EcsPortSourceChecks {
    const NAME: &'static str = "ecs_port_source_checks";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Switches the source/destination checks of a set of hosts off, so that they may forward packets of their \
                containers, or on. This is the resource to use for more than a few hosts: one write a port, and the ports \
                of a subnet are read together.\n\nOnly the one address pair that stands for the check is added or removed. \
                Hosts come and go in place; a host that leaves the set, and every host when the set is destroyed, gets \
                back the state that it was found in. Where one host cannot be switched the others are: they are recorded, \
                and the next apply goes on with what is missing. Where that happens while the set is created, Terraform \
                marks it as tainted and would make all of it anew; `terraform untaint` lets it be completed in place \
                instead.\n\nA host whose check something else has switched back shows in a plan as missing from `hosts`.",
        key: &["vpc_id"],
        attributes: &[
            string("vpc_id", "VPC of the hosts.").replaces().of::<VpcId>(),
            attribute("hosts", Kind::Set(&Kind::String), "The hosts: private IP addresses of network interfaces, or server ids, which stand for their primary interfaces.")
                .of::<Host>(),
            boolean("enabled", "`false` switches the checks off, `true` on. Defaults to `false`.").default(Default::Bool(false)),
            attribute("ports", Kind::Nested(Nesting::Map, PORT), "The network interfaces by host.")
                .computed()
                .follows(&["hosts", "enabled"]),
        ],
        blocks: &[],
        timeouts: Some(Timeouts::MINUTES_5),
    };

    fn recall(state: Draft<'_>, cloud: &Cloud) {
        let ports = state.members("ports").filter_map(|(_, port)| port.parsed("port_id"));
        cloud.recall(ports.map(object));
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        foreseen::foresee(change, cloud, foresight).await;
    }

    /// Every server's interface of the VPC whose check is off.
    async fn import(id: &str, cloud: &Cloud) -> Result<Json> {
        key_from_id(&Self::SCHEMA, id)?;
        let vpc_id: VpcId = id.parse().map_err(Problem::bug)?;
        let mut ports = Vec::new();
        for subnet in cloud.cached().subnets(&vpc_id).await? {
            ports.extend(cloud.ports_of_subnet(&subnet.id).await?);
        }
        ports.retain(|port| port.is_nic() && !port.is_source_check_on());
        let mut set = Self {
            vpc_id,
            hosts: BTreeSet::new(),
            enabled: false,
            ports: Some(BTreeMap::new()),
            memory: Memory::default(),
        };
        for port in ports {
            let Some(address) = port.fixed_ips.first() else { continue };
            let held = Held {
                host: Host::Address((*address).into()),
                subnet_id: port.subnet_id.clone(),
                found_enabled: false,
                unanswered: false,
            };
            set.show(&held.host, &port);
            set.memory.ports.insert(port.id.clone(), held);
        }
        if set.hosts.is_empty() {
            let detail = format!(
                "No server's network interface whose source/destination check is off exists in VPC `{}`. Create the set \
                 instead of importing it.",
                set.vpc_id
            );
            return Err(Problem::error("No source checks to import", detail).into());
        }
        Ok(serde_json::to_value(set).map_err(Problem::bug)?)
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Option<Self>> {
        let held = std::mem::take(&mut self.memory.ports);
        self.hosts.clear();
        self.ports = Some(BTreeMap::new());
        for (id, mut held) in held {
            held.found_enabled = held.found_at_first(&id, cloud);
            cloud.recall_found(&id, held.found_enabled);
            let Some(port) = cloud.cached().port(&id, Some(&held.subnet_id)).await? else {
                continue;
            };
            if held.unanswered && held.found_enabled == port.is_source_check_on() {
                // Nothing came of the change, so there is nothing of ours.
                continue;
            }
            held.unanswered = false;
            if port.is_source_check_on() == self.enabled && held.host.is_on(&port) {
                self.show(&held.host, &port);
            }
            self.memory.ports.insert(id, held);
        }
        Ok(Some(self))
    }

    async fn create(self, cloud: &Cloud<Writing>) -> Result<Self> {
        self.write(None, cloud).await
    }

    async fn update(self, prior: Self, cloud: &Cloud<Writing>) -> Result<Self> {
        self.write(Some(prior), cloud).await
    }

    async fn delete(self, cloud: &Cloud<Writing>) -> Result<()> {
        self.unmake(cloud).await
    }
}

impl EcsPortSourceChecks {
    /// The host's interface is as it should be.
    fn show(&mut self, host: &Host, port: &Port) {
        let shown = HostPort {
            port_id: port.id.clone(),
            allowed_address_pairs: foreign_pairs(&port.address_pairs),
        };
        self.hosts.insert(host.clone());
        self.ports.get_or_insert_default().insert(host.clone(), shown);
    }
}

impl Held {
    /// The state that this resource gives back. A resource that had the check before may have left word of it; of several
    /// that have had it, the first one may have found it on.
    fn found_at_first<A>(&self, port_id: &PortId, cloud: &Cloud<A>) -> bool {
        let about = About::SourceCheck { port_id };
        let found = self.found_enabled | cloud.journal().find::<bool>(about).unwrap_or_default();
        if found == self.found_enabled {
            cloud.journal().settle(about);
        }
        found
    }
}

fn object(port_id: PortId) -> Object {
    Object::SourceCheck { port_id }
}
