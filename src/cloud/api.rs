//! The endpoints of the API: one method each, with what it sends and what it answers, in the vendor's words. Nothing is
//! remembered here: every call is a request.

pub(crate) mod ids;
pub(crate) mod port;
pub(crate) mod quota;
pub(crate) mod route_table;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
pub(crate) mod server;
pub(crate) mod subnet;
pub(crate) mod vpc;
