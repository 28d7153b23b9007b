//! What is to be found, both in `findings` and as a diagnostic.

use huaweivpc::framework::{Problem, Severity};
use serde_json::{Value as Json, json};

use super::PLAN;
use crate::harness::{config::patched, world::World};

/// A finding as users see it.
pub struct Expected<'a> {
    pub code: &'a str,
    pub severity: Severity,
    pub subject: &'a str,
    pub conflicts_with: &'a str,
    pub message: &'a str,
    pub fix: &'a str,
    pub path: &'a str,
}

/// The finding about the host `b`.
pub fn about_b<'a>(
    code: &'a str,
    severity: Severity,
    conflicts_with: &'a str,
    message: &'a str,
    fix: &'a str,
) -> Expected<'a> {
    let (subject, path) = ("host `b`", "hosts[\"b\"]");
    Expected { code, severity, subject, conflicts_with, message, fix, path }
}

impl Expected<'_> {
    /// It is the only finding there is, in `findings` and as a diagnostic.
    pub async fn expect_alone(&self, world: &World, query: Json) {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let reported = patched(&query, &json!({ "on_error": "report" }));
        let answer = world.read(PLAN, reported).await;
        let found = answer.value["findings"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{}: {found:#?}", self.code);
        let said = |name: &str| found[0][name].as_str().unwrap();
        assert_eq!(
            [said("code"), said("severity"), said("subject"), said("conflicts_with")],
            [self.code, severity, self.subject, self.conflicts_with]
        );
        assert!(said("message").contains(self.message), "{}", said("message"));
        assert!(said("fix").contains(self.fix), "{}", said("fix"));
        assert_eq!(answer.value["valid"], json!(self.severity == Severity::Warning));

        let problems = match self.severity {
            Severity::Error => {
                assert_eq!(answer.warnings, []);
                world.refuse_to_read(PLAN, query).await.problems
            }
            Severity::Warning => {
                assert_eq!(answer.warnings.len(), 1);
                world.read(PLAN, query).await.warnings
            }
        };
        let [Problem { severity, path, detail, .. }] = problems.as_slice() else {
            panic!("{problems:#?}")
        };
        assert_eq!((*severity, path.to_string().as_str()), (self.severity, self.path));
        for part in [self.message, self.fix, self.code] {
            assert!(detail.contains(part), "{detail}");
        }
    }
}
