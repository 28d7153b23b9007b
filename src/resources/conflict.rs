//! The refusal to touch what somebody else made, with the way to take it over.

use crate::framework::Problem;

/// `what` exists already; `id` would import it into a resource of type `huaweivpc_<resource>`.
pub(super) fn exists_already(
    resource: &str,
    what: &str,
    id: &str,
    attribute: &'static str,
) -> Problem {
    let detail = format!(
        "{what} exists already, and this resource did not make it. If another resource of your configuration had it \
         before, write a `moved` block from that address to this one. If it is in no state, import it:\n\n  \
         terraform import huaweivpc_{resource}.<name> '{id}'\n\nor set `adopt_existing = true` to take it over as it \
         is planned here. If it is somebody else's, choose another value for `{attribute}`."
    );
    Problem::error("Already exists", detail).at(attribute)
}
