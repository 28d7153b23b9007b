//! What an examination of a plan can find. A code never changes its meaning.

use std::fmt;

/// One thing that is wrong, or may become so, or is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub subject: Subject,
    /// The range, host, subnet, route or table on the other side; empty where there is none.
    pub conflicts_with: String,
    /// What is wrong, with the addresses.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// What a finding is about, which also says where in the configuration it belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The host as such: which server it is.
    Host(String),
    /// The container range of a host.
    Range(String),
    /// A route table, by id.
    Table(String),
    /// All route tables of the VPC together.
    AllTables,
    /// The ranges from which Docker takes networks of its own choice.
    DockerPools,
    /// What one attribute of the configuration names.
    Place(&'static str),
    /// A part of the cloud that could not be looked at.
    Unseen(&'static str),
}

/// What somebody is about to do anyway, after which a finding is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// The route of the range is made, or changed.
    Route,
    /// The source/destination check of the interface is switched off.
    SourceCheck,
}

macro_rules! codes {
    ($($code:ident $name:literal $severity:ident $resolved_by:expr, $summary:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($code,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$code,)*];

            /// The name in `findings`, in messages and in the documentation.
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => $name,)* }
            }

            /// An error breaks the plan or somebody else's network; a warning works today.
            pub fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity,)* }
            }

            /// What makes the finding go without anybody changing the plan.
            pub fn resolved_by(self) -> Option<Remedy> {
                match self { $(Code::$code => $resolved_by,)* }
            }

            /// A few words without values.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$code => $summary,)* }
            }
        }
    };
}

codes! {
    CidrNotCanonical "cidr_not_canonical" Error None, "Container range with host bits";
    CidrTooSmall "cidr_too_small" Error None, "Container range too small";
    CidrSystemRange "cidr_system_range" Error None, "Container range overlaps a system range";
    CidrInSubnet "cidr_in_subnet" Error None, "Container range overlaps a subnet";
    CidrOverlapsHost "cidr_overlaps_host" Error None, "Container ranges overlap";
    CidrReserved "cidr_reserved" Error None, "Container range overlaps a reserved range";
    CidrDockerBridge "cidr_docker_bridge" Error None, "Container range overlaps Docker's bridge";
    CidrCoversRemote "cidr_covers_remote" Error None, "Container range covers another network";
    CidrInVpcRange "cidr_in_vpc_range" Warning None, "Container range inside the VPC's range";
    CidrUsedElsewhere "cidr_used_elsewhere" Warning None, "Container range inside another network";
    CidrPublic "cidr_public" Warning None, "Container range is public";
    CidrDockerPool "cidr_docker_pool" Warning None, "Container range overlaps one of Docker's pools";
    DockerPoolShadows "docker_pool_shadows" Warning None, "Docker's own networks hide a network";
    VpcNotFound "vpc_not_found" Error None, "VPC not found";
    TableNotFound "table_not_found" Error None, "Route table not found";
    HostNotFound "host_not_found" Error None, "Host not found";
    HostAmbiguous "host_ambiguous" Error None, "Several servers match the host";
    HostOtherVpc "host_other_vpc" Error None, "Host in another VPC";
    HostOtherSubnet "host_other_subnet" Error None, "Hosts under different route tables";
    HostRepeated "host_repeated" Warning None, "One server under two names";
    HostNotRunning "host_not_running" Warning None, "Host not running";
    HostMultiNic "host_multi_nic" Warning None, "Host by an extension interface";
    SourceCheckOn "source_check_on" Warning Some(Remedy::SourceCheck), "Source/destination check still on";
    RouteForeignOwner "route_foreign_owner" Error None, "Destination taken by somebody else's route";
    RouteShadowed "route_shadowed_by_more_specific" Error None, "More specific route to somewhere else";
    RouteLeftOver "route_left_over" Warning None, "More specific route to another host";
    RouteOtherNextHop "route_other_next_hop" Warning None, "Route to a server outside the plan";
    RouteMissing "route_missing" Warning Some(Remedy::Route), "Route not there yet";
    RouteOnlyBroader "route_only_broader" Warning Some(Remedy::Route), "Only a broader route yet";
    RouteMoves "route_moves" Warning Some(Remedy::Route), "Route to another host of the plan yet";
    RouteNextHopGone "route_next_hop_gone" Warning Some(Remedy::Route), "Route to a server that is gone";
    RouteOtherNic "route_other_nic" Warning Some(Remedy::Route), "Route to the wrong interface";
    DefaultTableLacksRoute "default_table_lacks_route" Warning Some(Remedy::Route), "Default table lacks the route";
    TableNotEffective "table_not_effective_for_subnet" Warning None, "Route table not in effect for a host";
    QuotaExceeded "quota_exceeded" Error None, "Route quota exceeded";
    QuotaNearlyFull "quota_nearly_full" Warning None, "Route quota nearly used up";
    NotChecked "not_checked" Warning None, "Part of the plan not checked";
}

impl Finding {
    pub fn new(code: Code, subject: Subject, message: String, fix: impl Into<String>) -> Self {
        let fix = fix.into();
        Self { code, subject, conflicts_with: String::new(), message, fix }
    }

    pub fn against(mut self, other: impl Into<String>) -> Self {
        self.conflicts_with = other.into();
        self
    }

    /// The plan is wrong, whatever is done about the rest of it.
    pub fn is_error(&self) -> bool {
        self.code.severity() == Severity::Error
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Host(name) | Subject::Range(name) => write!(f, "host `{name}`"),
            Subject::AllTables => write!(f, "the route tables of the VPC"),
            Subject::Table(id) => write!(f, "route table `{id}`"),
            Subject::Place(attribute) => write!(f, "`{attribute}`"),
            Subject::DockerPools => f.write_str("Docker's pools"),
            Subject::Unseen(what) => f.write_str(what),
        }
    }
}
