//! What an examination of a plan can find. A code never changes its meaning.

use std::fmt;

/// One thing that is wrong, or may become so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub subject: Subject,
    /// The range, host, subnet or table on the other side; empty where there is none.
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    HostNotFound,
    HostAmbiguous,
    HostOtherVpc,
    HostOtherSubnet,
    HostRepeated,
    CidrOverlapsHost,
    CidrInSubnet,
    CidrInVpcRange,
    CidrSystemRange,
    CidrReserved,
    CidrDockerPool,
    CidrTooSmall,
    QuotaExceeded,
    QuotaNearlyFull,
}

impl Code {
    /// The name in `findings`, in messages and in the documentation.
    pub fn name(self) -> &'static str {
        match self {
            Code::HostNotFound => "host_not_found",
            Code::HostAmbiguous => "host_ambiguous",
            Code::HostOtherVpc => "host_other_vpc",
            Code::HostOtherSubnet => "host_other_subnet",
            Code::HostRepeated => "host_repeated",
            Code::CidrOverlapsHost => "cidr_overlaps_host",
            Code::CidrInSubnet => "cidr_in_subnet",
            Code::CidrInVpcRange => "cidr_in_vpc_range",
            Code::CidrSystemRange => "cidr_system_range",
            Code::CidrReserved => "cidr_reserved",
            Code::CidrDockerPool => "cidr_docker_pool",
            Code::CidrTooSmall => "cidr_too_small",
            Code::QuotaExceeded => "quota_exceeded",
            Code::QuotaNearlyFull => "quota_nearly_full",
        }
    }

    /// An error breaks the plan or somebody else's network; a warning works today.
    pub fn severity(self) -> Severity {
        match self {
            Code::HostOtherSubnet
            | Code::HostRepeated
            | Code::CidrInVpcRange
            | Code::CidrDockerPool
            | Code::QuotaNearlyFull => Severity::Warning,
            Code::HostNotFound
            | Code::HostAmbiguous
            | Code::HostOtherVpc
            | Code::CidrOverlapsHost
            | Code::CidrInSubnet
            | Code::CidrSystemRange
            | Code::CidrReserved
            | Code::CidrTooSmall
            | Code::QuotaExceeded => Severity::Error,
        }
    }

    /// A few words without values.
    pub fn summary(self) -> &'static str {
        match self {
            Code::HostNotFound => "Host not found",
            Code::HostAmbiguous => "Several servers match the host",
            Code::HostOtherVpc => "Host in another VPC",
            Code::HostOtherSubnet => "Hosts in different subnets",
            Code::HostRepeated => "One server under two names",
            Code::CidrOverlapsHost => "Container ranges overlap",
            Code::CidrInSubnet => "Container range overlaps a subnet",
            Code::CidrInVpcRange => "Container range inside the VPC's range",
            Code::CidrSystemRange => "Container range overlaps a system range",
            Code::CidrReserved => "Container range overlaps a reserved range",
            Code::CidrDockerPool => "Container range overlaps one of Docker's pools",
            Code::CidrTooSmall => "Container range too small",
            Code::QuotaExceeded => "Route quota exceeded",
            Code::QuotaNearlyFull => "Route quota nearly used up",
        }
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
            Subject::Table(id) => write!(f, "route table `{id}`"),
        }
    }
}
