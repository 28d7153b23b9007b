//! Which part of `src` may name which: the arrows of `ARCHITECTURE.md` as a table, and the few other rules that a
//! reader of one file cannot see being kept in all the others.

use crate::harness::source::{Source, files_under};

/// Layer by layer, what it may name. What is not in the row is forbidden.
const ARROWS: &[(&str, &[&str])] = &[
    ("untrusted", &[]),
    ("network", &["untrusted"]),
    ("framework", &["untrusted"]),
    ("cloud", &["network", "untrusted"]),
    ("functions", &["network", "framework"]),
    ("resources", &["network", "framework", "cloud", "untrusted"]),
    ("data_sources", &["network", "framework", "cloud", "untrusted"]),
    ("protocol", &["framework", "untrusted"]),
    ("provider", &["framework", "untrusted", "cloud", "resources", "data_sources", "functions"]),
    ("emulator", &["network"]),
    ("disk", &["provider"]),
    ("main", &["protocol", "provider", "disk"]),
    ("bin", &["emulator"]),
    ("lib", &[]),
];

/// The same within `cloud`: each storey stands on those below it.
const STOREYS: &[(&str, &[&str])] = &[
    ("client", &[]),
    ("api", &["client"]),
    ("journal", &["api"]),
    ("routes", &["client", "api", "journal"]),
    ("session", &["client", "api", "journal", "routes"]),
];

/// What makes a file one of a kind: such files stand side by side and do not name each other.
const KINDS: &[&str] = &["impl Resource<", "impl DataSource<", "impl Function for"];

/// Crates that belong to one wire, and where they may be named.
const WIRES: &[(&str, &[&str])] = &[
    ("tonic", &["protocol"]),
    ("prost", &["protocol"]),
    ("rmp", &["protocol"]),
    ("reqwest", &["cloud"]),
    ("axum", &["emulator", "bin"]),
];

/// Files, and why each may.
type Excused = &'static [(&'static str, &'static str)];

/// Calls that reach out for the world, and the files that may, with what for. Everywhere else time, environment and
/// waiting come in as arguments.
const OUTSIDE_WORLD: &[(&[&str], Excused)] = &[
    (&["env::var", "env::vars", "env::var_os"], &[("main.rs", "the edge")]),
    (
        &["SystemTime::now", "Timestamp::now", "Zoned::now"],
        &[("main.rs", "the edge"), ("bin/emulator.rs", "the edge")],
    ),
    (
        &["Instant::now"],
        &[
            ("cloud/client/bounds.rs", "deadlines of operations"),
            ("protocol/service/call.rs", "how long a request took, for the log"),
        ],
    ),
    (
        &["time::sleep", "thread::sleep"],
        &[
            ("cloud/client/bounds.rs", "between two attempts"),
            ("emulator/http/latency.rs", "the latency that was asked for"),
            ("protocol/lifecycle/mod.rs", "time for the last answer to leave"),
            ("protocol/listener/mod.rs", "after a connection could not be accepted"),
        ],
    ),
];

/// A file on one screen is read; a longer one is searched. These are longer, for the reason given.
const LONG_FILES: Excused = &[];
const LONGEST: usize = 400;

#[test]
fn every_file_names_only_what_its_layer_may() {
    assert_eq!(forbidden_arrows(&sources()), NONE);
}

#[test]
fn the_storeys_of_the_cloud_stand_on_those_below() {
    assert_eq!(climbing(&sources()), NONE);
}

#[test]
fn the_wires_end_where_their_folder_ends() {
    assert_eq!(foreign_wires(&sources()), NONE);
}

#[test]
fn only_the_edge_reaches_for_the_world() {
    assert_eq!(reaching_out(&sources()), NONE);
}

#[test]
fn files_are_short_and_named_after_what_they_hold() {
    let files: Vec<Source> = sources().into_iter().chain(files_under("tests/it")).collect();
    assert_eq!(untidy(&files), NONE);
    for (file, _) in LONG_FILES {
        let is_long = files.iter().any(|source| source.file == *file && source.lines() > LONGEST);
        assert!(is_long, "{file} is not too long any more: take it out of LONG_FILES");
    }
}

#[test]
fn no_excuse_outlives_its_reason() {
    let sources = sources();
    for (calls, excused) in OUTSIDE_WORLD {
        for (file, reason) in *excused {
            let is_used = |source: &Source| calls.iter().any(|call| source.code().contains(call));
            let is_needed = sources.iter().any(|source| source.file == *file && is_used(source));
            assert!(
                is_needed,
                "{file} does not call {calls:?} any more ({reason}): take it out of the table"
            );
        }
    }
}

#[test]
fn a_broken_rule_is_seen() {
    for (file, text, complaint) in [
        ("network/cidr.rs", "use crate::cloud::Client;", "`network` must not name `cloud`"),
        (
            "cloud/vpc.rs",
            "use crate::{network::{Cidr, X}, framework::{Value, Type}};",
            "`cloud` must not name `framework`",
        ),
        (
            "protocol/codec.rs",
            "fn f() { super::super::provider::provider() }",
            "`protocol` must not name `provider`",
        ),
        ("functions/mod.rs", "fn f() { crate::cloud::X }", "`functions` must not name `cloud`"),
        (
            "main.rs",
            "use huaweivpc::{\n  provider, emulator as e };",
            "`main` must not name `emulator`",
        ),
        ("resources/a.rs", "use super::b::Thing;", "`a` must not name its neighbour `b`"),
        ("resources/a/read.rs", "use crate::resources::b;", "`a` must not name its neighbour `b`"),
        ("unheard_of/mod.rs", "", "`unheard_of` is in no row of the table"),
        ("framework/plan.rs", "use tonic::Status;", "`tonic` is for `protocol` only"),
        (
            "resources/a.rs",
            "let t = std::time::SystemTime::now();",
            "`SystemTime::now` is for main.rs, bin/emulator.rs only",
        ),
        (
            "cloud/client/list.rs",
            "use crate::cloud::{api::port::Port, client::call::Call};",
            "`cloud/client` must not name `cloud/api`",
        ),
        (
            "cloud/api/port.rs",
            "use crate::cloud::Error;",
            "`cloud/api` must not name `cloud/Error`",
        ),
        ("cloud/util.rs", "", "name it after what it holds"),
        ("cloud/vpc.rs", &"x\n".repeat(401), "401 lines, 400 are enough"),
    ] {
        assert_eq!(complaints(file, text), [format!("{file}: {complaint}")], "{text}");
    }
}

