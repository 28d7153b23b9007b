//! What users type wrongly, as rows of a table: each a block of HCL with one mistake, and what has to be said about it.
//!
//! Many rows share one run of Terraform. Each still has its own diagnostics: one that no row foresees is a failure, and
//! so is one that is missing. Whatever fails, the state file and the cloud stay as they were.

mod body;
mod imports;
mod providers;
mod row;
mod seekers;
mod surveys;
mod texts;
mod writes;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{
    emulator_process::EmulatorProcess,
    run::{Diagnostic, Run},
    terraform::{Cli, Workspace, for_each_cli},
};

use self::row::Row;

#[test]
fn mistakes_in_the_text_are_told_by_validate() {
    for_each_cli(|cli| {
        let site = Site::new(cli);
        site.tell(&texts::rows(), Workspace::validate);
        site.tell(&texts::rows(), Workspace::apply);
    });
}

#[test]
fn mistakes_in_the_provider_block_are_told_by_plan() {
    for_each_cli(|cli| {
        let site = Site::new(cli);
        for (file, text) in providers::FILES {
            site.workspace.write(file, text);
        }
        site.tell(&providers::rows(&site.emulator.url()), plan);
    });
}

/// The cloud locks a key after some wrong signatures.
#[test]
fn a_refused_signature_is_not_sent_again() {
    for_each_cli(|cli| {
        let site = Site::new(cli);
        let row = providers::wrong_secret_key(&site.emulator.url());
        site.tell(&[row], plan);
        let requests = site.emulator.requests();
        let refused = requests.iter().filter(|request| request["status"] == 401);
        assert_eq!(refused.count(), 1, "{requests:#?}");
    });
}

#[test]
fn mistakes_in_a_plan_of_ranges_are_told_by_plan() {
    for_each_cli(|cli| Site::new(cli).tell(&surveys::rows(), plan));
}

#[test]
fn look_ups_that_find_nothing_or_too_much_are_told_by_plan() {
    for_each_cli(|cli| Site::new(cli).tell(&seekers::rows(), plan));
}

#[test]
fn mistakes_in_import_blocks_are_told_by_plan() {
    for_each_cli(|cli| Site::new(cli).tell(&imports::rows(), plan));
}

#[test]
fn mistakes_in_the_import_command_are_told_by_it() {
    for_each_cli(|cli| {
        let site = Site::new(cli);
        site.workspace.apply().succeeded();
        for (row, id, phrases) in imports::commands() {
            site.workspace.write("rows.tf", &row.hcl());
            site.without_a_trace(|| {
                let run = site.workspace.import(&row.address(), id).failed();
                let missing = phrases.iter().find(|phrase| !run.text().contains(**phrase));
                assert_eq!(missing, None, "{run}");
                run
            });
        }
    });
}

#[test]
fn what_only_the_cloud_can_tell_is_told_by_plan_or_else_by_apply() {
    for_each_cli(|cli| {
        let site = Site::new(cli);
        site.tell(&writes::rows(), plan);

        let changes = writes::changes();
        site.tell(&changes, plan);
        // What stood before each mistake still stands, in the eyes of the provider too.
        site.workspace.write("rows.tf", &before(&changes));
        site.workspace.plan().expect_empty();

        site.tell(&writes::late_rows(), Workspace::apply);
        site.tell(&writes::late_changes(), Workspace::apply);
    });
}

#[test]
fn the_table_is_long_and_its_rows_have_names_of_their_own() {
    let groups = [
        texts::rows(),
        providers::rows("http://127.0.0.1:1"),
        surveys::rows(),
        seekers::rows(),
        imports::rows(),
        writes::rows(),
        writes::late_rows(),
        writes::late_changes(),
    ];
    let names: Vec<&str> = groups.iter().flatten().map(|row| row.name).collect();
    assert!(names.len() >= 40, "{} rows", names.len());
    let mut seen = BTreeSet::new();
    assert_eq!(names.iter().find(|name| !seen.insert(**name)), None);
}

