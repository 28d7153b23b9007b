//! Findings as diagnostics: each on the path that it is about where there are few, else one for each code, because a client
//! shows one of several warnings alike, and nobody reads hundreds of errors.

use super::super::sought::BEFORE_A_DESTROY;
use crate::{
    framework::{MOST_TOLD, Path, Problem, Severity, most_alone},
    network::{self, Code, Finding, Subject},
};

/// The diagnostics, in the order of the findings.
pub(super) fn told(findings: Vec<Finding>) -> Vec<Problem> {
    let mut by_code: Vec<(Code, Vec<Finding>)> = Vec::new();
    for finding in findings {
        match by_code.iter_mut().find(|(code, _)| *code == finding.code) {
            Some((_, alike)) => alike.push(finding),
            None => by_code.push((finding.code, vec![finding])),
        }
    }
    by_code.into_iter().flat_map(|(code, alike)| of_code(code, alike)).collect()
}

fn of_code(code: Code, findings: Vec<Finding>) -> Vec<Problem> {
    if findings.len() > most_alone(severity(code)) {
        return vec![together(code, &findings)];
    }
    let alone = |finding: &Finding| {
        let path = path(&finding.subject);
        let told = format!("{}{}\n\n{}", place(&path), finding.message, finding.fix);
        problem(code, told).at(path)
    };
    findings.iter().map(alone).collect()
}

fn together(code: Code, findings: &[Finding]) -> Problem {
    let line = |finding: &Finding| {
        let place = place(&path(&finding.subject));
        format!("* {place}{} {}", finding.message, finding.fix)
    };
    let mut lines: Vec<String> = findings.iter().take(MOST_TOLD).map(line).collect();
    if let Some(more) = findings.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        lines.push(format!(
            "and {more} more. With `on_error = \"report\"`, `findings` has all of them."
        ));
    }
    let is_about_hosts =
        findings.iter().all(|it| matches!(it.subject, Subject::Host(_) | Subject::Range(_)));
    let path = if is_about_hosts { Path::from("hosts") } else { Path::default() };
    problem(code, lines.join("\n")).at(path)
}

fn problem(code: Code, told: String) -> Problem {
    let is_gone = matches!(code, Code::HostNotFound | Code::VpcNotFound | Code::TableNotFound);
    let hint = if is_gone { format!(" {BEFORE_A_DESTROY}") } else { String::new() };
    let detail = format!("{told}{hint} ({})", code.name());
    Problem { severity: severity(code), ..Problem::error(code.summary(), detail) }
}

fn severity(code: Code) -> Severity {
    match code.severity() {
        network::Severity::Error => Severity::Error,
        network::Severity::Warning => Severity::Warning,
    }
}

fn path(subject: &Subject) -> Path {
    let hosts = Path::from("hosts");
    match subject {
        Subject::Host(name) => hosts.key(name),
        Subject::Range(name) => hosts.key(name).attribute("container_cidr"),
        Subject::Table(_) | Subject::AllTables => hosts,
        Subject::Place(attribute) => Path::from(*attribute),
        Subject::DockerPools => Path::from("docker_pools"),
        Subject::Unseen(_) => Path::default(),
    }
}

/// The detail names the path too: where `hosts` is the result of an expression, Terraform cannot show the host.
fn place(path: &Path) -> String {
    if path.is_root() { String::new() } else { format!("In `{path}`: ") }
}
