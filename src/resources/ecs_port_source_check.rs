//! `huaweivpc_ecs_port_source_check`: the source/destination check of one network interface that somebody else owns.
//!
//! API: GET and PUT `/v1/{project_id}/ports/{id}`. The check is off if and only if the port's allowed address pairs
//! hold `1.1.1.1/0`. The list is replaced as a whole by the PUT, so it is read first and all other pairs are sent
//! back; nothing else of the port is sent.

use serde::{Deserialize, Serialize};

mod foreseen;
mod names;

use self::names::{disagreement, of_server};
use super::{
    absent,
    address_pairs::{PAIR, Pair, foreign_pairs},
    missing, server_of, the_one,
};
use crate::{
    cloud::{About, Cloud, Object, Port, PortId, ServerId, SubnetId, Switched, VpcId, Writing},
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

/// What destroying gives back, and where the port is found again.
#[derive(Debug, Clone, std::default::Default, Serialize, Deserialize)]
struct Memory {
    /// Whether the check was on when the port was first seen; `None` before that.
    found_enabled: Option<bool>,
    /// In which subnet's list of ports to look for it.
    subnet_id: Option<SubnetId>,
    /// The position that was last asked for.
    #[serde(default)]
    set: Option<bool>,
    /// The first change was sent, and the port could not be asked what came of it.
    #[serde(default)]
    unanswered: bool,
}

const NAMES: [&str; 3] = ["port_id", "ecs_id", "host_ip"];

impl Resource<Cloud> for EcsPortSourceCheck {
    const NAME: &'static str = "ecs_port_source_check";
    const REDUNDANT: &'static [&'static str] = &["ecs_id", "host_ip"];

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Switches the source/destination check of one network interface of a server off, so that the server may \
                forward packets of its containers, or on.\n\nOnly the one address pair that stands for the check is \
                added or removed: other pairs, the port's name and its security groups are never touched. Destroying \
                gives back the state that was found at creation, or at import. One resource for each interface: \
                two would undo each other's work.\n\nA plan says if there is no such interface, or if it is none of a \
                server's, and warns where switching the check on may stop a virtual IP address (see the guide [What a \
                plan checks](../guides/plan-checks.md)).",
        key: &["port_id"],
        attributes: &[
            string("port_id", "The network interface, by its port id. At least one of `port_id`, `ecs_id` and `host_ip` is needed; several must agree.")
                .optional_computed()
                .replaces()
                .of::<PortId>(),
            string("ecs_id", "The primary network interface of this server, or the one that `port_id` or `host_ip` names.").optional_computed().replaces().of::<ServerId>(),
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
        if names.is_empty() && !open {
            vec![Problem::error(
                "No network interface",
                format!("Set one of {}.", all_of(&quoted(&NAMES))),
            )]
        } else {
            Vec::new()
        }
    }

    fn recall(state: Draft<'_>, cloud: &Cloud) {
        let port_id = state.parsed("port_id");
        cloud.recall(port_id.map(|port_id| Object::SourceCheck { port_id }));
    }

    async fn foresee(change: Change<'_>, cloud: &Cloud, foresight: &mut Foresight<'_>) {
        foreseen::foresee(change, cloud, foresight).await;
    }

    async fn read(self, cloud: &Cloud) -> Result<Option<Self>> {
        let Some(port_id) = &self.port_id else { return Ok(None) };
        let found = self.found_at_first(port_id, cloud);
        found.into_iter().for_each(|found| cloud.recall_found(port_id, found));
        let port = cloud.cached().port(port_id, self.memory.subnet_id.as_ref()).await?;
        let Some(mut seen) = port.map(|port| self.seen_on(&port)) else { return Ok(None) };
        seen.memory.found_enabled = found.or(seen.memory.found_enabled);
        if seen.memory.unanswered && seen.memory.found_enabled == Some(seen.enabled) {
            // Nothing came of the change, so there is nothing of ours.
            return Ok(None);
        }
        seen.memory.unanswered = false;
        Ok(Some(seen))
    }

    async fn create(self, cloud: &Cloud<Writing>) -> Result<Self> {
        let (port_id, subnet) = self.named(cloud).await?;
        if self.has_several_names()
            && let Some(port) = cloud.port(&port_id).await?
            && let Some(problem) = disagreement(&port, self.ecs_id.as_ref(), self.host_ip)
        {
            return Err(problem.into());
        }
        let object = Object::SourceCheck { port_id: port_id.clone() };
        let claims = cloud.claim(vec![object], Vec::new()).await?;
        if !claims.refused.is_empty() {
            return Err(claimed(&port_id).into());
        }
        let taken = cloud.take_source_check(&port_id, subnet.as_ref(), self.enabled).await?;
        let Switched { found, found_enabled, now } =
            taken.ok_or_else(|| missing("Port", &port_id, "port_id"))?;
        let wanted = self.enabled;
        let mut seen = self.seen_on(&found);
        seen.memory.set = Some(wanted);
        // What is remembered is what was found before the first change, be it another resource's of this state.
        let inherited = cloud.recalled_found(&port_id);
        seen.memory.found_enabled = inherited.or(Some(found_enabled));
        claims.keep();
        match now {
            Ok(port) => Ok(seen.seen_on(&port)),
            Err(error) => {
                seen.memory.unanswered = true;
                Err(Problems::from(error).keeping(&seen))
            }
        }
    }

    async fn update(mut self, _prior: Self, cloud: &Cloud<Writing>) -> Result<Self> {
        let (port_id, subnet) = self.named(cloud).await?;
        let subnet = subnet.as_ref().or(self.memory.subnet_id.as_ref());
        let object = Object::SourceCheck { port_id: port_id.clone() };
        cloud.claim(Vec::new(), vec![object]).await?.keep();
        let switched = cloud.switch_source_check(&port_id, subnet, self.enabled).await?;
        let Switched { now, .. } = switched.ok_or_else(|| missing("Port", &port_id, "port_id"))?;
        self.memory.set = Some(self.enabled);
        Ok(self.seen_on(&now?))
    }

    async fn delete(self, cloud: &Cloud<Writing>) -> Result<()> {
        let Some(port_id) = &self.port_id else { return Ok(()) };
        // Terraform forgets what was remembered of an object that is tainted. Where a plan has not seen it either, the
        // object was half made: the change, which is made only where it changes something, has taken effect, because
        // `read` drops the others.
        let seen_by_plan = || cloud.recalled_found(port_id);
        let noted = || cloud.journal().find(About::SourceCheck { port_id });
        let found = self.memory.found_enabled.or_else(seen_by_plan).or_else(noted);
        let found_enabled = found.unwrap_or(!self.enabled);
        cloud.recall_found(port_id, found_enabled);
        let object = Object::SourceCheck { port_id: port_id.clone() };
        let release = cloud.release(vec![object]).await?;
        if release.removed.is_empty() {
            // Whoever has it now gives it back as it was found at first, and learns of that by a refresh.
            cloud.journal().leave(About::SourceCheck { port_id }, &found_enabled);
            return Ok(());
        }
        // A check that is no longer as this resource has set it is somebody else's by now.
        let subnet = self.memory.subnet_id.as_ref();
        let is_ours = self.memory.set.unwrap_or(self.enabled) != found_enabled;
        if is_ours
            && let Some(switched) =
                cloud.switch_source_check(port_id, subnet, found_enabled).await?
        {
            switched.now?;
        }
        cloud.journal().settle(About::SourceCheck { port_id });
        Ok(())
    }
}

