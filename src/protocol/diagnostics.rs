//! Problems as Terraform shows them, and as the log tells of them. This is the only place that does either.

use super::generated::tfplugin6::{
    AttributePath, Diagnostic,
    attribute_path::{Step as WireStep, step::Selector},
    diagnostic::Severity as WireSeverity,
};
use crate::{
    framework::{Path, Problem, Severity, Step, Type},
    untrusted,
};

/// Diagnostics on a body of type `ty`.
pub fn encode(problems: &[Problem], ty: &Type) -> Vec<Diagnostic> {
    problems.iter().map(|problem| diagnostic(problem, ty)).collect()
}

/// A diagnostic on the body as a whole.
pub fn on_the_whole(problem: &Problem) -> Diagnostic {
    diagnostic(problem, &Type::Dynamic)
}

fn diagnostic(problem: &Problem, ty: &Type) -> Diagnostic {
    log(problem);
    let severity = match problem.severity {
        Severity::Error => WireSeverity::Error,
        Severity::Warning => WireSeverity::Warning,
    };
    Diagnostic {
        severity: severity.into(),
        summary: untrusted::sentence(&problem.summary),
        detail: untrusted::report(&problem.detail),
        attribute: attribute_path(&problem.path, ty),
    }
}

/// The path as far as it leads somewhere in a value of type `ty`; `None` for the whole.
///
/// The elements of a set cannot be addressed, and Terraform shows nothing useful for a path that is not in the schema.
/// Nor does it for one that goes on behind an element: it would show the first line of the whole block instead of
/// the element's.
pub fn attribute_path(path: &Path, mut ty: &Type) -> Option<AttributePath> {
    let mut steps = Vec::new();
    for step in &path.0 {
        let (selector, inner) = match (step, ty) {
            (Step::Attribute(name), Type::Object(members)) => {
                let Some(inner) = members.get(name) else { break };
                (Selector::AttributeName(name.clone()), inner)
            }
            (Step::Key(key), Type::Map(element)) => {
                (Selector::ElementKeyString(key.clone()), element.as_ref())
            }
            (Step::Index(index), Type::List(element)) => {
                (Selector::ElementKeyInt(*index), element.as_ref())
            }
            (Step::Index(index), Type::Tuple(elements)) => {
                let element = usize::try_from(*index).ok().and_then(|index| elements.get(index));
                let Some(inner) = element else { break };
                (Selector::ElementKeyInt(*index), inner)
            }
            _ => break,
        };
        let is_element = !matches!(selector, Selector::AttributeName(_));
        steps.push(WireStep { selector: Some(selector) });
        if is_element {
            break;
        }
        ty = inner;
    }
    (!steps.is_empty()).then_some(AttributePath { steps })
}

fn log(problem: &Problem) {
    let Problem { severity, path, summary, detail, .. } = problem;
    match severity {
        Severity::Error => tracing::error!(
            diagnostic_severity = "ERROR",
            diagnostic_summary = summary,
            diagnostic_detail = detail,
            diagnostic_attribute = %path,
            "Response contains error diagnostic"
        ),
        Severity::Warning => tracing::warn!(
            diagnostic_severity = "WARNING",
            diagnostic_summary = summary,
            diagnostic_detail = detail,
            diagnostic_attribute = %path,
            "Response contains warning diagnostic"
        ),
    }
}
