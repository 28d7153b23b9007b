//! What stands against a route, and what a run intends for a table.

use huaweivpc::network::{Cidr, Clash, Intents, NextHop, Room, Route, Routes, clashes};
use proptest::prelude::*;

use super::{addresses, cidr, small_range};

fn route(destination: Cidr, kind: &str) -> Route {
    Route {
        destination,
        next_hop: NextHop::new(kind.parse().unwrap(), "n"),
        description: String::new(),
    }
}

proptest! {
    #![proptest_config(crate::harness::property::config(10_000))]

    /// Held against every address: a clash is there exactly where the new route would not get all of its addresses.
    #[test]
    fn clashes_are_where_addresses_would_go_elsewhere(
        new in small_range(),
        standing in proptest::collection::vec((small_range(), any::<bool>()), 0..8),
    ) {
        let kind = |local| if local { "local" } else { "ecs" };
        let table: Routes =
            standing.iter().map(|(range, local)| route(*range, kind(*local))).collect();
        let found = clashes(new, &table);

        let wanted = addresses(new);
        let is_lost = standing.iter().any(|(range, _)| addresses(*range).is_subset(&wanted));
        let is_in_local =
            standing.iter().any(|(range, local)| *local && addresses(*range).is_superset(&wanted));
        prop_assert_eq!(found.is_empty(), !is_lost && !is_in_local);
        prop_assert_eq!(is_in_local, matches!(found[..], [Clash::InLocal(_)]));
    }

    /// Whatever the order of the plans, and however often each is told, the count is the same in the end.
    #[test]
    fn room_does_not_depend_on_the_order(
        mut plans in proptest::collection::vec((small_range(), any::<bool>()), 0..12),
        standing in proptest::collection::vec(small_range(), 0..6),
        quota in 0_u64..12,
    ) {
        let table: Routes = standing.iter().map(|range| route(*range, "ecs")).collect();
        let tell = |plans: &[(Cidr, bool)]| {
            let mut intents = Intents::default();
            for (range, stays) in plans {
                if *stays {
                    intents.want(*range);
                } else {
                    intents.hold(*range);
                    intents.release(*range);
                }
            }
            intents.room(&table, quota)
        };
        let once = tell(&plans);
        plans.reverse();
        plans.extend(plans.clone());
        prop_assert_eq!(tell(&plans), once);
    }
}

#[test]
fn a_default_route_leaves_others_their_part() {
    let table: Routes = [("10.0.0.0/24", "local"), ("10.0.2.0/24", "ecs")]
        .map(|(range, kind)| route(cidr(range), kind))
        .into_iter()
        .collect();
    assert_eq!(clashes(cidr("0.0.0.0/0"), &table), []);
    assert_eq!(clashes(cidr("10.0.0.0/8"), &table).len(), 2);
}

#[test]
fn room_is_counted_over_what_comes_and_what_goes() {
    let made = ["10.0.0.0/24", "10.0.1.0/24"].map(|range| route(cidr(range), "ecs"));
    let local = route(cidr("192.168.0.0/24"), "local");
    let table: Routes = made.into_iter().chain([local]).collect();
    let mut intents = Intents::default();
    assert_eq!(intents.room(&table, 0), Room::Enough, "nothing is planned");

    intents.want(cidr("10.0.2.0/24"));
    assert_eq!(intents.room(&table, 4), Room::Enough);
    assert_eq!(intents.room(&table, 3), Room::UnlessLocalCount { used: 2, new: 1, local: 1 });
    assert_eq!(intents.room(&table, 2), Room::Exceeded { used: 2, new: 1 });

    intents.hold(cidr("10.0.1.0/24"));
    assert_eq!(intents.room(&table, 2), Room::UnlessNothingGoes { used: 2, new: 1 });
    intents.release(cidr("10.0.1.0/24"));
    assert_eq!(intents.room(&table, 2), Room::UnlessLocalCount { used: 1, new: 1, local: 1 });
    intents.want(cidr("10.0.1.0/24"));
    assert_eq!(intents.room(&table, 2), Room::Exceeded { used: 2, new: 1 });
}