/// What stands there before the mistakes are made.
fn before(rows: &[Row]) -> String {
    rows.iter().filter_map(Row::hcl_before).collect()
}

fn plan(workspace: &Workspace) -> Run {
    workspace.plan().expect_error()
}

/// A folder with a configuration that is right and applied, and the cloud it is applied to.
struct Site {
    emulator: EmulatorProcess,
    workspace: Workspace,
}

impl Site {
    fn new(cli: &'static Cli) -> Self {
        let emulator = EmulatorProcess::start("tests/it/bad_input/cloud.json");
        let workspace = Workspace::new(cli);
        let provider = row::provider(&emulator.url()).in_block("provider \"huaweivpc\"");
        workspace.write("main.tf", &format!("{REQUIREMENTS}\n{provider}"));
        workspace.write("standing.tf", &writes::standing());
        workspace.init();
        Self { emulator, workspace }
    }

    /// Applies what stands before the mistakes, makes them all, and compares what the command says with the rows.
    fn tell(&self, rows: &[Row], command: impl Fn(&Workspace) -> Run) {
        self.workspace.write("rows.tf", &before(rows));
        self.workspace.apply().succeeded();
        self.workspace.write("rows.tf", &rows.iter().map(Row::hcl).collect::<String>());
        self.without_a_trace(|| {
            let run = command(&self.workspace).failed();
            let complaints = complaints(rows, &run.errors());
            assert!(complaints.is_empty(), "\n{complaints}");
            run
        });
    }

    /// Lets something fail, and sees that the state file and the cloud are as before.
    fn without_a_trace(&self, failing: impl FnOnce() -> Run) {
        let state = || self.workspace.state_json().expect("a state file");
        let (mut state_before, cloud_before) = (state(), self.emulator.state());
        let run = failing();
        let mut state_after = state();
        // When it begins to create something, Terraform writes down an empty place for it and counts that as a change,
        // although nothing of it is left in the end.
        if run.events().iter().any(begins_to_create) {
            state_before["serial"].take();
            state_after["serial"].take();
        }
        assert_eq!(state_after, state_before, "the state file has changed");
        assert_eq!(self.emulator.state(), cloud_before, "the cloud has changed");
    }
}

fn begins_to_create(event: &Value) -> bool {
    event["type"] == "apply_start" && event["hook"]["action"] == "create"
}

/// What the rows miss in these errors, and what they did not foresee. Empty is right.
fn complaints(rows: &[Row], errors: &[Diagnostic]) -> String {
    let of_rows = rows.iter().map(|row| {
        let about: Vec<_> = errors.iter().filter(|error| row.claims(error)).collect();
        row.complaints(&about)
    });
    let of_none = errors
        .iter()
        .filter(|error| !rows.iter().any(|row| row.claims(error)))
        .map(|error| format!("about no row: {error:#?}\n"));
    of_rows.chain(of_none).chain(errors.iter().filter_map(lapse_of_style)).collect()
}

/// A summary is a few words without values, a detail is made of sentences, and no secret is in either.
fn lapse_of_style(Diagnostic { summary, detail, .. }: &Diagnostic) -> Option<String> {
    let has_value = summary.chars().any(|character| character.is_ascii_digit());
    let is_terse = summary.len() <= 60 && !summary.ends_with('.');
    let is_whole = detail.ends_with(['.', ')']) && !detail.ends_with("..");
    // The wrong secrets of the rows all begin so.
    let has_secret = detail.contains("hush") || detail.contains("emulator-secret-key");
    (has_value || !is_terse || !is_whole || has_secret)
        .then(|| format!("style of {summary:?}: {detail:?}\n"))
}

const REQUIREMENTS: &str = r#"
terraform {
  required_providers {
    huaweivpc = {
      source = "huaweivpc/huaweivpc"
    }
  }
}
"#;