#[test]
fn what_is_allowed_is_not_complained_about() {
    for (file, text) in [
        (
            "resources/a.rs",
            "use crate::{cloud::{Cloud, vpc}, framework, network::Cidr}; use super::words;",
        ),
        (
            "network/cidr.rs",
            "// crate::cloud\n/* crate::cloud */ const A: &str = \"crate::cloud \\\" tonic::x\"; const B: char = '\"';",
        ),
        ("network/cidr.rs", "fn f<'a>(a: &'a str) -> &'a str { r#\"use crate::cloud;\"# }"),
        (
            "cloud/client/bounds.rs",
            "use crate::cloud::client::error; tokio::time::sleep(pause).await",
        ),
        ("protocol/codec.rs", "use super::generated; use self::inner::X;"),
    ] {
        assert_eq!(complaints(file, text), NONE, "{text}");
    }
}

const NONE: Vec<String> = Vec::new();

/// What there is to say about this file, beside one neighbour.
fn complaints(file: &str, text: &str) -> Vec<String> {
    let source = |file: &str, text: &str| Source { file: file.to_owned(), text: text.to_owned() };
    let sources = [source(file, text), source("resources/b.rs", "impl Resource<Cloud> for B {}")];
    let checks = [forbidden_arrows, climbing, foreign_wires, reaching_out, untidy];
    checks.iter().flat_map(|check| check(&sources)).collect()
}

/// The files of `src`, generated ones left out.
fn sources() -> Vec<Source> {
    let mut sources = files_under("src");
    sources.retain(|source| !source.file.contains("generated"));
    assert!(sources.len() > 10, "only {} files: this test looks in the wrong place", sources.len());
    sources
}

fn forbidden_arrows(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let Source { file, .. } = source;
        let layer = source.layer();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == layer) else {
            complaints.push(format!("{file}: `{layer}` is in no row of the table"));
            continue;
        };
        for path in source.names() {
            let named = path[0].as_str();
            let is_layer = ARROWS.iter().any(|(layer, _)| *layer == named);
            if is_layer && named != layer && !allowed.contains(&named) {
                complaints.push(format!("{file}: `{layer}` must not name `{named}`"));
            }
            let own = source.module().get(1).copied();
            if let (Some(own), Some(neighbour)) = (own, path.get(1))
                && named == layer
                && own != neighbour
                && is_one_of_a_kind(sources, layer, neighbour)
            {
                complaints
                    .push(format!("{file}: `{own}` must not name its neighbour `{neighbour}`"));
            }
        }
    }
    complaints.dedup();
    complaints
}

/// Where a storey of `cloud` names one that does not stand below it, or takes what `cloud` hands to others.
fn climbing(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let module = source.module();
        let &["cloud", storey, ..] = &module[..] else { continue };
        let Some((_, below)) = STOREYS.iter().find(|(name, _)| *name == storey) else { continue };
        for path in source.names() {
            if let [layer, named, ..] = &path[..]
                && layer == "cloud"
                && named != storey
                && !below.contains(&named.as_str())
            {
                complaints.push(format!(
                    "{}: `cloud/{storey}` must not name `cloud/{named}`",
                    source.file
                ));
            }
        }
    }
    complaints.dedup();
    complaints
}

fn is_one_of_a_kind(sources: &[Source], layer: &str, name: &str) -> bool {
    let is_it = |source: &&Source| source.module().starts_with(&[layer, name]);
    sources.iter().filter(is_it).any(|source| KINDS.iter().any(|kind| source.text.contains(kind)))
}

fn foreign_wires(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let code = source.code();
        for (wire, layers) in WIRES {
            if code.contains(&format!("{wire}::")) && !layers.contains(&source.layer()) {
                let layers = layers.join("`, `");
                complaints.push(format!("{}: `{wire}` is for `{layers}` only", source.file));
            }
        }
    }
    complaints
}

fn reaching_out(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let code = source.code();
        for (calls, files) in OUTSIDE_WORLD {
            for call in calls.iter().filter(|call| code.contains(&format!("{call}("))) {
                let names: Vec<&str> = files.iter().map(|(file, _)| *file).collect();
                if !names.contains(&source.file.as_str()) {
                    let files = names.join(", ");
                    complaints.push(format!("{}: `{call}` is for {files} only", source.file));
                }
            }
        }
    }
    complaints
}

fn untidy(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let Source { file, .. } = source;
        let vague = ["util", "utils", "helper", "helpers", "common", "misc"];
        if source.module().iter().any(|part| vague.contains(part)) {
            complaints.push(format!("{file}: name it after what it holds"));
        }
        let is_excused = LONG_FILES.iter().any(|(long, _)| long == file);
        if source.lines() > LONGEST && !is_excused {
            complaints.push(format!("{file}: {} lines, {LONGEST} are enough", source.lines()));
        }
    }
    complaints
}
