//! The part of a scenario that says what exists. Built by the world's own functions, so that a scenario cannot hold
//! what the cloud would refuse.

use super::{
    limits::quotas,
    names::Names,
    reader::{Errors, Fields},
};
use crate::emulator::world::{
    Api, Moment, Outcome, World, id,
    port::AskedPair,
    route_table::{AskedRoute, Author, RouteDelta, RouteType, TableChange},
    rule::{AskedRule, DEFAULT_PRIORITY, Ports},
    security_group::NewSecurityGroup,
    server::{NewNic, NewServer},
    subnet::NewSubnet,
    vpc::{Gateway, NewVpc},
};

/// When everything of a scenario was created: 2026-01-01T00:00:00Z, the same in every run.
const CREATED: i64 = 1_767_225_600;

struct Builder<'e> {
    world: World,
    names: Names<'e>,
    errors: &'e Errors,
    now: Moment,
}

pub(super) fn world(
    root: &mut Fields<'_>,
    region: &str,
    project_id: &str,
    accepts_routes_around_local: bool,
    errors: &Errors,
) -> World {
    let empty = World::empty(region, project_id, quotas(root));
    let address_groups = root.texts("address_groups").unwrap_or_default();
    let world = World { accepts_routes_around_local, address_groups, ..empty };
    let now = Moment::from_seconds(CREATED);
    let mut builder = Builder { world, names: Names::new(project_id, errors), errors, now };
    for mut fields in root.list("vpcs") {
        builder.vpc(&mut fields);
    }
    for mut fields in root.list("subnets") {
        builder.subnet(&mut fields);
    }
    let groups = root.list("security_groups");
    builder.security_groups(groups);
    for mut fields in root.list("servers") {
        builder.server(&mut fields);
    }
    for mut fields in root.list("vips") {
        builder.vip(&mut fields);
    }
    for mut fields in root.list("route_tables") {
        builder.route_table(&mut fields);
    }
    builder.world
}

