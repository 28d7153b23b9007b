//! What the cloud holds where the hosts are: the VPC, its subnets and route tables, the servers, and the interface of
//! each host.
//!
//! What the user has no right to read is left out with a finding that says what was not checked; but without subnets,
//! ports and the list of tables nobody can say which server a host is, and a plan that lacks hosts would have resources
//! destroyed.

use std::{collections::BTreeMap, sync::Arc};

use super::place::{Found, Looked, Places, Wanted, Whereabouts};
use crate::{
    cloud::{
        self, Cloud, Kind, ROUTES_PER_TABLE, RouteTable, RouteTableId, Server, Subnet, SubnetId,
        Vpc, VpcId,
    },
    framework::{Problem, Result},
    network::{Code, Finding, Subject, association::Associations},
};

#[derive(Debug)]
pub(super) struct Survey {
    pub(super) vpc: Option<Vpc>,
    pub(super) subnets: Vec<Subnet>,
    /// Every table of the VPC.
    pub(super) tables: Vec<Arc<RouteTable>>,
    pub(super) quota: Option<u64>,
    pub(super) servers: Option<Arc<Vec<Server>>>,
    /// A server that is not among them is gone.
    pub(super) lists_all_servers: bool,
    pub(super) hosts: BTreeMap<String, Whereabouts>,
    /// What could not be looked at.
    pub(super) unseen: Vec<Finding>,
}

impl Survey {
    /// Where the routes belong is not there, so there is nothing else to look at.
    fn without_place(missing: Finding) -> Self {
        Self {
            vpc: None,
            subnets: Vec::new(),
            tables: Vec::new(),
            quota: None,
            servers: None,
            lists_all_servers: false,
            hosts: BTreeMap::new(),
            unseen: vec![missing],
        }
    }

    pub(super) fn table(&self, id: &RouteTableId) -> Option<&RouteTable> {
        self.tables.iter().find(|table| table.id == *id).map(Arc::as_ref)
    }
}

/// Reads everything the examination needs, each thing once: the VPC, the lists of its subnets and route tables, each
/// table, the quota, the servers, and the ports of each subnet that a host is in.
///
/// # Errors
/// The VPC has no table for a host's subnet. That there is no such VPC, or no such table in it, is a finding, and then
/// the only one.
pub(super) async fn survey(
    cloud: &Cloud,
    vpc_id: &VpcId,
    table: Option<&RouteTableId>,
    wanted: BTreeMap<String, Wanted>,
) -> Result<Survey> {
    let mut unseen = Unseen::default();
    let servers = async {
        let is_needed = !wanted.is_empty();
        if is_needed { cloud.servers().await.map(Some) } else { Ok(None) }
    };
    let (vpc, subnets, tables, quota, servers) = tokio::join!(
        cloud.vpc(vpc_id),
        cloud.cached().subnets(vpc_id),
        cloud.cached().route_tables(vpc_id),
        cloud.cached().quota(ROUTES_PER_TABLE),
        servers
    );
    let vpc = unseen.or_note("the VPC", "whether ranges lie in the VPC's own", vpc)?;
    if vpc.as_ref().is_some_and(Option::is_none) {
        return Ok(Survey::without_place(Finding::new(
            Code::VpcNotFound,
            Subject::Place("vpc_id"),
            format!("VPC `{vpc_id}` does not exist."),
            "Check `vpc_id`, and the region and the project of the provider.",
        )));
    }
    let (subnets, summaries) = (subnets?, tables?);
    let quota = unseen.or_note("the quota", "whether the routes fit into their table", quota)?;
    let of_servers = "whether the servers run, and whether routes lead to servers that are gone";
    let servers = unseen.or_note("the servers", of_servers, servers)?.flatten();

    if let Some(missing) = flaw_of_named(table, vpc_id, summaries.iter().map(|table| &table.id)) {
        return Ok(Survey::without_place(missing));
    }
    let mut tables = Vec::new();
    for summary in &summaries {
        let read = cloud.cached().route_table(&summary.id).await;
        tables.extend(unseen.or_note("a route table", "what it holds", read)?.flatten());
    }
    let default = cloud.default_among(&summaries).await?;
    let listed = summaries.into_iter().map(|table| (table.id, table.subnets));
    let table_of = TableOf { named: table, steering: Associations::new(default, listed) };
    let places = Places {
        cloud,
        vpc_id,
        subnets: &subnets,
        servers: servers.as_ref().map(|list| list.as_slice()),
    };
    let mut hosts = BTreeMap::new();
    for (name, wanted) in wanted {
        hosts.insert(name, table_of.whereabouts(places.find(&wanted).await?)?);
    }
    let vpc = vpc.flatten();
    let lists_all_servers = cloud.sees_all_projects();
    let quota = quota.flatten().and_then(|quota| u64::try_from(quota).ok());
    let unseen = unseen.0;
    Ok(Survey { vpc, subnets, tables, quota, servers, lists_all_servers, hosts, unseen })
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
struct TableOf<'t> {
    /// By the user, for all routes.
    named: Option<&'t RouteTableId>,
    steering: Associations<RouteTableId, SubnetId>,
}

impl TableOf<'_> {
    fn whereabouts(&self, looked: Looked) -> Result<Whereabouts> {
        let interface = match looked {
            Looked::Interface(interface) => *interface,
            Looked::Elsewhere(location) => return Ok(Whereabouts::Elsewhere(location)),
        };
        let own_table_id =
            self.steering.table_of(&interface.port.subnet_id).cloned().ok_or_else(|| {
                let detail = "The VPC has no default route table. Set `route_table_id`.";
                Problem::error("No route table", detail).at("route_table_id")
            })?;
        let table_id = self.named.unwrap_or(&own_table_id).clone();
        Ok(Whereabouts::Found(Box::new(Found { interface, table_id, own_table_id })))
    }
}

/// The table that the user names is none of the VPC's.
fn flaw_of_named<'t>(
    named: Option<&RouteTableId>,
    vpc: &VpcId,
    mut tables: impl Iterator<Item = &'t RouteTableId>,
) -> Option<Finding> {
    let named = named.filter(|named| tables.all(|table| table != *named))?;
    Some(Finding::new(
        Code::TableNotFound,
        Subject::Place("route_table_id"),
        format!("VPC `{vpc}` has no route table `{named}`."),
        "Write one of its tables, or leave `route_table_id` out.",
    ))
}
