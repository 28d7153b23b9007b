//! The data sources, one file each.

pub mod container_cidr_plan;
pub mod container_host_setup;
pub mod container_path;
pub mod ecs_hosts;
pub mod route_table;
pub mod security_group;
pub mod subnet;
pub mod vpc;

mod sought;
