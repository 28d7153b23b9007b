//! The wire to Huawei Cloud: one method per endpoint, in the vendor's words.
//!
//! A call's way: an API file (`route_table.rs`, `port.rs`, …) words it as a `call::Call`; `client.rs` logs in where
//! needed (`auth.rs`, `metadata.rs`, `project.rs`); `exchange.rs` has it signed (`request.rs`, `sign.rs`), sends it
//! (`transport.rs`, and `unanswered.rs` where no answer comes), and repeats what `retry.rs` calls worth repeating;
//! `decode.rs` reads the answer and `error.rs` says what a refusal means.
//! All waiting is in `bounds.rs`; `throttle.rs` makes callers wait together; `contact.rs` knows who is worth waiting for.
//!
//! Routes of one table are written by one writer: `route_writer.rs`, `route_batch.rs`, `route_confirmation.rs`,
//! `route_job.rs`, `route_wish.rs`.
//! What was read is shared: for showing and planning by `memo.rs`, ports by `port_sight.rs`, for deciding a write by `fresh.rs`; `callers.rs` knows
//! who may come along.
//!
//! What is about to be made is noted first, in `notes.rs`, so that a run that was killed can be gone on with.
//!
//! What the plans of one run share is in `intents.rs`, who owns what in a run in `ownership.rs`.
//!
//! Absence is a value: what reads one object returns `None` where the cloud says that there is none, and an error
//! for everything else.

pub mod sign;

mod auth;
mod bounds;
mod call;
mod callers;
mod client;
mod config;
mod contact;
mod decode;
mod error;
mod exchange;
mod fresh;
mod ids;
mod intents;
mod known;
mod list;
mod locked;
mod lookup;
mod memo;
mod metadata;
mod notes;
mod ownership;
mod port;
mod port_sight;
mod project;
mod quota;
mod request;
mod retry;
mod route_batch;
mod route_confirmation;
mod route_job;
mod route_knowledge;
mod route_table;
mod route_wish;
mod route_writer;
mod security_group;
mod security_group_list;
mod server;
mod source_check;
mod source_check_batch;
mod subnet;
mod throttle;
mod transport;
mod turns;
mod unanswered;
mod vpc;
mod words;

pub use client::Cloud;
pub use config::{
    AccessKey, AssumeRole, CaCertificates, Config, Credentials, Domain, Endpoints,
    InvalidCertificates, Project, Timeouts, default_cloud,
};
pub use error::{Distrust, Error, Kind, Result};
pub use ids::{
    Description, InvalidDescription, InvalidId, PortId, RouteTableId, RuleId, SecurityGroupId,
    ServerId, SubnetId, VpcId,
};
pub use intents::RuleIntents;
pub use notes::{About, NoNotes, Notes};
pub use ownership::{Claims, Contest, Covers, Object, Owner, Planning, Release, Sweep, SweptRoute};
pub use port::{AddressPair, Port};
pub use quota::{Quota, ROUTES_PER_TABLE, SECURITY_GROUP_RULES};
pub use route_table::{Route, RouteChanges, RouteTable, RouteTableSummary};
pub use route_wish::{Expected, Wish, Written};
pub use security_group::{NewRule, SecurityGroupRule};
pub use security_group_list::SecurityGroup;
pub use server::{Nic, Server};
pub use source_check::Switched;
pub use source_check_batch::{CheckSwitch, SwitchedChecks};
pub use subnet::Subnet;
pub use vpc::Vpc;
