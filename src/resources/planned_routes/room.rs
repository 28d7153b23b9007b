//! Whether there is room for planned routes: in their table, whose quota the cloud tells, and in the VPC, whose limit only
//! its documents tell.

use super::{Place, PlannedRoutes};
use crate::{
    cloud::{self, Cloud, ROUTES_PER_TABLE, RouteTableId, VpcId},
    framework::{Foresight, Problem},
    network::{MOST_ROUTES_OF_A_VPC, Outlook, Room},
};

/// The default table and those of a user, as the cloud documents it.
const MOST_TABLES_OF_A_VPC: u64 = 5;

const REMEDY: &str = "Remove routes that are no longer needed, use fewer and larger ranges (`destination`, or the keys of \
                      `routes` in a set)";

impl PlannedRoutes<'_> {
    pub(super) async fn examine_room(
        &self,
        place: &Place,
        cloud: &Cloud,
        foresight: &mut Foresight<'_>,
    ) {
        let Some(last) = self.additions().last() else { return };
        if foresight.has_errors() {
            return;
        }
        let look = cloud.cached().quota_and_use(ROUTES_PER_TABLE);
        let Some(quota) = foresight.see("The quota of routes", look).await else { return };
        let quota = quota.map(|quota| quota.limit);
        let table = &place.home.table_id;
        let lack = quota.and_then(|quota| {
            cloud.intend(table, |intents| {
                let room = intents.room(&place.table, quota);
                lack_in_table(room, quota, table).filter(|_| intents.tell(room))
            })
        });
        foresight.find(lack.map(|problem| (self.place)(problem, last)));
        if foresight.has_errors() || !may_exceed_vpc(quota) {
            return;
        }
        let vpc = &place.home.vpc_id;
        let Some(room) = foresight.see("The routes of the VPC", room_in_vpc(vpc, cloud)).await
        else {
            return;
        };
        let is_raised = quota.is_none_or(|quota| quota > MOST_ROUTES_OF_A_VPC);
        let lack = lack_in_vpc(room, is_raised, vpc).filter(|_| cloud.tell_of_vpc(vpc, room));
        foresight.find(lack.map(|problem| (self.place)(problem, last)));
    }
}

/// As many tables as a VPC may have, full up to this quota, hold more than the VPC may. With the usual quota they do not,
/// and nobody has to count.
fn may_exceed_vpc(quota: Option<u64>) -> bool {
    quota.is_none_or(|quota| quota.saturating_mul(MOST_TABLES_OF_A_VPC) > MOST_ROUTES_OF_A_VPC)
}

/// Counts the routes of all tables of the VPC.
async fn room_in_vpc(vpc: &VpcId, cloud: &Cloud) -> cloud::Result<Room> {
    let mut tables = Vec::new();
    for table in cloud.cached().route_tables(vpc).await? {
        let routes = cloud.cached().routes(&table.id).await?.unwrap_or_default();
        tables.push((table.id, routes));
    }
    let at_most =
        tables.iter().map(|(id, routes)| cloud.intend(id, |intents| intents.at_most(routes)));
    if at_most.sum::<usize>() as u64 <= MOST_ROUTES_OF_A_VPC {
        return Ok(Room::Enough);
    }
    let outlooks =
        tables.iter().map(|(id, routes)| cloud.intend(id, |intents| intents.outlook(routes)));
    let together = outlooks.fold(Outlook::default(), |sum, outlook| sum + outlook);
    // Those are known not to count in a VPC.
    Ok(Outlook { local: 0, ..together }.room(MOST_ROUTES_OF_A_VPC))
}

/// Where a table alone may hold more than the documented limit of the VPC, that `is_raised`.
fn lack_in_vpc(room: Room, is_raised: bool, vpc: &VpcId) -> Option<Problem> {
    let (used, new, goes) = match room {
        Room::Enough | Room::UnlessLocalCount { .. } => return None,
        Room::UnlessNothingGoes { used, new } => (used, new, true),
        Room::Exceeded { used, new } => (used, new, false),
    };
    let goes_or_not = match goes {
        true => " That fits only if this plan removes others.",
        false => "",
    };
    let detail = format!(
        "The route tables of VPC `{vpc}` hold {used} routes, and so far this plan adds {new}. A VPC holds at most \
         {MOST_ROUTES_OF_A_VPC} routes over all its tables, unless the cloud has raised that.{goes_or_not} {REMEDY}, or \
         spread the hosts over several VPCs."
    );
    let problem = match (is_raised, goes) {
        (true, _) => {
            Problem::warning("Route limit of the VPC exceeded unless it was raised", detail)
        }
        (false, true) => {
            Problem::warning("Route limit of the VPC exceeded unless routes go", detail)
        }
        (false, false) => Problem::error("Route limit of the VPC exceeded", detail),
    };
    Some(problem.at("destination"))
}

fn lack_in_table(room: Room, quota: u64, table: &RouteTableId) -> Option<Problem> {
    let so_far = |used, new| {
        format!(
            "{used} of {quota} routes of route table `{table}` are used, and so far this plan adds {new}"
        )
    };
    let remedy = format!(
        "{REMEDY}, or ask for a higher quota of routes per table in the console under My Quotas."
    );
    let problem = match room {
        Room::Enough => return None,
        Room::Exceeded { used, new } => {
            let detail = format!("{}. {remedy}", so_far(used, new));
            Problem::error("Route quota exceeded", detail)
        }
        Room::UnlessNothingGoes { used, new } => {
            let detail = format!(
                "{}. That fits only if this plan removes others from the table. {remedy}",
                so_far(used, new)
            );
            Problem::warning("Route quota exceeded unless routes go", detail)
        }
        Room::UnlessLocalCount { used, new, local } => {
            let detail = format!(
                "{}. The table's {local} local routes may count too; the cloud does not say. {remedy}",
                so_far(used, new)
            );
            Problem::warning("Route quota nearly used up", detail)
        }
    };
    Some(problem.at("destination"))
}
