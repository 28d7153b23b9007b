//! What the cloud holds where the hosts are: the VPC, its subnets and route tables, the servers, and the interface of
//! each host.
//!
//! What the user has no right to read is left out with a finding that says what was not checked.

use std::{collections::BTreeMap, sync::Arc};

use super::place::{Found, Looked, Places, Wanted, Whereabouts};
use crate::{
    cloud::{self, Cloud, Kind, RouteTable, RouteTableId, Server, Subnet, SubnetId, Vpc, VpcId},
    framework::{Problem, Result},
    network::{Code, Finding, Location, Subject},
};

/// The quota of routes in one table.
const ROUTES_PER_TABLE: &str = "routetableContainRoutes";

#[derive(Debug)]
pub(super) struct Survey {
    pub(super) vpc: Option<Vpc>,
    pub(super) subnets: Option<Vec<Subnet>>,
    /// Every table of the VPC.
    pub(super) tables: Vec<Arc<RouteTable>>,
    pub(super) quota: Option<u64>,
    pub(super) servers: Option<Arc<Vec<Server>>>,
    pub(super) hosts: BTreeMap<String, Whereabouts>,
    /// What could not be looked at.
    pub(super) unseen: Vec<Finding>,
}

impl Survey {
    pub(super) fn table(&self, id: &RouteTableId) -> Option<&RouteTable> {
        self.tables.iter().find(|table| table.id == *id).map(Arc::as_ref)
    }
}

/// Reads everything the examination needs, each thing once: the VPC, the lists of its subnets and route tables, each
/// table, the quota, the servers, and the ports of each subnet that a host is in.
///
/// # Errors
/// The VPC does not exist; `table` does not, or belongs to another VPC; the VPC has no table for a host's subnet.
pub(super) async fn survey(
    cloud: &Cloud,
    vpc_id: &VpcId,
    table: Option<&RouteTableId>,
    wanted: BTreeMap<String, Wanted>,
) -> Result<Survey> {
    let mut unseen = Unseen::default();
    let servers = async {
        let is_needed = !wanted.is_empty();
        if is_needed { cloud.servers_known().await.map(Some) } else { Ok(None) }
    };
    let (vpc, subnets, tables, quota, servers) = tokio::join!(
        cloud.vpc(vpc_id),
        cloud.subnets(vpc_id),
        cloud.route_tables(vpc_id),
        cloud.quota(ROUTES_PER_TABLE),
        servers
    );
    let vpc = unseen.or_note("the VPC", "whether ranges lie in the VPC's own", vpc)?;
    if vpc.as_ref().is_some_and(Option::is_none) {
        let detail = format!(
            "VPC `{vpc_id}` does not exist. Check `vpc_id`, and the region and the project of the provider."
        );
        return Err(Problem::error("VPC not found", detail).at("vpc_id").into());
    }
    let of_subnets = "whether ranges overlap subnets, and which servers have the private addresses";
    let subnets = unseen.or_note("the subnets", of_subnets, subnets)?;
    let of_tables = "what the route tables hold, and which one each host needs its route in";
    let summaries = unseen.or_note("the route tables", of_tables, tables)?;
    let quota = unseen.or_note("the quota", "whether the routes fit into their table", quota)?;
    let of_servers = "whether the servers run, and whether routes lead to servers that are gone";
    let servers = unseen.or_note("the servers", of_servers, servers)?.flatten();

    let mut tables = Vec::new();
    let mut of_subnet = TableOf { named: table.cloned(), ..TableOf::default() };
    if let Some(summaries) = summaries {
        of_subnet.check_named(vpc_id, summaries.iter().map(|table| &table.id))?;
        for summary in &summaries {
            let read = cloud.route_table(&summary.id).await;
            tables.extend(unseen.or_note("a route table", of_tables, read)?.flatten());
        }
        of_subnet.is_seen = true;
        of_subnet.default = cloud.default_among(&summaries).await?;
        let own = summaries.into_iter().flat_map(|table| {
            table.subnets.into_iter().map(move |subnet| (subnet, table.id.clone()))
        });
        of_subnet.by_subnet = own.collect();
    }
    let places = Places {
        cloud,
        vpc_id,
        subnets: subnets.as_deref(),
        servers: servers.as_ref().map(|list| list.as_slice()),
    };
    let mut hosts = BTreeMap::new();
    for (name, wanted) in wanted {
        let looked = places.find(&wanted).await;
        let nic = unseen.or_note("the ports", "which servers the hosts are", looked)?;
        hosts.insert(name, of_subnet.whereabouts(nic)?);
    }
    let vpc = vpc.flatten();
    let quota = quota.flatten().and_then(|quota| u64::try_from(quota).ok());
    Ok(Survey { vpc, subnets, tables, quota, servers, hosts, unseen: unseen.0 })
}

