//! The wire: paths, bodies and error shapes as the cloud's documents have them. Decides nothing about the world.

mod admission;
mod call;
mod control;
mod gate;
mod iam;
mod latency;
mod metadata;
mod mischief;
mod optional;
mod port;
mod query;
mod quota;
mod route_table;
mod rule;
mod security_group;
mod server;
mod subnet;
mod tag;
mod vpc;

use std::{net::IpAddr, sync::Arc};

use axum::{Router, extract::Request, middleware, response::Response};

use super::{Shared, world::Refusal};
use admission::OwnNames;
use call::{context_of, refuse};
use gate::{Door, Entrance, gate, guard};

pub(super) type App = Arc<Shared>;

/// Routes a scenario can leave unpublished under one name, behind one door.
struct Family {
    name: &'static str,
    door: Door,
    routes: fn() -> Router<App>,
}

/// Everything the emulator answers, in the order of the API overview.
const FAMILIES: &[Family] = &[
    Family { name: "iam.tokens", door: Door::Open, routes: iam::tokens },
    Family { name: "iam.projects", door: Door::Iam, routes: iam::projects },
    Family { name: "iam.securitytokens", door: Door::Iam, routes: iam::security_tokens },
    Family { name: "metadata", door: Door::Local, routes: metadata::routes },
    Family { name: "vpc.v1.vpcs", door: Door::Vpc, routes: vpc::v1 },
    Family { name: "vpc.v1.subnets", door: Door::Vpc, routes: subnet::v1 },
    Family { name: "vpc.v1.routetables", door: Door::Vpc, routes: route_table::v1 },
    Family { name: "vpc.v1.routetables.create", door: Door::Vpc, routes: route_table::v1_create },
    Family { name: "vpc.v1.ports", door: Door::Vpc, routes: port::v1 },
    Family { name: "vpc.v1.security-groups", door: Door::Vpc, routes: security_group::v1 },
    Family { name: "vpc.v1.security-group-rules", door: Door::Vpc, routes: rule::v1 },
    Family { name: "vpc.v1.quotas", door: Door::Vpc, routes: quota::v1 },
    Family { name: "vpc.v2.tags", door: Door::Vpc, routes: tag::v2 },
    Family { name: "vpc.v3.vpcs", door: Door::Vpc, routes: vpc::v3 },
    Family { name: "vpc.v3.virsubnets", door: Door::Vpc, routes: subnet::v3 },
    Family { name: "vpc.v3.ports", door: Door::Vpc, routes: port::v3 },
    Family { name: "vpc.v3.security-groups", door: Door::Vpc, routes: security_group::v3 },
    Family { name: "vpc.v3.security-group-rules", door: Door::Vpc, routes: rule::v3 },
    Family { name: "vpc.v3.security-group-rules.create", door: Door::Vpc, routes: rule::v3_create },
    Family { name: "vpc.v3.batch-create", door: Door::Vpc, routes: rule::v3_batch },
    Family { name: "vpc.v3.quotas", door: Door::Vpc, routes: quota::v3 },
    Family { name: "ecs.v1.cloudservers", door: Door::Ecs, routes: server::v1 },
];

/// Whether a scenario may name this family, or a group of families by the first part of their names.
pub(super) fn is_family(name: &str) -> bool {
    FAMILIES.iter().any(|family| belongs_to(family.name, name))
}

/// The whole emulator as one service.
pub(super) fn router(app: App, listening: IpAddr) -> Router {
    let published = |family: &&Family| {
        !app.scenario.unpublished.iter().any(|name| belongs_to(family.name, name))
    };
    let api = FAMILIES.iter().filter(published).fold(Router::new(), |router, family| {
        let door = middleware::from_fn_with_state((app.clone(), family.door), guard);
        router.merge((family.routes)().route_layer(door))
    });
    // What faults make somebody else do goes past gate and doors.
    let inside = FAMILIES
        .iter()
        .fold(Router::new(), |router, family| router.merge((family.routes)()))
        .fallback(not_published)
        .with_state(app.clone());
    let entrance = Entrance { app: app.clone(), inside };
    let api = api
        .fallback(not_published)
        .method_not_allowed_fallback(not_published)
        .layer(middleware::from_fn_with_state(entrance, gate));
    let names = OwnNames { listening, hosts: app.settings.hosts.clone() };
    control::routes(&app)
        .merge(api)
        .layer(middleware::from_fn_with_state(names, admission::admit))
        .with_state(app)
}

fn belongs_to(family: &str, name: &str) -> bool {
    family.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

async fn not_published(request: Request) -> Response {
    refuse(&unknown_call(), &context_of(request.extensions()))
}

fn unknown_call() -> Refusal {
    let message = "The API does not exist or has not been published in the environment";
    Refusal::gateway(404, "APIGW.0101", message)
}
