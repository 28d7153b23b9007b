//! `huaweivpc_ecs_port_source_check`: the source/destination check of one network interface that somebody else owns.
//!
//! API: GET and PUT `/v1/{project_id}/ports/{id}`. The check is off if and only if the port's allowed address pairs
//! hold `1.1.1.1/0`. The list is replaced as a whole by the PUT, so it is read first and all other pairs are sent
//! back; nothing else of the port is sent.

use serde::{Deserialize, Serialize};

mod foreseen;

use super::{absent, missing, server_of, the_one};
use crate::{
    cloud::{About, AddressPair, Cloud, Port, PortId, ServerId, SubnetId, Switched, VpcId},
    framework::{
        Change, Default, Draft, Foresight, Kind, Nesting, Problem, Problems, Resource, Result,
        Schema, Timeouts, all_of, quoted,
        schema::{attribute, boolean, string},
    },
    network::Address,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EcsPortSourceCheck {
    port_id: Option<PortId>,
    ecs_id: Option<ServerId>,
    host_ip: Option<Address>,
    vpc_id: Option<VpcId>,
    enabled: bool,
    allowed_address_pairs: Option<Vec<Pair>>,
    #[serde(default)]
    memory: Memory,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Pair {
    ip_address: String,
    mac_address: Option<String>,
}

/// What destroying gives back, and where the port is found again.
#[derive(Debug, Clone, std::default::Default, Serialize, Deserialize)]
struct Memory {
    /// Whether the check was on when the port was first seen; `None` before that.
    found_enabled: Option<bool>,
    /// In which subnet's list of ports to look for it.
    subnet_id: Option<SubnetId>,
    /// The position in which this resource has put the check, or found it at the import. As soon as it is in the other
    /// one, somebody else has switched it.
    #[serde(default)]
    set_enabled: Option<bool>,
    /// The first change was sent, and the port could not be asked what came of it.
    #[serde(default)]
    unanswered: bool,
}

const NAMES: [&str; 3] = ["port_id", "ecs_id", "host_ip"];

impl Resource<Cloud> for EcsPortSourceCheck {
    const NAME: &'static str = "ecs_port_source_check";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Switches the source/destination check of one network interface of a server off, so that the server may \
                forward packets of its containers, or on.\n\nOnly the one address pair that stands for the check is \
                added or removed: other pairs, the port's name and its security groups are never touched. Destroying \
                gives back the state that was found at creation, or at import, unless somebody else has switched the check \
                since. One resource for each interface: \
                two would undo each other's work.\n\nA plan says if there is no such interface, or if it is none of a \
                server's, and warns where switching the check on may stop a virtual IP address (see the guide [What a \
                plan checks](../guides/plan-checks.md)).",
        key: &["port_id"],
        attributes: &[
            string("port_id", "The network interface, by its port id. Exactly one of `port_id`, `ecs_id` and `host_ip` is needed.")
                .optional_computed()
                .replaces()
                .of::<PortId>(),
            string("ecs_id", "The primary network interface of this server.").optional_computed().replaces().of::<ServerId>(),
            string("host_ip", "The server's network interface with this private IP address.")
                .optional_computed()
                .replaces()
                .of::<Address>(),
            string("vpc_id", "Narrows `host_ip` to one VPC, where addresses repeat in several.").optional().of::<VpcId>(),
            boolean("enabled", "`false` switches the check off, `true` on. Defaults to `false`.").default(Default::Bool(false)),
            attribute("allowed_address_pairs", Kind::Nested(Nesting::List, PAIR), "The other address pairs of the port. They are kept.")
                .computed()
                .follows(&["enabled"]),
        ],
        blocks: &[],
        timeouts: Some(Timeouts::MINUTES_5),
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        let (names, open) = config.certain(&NAMES);
        if names.len() > 1 {
            let detail = format!(
                "{} are set. Keep exactly one: it names one network interface.",
                all_of(&quoted(&names))
            );
            vec![Problem::error("Network interface named twice", detail).at(names[1])]
        } else if names.is_empty() && !open {
            vec![Problem::error(
                "No network interface",
                format!("Set exactly one of {}.", all_of(&quoted(&NAMES))),
            )]
        } else {
            Vec::new()
        }
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        foreseen::foresee(change, cloud, foresight).await;
    }

    async fn read(self, cloud: &Cloud) -> Result<Option<Self>> {
        let Some(port_id) = &self.port_id else { return Ok(None) };
        // What is asked after is in the state.
        cloud.settle_note(About::SourceCheck { port_id });
        let port = cloud.port(port_id, self.memory.subnet_id.as_ref()).await?;
        let Some(mut seen) = port.map(|port| self.seen_on(&port)) else { return Ok(None) };
        if seen.memory.unanswered && seen.memory.found_enabled == Some(seen.enabled) {
            // Nothing came of the change, so there is nothing of ours.
            return Ok(None);
        }
        seen.memory.unanswered = false;
        Ok(Some(seen))
    }

    async fn create(self, cloud: &Cloud) -> Result<Self> {
        let self_enabled = self.enabled;
        let port_id = self.named(cloud).await?;
        let taken = cloud.take_source_check(&port_id, self.enabled).await?;
        let Switched { found, found_enabled, now } =
            taken.ok_or_else(|| missing("Port", &port_id, "port_id"))?;
        let mut seen = self.seen_on(&found);
        // What is remembered is what was found before the first change.
        seen.memory.found_enabled = Some(found_enabled);
        seen.memory.set_enabled = Some(self_enabled);
        match now {
            Ok(port) => Ok(seen.seen_on(&port)),
            Err(error) => {
                seen.memory.unanswered = true;
                Err(Problems::from(error).keeping(&seen))
            }
        }
    }

    async fn update(self, _prior: Self, cloud: &Cloud) -> Result<Self> {
        let port_id = self.named(cloud).await?;
        let switched = cloud.switch_source_check(&port_id, self.enabled).await?;
        let Switched { now, .. } = switched.ok_or_else(|| missing("Port", &port_id, "port_id"))?;
        let set_enabled = Some(self.enabled);
        let mut seen = self.seen_on(&now?);
        seen.memory.set_enabled = set_enabled;
        Ok(seen)
    }

    async fn delete(self, cloud: &Cloud) -> Result<()> {
        let Some(port_id) = &self.port_id else { return Ok(()) };
        // Terraform forgets what was remembered of an object that was half made. There the change, which is made only
        // where it changes something, has taken effect: `read` drops the others.
        let found_enabled = self.memory.found_enabled.unwrap_or(!self.enabled);
        let set = self.memory.set_enabled;
        let given_back = cloud.give_back_source_check(port_id, set, found_enabled).await?;
        if let Some(switched) = given_back {
            switched.now?;
        }
        cloud.settle_note(About::SourceCheck { port_id });
        Ok(())
    }
}

impl EcsPortSourceCheck {
    /// The interface the user means.
    async fn named(&self, cloud: &Cloud) -> Result<PortId> {
        match (&self.port_id, &self.ecs_id, self.host_ip) {
            (Some(port_id), ..) => Ok(port_id.clone()),
            (None, Some(server), _) => {
                let nic = cloud.primary_nic(server).await?.ok_or_else(|| {
                    let fact =
                        format!("Server `{server}` does not exist or has no network interface");
                    absent("Server", &fact, "ecs_id")
                })?;
                Ok(nic.id)
            }
            (None, None, Some(address)) => {
                let nics = cloud.nics_with_address(address.into(), self.vpc_id.as_ref()).await?;
                let inside = self.vpc_id.as_ref().map(|vpc| format!(" in VPC `{vpc}`"));
                let what = format!("the private address {address}{}", inside.unwrap_or_default());
                Ok(the_one(nics, "host_ip", &what)?.id)
            }
            (None, None, None) => Err(Problem::bug("no interface is named").into()),
        }
    }

    /// The state as the port shows it. What the user named the port by stays as long as it is true.
    fn seen_on(mut self, port: &Port) -> Self {
        self.ecs_id = server_of(port);
        let still_has = |address: &Address| port.fixed_ips.contains(&(*address).into());
        self.host_ip = self
            .host_ip
            .filter(still_has)
            .or_else(|| port.fixed_ips.first().map(|ip| (*ip).into()));
        self.port_id = Some(port.id.clone());
        self.enabled = port.is_source_check_on();
        self.memory.subnet_id = Some(port.subnet_id.clone());
        self.memory.found_enabled = self.memory.found_enabled.or(Some(self.enabled));
        self.memory.set_enabled = self.memory.set_enabled.or(Some(self.enabled));
        self.allowed_address_pairs = Some(foreign_pairs(&port.address_pairs));
        self
    }
}

fn foreign_pairs(pairs: &[AddressPair]) -> Vec<Pair> {
    let mut foreign: Vec<Pair> = pairs
        .iter()
        .filter(|pair| !pair.is_source_check_off())
        .map(|pair| Pair {
            ip_address: pair.ip_address.clone(),
            mac_address: pair.mac_address.clone(),
        })
        .collect();
    foreign.sort();
    foreign
}

const PAIR: &[crate::framework::Attribute] = &[
    string("ip_address", "Address or range that the port may send from.").computed(),
    string("mac_address", "MAC address that goes with it.").computed(),
];
