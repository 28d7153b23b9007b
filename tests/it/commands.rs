//! What the commands of `GNUmakefile` take for granted.

use std::{fs, path::Path};

use crate::harness::{source::files_under, terraform::REPOSITORY};

/// `make check` needs no Terraform: it skips every module that runs one, and no other.
#[test]
fn make_check_skips_the_tests_that_run_a_client() {
    let makefile = fs::read_to_string(Path::new(REPOSITORY).join("GNUmakefile")).expect("a text");
    let makefile = makefile.replace("\\\n", " ");
    let (_, list) = makefile.split_once("CLIENT_TESTS = ").expect("a list");
    let skipped: Vec<&str> = list.lines().next().expect("a line").split_whitespace().collect();

    let files = files_under("tests/it");
    let runs_a_client =
        |code: String| ["for_each_cli(", "Cli::all("].iter().any(|call| code.contains(call));
    let modules: Vec<String> = files
        .iter()
        .filter(|source| source.layer() != "harness" && runs_a_client(source.code()))
        .map(|source| source.module().join("::") + "::")
        .collect();

    let is_skipped =
        |module: &String| skipped.iter().any(|it| module.contains(it) || it.starts_with(module));
    let missing: Vec<_> = modules.iter().filter(|module| !is_skipped(module)).collect();
    assert!(missing.is_empty(), "name {missing:?} in CLIENT_TESTS of GNUmakefile");

    let is_needed =
        |it: &&str| modules.iter().any(|module| module.contains(*it) || it.starts_with(module));
    let surplus: Vec<_> = skipped.iter().filter(|it| !is_needed(it)).collect();
    assert!(surplus.is_empty(), "no test runs a client in {surplus:?}");
}
