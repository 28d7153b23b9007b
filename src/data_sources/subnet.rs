//! `huaweivpc_subnet`: looks up one subnet by its id, its name or its range.
//!
//! API: GET of the subnet, or of the list of subnets, and of the list of route tables. The list of the
//! whole project is read anew, by one request for all who ask before it begins; those of one VPC once in a run.

use serde::{Deserialize, Serialize};

use super::sought::{Sought, unsought};
use crate::{
    cloud::{self, Cloud, RouteTableId, SubnetId, VpcId},
    framework::{
        DataSource, Draft, Kind, Noted, Problem, Result, Schema,
        schema::{attribute, boolean, string},
    },
    network::{Cidr, association::Associations},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subnet {
    id: Option<SubnetId>,
    name: Option<String>,
    vpc_id: Option<VpcId>,
    cidr: Option<Cidr>,
    gateway_ip: Option<String>,
    ipv6_enable: Option<bool>,
    ipv6_cidr: Option<Cidr>,
    ipv6_gateway: Option<String>,
    ipv4_subnet_id: Option<String>,
    ipv6_subnet_id: Option<String>,
    route_table_id: Option<RouteTableId>,
    dhcp_enable: Option<bool>,
    dns_list: Option<Vec<String>>,
    availability_zone: Option<String>,
    status: Option<String>,
    description: Option<String>,
}

impl DataSource<Cloud> for Subnet {
    const NAME: &'static str = "subnet";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Looks up a subnet, and the route table that steers it.\n\nExactly one subnet has to match.",
        key: &[],
        attributes: &[
            string("id", "The subnet, by its id. At least one of `id`, `name`, `cidr` and `vpc_id` is needed.")
                .optional_computed()
                .of::<SubnetId>(),
            string("name", "The subnet, by its exact name.").optional_computed(),
            string("vpc_id", "The VPC of the subnet.").optional_computed().of::<VpcId>(),
            string("cidr", "The subnet, by its IPv4 range.").optional_computed().of::<Cidr>(),
            string("gateway_ip", "The gateway's IPv4 address.").computed(),
            boolean("ipv6_enable", "Whether the subnet has an IPv6 range too.").computed(),
            string("ipv6_cidr", "The IPv6 range; null where there is none.").computed(),
            string("ipv6_gateway", "The gateway's IPv6 address; null where there is none.").computed(),
            string("ipv4_subnet_id", "What OpenStack calls the IPv4 half by.").computed(),
            string("ipv6_subnet_id", "What OpenStack calls the IPv6 half by; null where there is none.").computed(),
            string("route_table_id", "The table that steers what leaves the subnet: the one it is associated with, or else the \
                    default one of the VPC. Null in a cloud without route tables.")
                .computed(),
            boolean("dhcp_enable", "Whether servers get their addresses by DHCP.").computed(),
            attribute("dns_list", Kind::List(&Kind::String), "The DNS servers.").computed(),
            string("availability_zone", "The zone; empty where the subnet spans all.").computed(),
            string("status", "`ACTIVE`, `UNKNOWN` while it is being made, or `ERROR`.").computed(),
            string("description", "What the subnet is said to be for.").computed(),
        ],
        blocks: &[],
        timeouts: None,
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        unsought(config, "subnet", &["id", "name", "cidr", "vpc_id"])
    }

    async fn read(self, cloud: &Cloud) -> Result<Noted<Self>> {
        let sought = Sought::new("subnet", "subnets")
            .by("id", "the id", self.id.as_ref())
            .by("name", "the name", self.name.as_ref())
            .by("cidr", "the range", self.cidr.as_ref())
            .by("vpc_id", "the VPC", self.vpc_id.as_ref());
        let found = match (&self.id, &self.vpc_id) {
            (Some(id), _) => cloud.subnet(id).await?.into_iter().collect(),
            (None, Some(vpc)) => cloud.cached().subnets(vpc).await?,
            (None, None) => cloud.all_subnets().await?.to_vec(),
        };
        let found = found.into_iter().filter(|subnet| self.means(subnet)).collect();
        let subnet = sought.one_of(found, |subnet| &subnet.id)?;
        let table = table_of(&subnet, cloud).await?;
        let value = Self { route_table_id: table, ..subnet.into() };
        Ok(Noted { value, warnings: Vec::new() })
    }
}

impl Subnet {
    fn means(&self, subnet: &cloud::Subnet) -> bool {
        self.name.as_ref().is_none_or(|name| subnet.name == *name)
            && self.vpc_id.as_ref().is_none_or(|vpc| subnet.vpc_id == *vpc)
            && self.cidr.is_none_or(|cidr| subnet.cidr == Some(cidr))
    }
}

async fn table_of(subnet: &cloud::Subnet, cloud: &Cloud) -> Result<Option<RouteTableId>> {
    let tables = cloud.cached().route_tables(&subnet.vpc_id).await?;
    let default = cloud.default_among(&tables).await?;
    let listed = tables.into_iter().map(|table| (table.id, table.subnets));
    Ok(Associations::new(default, listed).table_of(&subnet.id).cloned())
}

impl From<cloud::Subnet> for Subnet {
    fn from(subnet: cloud::Subnet) -> Self {
        Self {
            id: Some(subnet.id),
            name: Some(subnet.name),
            vpc_id: Some(subnet.vpc_id),
            cidr: subnet.cidr,
            gateway_ip: Some(subnet.gateway_ip),
            ipv6_enable: Some(subnet.cidr_v6.is_some()),
            ipv6_cidr: subnet.cidr_v6,
            ipv6_gateway: subnet.gateway_ip_v6,
            ipv4_subnet_id: subnet.ipv4_subnet_id,
            ipv6_subnet_id: subnet.ipv6_subnet_id,
            route_table_id: None,
            dhcp_enable: Some(subnet.dhcp_enable),
            dns_list: Some(subnet.dns_list),
            availability_zone: Some(subnet.availability_zone),
            status: Some(subnet.status),
            description: Some(subnet.description),
        }
    }
}
