//! `docs/guides/findings.md` against the table of codes and against what was printed.

use std::{collections::BTreeMap, fs, path::Path};

use huaweivpc::network::{Code, Remedy};

use super::Said;
use crate::harness::terraform::REPOSITORY;

/// Every code has a section in the order of the table: how severe it is, why, and as a quotation what was printed.
pub(super) fn compare(told: &[Said]) {
    let path = Path::new(REPOSITORY).join("docs/guides/findings.md");
    let page = fs::read_to_string(&path).expect("the guide");
    let said: BTreeMap<&str, &Said> = told.iter().map(|said| (said.code.as_str(), said)).collect();
    assert_eq!(said.len(), told.len(), "one story for each code");

    let sections: Vec<(&str, &str)> =
        page.split("\n### `").skip(1).filter_map(|section| section.split_once("`\n\n")).collect();
    let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names, codes, "a section for each code, in the order of the table");

    let mut fresh = page.clone();
    for (code, (name, section)) in Code::ALL.iter().zip(sections) {
        let said = said.get(name).unwrap_or_else(|| panic!("no story of {name}"));
        assert_eq!(said.severity, code.severity().to_string());
        assert!(section.starts_with(&severity(*code)), "{name} begins with {:?}", severity(*code));
        fresh = fresh.replace(quotation(section), &printed(said));
    }
    #[expect(clippy::disallowed_methods, reason = "the switch between checking and writing")]
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, fresh).expect("the guide");
    } else {
        assert_eq!(fresh, page, "out of date: `make docs` writes it anew");
    }
}

fn severity(code: Code) -> String {
    let severity = match code.severity().to_string().as_str() {
        "error" => "Error",
        _ => "Warning",
    };
    match code.resolved_by() {
        None => format!("**{severity}.** "),
        Some(Remedy::Route) => format!("**{severity}, gone after `huaweivpc_container_route`.** "),
        Some(Remedy::SourceCheck) => {
            format!("**{severity}, gone after `huaweivpc_ecs_port_source_check`.** ")
        }
    }
}

/// The lines of a section that begin with `>`.
fn quotation(section: &str) -> &str {
    let start = section.find("> ").expect("a quotation");
    let end = section[start..].find("\n\n").map_or(section.len(), |length| start + length);
    section[start..end].trim_end()
}

fn printed(said: &Said) -> String {
    format!("> {}\n>\n> {}", said.message, said.fix)
}
