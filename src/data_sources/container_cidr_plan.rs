//! `huaweivpc_container_cidr_plan`: validates who hosts which container range before anything is touched.
//!
//! API: GET of the VPC, its subnets, its route tables, the quota of routes, the servers, and the ports of the subnets
//! that hosts are in. The VPC and the list of servers are read anew, the rest once in a run. What they mean is decided
//! in `network::layout`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod place;
mod schema;
mod survey;
mod told;

use self::{
    place::{Found, Wanted, Whereabouts},
    schema::{OnError, Written},
    survey::{Survey, survey},
    told::told,
};
use crate::{
    cloud::{Cloud, PortId, RouteTable, RouteTableId, Server, ServerId, Subnet, SubnetId, VpcId},
    framework::{
        DataSource, Draft, Given, Noted, Path, Problem, Problems, Result, Schema, Severity,
    },
    network::{self, Address, Cidr, Finding, InvalidCidr, Layout, Remedy, layout, system},
    untrusted,
};

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
    container_cidr: Written,
    containers: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reported {
    code: String,
    severity: String,
    resolved_by: String,
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
            problems.extend(naming(host, &path));
            problems.extend(spelling(config, host, &path));
        }
        problems
    }

    async fn read(mut self, cloud: &Cloud) -> Result<Noted<Self>> {
        let wanted = self
            .hosts
            .iter()
            .filter_map(|(name, host)| Some((name.clone(), host.wanted()?)))
            .collect();
        let survey = survey(cloud, &self.vpc_id, self.route_table_id.as_ref(), wanted).await?;
        let layout = self.layout(&survey);
        let fullest = self.routes_in_use(&layout);
        self.routes_used = fullest;
        self.routes_quota = survey.quota;
        self.routes_free =
            survey.quota.zip(fullest).map(|(quota, used)| quota.saturating_sub(used));
        self.plan = Some(self.planned(&survey));

        let mut findings = layout::examine(&layout);
        findings.extend(survey.unseen);
        self.valid = Some(!findings.iter().any(Finding::is_error));
        self.findings = Some(findings.iter().map(Reported::from).collect());
        // What the resources are about to do anyway is no news.
        findings.retain(|finding| finding.code.resolved_by().is_none());
        self.answer(told(findings))
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

    /// What the survey has found, in the words of the examination.
    fn layout(&self, survey: &Survey) -> Layout {
        let vpc = survey.vpc.as_ref();
        let server_ids =
            |servers: &Vec<Server>| servers.iter().map(|server| server.id.to_string()).collect();
        Layout {
            vpc_ranges: vpc
                .map(|vpc| {
                    vpc.cidr.iter().chain(vpc.secondary_cidrs.iter().flatten()).copied().collect()
                })
                .unwrap_or_default(),
            subnets: survey.subnets.iter().flat_map(ranges_of).collect(),
            hosts: self
                .hosts
                .iter()
                .filter_map(|(name, host)| host.examined(name, survey.hosts.get(name)?))
                .collect(),
            reserved: self.reserved_cidrs.clone().unwrap_or_default(),
            docker_pools: self.docker_pools.clone().unwrap_or_else(system::docker_pools),
            tables: survey.tables.iter().map(|table| examined_table(table)).collect(),
            named_table: self.route_table_id.as_ref().map(RouteTableId::to_string),
            quota: survey.quota,
            servers: survey.servers.as_deref().filter(|_| survey.lists_all_servers).map(server_ids),
        }
    }

    /// Of the fullest of the tables that get routes, or of the one the user names.
    fn routes_in_use(&self, layout: &Layout) -> Option<u64> {
        let gets_routes = |table: &&network::Table| {
            let mut hosts = layout.hosts.iter().filter_map(|host| host.location.found());
            layout.named_table.as_ref() == Some(&table.id)
                || hosts.any(|found| found.table_id == table.id)
        };
        let count = |table: &network::Table| {
            table.routes.iter().filter(|route| !route.is_local()).count() as u64
        };
        layout.tables.iter().filter(gets_routes).map(count).max()
    }

    fn planned(&self, survey: &Survey) -> BTreeMap<String, Planned> {
        let planned = |(name, host): (&String, &Host)| {
            let found = survey.hosts.get(name)?.found()?;
            let table = survey.table(&found.table_id);
            Some((name.clone(), host.planned(found, &self.vpc_id, table)))
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
            range: self.container_cidr.range,
            written: self.container_cidr.text.clone(),
            containers: self.containers.unwrap_or(1),
        })
    }

    fn planned(&self, found: &Found, vpc: &VpcId, table: Option<&RouteTable>) -> Planned {
        let range = self.container_cidr.range;
        let (interface, examined) = (&found.interface, found.examined());
        let port = &interface.port;
        let routes = table.map(|table| table.routes.clone()).unwrap_or_default();
        let leads_here =
            |route: &network::Route| route.destination == range && examined.is_led_to_by(route);
        Planned {
            ecs_id: interface.server_id.clone(),
            host_ip: self
                .host_ip
                .or_else(|| port.fixed_ips.first().map(|address| (*address).into())),
            port_id: port.id.clone(),
            subnet_id: port.subnet_id.clone(),
            vpc_id: vpc.clone(),
            route_table_id: found.table_id.clone(),
            container_cidr: range,
            gateway: range.address(1).map(Address::from),
            first_container: range.address(2).map(Address::from),
            capacity: u64::try_from(layout::capacity(range)).unwrap_or(u64::MAX),
            source_check_enabled: port.is_source_check_on(),
            route_exists: routes.iter().any(leads_here),
        }
    }
}

