//! The registry's reference in `docs/`: made of the schemas and the examples, and never behind them.
//!
//! `UPDATE=1 cargo test --test it docs` (`make docs`) writes it anew.

mod members;
mod page;
mod rules;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use huaweivpc::provider::provider;

use crate::harness::terraform::REPOSITORY;

/// What of `docs` is generated; the guides and the decisions are written by hand.
const GENERATED: &[&str] = &["index.md", "resources/", "data-sources/", "functions/"];

#[test]
fn the_reference_is_up_to_date() {
    let wanted = page::pages(&provider());
    let found = files();
    let is_generated = |path: &&String| GENERATED.iter().any(|prefix| path.starts_with(prefix));
    let found_names: BTreeSet<&String> = found.keys().filter(is_generated).collect();
    let names: BTreeSet<&String> = found_names.into_iter().chain(wanted.keys()).collect();
    let stale: Vec<&String> =
        names.into_iter().filter(|name| found.get(*name) != wanted.get(*name)).collect();

    #[expect(clippy::disallowed_methods, reason = "the switch between checking and writing")]
    let update = std::env::var_os("UPDATE").is_some();
    if update {
        for name in &stale {
            let path = docs().join(name);
            match wanted.get(*name) {
                Some(text) => {
                    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                    fs::write(path, text).expect("a page");
                }
                None => fs::remove_file(path).expect("a page that has lost its object"),
            }
        }
    } else {
        assert!(stale.is_empty(), "out of date in docs/: {stale:?}. `make docs` writes them anew.");
    }
}

#[test]
fn the_registry_takes_the_reference_as_it_is() {
    assert_eq!(rules::complaints(&files(), &page_names()), Vec::<String>::new());
    let former = Path::new(REPOSITORY).join("website");
    assert!(!former.exists(), "with website/docs beside it, the registry does not read docs");
}

/// The pages there have to be, one for each thing the provider offers.
fn page_names() -> BTreeSet<String> {
    let provider = provider();
    let resources = provider.resources.iter().map(|entry| format!("resources/{}.md", entry.name()));
    let data_sources =
        provider.data_sources.iter().map(|entry| format!("data-sources/{}.md", entry.name()));
    let functions =
        provider.functions.iter().map(|entry| format!("functions/{}.md", entry.signature().name));
    resources.chain(data_sources).chain(functions).chain(["index.md".to_owned()]).collect()
}

/// Every file below `docs`, by its path from there.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![docs()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(docs()).expect("below docs");
                let name = name.to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read_to_string(path).expect("a text"));
            }
        }
    }
    files
}

fn docs() -> PathBuf {
    Path::new(REPOSITORY).join("docs")
}