/// What may not be read, each thing said once.
#[derive(Default)]
struct Unseen(Vec<Finding>);

impl Unseen {
    /// What was read, or `None` with a finding if the user lacks the right to.
    fn or_note<T>(
        &mut self,
        part: &'static str,
        unchecked: &str,
        read: cloud::Result<T>,
    ) -> cloud::Result<Option<T>> {
        let error = match read {
            Ok(found) => return Ok(Some(found)),
            Err(error) if error.kind() == Kind::Denied => error,
            Err(error) => return Err(error),
        };
        let subject = Subject::Unseen(part);
        if self.0.iter().all(|finding| finding.subject != subject) {
            // Without the request's id: the same plan is to find the same.
            let (code, reason) = (error.code().unwrap_or("403"), error.message());
            let reason = reason.trim_end_matches('.');
            let message = format!(
                "Could not {}: {reason} ({code}). Not checked: {unchecked}.",
                error.operation()
            );
            let fix = "Give the user or agency the right to read this, or check it yourself.";
            self.0.push(Finding::new(Code::NotChecked, subject, message, fix));
        }
        Ok(None)
    }
}

/// Which table governs a subnet, and which one gets the routes.
#[derive(Default)]
struct TableOf {
    /// The tables could be read.
    is_seen: bool,
    /// By the user, for all routes.
    named: Option<RouteTableId>,
    by_subnet: BTreeMap<SubnetId, RouteTableId>,
    default: Option<RouteTableId>,
}

impl TableOf {
    fn check_named<'t>(
        &self,
        vpc: &VpcId,
        mut tables: impl Iterator<Item = &'t RouteTableId>,
    ) -> Result<()> {
        match &self.named {
            Some(named) if tables.all(|table| table != named) => {
                let detail = format!(
                    "VPC `{vpc}` has no route table `{named}`. Write one of its tables, or leave `route_table_id` out."
                );
                Err(Problem::error("Route table not found", detail).at("route_table_id").into())
            }
            _ => Ok(()),
        }
    }

    fn whereabouts(&self, looked: Option<Looked>) -> Result<Whereabouts> {
        let interface = match looked {
            Some(Looked::Interface(interface)) => *interface,
            Some(Looked::Elsewhere(location)) => return Ok(Whereabouts::Elsewhere(location)),
            None => return Ok(Whereabouts::Elsewhere(Location::Unknown)),
        };
        let own = self.by_subnet.get(&interface.port.subnet_id).or(self.default.as_ref());
        // Without the right to see the tables there is nothing else to go by.
        let own = match own.or(self.named.as_ref()) {
            Some(own) => own.clone(),
            None if !self.is_seen => return Ok(Whereabouts::Elsewhere(Location::Unknown)),
            None => {
                let detail = "The VPC has no default route table. Set `route_table_id`.";
                return Err(Problem::error("No route table", detail).at("route_table_id").into());
            }
        };
        let table_id = self.named.as_ref().unwrap_or(&own).clone();
        Ok(Whereabouts::Found(Box::new(Found { interface, table_id, own_table_id: own })))
    }
}
