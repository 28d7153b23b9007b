//! The composition root: the provider's tables, and how its block becomes a session with the cloud.

mod data_directory;
mod notes;
pub mod settings;

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio_util::sync::CancellationToken;

use self::notes::NoteFiles;
use crate::{
    cloud::{Cloud, Owner, Writing},
    data_sources::{
        container_cidr_plan::ContainerCidrPlan, container_host_setup::ContainerHostSetup,
        container_path::ContainerPath, ecs_hosts::EcsHosts, route_table::RouteTable,
        security_group::SecurityGroup, subnet::Subnet, vpc::Vpc,
    },
    framework::{
        AnyDataSource, AnyResource, Bounded, Configured, Function, InstanceId, Problem, Problems,
        Provider, Result, Session, Value, data_source, json, resource,
    },
    functions::{
        cidr_aggregate::CidrAggregate, cidr_allocate::CidrAllocate, cidr_contains::CidrContains,
        cidr_overlaps::CidrOverlaps,
    },
    resources::{
        container_route::ContainerRoute, container_routes::ContainerRoutes,
        ecs_port_source_check::EcsPortSourceCheck, ecs_port_source_checks::EcsPortSourceChecks,
        secgroup_icmp_udp_rule::SecgroupIcmpUdpRule, secgroup_rules::SecgroupRules,
    },
};

const RESOURCES: &[&dyn AnyResource<Cloud>] = &[
    &resource::Entry::<ContainerRoute>::NEW,
    &resource::Entry::<ContainerRoutes>::NEW,
    &resource::Entry::<EcsPortSourceCheck>::NEW,
    &resource::Entry::<EcsPortSourceChecks>::NEW,
    &resource::Entry::<SecgroupIcmpUdpRule>::NEW,
    &resource::Entry::<SecgroupRules>::NEW,
];

const DATA_SOURCES: &[&dyn AnyDataSource<Cloud>] = &[
    &data_source::Entry::<ContainerCidrPlan>::NEW,
    &data_source::Entry::<ContainerHostSetup>::NEW,
    &data_source::Entry::<ContainerPath>::NEW,
    &data_source::Entry::<EcsHosts>::NEW,
    &data_source::Entry::<RouteTable>::NEW,
    &data_source::Entry::<SecurityGroup>::NEW,
    &data_source::Entry::<Subnet>::NEW,
    &data_source::Entry::<Vpc>::NEW,
];

const FUNCTIONS: &[&dyn Function] = &[&CidrAggregate, &CidrAllocate, &CidrContains, &CidrOverlaps];

/// What the provider takes from the world around it; only the binary and tests make one.
pub struct Environment {
    pub variable: Variable,
    pub files: Arc<dyn Files>,
    pub now: fn() -> SystemTime,
}

/// An environment variable by name; `None` where it is not set.
pub type Variable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Files, as far as the provider reads and writes them.
pub trait Files: Send + Sync {
    /// Reads a file that others keep, wherever a link leads to. Never waits, and reads regular files of a sane size only.
    fn read(&self, file: &Path) -> io::Result<Vec<u8>>;

    /// Reads a file that the provider may have written: a regular one of this user, and no link.
    fn read_own(&self, file: &Path) -> io::Result<Vec<u8>>;

    /// The names of what is in a folder.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Whether this is a folder of this user, and no link to one.
    fn check_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes a folder in one that is there, if it is not there yet, and has it opened to this user only.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;

    /// Writes a file whole or not at all, in a folder that is there, for this user only. What is there already and could
    /// not be read by `read_own` stays. Killed halfway, it leaves a file whose name ends in `.`, 16 hexadecimal digits and
    /// `.part`.
    fn write(&self, file: &Path, content: &[u8]) -> io::Result<()>;

    /// Removes what `read_own` would read.
    fn remove(&self, file: &Path) -> io::Result<()>;
}

impl Environment {
    /// A variable that is set to more than nothing.
    fn variable_with_text(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|text| !text.is_empty())
    }
}

/// The provider, as the protocol serves it.
pub fn provider(environment: Environment) -> Provider<Cloud> {
    Provider {
        name: "huaweivpc",
        address: "registry.terraform.io/huaweivpc/huaweivpc",
        version: env!("CARGO_PKG_VERSION"),
        schema: &settings::SCHEMA,
        check: settings::check,
        resources: RESOURCES,
        data_sources: DATA_SOURCES,
        functions: FUNCTIONS,
        configure: Box::new(move |block| configure(block, &environment)),
    }
}

/// Makes the session. Nothing is sent: the first call of a resource logs in.
fn configure(block: &Value, environment: &Environment) -> Result<Configured<Cloud>> {
    if !block.is_wholly_known() {
        return Ok(Configured::Waiting(not_yet(block)));
    }
    let arguments = crate::framework::to_struct(block, &[])?;
    let files = |path: &str| environment.files.read(Path::new(path));
    let notes = Arc::new(NoteFiles::new(environment, without_secrets(block)));
    let config = settings::resolve(&arguments, &*environment.variable, &files, environment.now)
        .or_else(|problems| {
            Problems::from_list(problems)
                .map_or_else(|| Err(Problem::bug("refused without a problem").into()), Err)
        })?;
    Ok(Configured::Ready(Cloud::new(config, notes)?))
}

/// What tells one provider block from another, and may be written down.
fn without_secrets(block: &Value) -> serde_json::Value {
    let is_secret = |name: &str| settings::SCHEMA.attribute(name).is_some_and(|it| it.sensitive);
    let members = block.as_map().into_iter().flatten().filter(|(name, _)| !is_secret(name));
    members.map(|(name, value)| (name.clone(), json::write(value))).collect()
}

/// What to say in a call that needs the cloud while parts of the provider block are known only after apply.
fn not_yet(block: &Value) -> Problem {
    let unknown =
        block.as_map().into_iter().flatten().filter(|(_, value)| !value.is_wholly_known());
    let names = unknown.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let detail = format!(
        "{names} of the provider block is known only after apply, so the cloud cannot be asked now. Apply what it depends \
         on first, for example with `-target`, or write a value that is known."
    );
    Problem::error("Provider configuration not known yet", detail)
}

impl<A: Clone + Send + Sync + 'static> Bounded for Cloud<A> {
    fn bounded(&self, limit: Duration, stop: CancellationToken) -> Self {
        Cloud::bounded(self, limit, stop)
    }
}

impl Session for Cloud {
    type Writing = Cloud<Writing>;

    fn for_instance(&self, instance: &InstanceId) -> Self {
        self.for_owner(Owner::new(instance.as_str()))
    }

    fn for_change_of(&self, instance: &InstanceId) -> Cloud<Writing> {
        Cloud::for_change_of(self, Owner::new(instance.as_str()))
    }

    fn has_planned(&self) {
        self.leave_snapshot();
    }

    fn has_applied(&self) {
        self.use_up_snapshot();
    }
}
