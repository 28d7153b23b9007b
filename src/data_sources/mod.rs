//! The data sources, one file each.

pub mod container_cidr_plan;
