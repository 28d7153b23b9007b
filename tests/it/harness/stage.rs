//! The guide's cloud and an empty configuration that leads to it, for stories through a real client.

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{
    config::patched,
    emulator_process::EmulatorProcess,
    terraform::{Cli, Workspace},
    world::GUIDE,
};

pub struct Stage {
    pub workspace: Workspace,
    pub cloud: EmulatorProcess,
    /// The id of the one route table.
    pub table: String,
}

impl Stage {
    pub fn new(cli: &'static Cli) -> Self {
        Self::with(cli, &json!({}))
    }

    /// With some members of the scenario replaced.
    pub fn with(cli: &'static Cli, scenario: &Value) -> Self {
        let file = NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), patched(&GUIDE, scenario).to_string()).expect("the scenario");
        let cloud = EmulatorProcess::start(file.path().to_str().expect("a path"));
        let state = cloud.state();
        let table = state.pointer("/route_tables/0/id").and_then(Value::as_str);
        let table = table.expect("the guide has a table").to_owned();
        let mut workspace = Workspace::new(cli);
        workspace.connect(&cloud);
        let url = cloud.url();
        workspace.write(
            "provider.tf",
            &format!(
                "terraform {{\n  required_providers {{\n    huaweivpc = {{ source = \"huaweivpc/huaweivpc\" }}\n  }}\n}}\n\
                 provider \"huaweivpc\" {{\n  endpoints = {{ iam = \"{url}\", vpc = \"{url}\", ecs = \"{url}\" }}\n}}\n"
            ),
        );
        workspace.init();
        Self { workspace, cloud, table }
    }

    /// The block of one route; `more` is whatever else stands in it.
    pub fn route(&self, name: &str, destination: &str, host: &str, more: &str) -> String {
        format!(
            "resource \"huaweivpc_container_route\" \"{name}\" {{\n  route_table_id = \"{}\"\n  \
             destination    = \"{destination}\"\n  host_ip        = \"{host}\"\n{more}}}\n",
            self.table
        )
    }
}
