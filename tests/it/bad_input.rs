//! What users type wrongly, as rows of a table: each a block of HCL with one mistake, and what has to be said about it.
//!
//! Many rows share one run of Terraform. Each still has its own diagnostics: one that no row foresees is a failure, and
//! so is one that is missing. Whatever fails, the state file and the cloud stay as they were.

mod body;
mod imports;
mod providers;
mod row;
mod surveys;
mod texts;
mod writes;

use std::collections::BTreeSet;

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
fn mistakes_in_import_blocks_are_told_by_plan() {
    for_each_cli(|cli| Site::new(cli).tell(&imports::rows(), plan));
}

#[test]
fn mistakes_in_the_import_command_are_told_by_it() {
    for_each_cli(|cli| {
        let site = Site::new(cli);
        for (row, id, phrases) in imports::commands() {
            site.workspace.write("rows.tf", &row.hcl());
            site.without_a_trace(|| {
                let run = site.workspace.import(&row.address(), id).failed();
                let missing = phrases.iter().find(|phrase| !run.text().contains(**phrase));
                assert_eq!(missing, None, "{run}");
            });
        }
    });
}

#[test]
fn what_only_the_cloud_can_tell_is_told_by_apply() {
    for_each_cli(|cli| {
        let site = Site::new(cli);
        let rows = writes::rows();
        site.tell(&rows, Workspace::apply);

        // What stood before each mistake still stands, in the eyes of the provider too.
        site.workspace
            .write("rows.tf", &rows.iter().filter_map(Row::hcl_before).collect::<String>());
        site.workspace.plan().expect_empty();
    });
}

#[test]
fn the_table_is_long_and_its_rows_have_names_of_their_own() {
    let url = "http://127.0.0.1:1";
    let groups =
        [texts::rows(), providers::rows(url), surveys::rows(), imports::rows(), writes::rows()];
    let names: Vec<&str> = groups.iter().flatten().map(|row| row.name).collect();
    assert!(names.len() >= 40, "{} rows", names.len());
    let mut seen = BTreeSet::new();
    assert_eq!(names.iter().find(|name| !seen.insert(**name)), None);
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
        let before: String = rows.iter().filter_map(Row::hcl_before).collect();
        self.workspace.write("rows.tf", &before);
        self.workspace.apply().succeeded();
        self.workspace.write("rows.tf", &rows.iter().map(Row::hcl).collect::<String>());
        self.without_a_trace(|| {
            let complaints = complaints(rows, &command(&self.workspace).failed().errors());
            assert!(complaints.is_empty(), "\n{complaints}");
        });
    }

    /// Lets something fail, and sees that the state file and the cloud are as before.
    fn without_a_trace(&self, failing: impl FnOnce()) {
        let before = (self.workspace.state_json(), self.emulator.state());
        failing();
        assert_eq!(self.workspace.state_json(), before.0, "the state file has changed");
        assert_eq!(self.emulator.state(), before.1, "the cloud has changed");
    }
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

/// A summary is a few words without values, and a detail is made of sentences.
fn lapse_of_style(Diagnostic { summary, detail, .. }: &Diagnostic) -> Option<String> {
    let has_value = summary.chars().any(|character| character.is_ascii_digit());
    let is_terse = summary.len() <= 60 && !summary.ends_with('.');
    let is_whole = detail.trim_end().ends_with(['.', ')', '\'']);
    (has_value || !is_terse || !is_whole).then(|| format!("style of {summary:?}: {detail:?}\n"))
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