impl Builder<'_> {
    fn vpc(&mut self, fields: &mut Fields<'_>) {
        let name = fields.text("name");
        let id = self.names.id(fields, "vpc", &name);
        let table_id = self.names.derived_id("route_table", &format!("{name}/default"));
        let new = NewVpc {
            name: name.clone(),
            description: fields.optional_text("description").unwrap_or_default(),
            cidr: fields.text("cidr"),
            enterprise_project_id: enterprise_project(fields),
        };
        let created = self.world.create_vpc(id.clone(), table_id, new, self.now).map(drop);
        self.check(fields.here(), created);
        for (index, range) in fields.texts("extend_cidrs").unwrap_or_default().iter().enumerate() {
            let added = self.world.add_extend_cidr(&id, std::slice::from_ref(range), self.now);
            let added = added.map(drop);
            self.check(&fields.path(&format!("extend_cidrs[{index}]")), added);
        }
        let tags = fields.text_map("tags");
        if let Some(vpc) = self.world.vpcs.iter_mut().find(|vpc| vpc.id == id) {
            vpc.tags = tags;
        }
        for mut fields in fields.list("gateways") {
            self.gateway(&mut fields, &id);
        }
    }

    fn gateway(&mut self, fields: &mut Fields<'_>, vpc_id: &str) {
        let name = fields.text("name");
        let text = fields.text("type");
        let id = self.names.id(fields, "gateway", &name);
        let external = |kind: &RouteType| {
            !matches!(
                kind,
                RouteType::Ecs
                    | RouteType::Eni
                    | RouteType::Vip
                    | RouteType::Subeni
                    | RouteType::Local
            )
        };
        let Some(kind) = RouteType::parse(&text).filter(external) else {
            let kinds = "`nat`, `peering`, `vpn`, `dc`, `cc`, `er`, `egw`";
            return fields.problem("type", format!("`{text}` is none of {kinds}"));
        };
        self.world.gateways.push(Gateway { id, name, kind, vpc_id: vpc_id.to_owned() });
    }

    fn subnet(&mut self, fields: &mut Fields<'_>) {
        let name = fields.text("name");
        let id = self.names.id(fields, "subnet", &name);
        let neutron_id = match fields.optional_text("neutron_subnet_id") {
            Some(id) => id,
            None => self.names.derived_id("neutron_subnet", &name),
        };
        let vpc_id = self.names.reference(fields, "vpc", "vpc");
        let cidr = fields.text("cidr");
        let gateway_ip = fields.optional_text("gateway_ip").or_else(|| first_address(&cidr));
        let new = NewSubnet {
            vpc_id: vpc_id.clone().unwrap_or_default(),
            name,
            description: fields.optional_text("description").unwrap_or_default(),
            cidr,
            gateway_ip: gateway_ip.unwrap_or_default(),
            dhcp_enable: true,
            primary_dns: fields.optional_text("primary_dns"),
            secondary_dns: fields.optional_text("secondary_dns"),
            availability_zone: fields.optional_text("availability_zone"),
            extra_dhcp_opts: Vec::new(),
        };
        if vpc_id.is_some() {
            let created = self.world.create_subnet(id.clone(), neutron_id, new, self.now).map(drop);
            self.check(fields.here(), created);
        }
        let tags = fields.text_map("tags");
        if let Some(subnet) = self.world.subnets.iter_mut().find(|subnet| subnet.id == id) {
            subnet.tags = tags;
        }
    }

    /// All groups first: their rules may name each other.
    fn security_groups(&mut self, groups: Vec<Fields<'_>>) {
        let mut ids = Vec::new();
        let mut groups = groups;
        for fields in &mut groups {
            let name = fields.text("name");
            let id = self.names.id(fields, "security_group", &name);
            let new = NewSecurityGroup {
                name,
                description: fields.optional_text("description").unwrap_or_default(),
                enterprise_project_id: enterprise_project(fields),
                tags: fields.text_map("tags"),
                ..NewSecurityGroup::default()
            };
            let created =
                self.world.create_security_group(id.clone(), new, Api::V3, self.now).map(drop);
            self.check(fields.here(), created);
            ids.push(id);
        }
        self.default_group();
        for (fields, group_id) in groups.iter_mut().zip(ids) {
            for (index, mut rule) in fields.list("rules").into_iter().enumerate() {
                self.rule(&mut rule, &group_id, index);
            }
        }
    }

    /// The group that every project has, unless the scenario describes it.
    fn default_group(&mut self) {
        let name = "default";
        if let Some(id) = self.names.unclaimed_id("security_group", name) {
            let new = NewSecurityGroup {
                name: name.into(),
                description: "Default security group".into(),
                enterprise_project_id: "0".into(),
                ..NewSecurityGroup::default()
            };
            let created = self.world.create_security_group(id, new, Api::V3, self.now).map(drop);
            self.check("security_groups", created);
        }
    }

    fn rule(&mut self, fields: &mut Fields<'_>, group_id: &str, index: usize) {
        let id = self.names.id(fields, "rule", &format!("{group_id}/{index}"));
        let ports = match fields.optional_text("multiport") {
            None => Ports::All,
            Some(text) => Ports::parse(&text).unwrap_or_else(|| {
                fields.problem("multiport", format!("`{text}` is no list of ports"));
                Ports::All
            }),
        };
        let remote_group = fields.optional_text("remote_group");
        let remote_group_id = remote_group.and_then(|name| {
            self.names.find("security_group", &name, || fields.path("remote_group"))
        });
        let asked = AskedRule {
            direction: Some(fields.text("direction")),
            ethertype: fields.optional_text("ethertype"),
            protocol: fields.optional_text("protocol"),
            ports,
            remote_ip_prefix: fields.optional_text("remote_ip_prefix"),
            remote_group_id,
            remote_address_group_id: None,
            action: fields.optional_text("action"),
            priority: fields.number("priority").unwrap_or(DEFAULT_PRIORITY.into()).into(),
            enabled: fields.flag("enabled"),
            description: fields.optional_text("description"),
        };
        let created = self.world.create_rule(id, group_id, asked, Api::V3, self.now).map(drop);
        self.check(fields.here(), created);
    }

    fn server(&mut self, fields: &mut Fields<'_>) {
        let name = fields.text("name");
        let id = self.names.id(fields, "server", &name);
        let nics: Vec<(NewNic, String)> = fields
            .list("nics")
            .into_iter()
            .enumerate()
            .filter_map(|(index, mut nic)| self.nic(&mut nic, &format!("{name}/{index}")))
            .collect();
        let vpc_id = nics
            .first()
            .and_then(|(nic, _)| self.world.vpc_id_of_subnet(&nic.subnet_id))
            .unwrap_or_default()
            .to_owned();
        let flavor = fields.optional_text("flavor").unwrap_or_else(|| "s6.large.2".into());
        let new = NewServer {
            name,
            vpc_id,
            status: fields.optional_text("status"),
            availability_zone: fields.optional_text("availability_zone"),
            flavor,
            image_id: fields
                .optional_text("image_id")
                .unwrap_or_else(|| id::uuid("image", "debian-12")),
            key_name: fields.optional_text("key_name"),
            public_ip: fields.parsed("public_ip", "address"),
            enterprise_project_id: enterprise_project(fields),
            tags: fields.text_map("tags"),
            nics: nics.iter().map(|(nic, _)| nic.clone()).collect(),
        };
        if new.nics.is_empty() {
            return fields.problem("nics", "a server needs a NIC whose subnet is known");
        }
        let created = self.world.create_server(id, new, self.now).map(drop);
        self.check(fields.here(), created);
        for (nic, name) in nics {
            if let Some(port) = self.world.ports.iter_mut().find(|port| port.id == nic.id) {
                port.name = name;
            }
        }
    }

    /// A NIC and its name, which may be empty.
    fn nic(&mut self, fields: &mut Fields<'_>, place: &str) -> Option<(NewNic, String)> {
        let name = fields.optional_text("name").unwrap_or_default();
        let named = if name.is_empty() { place } else { &name };
        let id = self.names.id(fields, "nic", named);
        let subnet_id = self.names.reference(fields, "subnet", "subnet");
        let groups = fields.texts("security_groups").unwrap_or_else(|| vec!["default".into()]);
        let security_groups = groups
            .iter()
            .filter_map(|group| {
                self.names.find("security_group", group, || fields.path("security_groups"))
            })
            .collect();
        let mut pairs = fields.texts("allowed_address_pairs").unwrap_or_default();
        if fields.flag("source_dest_check") == Some(false) {
            pairs.insert(0, "1.1.1.1/0".into());
        }
        let pair = |text: String| AskedPair { ip_address: Some(text), mac_address: None };
        let nic = NewNic {
            id,
            subnet_id: subnet_id?,
            ip_address: fields.parsed("ip_address", "address"),
            security_groups,
            allowed_address_pairs: pairs.into_iter().map(pair).collect(),
        };
        Some((nic, name))
    }

    fn vip(&mut self, fields: &mut Fields<'_>) {
        let name = fields.text("name");
        let id = self.names.id(fields, "vip", &name);
        let address = fields.parsed("ip_address", "address");
        if let Some(subnet_id) = self.names.reference(fields, "subnet", "subnet") {
            let created = self.world.create_vip(id, &subnet_id, name, address, self.now).map(drop);
            self.check(fields.here(), created);
        }
    }

    fn route_table(&mut self, fields: &mut Fields<'_>) {
        let Some(vpc_id) = self.names.reference(fields, "vpc", "vpc") else { return };
        let is_default = fields.flag("default").unwrap_or(false);
        let name = match is_default {
            true => fields.optional_text("name"),
            false => Some(fields.text("name")),
        };
        let routes: Vec<AskedRoute> =
            fields.list("routes").into_iter().map(|mut route| self.route(&mut route)).collect();
        let change = TableChange {
            name: name.clone(),
            description: Some(fields.optional_text("description").unwrap_or_default()),
            routes: Some(RouteDelta { add: routes, ..RouteDelta::default() }),
        };
        let subnets: Vec<String> = fields
            .texts("subnets")
            .unwrap_or_default()
            .iter()
            .filter_map(|name| self.names.find("subnet", name, || fields.path("subnets")))
            .collect();
        let author = Author::Platform;
        let (id, made) = match is_default {
            true => {
                let id = self.default_table(fields, &vpc_id);
                let changed = self.world.update_route_table(&id, change, author, self.now);
                (id.clone(), changed.map(drop))
            }
            false => {
                let id = self.names.id(fields, "route_table", &name.unwrap_or_default());
                let world = &mut self.world;
                let created =
                    world.create_route_table(id.clone(), &vpc_id, change, author, self.now);
                (id.clone(), created.map(drop))
            }
        };
        let made = made.and_then(|()| match subnets.is_empty() {
            true => Ok(()),
            false => self.world.associate(&id, &subnets).map(drop),
        });
        self.check(fields.here(), made);
    }

    /// The id of a VPC's default table, after giving it the one the scenario wants.
    fn default_table(&mut self, fields: &mut Fields<'_>, vpc_id: &str) -> String {
        let table = self.world.default_route_table(vpc_id);
        let old = table.map(|table| table.id.clone()).unwrap_or_default();
        let Some(new) = fields.optional_text("id") else { return old };
        self.names.claim(fields, &new);
        for table in self.world.route_tables.iter_mut().filter(|table| table.id == old) {
            table.id.clone_from(&new);
        }
        for subnet in self.world.subnets.iter_mut().filter(|s| s.route_table_id == old) {
            subnet.route_table_id.clone_from(&new);
        }
        new
    }

    /// A route whose next hop is named: a server, a NIC, a virtual IP or a gateway.
    fn route(&mut self, fields: &mut Fields<'_>) -> AskedRoute {
        let kind = fields.text("type");
        let name = fields.text("nexthop");
        let nexthop = match RouteType::parse(&kind) {
            Some(RouteType::Ecs) => self.names.find("server", &name, || fields.path("nexthop")),
            Some(RouteType::Eni) => self.names.find("nic", &name, || fields.path("nexthop")),
            Some(RouteType::Vip) => self
                .names
                .find("vip", &name, || fields.path("nexthop"))
                .and_then(|id| self.world.port(&id).map(|port| port.ip_address.to_string())),
            _ => self.names.find("gateway", &name, || fields.path("nexthop")),
        };
        AskedRoute {
            kind: Some(kind),
            destination: Some(fields.text("destination")),
            nexthop,
            description: fields.optional_text("description"),
        }
    }

    fn check(&self, path: &str, outcome: Outcome<()>) {
        if let Err(refusal) = outcome {
            self.errors.add(path, format!("{} ({})", refusal.message, refusal.code));
        }
    }
}

fn enterprise_project(fields: &mut Fields<'_>) -> String {
    fields.optional_text("enterprise_project_id").unwrap_or_else(|| "0".into())
}

/// The first address of a range, where gateways usually are.
fn first_address(cidr: &str) -> Option<String> {
    let cidr: crate::network::Cidr = cidr.parse().ok()?;
    match cidr.network() {
        std::net::IpAddr::V4(network) => {
            Some(std::net::Ipv4Addr::from(u32::from(network).checked_add(1)?).to_string())
        }
        std::net::IpAddr::V6(_) => None,
    }
}
