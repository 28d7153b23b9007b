//! `huaweivpc_container_cidr_plan`: validates who hosts which container range before anything is touched.
//!
//! API: GET of the VPC, its subnets, its route tables, the quota of routes, and of the ports of the named hosts. What
//! they mean is decided in `network::layout`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod schema;
mod survey;

use self::{
    schema::OnError,
    survey::{Found, Survey, Wanted, Whereabouts, survey},
};
use crate::{
    cloud::{Cloud, PortId, Route, RouteTable, RouteTableId, ServerId, Subnet, SubnetId, VpcId},
    framework::{DataSource, Draft, Noted, Path, Problem, Problems, Result, Schema, Severity},
    network::{self, Address, Cidr, Finding, Layout, Subject, layout, system},
};

/// The quota of routes in one table.
const ROUTES_PER_TABLE: &str = "routetableContainRoutes";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerCidrPlan {
    vpc_id: VpcId,
    hosts: BTreeMap<String, Host>,
    route_table_id: Option<RouteTableId>,
    reserved_cidrs: Option<Vec<Cidr>>,
    docker_pools: Option<Vec<Cidr>>,
    on_error: OnError,
    valid: Option<bool>,
    findings: Option<Vec<Reported>>,
    plan: Option<BTreeMap<String, Planned>>,
    routes_used: Option<u64>,
    routes_quota: Option<u64>,
    routes_free: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Host {
    ecs_id: Option<ServerId>,
    host_ip: Option<Address>,
    container_cidr: Cidr,
    containers: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reported {
    code: String,
    severity: String,
    subject: String,
    conflicts_with: String,
    message: String,
    fix: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Planned {
    ecs_id: ServerId,
    host_ip: Option<Address>,
    port_id: PortId,
    subnet_id: SubnetId,
    vpc_id: VpcId,
    route_table_id: RouteTableId,
    container_cidr: Cidr,
    gateway: Option<Address>,
    first_container: Option<Address>,
    capacity: u64,
    source_check_enabled: bool,
    route_exists: bool,
}

impl DataSource<Cloud> for ContainerCidrPlan {
    const NAME: &'static str = "container_cidr_plan";

    const SCHEMA: Schema = schema::SCHEMA;

    fn check(config: Draft<'_>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, host) in config.members("hosts") {
            let path = Path::from("hosts").key(name);
            let (names, open) = host.certain(&["ecs_id", "host_ip"]);
            if names.len() > 1 {
                let detail = format!(
                    "`{path}` has both `ecs_id` and `host_ip`. Keep the one by which the server is meant."
                );
                problems.push(Problem::error("Host named twice", detail).at(path));
            } else if names.is_empty() && !open {
                let detail =
                    format!("`{path}` has neither `ecs_id` nor `host_ip`. Set one of them.");
                problems.push(Problem::error("Host not named", detail).at(path));
            }
        }
        problems
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Noted<Self>> {
        let Some(vpc) = cloud.vpc(&self.vpc_id).await? else {
            let detail = format!(
                "VPC `{}` does not exist. Check `vpc_id`, and the region and the project of the provider.",
                self.vpc_id
            );
            return Err(Problem::error("VPC not found", detail).at("vpc_id").into());
        };
        let wanted = self
            .hosts
            .iter()
            .filter_map(|(name, host)| Some((name.clone(), host.wanted()?)))
            .collect();
        let survey = survey(cloud, &self.vpc_id, self.route_table_id.as_ref(), wanted).await?;
        let quota =
            cloud.quota(ROUTES_PER_TABLE).await?.and_then(|quota| u64::try_from(quota).ok());

        let layout = Layout {
            vpc_ranges: vpc
                .cidr
                .into_iter()
                .chain(vpc.secondary_cidrs.into_iter().flatten())
                .collect(),
            subnets: survey.subnets.iter().flat_map(ranges_of).collect(),
            hosts: self
                .hosts
                .iter()
                .filter_map(|(name, host)| host.examined(name, survey.hosts.get(name)?))
                .collect(),
            reserved: self.reserved_cidrs.clone().unwrap_or_default(),
            docker_pools: self.docker_pools.clone().unwrap_or_else(system::docker_pools),
            tables: survey.tables.iter().map(|table| examined_table(table, quota)).collect(),
        };
        let fullest = layout.tables.iter().map(|table| table.destinations.len() as u64).max();
        self.routes_used = fullest;
        self.routes_quota = quota;
        self.routes_free = quota.zip(fullest).map(|(quota, used)| quota.saturating_sub(used));
        self.plan = Some(self.planned(&survey));

        let findings = layout::examine(&layout);
        self.valid = Some(
            findings.iter().all(|finding| finding.code.severity() == network::Severity::Warning),
        );
        self.findings = Some(findings.iter().map(Reported::from).collect());
        self.answer(findings.into_iter().map(problem).collect())
    }
}

impl ContainerCidrPlan {
    /// The result with warnings; or, if the user wants errors to fail, all that was found.
    fn answer(self, problems: Vec<Problem>) -> Result<Noted<Self>> {
        let fails = self.on_error == OnError::Fail && self.valid == Some(false);
        match Problems::from_list(problems.clone()).filter(|_| fails) {
            Some(problems) => Err(problems),
            None => {
                let warnings = problems
                    .into_iter()
                    .filter(|problem| problem.severity == Severity::Warning)
                    .collect();
                Ok(Noted { value: self, warnings })
            }
        }
    }

    fn planned(&self, survey: &Survey) -> BTreeMap<String, Planned> {
        let planned = |(name, host): (&String, &Host)| {
            let found = survey.hosts.get(name)?.found()?;
            Some((name.clone(), host.planned(found, &self.vpc_id, survey.table(&found.table_id))))
        };
        self.hosts.iter().filter_map(planned).collect()
    }
}

impl Host {
    fn wanted(&self) -> Option<Wanted> {
        let server = self.ecs_id.clone().map(Wanted::Server);
        server.or_else(|| self.host_ip.map(|address| Wanted::Address(address.into())))
    }

    fn examined(&self, name: &str, whereabouts: &Whereabouts) -> Option<network::Host> {
        let wanted = match self.wanted()? {
            Wanted::Server(server) => format!("the id `{server}`"),
            Wanted::Address(address) => format!("the private address {address}"),
        };
        Some(network::Host {
            name: name.to_owned(),
            wanted,
            location: whereabouts.location(),
            range: self.container_cidr,
            containers: self.containers.unwrap_or(1),
        })
    }

    fn planned(&self, found: &Found, vpc: &VpcId, table: Option<&RouteTable>) -> Planned {
        let range = self.container_cidr;
        let leads_here = |route: &Route| {
            let hops = [found.server_id.as_str(), found.port.id.as_str()];
            Cidr::lenient(&route.destination) == Some(range)
                && hops.contains(&route.next_hop.as_str())
        };
        Planned {
            ecs_id: found.server_id.clone(),
            host_ip: self
                .host_ip
                .or_else(|| found.port.fixed_ips.first().map(|address| (*address).into())),
            port_id: found.port.id.clone(),
            subnet_id: found.port.subnet_id.clone(),
            vpc_id: vpc.clone(),
            route_table_id: found.table_id.clone(),
            container_cidr: range,
            gateway: range.address(1).map(Address::from),
            first_container: range.address(2).map(Address::from),
            capacity: u64::try_from(layout::capacity(range)).unwrap_or(u64::MAX),
            source_check_enabled: found.port.is_source_check_on(),
            route_exists: table.is_some_and(|table| table.routes.iter().any(leads_here)),
        }
    }
}

impl From<&Finding> for Reported {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.name().to_owned(),
            severity: finding.code.severity().to_string(),
            subject: finding.subject.to_string(),
            conflicts_with: finding.conflicts_with.clone(),
            message: finding.message.clone(),
            fix: finding.fix.clone(),
        }
    }
}

/// A finding as a diagnostic on the path it is about. The detail names the path too: where `hosts` is the result of an
/// expression, Terraform cannot show the host.
fn problem(finding: Finding) -> Problem {
    let Finding { code, subject, message, fix, .. } = finding;
    let hosts = Path::from("hosts");
    let path = match &subject {
        Subject::Host(name) => hosts.key(name),
        Subject::Range(name) => hosts.key(name).attribute("container_cidr"),
        Subject::Table(_) => hosts,
    };
    let detail = format!("In `{path}`: {message}\n\n{fix} ({})", code.name());
    let problem = match code.severity() {
        network::Severity::Error => Problem::error(code.summary(), detail),
        network::Severity::Warning => Problem::warning(code.summary(), detail),
    };
    problem.at(path)
}

fn ranges_of(subnet: &Subnet) -> Vec<network::Subnet> {
    let named =
        |range| network::Subnet { id: subnet.id.to_string(), name: subnet.name.clone(), range };
    subnet.cidr.into_iter().chain(subnet.cidr_v6).map(named).collect()
}

fn examined_table(table: &RouteTable, quota: Option<u64>) -> network::Table {
    let (local, others): (Vec<&Route>, Vec<&Route>) =
        table.routes.iter().partition(|route| route.next_hop_type == "local");
    network::Table {
        id: table.id.to_string(),
        destinations: others.iter().filter_map(|route| Cidr::lenient(&route.destination)).collect(),
        local_routes: local.len(),
        quota,
    }
}
