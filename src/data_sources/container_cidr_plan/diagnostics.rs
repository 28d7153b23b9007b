//! Findings as diagnostics: each on the path it is about, or, where there are many of one code, all in one, so that a
//! user sees every subject and not the same text hundreds of times. (Terraform shows the first of several warnings with
//! one summary, and counts the rest.)

use crate::{
    framework::{Path, Problem},
    network::{self, Code, Finding, Subject},
};

/// How many errors of one code stay apart.
const APART: usize = 10;

/// How many subjects a diagnostic names before it only counts.
const NAMED: usize = 20;

/// The findings by code, in the order in which each code comes first.
pub(super) fn of(findings: Vec<Finding>) -> Vec<Problem> {
    let mut by_code: Vec<(Code, Vec<Finding>)> = Vec::new();
    for finding in findings {
        match by_code.iter_mut().find(|(code, _)| *code == finding.code) {
            Some((_, list)) => list.push(finding),
            None => by_code.push((finding.code, vec![finding])),
        }
    }
    let problems = by_code.into_iter().flat_map(|(code, findings)| {
        let most = match code.severity() {
            network::Severity::Error => APART,
            network::Severity::Warning => 1,
        };
        if findings.len() > most {
            vec![together(code, &findings)]
        } else {
            findings.into_iter().map(problem).collect()
        }
    });
    problems.collect()
}

/// All findings of one code. What to do about it is told of the first.
fn together(code: Code, findings: &[Finding]) -> Problem {
    let mut lines: Vec<String> = findings
        .iter()
        .take(NAMED)
        .map(|finding| format!("- {}: {}", finding.subject, finding.message))
        .collect();
    if let Some(more) = findings.len().checked_sub(NAMED).filter(|more| *more > 0) {
        lines.push(format!("- and {more} more, which `findings` lists"));
    }
    let remedy = findings.first().map(|first| first.fix.as_str()).unwrap_or_default();
    let detail = format!(
        "In {} places:\n\n{}\n\nFor the first: {remedy} ({})",
        findings.len(),
        lines.join("\n"),
        code.name()
    );
    let path = findings.first().map(|first| match first.subject {
        Subject::Host(_) | Subject::Range(_) => Path::from("hosts"),
        _ => place(&first.subject),
    });
    of_severity(code, detail).at(path.unwrap_or_default())
}

/// A finding as a diagnostic on the path it is about. The detail names the path too: where `hosts` is the result of an
/// expression, Terraform cannot show the host.
fn problem(finding: Finding) -> Problem {
    let Finding { code, subject, message, fix, .. } = finding;
    let path = place(&subject);
    let place = if path.is_root() { String::new() } else { format!("In `{path}`: ") };
    of_severity(code, format!("{place}{message}\n\n{fix} ({})", code.name())).at(path)
}

fn place(subject: &Subject) -> Path {
    let hosts = Path::from("hosts");
    match subject {
        Subject::Host(name) => hosts.key(name),
        Subject::Range(name) => hosts.key(name).attribute("container_cidr"),
        Subject::Table(_) => hosts,
        Subject::Place(attribute) => Path::from(*attribute),
        Subject::DockerPools => Path::from("docker_pools"),
        Subject::Unseen(_) => Path::default(),
    }
}

fn of_severity(code: Code, detail: String) -> Problem {
    match code.severity() {
        network::Severity::Error => Problem::error(code.summary(), detail),
        network::Severity::Warning => Problem::warning(code.summary(), detail),
    }
}