impl EcsPortSourceCheck {
    /// The state that this resource gives back. A resource that had the check before may have left word of it, and
    /// Terraform may have forgotten it.
    fn found_at_first<A>(&self, port_id: &PortId, cloud: &Cloud<A>) -> Option<bool> {
        let about = About::SourceCheck { port_id };
        let (noted, remembered) = (cloud.journal().find::<bool>(about), self.memory.found_enabled);
        // Of several resources that have had the check, the first one may have found it on.
        let found = noted.into_iter().chain(remembered).reduce(|one, other| one | other);
        if remembered.is_some() && remembered == found {
            cloud.journal().settle(about);
        }
        found
    }

    fn has_several_names(&self) -> bool {
        let names = [self.port_id.is_some(), self.ecs_id.is_some(), self.host_ip.is_some()];
        names.into_iter().filter(|is_given| *is_given).count() > 1
    }

    /// The interface the user means, with its subnet where finding it has shown that.
    async fn named<A>(&self, cloud: &Cloud<A>) -> Result<(PortId, Option<SubnetId>)> {
        match (&self.port_id, &self.ecs_id, self.host_ip) {
            (Some(port_id), ..) => Ok((port_id.clone(), None)),
            (None, Some(server), None) => {
                let nic = cloud.primary_nic(server).await?.ok_or_else(|| {
                    let fact =
                        format!("Server `{server}` does not exist or has no network interface");
                    absent("Server", &fact, "ecs_id")
                })?;
                Ok((nic.id, Some(nic.subnet_id)))
            }
            (None, server, Some(address)) => {
                let nics = cloud.nics_with_address(address.into(), self.vpc_id.as_ref()).await?;
                let nics = of_server(nics, server.as_ref());
                let inside = self.vpc_id.as_ref().map(|vpc| format!(" in VPC `{vpc}`"));
                let what = format!("the private address {address}{}", inside.unwrap_or_default());
                let nic = the_one(nics, "host_ip", &what)?;
                Ok((nic.id, Some(nic.subnet_id)))
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
        self.allowed_address_pairs = Some(foreign_pairs(&port.address_pairs));
        self
    }
}

/// Two resources want the interface.
fn claimed(port: &PortId) -> Problem {
    let detail = format!(
        "Another resource of this configuration switches the source check of port `{port}`. Keep it in one of them."
    );
    Problem::error("Source check claimed twice", detail)
}
