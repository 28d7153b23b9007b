//! The way to Huawei Cloud, in four storeys. A file names only its own storey and those below.
//!
//! `session/` is what resources hold: [`Cloud`], the handle on one region. It has two doors. What it reads itself is
//! read now, by a request that begins after the call; what [`Cloud::cached`] gives may have been read earlier in the
//! run, and only a handle that can change nothing has that door.
//!
//! `routes/` is the writer of a route table: concurrent changes are queued, sent as one delta, verified, and taken apart
//! where the cloud refuses one of them.
//!
//! `api/` has one method per endpoint, in the vendor's words, with what it sends and what it answers.
//!
//! `client/` is HTTP: a call is signed, sent, repeated where that may help, and its answer or refusal read. It knows no
//! route.
//!
//! Beside them is `journal.rs`: what is about to be made is recorded first, so that a run that was killed can be resumed.
//!
//! Absence is a value: what reads one object returns `None` where the cloud says that there is none, and an error
//! for everything else.

mod api;
mod client;
mod journal;
mod routes;
mod session;

pub use self::{
    api::{
        ids::{
            AddressGroupId, Description, InvalidDescription, InvalidId, PortId, RouteTableId,
            RuleId, SecurityGroupId, ServerId, SubnetId, VpcId,
        },
        port::{AddressPair, Port},
        quota::{Quota, ROUTES_PER_TABLE, SECURITY_GROUP_RULES},
        route_table::{OtherRoute, RouteTable, RouteTableSummary},
        security_group::SecurityGroup,
        security_group_rule::{NewRule, SecurityGroupRule},
        server::{Nic, Server},
        subnet::Subnet,
        vpc::Vpc,
    },
    client::{
        config::{
            AccessKey, AssumeRole, CaCertificates, Config, Credentials, Domain, Endpoints,
            InvalidCertificates, Project, Timeouts, default_cloud,
        },
        error::{Distrust, Error, Kind, Result},
        sign,
    },
    journal::{About, Journal, NoNotes, Notes},
    routes::desired::{Expected, Wish, Written},
    session::{
        Cached, Cloud, Reading, Writing,
        ownership::{Claims, Contest, Covers, Object, Owner, Planning, Release, Sweep, SweptRoute},
        planned_changes::RuleIntents,
        source_check::Switched,
        source_checks::{CheckSwitch, SwitchedChecks},
    },
};
