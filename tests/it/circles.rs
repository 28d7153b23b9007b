//! No two files of a folder name each other, directly or by way of others: what stands lower can be read first.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::source::{Source, files_under};

/// Folders in which there are circles, and why that is so.
const EXCUSED: &[(&str, &str)] = &[
    ("emulator", "the scenario asks the router which families of paths there are"),
    (
        "network/path",
        "a packet is walked with what is assumed, and what is assumed is what a walk asked for",
    ),
];

#[test]
fn no_file_is_named_by_what_it_names() {
    let sources = sources();
    let mut found = BTreeMap::new();
    for folder in folders(&sources) {
        let circle = circle(&named_within(&sources, &folder));
        found.extend(circle.map(|circle| (folder.join("/"), circle)));
    }
    for (folder, reason) in EXCUSED {
        assert!(found.remove(*folder).is_some(), "{folder} has no circle any more: {reason}");
    }
    assert_eq!(found, BTreeMap::new());
}

#[test]
fn a_circle_is_seen() {
    let source = |file: &str, text: &str| Source { file: file.to_owned(), text: text.to_owned() };
    let sources = [
        source("a/one.rs", "use super::two::X;"),
        source("a/two.rs", "use crate::a::three;"),
        source("a/three/inner.rs", "fn f() { super::super::one::f() }"),
        source("a/three.rs", ""),
        source("a/four.rs", "use super::one;"),
    ];
    let circle = circle(&named_within(&sources, &["a".to_owned()]));
    assert_eq!(circle, Some(["one", "three", "two"].map(str::to_owned).into()));
}

type Names = BTreeMap<String, BTreeSet<String>>;

fn sources() -> Vec<Source> {
    let mut sources = files_under("src");
    sources.retain(|source| !source.file.contains("generated"));
    sources
}

/// Every folder that has files in it, as the path of its module.
fn folders(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let modules = sources.iter().map(|source| source.module());
    let folders = modules.map(|module| module[..module.len() - 1].to_vec());
    folders
        .filter(|it| !it.is_empty())
        .map(|it| it.into_iter().map(str::to_owned).collect())
        .collect()
}

/// Which children of a folder name which others, each with all that is below it.
fn named_within(sources: &[Source], folder: &[String]) -> Names {
    let child = |path: &[String]| path.strip_prefix(folder)?.first().cloned();
    let mut names = Names::new();
    for source in sources {
        let module: Vec<String> = source.module().into_iter().map(str::to_owned).collect();
        let Some(own) = child(&module) else { continue };
        let named = source.names().into_iter().filter_map(|path| child(&path));
        names.entry(own.clone()).or_default().extend(named.filter(|named| *named != own));
    }
    let known: BTreeSet<String> = names.keys().cloned().collect();
    names.values_mut().for_each(|named| named.retain(|it| known.contains(it)));
    names
}

/// All that name themselves by way of others; `None` if nothing does.
fn circle(names: &Names) -> Option<BTreeSet<String>> {
    let reached = |start: &String| {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&String> = names[start].iter().collect();
        while let Some(one) = next.pop() {
            if reached.insert(one) {
                next.extend(&names[one]);
            }
        }
        reached
    };
    let circle: BTreeSet<_> =
        names.keys().filter(|start| reached(start).contains(start)).cloned().collect();
    (!circle.is_empty()).then_some(circle)
}
