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
    time::SystemTime,
};

use huaweivpc::{
    cloud::Cloud,
    framework::Provider,
    provider::{self, Environment},
};

use crate::harness::{provider::nowhere, terraform::REPOSITORY};

/// What of `docs` is generated; the guides and the decisions are written by hand.
const GENERATED: &[&str] = &["index.md", "resources/", "data-sources/", "functions/"];

#[test]
fn the_reference_is_up_to_date_and_as_the_registry_wants_it() {
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

    let needed = wanted.into_keys().collect();
    assert_eq!(rules::complaints(&files(), &needed), Vec::<String>::new());
    let former = Path::new(REPOSITORY).join("website");
    assert!(!former.exists(), "with website/docs beside it, the registry does not read docs");
}

/// The provider, in a world that holds nothing.
fn provider() -> Provider<Cloud> {
    provider::provider(Environment { now: || SystemTime::UNIX_EPOCH, ..nowhere() })
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
