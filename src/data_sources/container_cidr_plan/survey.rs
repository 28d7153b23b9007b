//! What the cloud holds where the hosts are: subnets, route tables, and the interface of each host.

use std::{collections::BTreeMap, net::IpAddr};

use crate::{
    cloud::{Cloud, Port, RouteTable, RouteTableId, ServerId, Subnet, SubnetId, VpcId},
    framework::{Problem, Result},
    network::layout::Location,
};

/// How the user names a host.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    Server(ServerId),
    Address(IpAddr),
}

#[derive(Debug)]
pub(super) struct Survey {
    pub(super) subnets: Vec<Subnet>,
    /// The tables that the routes of the hosts belong in.
    pub(super) tables: Vec<RouteTable>,
    pub(super) hosts: BTreeMap<String, Whereabouts>,
}

#[derive(Debug)]
pub(super) enum Whereabouts {
    Found(Box<Found>),
    NotFound,
    Ambiguous(Vec<String>),
    OtherVpc,
}

#[derive(Debug)]
pub(super) struct Found {
    pub(super) server_id: ServerId,
    pub(super) port: Port,
    pub(super) table_id: RouteTableId,
}

impl Survey {
    pub(super) fn table(&self, id: &RouteTableId) -> Option<&RouteTable> {
        self.tables.iter().find(|table| table.id == *id)
    }
}

impl Whereabouts {
    pub(super) fn found(&self) -> Option<&Found> {
        match self {
            Whereabouts::Found(found) => Some(found),
            Whereabouts::NotFound | Whereabouts::Ambiguous(_) | Whereabouts::OtherVpc => None,
        }
    }

    /// The same in the words of the examination.
    pub(super) fn location(&self) -> Location {
        match self {
            Whereabouts::Found(found) => Location::Found {
                server_id: found.server_id.to_string(),
                subnet_id: found.port.subnet_id.to_string(),
                table_id: found.table_id.to_string(),
            },
            Whereabouts::NotFound => Location::NotFound,
            Whereabouts::Ambiguous(candidates) => {
                Location::Ambiguous { candidates: candidates.clone() }
            }
            Whereabouts::OtherVpc => Location::OtherVpc,
        }
    }
}

/// Reads everything the examination needs: the subnets and tables once, and the ports of each subnet that a wanted
/// address lies in once.
///
/// # Errors
/// `table` does not exist or belongs to another VPC; the VPC has no table for a host's subnet.
pub(super) async fn survey(
    cloud: &Cloud,
    vpc: &VpcId,
    table: Option<&RouteTableId>,
    wanted: BTreeMap<String, Wanted>,
) -> Result<Survey> {
    let subnets = cloud.subnets(vpc).await?;
    let tables = TableOf::read(cloud, vpc, table).await?;
    let mut ports: BTreeMap<SubnetId, Vec<Port>> = BTreeMap::new();
    let mut hosts = BTreeMap::new();
    for (name, wanted) in wanted {
        let nics = match wanted {
            Wanted::Server(server) => cloud.primary_nic(&server).await?.into_iter().collect(),
            Wanted::Address(address) => {
                let mut nics = Vec::new();
                for subnet in subnets.iter().filter(|subnet| subnet.holds(address)) {
                    if !ports.contains_key(&subnet.id) {
                        ports.insert(subnet.id.clone(), cloud.ports_of_subnet(&subnet.id).await?);
                    }
                    let here = ports.get(&subnet.id).into_iter().flatten();
                    nics.extend(
                        here.filter(|port| port.is_nic() && port.fixed_ips.contains(&address))
                            .cloned(),
                    );
                }
                nics
            }
        };
        hosts.insert(name, whereabouts(nics, &subnets, &tables)?);
    }
    let mut shown: Vec<RouteTable> = Vec::new();
    let needed = hosts.values().filter_map(Whereabouts::found).map(|found| &found.table_id);
    for id in needed.chain(table) {
        if shown.iter().all(|table| table.id != *id) {
            shown.extend(cloud.route_table(id).await?);
        }
    }
    Ok(Survey { subnets, tables: shown, hosts })
}

/// Which table governs a subnet: the one the user named, the subnet's own, or else the default one.
struct TableOf {
    named: Option<RouteTableId>,
    by_subnet: BTreeMap<SubnetId, RouteTableId>,
    default: Option<RouteTableId>,
}

impl TableOf {
    async fn read(cloud: &Cloud, vpc: &VpcId, named: Option<&RouteTableId>) -> Result<Self> {
        let tables = cloud.route_tables(vpc).await?;
        if let Some(id) = named.filter(|id| tables.iter().all(|table| table.id != **id)) {
            let detail = format!(
                "VPC `{vpc}` has no route table `{id}`. Write one of its tables, or leave `route_table_id` out."
            );
            return Err(Problem::error("Route table not found", detail)
                .at("route_table_id")
                .into());
        }
        let default = cloud.default_among(&tables).await?;
        let own = |table: crate::cloud::RouteTableSummary| {
            table.subnets.into_iter().map(move |subnet| (subnet, table.id.clone()))
        };
        Ok(Self {
            named: named.cloned(),
            by_subnet: tables.into_iter().flat_map(own).collect(),
            default,
        })
    }

    fn of(&self, subnet: &SubnetId) -> Option<&RouteTableId> {
        self.named.as_ref().or_else(|| self.by_subnet.get(subnet)).or(self.default.as_ref())
    }
}

fn whereabouts(mut nics: Vec<Port>, subnets: &[Subnet], tables: &TableOf) -> Result<Whereabouts> {
    let Some(port) = nics.pop() else { return Ok(Whereabouts::NotFound) };
    if !nics.is_empty() {
        nics.push(port);
        return Ok(Whereabouts::Ambiguous(nics.into_iter().map(|nic| nic.device_id).collect()));
    }
    if subnets.iter().all(|subnet| subnet.id != port.subnet_id) {
        return Ok(Whereabouts::OtherVpc);
    }
    let table_id = tables.of(&port.subnet_id).cloned().ok_or_else(|| {
        let detail = "The VPC has no default route table. Set `route_table_id`.";
        Problem::error("No route table", detail).at("route_table_id")
    })?;
    let server_id =
        port.device_id.parse().map_err(|error: crate::cloud::InvalidId| Problem::bug(error))?;
    Ok(Whereabouts::Found(Box::new(Found { server_id, port, table_id })))
}
