//! What a configuration wants: objects of one table, of two ports and of one group, spread over addresses.

use std::{collections::BTreeMap, fmt};

use proptest::{option, prelude::*, strategy::Strategy};
use serde_json::{Value as Json, json};

/// How many addresses there are of single routes and of sets.
const SINGLES: usize = 5;
const SETS: usize = 2;
const CHECKS: usize = 3;
const PAIRS: usize = 3;

/// The servers of the scenario, with the address of their port.
pub const SERVERS: [(&str, &str); 2] = [("ECS1", "192.168.0.2"), ("ECS2", "192.168.0.3")];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Route,
    Routes,
    Check,
    Rule,
}

/// A resource instance of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(pub Kind, pub usize);

/// Some of the addresses, a bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Choice(pub u16);

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    pub routes: [Option<Route>; 5],
    pub checks: [Option<Check>; 2],
    pub rules: [Option<Rule>; 3],
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Route {
    /// Which single route or, beyond those, which set.
    pub home: usize,
    pub server: usize,
    pub by_ip: bool,
    pub described: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    pub home: usize,
    /// By which name the port goes.
    pub by: usize,
    pub enabled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    pub home: usize,
    pub described: bool,
}

/// What the cloud calls the things that configurations name.
pub struct Ids {
    pub table: String,
    pub servers: [String; 2],
    pub ports: [String; 2],
    pub group: String,
}

impl Address {
    pub fn type_name(self) -> &'static str {
        match self.0 {
            Kind::Route => "huaweivpc_container_route",
            Kind::Routes => "huaweivpc_container_routes",
            Kind::Check => "huaweivpc_ecs_port_source_check",
            Kind::Rule => "huaweivpc_secgroup_icmp_udp_rule",
        }
    }

    fn bit(self) -> usize {
        let Self(kind, key) = self;
        key + match kind {
            Kind::Route => 0,
            Kind::Routes => SINGLES,
            Kind::Check => SINGLES + SETS,
            Kind::Rule => SINGLES + SETS + CHECKS,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[{}]", self.0, self.1)
    }
}

impl Choice {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(u16::MAX);

    pub fn has(self, address: Address) -> bool {
        self.0 >> address.bit() & 1 == 1
    }

    /// Those that take over what is there: the ones chosen, and checks, which always do.
    pub fn among(self, adopting: Self) -> Self {
        let checks = ((1 << CHECKS) - 1) << (SINGLES + SETS);
        Self(self.0 & (adopting.0 | checks))
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Choice({:#b})", self.0)
    }
}

pub fn destination(number: usize) -> String {
    format!("10.0.{number}.0/24")
}

pub fn prefix(number: usize) -> String {
    format!("172.30.{number}.0/24")
}

fn text(described: bool) -> &'static str {
    if described { "described" } else { "" }
}

impl Wanted {
    /// An address holds one object, unless it is a set's: the first of those that want it.
    fn without_collisions(mut self) -> Self {
        fn keep_first<T>(objects: &mut [Option<T>], home: impl Fn(&T) -> Option<usize>) {
            let mut taken = Vec::new();
            for object in objects {
                if let Some(home) = object.as_ref().and_then(&home) {
                    if taken.contains(&home) {
                        *object = None;
                    } else {
                        taken.push(home);
                    }
                }
            }
        }
        keep_first(&mut self.routes, |it| Some(it.home).filter(|home| *home < SINGLES));
        keep_first(&mut self.checks, |it| Some(it.home));
        keep_first(&mut self.rules, |it| Some(it.home));
        self
    }

    /// The resource blocks.
    pub fn blocks(&self, adopting: Choice, ids: &Ids) -> BTreeMap<Address, Json> {
        let mut blocks: BTreeMap<Address, Json> = BTreeMap::new();
        for (number, route) in self.routes.iter().enumerate() {
            let Some(Route { home, server, by_ip, described }) = *route else { continue };
            let mut entry = match by_ip {
                true => json!({ "host_ip": SERVERS[server].1 }),
                false => json!({ "ecs_id": ids.servers[server] }),
            };
            entry["description"] = text(described).into();
            if home < SINGLES {
                entry["route_table_id"] = ids.table.clone().into();
                entry["destination"] = destination(number).into();
                blocks.insert(Address(Kind::Route, home), entry);
            } else {
                let address = Address(Kind::Routes, home - SINGLES);
                let set = || json!({ "route_table_id": ids.table, "routes": {} });
                blocks.entry(address).or_insert_with(set)["routes"][destination(number)] = entry;
            }
        }
        for (number, check) in self.checks.iter().enumerate() {
            let Some(Check { home, by, enabled }) = *check else { continue };
            let (name, value) = match by {
                0 => ("port_id", ids.ports[number].as_str()),
                1 => ("ecs_id", ids.servers[number].as_str()),
                _ => ("host_ip", SERVERS[number].1),
            };
            blocks.insert(Address(Kind::Check, home), json!({ name: value, "enabled": enabled }));
        }
        for (number, rule) in self.rules.iter().enumerate() {
            let Some(Rule { home, described }) = *rule else { continue };
            let block = json!({
                "security_group_id": ids.group,
                "remote_ip_prefix": prefix(number),
                "description": text(described),
            });
            blocks.insert(Address(Kind::Rule, home), block);
        }
        for (address, block) in &mut blocks {
            if address.0 != Kind::Check {
                block["adopt_existing"] = adopting.has(*address).into();
            }
        }
        blocks
    }

