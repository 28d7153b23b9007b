//! Every test of the project in one binary, one module per topic, each through a boundary.

#![expect(unreachable_pub, reason = "nothing outside of a test binary can reach into it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod allocation;
mod bad_input;
mod circles;
mod clients;
mod cloud;
mod commands;
mod container_cidr_plan;
mod container_host_setup;
mod container_path;
mod container_route;
mod container_routes;
mod core_notices;
mod core_rules;
mod crash;
mod damaged_states;
mod docs;
mod ecs_port_source_check;
mod ecs_port_source_checks;
mod emulator;
mod examples;
mod fault_matrix;
mod foresight;
mod functions;
mod generated;
mod generation;
mod golden_states;
mod gone;
mod guide;
mod handover;
mod handshake;
mod harness;
#[cfg(unix)]
mod kept_files;
mod laws;
mod laws_of_life;
mod laws_of_planning;
mod layers;
mod log;
mod lookups;
mod migration;
mod network;
mod notes;
mod optional_keys;
mod ownership;
#[cfg(target_os = "linux")]
mod packets;
mod plugin_client;
mod proxies;
mod route_writer;
mod secgroup_icmp_udp_rule;
mod secgroup_rules;
mod service;
mod settings;
mod signing;
mod temporary_folder;
mod terraform_test;
mod variants;
mod vectors;
mod world;