/// A host is named in one of two ways.
fn naming(host: Draft<'_>, path: &Path) -> Option<Problem> {
    let (names, open) = host.certain(&["ecs_id", "host_ip"]);
    let (summary, detail) = if names.len() > 1 {
        let detail = format!(
            "`{path}` has both `ecs_id` and `host_ip`. Keep the one by which the server is meant."
        );
        ("Host named twice", detail)
    } else if names.is_empty() && !open {
        let detail = format!("`{path}` has neither `ecs_id` nor `host_ip`. Set one of them.");
        ("Host not named", detail)
    } else {
        return None;
    };
    Some(Problem::error(summary, detail).at(path.clone()))
}

/// Host bits are said early where they are to fail; where findings are only reported, they are one.
fn spelling(config: Draft<'_>, host: Draft<'_>, path: &Path) -> Option<Problem> {
    let fails = match config.given("on_error") {
        Given::Absent => true,
        Given::Unknown => false,
        Given::Known(value) => value.as_str() == Some("fail"),
    };
    let refusal = host.text("container_cidr").filter(|_| fails)?.parse::<Cidr>().err()?;
    if let InvalidCidr::NotCidr(_) = refusal {
        return None;
    }
    let path = path.clone().attribute("container_cidr");
    let detail = format!("In `{path}`: {refusal}");
    Some(Problem::error("Invalid value for `container_cidr`", detail).at(path))
}

impl From<&Finding> for Reported {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.name().to_owned(),
            severity: finding.code.severity().to_string(),
            resolved_by: match finding.code.resolved_by() {
                Some(Remedy::Route) => "huaweivpc_container_route".to_owned(),
                Some(Remedy::SourceCheck) => "huaweivpc_ecs_port_source_check".to_owned(),
                None => String::new(),
            },
            subject: finding.subject.to_string(),
            conflicts_with: finding.conflicts_with.clone(),
            message: finding.message.clone(),
            fix: finding.fix.clone(),
        }
    }
}

fn ranges_of(subnet: &Subnet) -> Vec<network::Subnet> {
    // The name serves the findings only.
    let (id, name) = (subnet.id.to_string(), untrusted::name(&subnet.name));
    let named = |range| network::Subnet { id: id.clone(), name: name.clone(), range };
    subnet.cidr.into_iter().chain(subnet.cidr_v6).map(named).collect()
}

fn examined_table(table: &RouteTable) -> network::Table {
    let (id, is_default) = (table.id.to_string(), table.is_default);
    network::Table { id, is_default, routes: table.routes.clone() }
}