    /// How the cloud shows the routes and rules, a line each.
    pub fn lines(&self) -> Vec<String> {
        let routes = self.routes.iter().enumerate().filter_map(|(number, route)| {
            let Route { server, described, .. } = (*route)?;
            Some(route_line(&destination(number), SERVERS[server].0, text(described)))
        });
        let rules = self.rules.iter().enumerate().filter_map(|(number, rule)| {
            let Rule { described, .. } = (*rule)?;
            Some(["icmp", "udp"].map(|it| rule_line(it, &prefix(number), text(described))))
        });
        routes.chain(rules.flatten()).collect()
    }
}

pub fn route_line(destination: &str, next_hop: &str, description: &str) -> String {
    format!("{destination} -> {next_hop} {description:?}")
}

pub fn rule_line(protocol: &str, prefix: &str, description: &str) -> String {
    format!("{protocol} {prefix} {description:?}")
}

/// How one configuration follows from another.
#[derive(Debug, Clone)]
pub enum Change {
    Same,
    Fresh(Box<Wanted>),
    /// Keys are renamed in a circle.
    Rename(usize),
    /// Lists by `count` lose their first element.
    Drop,
    /// Single routes become a set.
    Gather,
    /// Sets become single routes.
    Scatter,
    /// Objects go by other names.
    Alias,
    /// Other next hops and descriptions.
    Terms,
    /// Renamed, and with other terms.
    RenameTerms(usize),
}

impl Change {
    pub fn of(&self, wanted: &Wanted) -> Wanted {
        let mut next = wanted.clone();
        match self {
            Change::Same => {}
            Change::Fresh(fresh) => next.clone_from(fresh),
            Change::Rename(by) => next.rename(*by),
            Change::Drop => next.drop_first(),
            Change::Gather => next.routes.iter_mut().flatten().for_each(|it| it.home = SINGLES),
            Change::Scatter => {
                for (number, route) in next.routes.iter_mut().enumerate() {
                    route.iter_mut().for_each(|it| it.home = number);
                }
            }
            Change::Alias => {
                next.routes.iter_mut().flatten().for_each(|it| it.by_ip = !it.by_ip);
                next.checks.iter_mut().flatten().for_each(|it| it.by = (it.by + 1) % 3);
            }
            Change::Terms => next.alter(),
            Change::RenameTerms(by) => {
                next.rename(*by);
                next.alter();
            }
        }
        next.without_collisions()
    }
}

impl Wanted {
    fn rename(&mut self, by: usize) {
        for route in self.routes.iter_mut().flatten() {
            route.home = match route.home.checked_sub(SINGLES) {
                None => (route.home + by) % SINGLES,
                Some(set) => SINGLES + (set + by) % SETS,
            };
        }
        self.checks.iter_mut().flatten().for_each(|it| it.home = (it.home + by) % CHECKS);
        self.rules.iter_mut().flatten().for_each(|it| it.home = (it.home + by) % PAIRS);
    }

    fn drop_first(&mut self) {
        let shift = |home: &mut usize| {
            let next = home.checked_sub(1);
            next.map(|next| *home = next).is_some()
        };
        for route in &mut self.routes {
            if let Some(it) = route
                && it.home < SINGLES
                && !shift(&mut it.home)
            {
                *route = None;
            }
        }
        for check in &mut self.checks {
            if check.as_mut().is_some_and(|it| !shift(&mut it.home)) {
                *check = None;
            }
        }
        for rule in &mut self.rules {
            if rule.as_mut().is_some_and(|it| !shift(&mut it.home)) {
                *rule = None;
            }
        }
    }

    fn alter(&mut self) {
        for route in self.routes.iter_mut().flatten() {
            route.server = 1 - route.server;
            route.described = !route.described;
        }
        self.rules.iter_mut().flatten().for_each(|it| it.described = !it.described);
    }
}

pub fn wanted() -> impl Strategy<Value = Wanted> {
    let route = (0..SINGLES + SETS, 0..2_usize, any::<bool>(), any::<bool>());
    let route =
        route.prop_map(|(home, server, by_ip, described)| Route { home, server, by_ip, described });
    let check = (0..CHECKS, 0..3_usize, proptest::bool::weighted(0.1));
    let check = check.prop_map(|(home, by, enabled)| Check { home, by, enabled });
    let rule = (0..PAIRS, any::<bool>()).prop_map(|(home, described)| Rule { home, described });
    let (route, check, rule) =
        (option::weighted(0.7, route), option::weighted(0.7, check), option::weighted(0.7, rule));
    let [r0, r1, r2, r3, r4] = [(); 5].map(|()| route.clone());
    let [c0, c1] = [(); 2].map(|()| check.clone());
    let [g0, g1, g2] = [(); 3].map(|()| rule.clone());
    ((r0, r1, r2, r3, r4), (c0, c1), (g0, g1, g2)).prop_map(|(routes, checks, rules)| {
        Wanted { routes: routes.into(), checks: checks.into(), rules: rules.into() }
            .without_collisions()
    })
}

pub fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => Just(Change::Same),
        1 => Just(Change::Drop),
        1 => Just(Change::Gather),
        1 => Just(Change::Scatter),
        1 => Just(Change::Alias),
        1 => Just(Change::Terms),
        2 => (1..5_usize).prop_map(Change::Rename),
        1 => (1..5_usize).prop_map(Change::RenameTerms),
        4 => wanted().prop_map(|wanted| Change::Fresh(Box::new(wanted))),
    ]
}

/// None of the addresses, a few, or nearly all.
pub fn addresses() -> impl Strategy<Value = Choice> {
    prop_oneof![
        3 => Just(Choice::NONE),
        2 => any::<u16>().prop_map(Choice),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(one, other)| Choice(one & other)),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(one, other)| Choice(one | other)),
    ]
}
