//! Whose a route is, and what a change of the set means for it, as a table.

use std::collections::{BTreeMap, BTreeSet};

use huaweivpc::network::{
    Cidr, Keep, Mode, NextHop, NextHopKind, Ownership, Recorded, Route, SetChanges, Standing,
    SweepInput, set_changes, sweep,
};

fn range(text: &str) -> Cidr {
    text.parse().unwrap()
}

#[test]
fn an_exclusive_set_covers_what_users_make_and_do_not_keep() {
    let keep = [
        Keep { next_hop: Some(NextHopKind::Nat), ..Keep::default() },
        Keep {
            destination_within: Some(range("10.9.0.0/16")),
            description_prefix: Some("cluster-".to_owned()),
            ..Keep::default()
        },
    ];
    for (kind, destination, description, covered) in [
        ("ecs", "10.0.2.0/24", "", true),
        ("eni", "10.0.2.0/24", "", true),
        ("vip", "10.0.2.0/24", "", true),
        ("peering", "10.0.2.0/24", "", true),
        ("er", "10.0.2.0/24", "", true),
        ("nat", "0.0.0.0/0", "", false),
        ("ecs", "10.9.1.0/24", "cluster-a", false),
        ("ecs", "10.9.0.0/16", "cluster-", false),
        ("ecs", "10.9.1.0/24", "other", true),
        ("ecs", "10.8.0.0/15", "cluster-a", true),
        ("ecs", "fd00::/64", "cluster-a", true),
        ("local", "10.0.2.0/24", "", false),
        ("vpn", "10.0.2.0/24", "", false),
        ("dc", "10.0.2.0/24", "", false),
        ("cc", "10.0.2.0/24", "", false),
        ("egw", "10.0.2.0/24", "", false),
        ("subeni", "10.0.2.0/24", "", false),
        ("firewall", "10.0.2.0/24", "", false),
        ("", "10.0.2.0/24", "", false),
    ] {
        let next_hop = &kind.parse().unwrap();
        let route = Standing { destination: range(destination), next_hop, description };
        let exclusive = Ownership { mode: Mode::Exclusive, keep: &keep };
        assert_eq!(exclusive.covers(&route), covered, "{route:?}");
        let additive = Ownership { mode: Mode::Additive, keep: &keep };
        assert!(!additive.covers(&route), "{route:?}");
    }
}

/// Destinations are `10.0.<n>.0/24` here, and entries letters.
#[test]
fn a_change_of_the_set_touches_what_differs() {
    // Recorded, of that found and not made, planned, shown: created, modified, removed.
    type Case<'c> = (&'c str, &'c [u8], &'c str, &'c [u8], [&'c [u8]; 3]);
    let cases: [Case<'_>; 9] = [
        ("", &[], "1a 2b", &[], [&[1, 2], &[], &[]]),
        ("1a 2b", &[], "1a 2b", &[], [&[], &[], &[]]),
        ("1a 2b", &[], "1a 2c", &[], [&[], &[2], &[]]),
        ("1a 2b", &[], "2b 3c", &[], [&[3], &[], &[1]]),
        // A stranger goes where it is covered, and is left where it no longer is.
        ("1a 9x", &[9], "1a", &[9], [&[], &[], &[9]]),
        ("1a 9x", &[9], "1a", &[], [&[], &[], &[]]),
        // One that is named in the plan becomes the set's.
        ("1a 9x", &[9], "1a 9y", &[9], [&[], &[9], &[]]),
        // What the plan has shown otherwise, as a change of terms does.
        ("1a", &[], "1a", &[9], [&[], &[], &[9]]),
        // What the set has made goes when it is dropped, whatever else is kept.
        ("1a 2b", &[], "1a", &[], [&[], &[], &[2]]),
    ];
    for case in cases {
        let (recorded, strangers, planned, shown, [create, modify, remove]) = case;
        let expected = SetChanges {
            create: destinations(create),
            modify: destinations(modify),
            remove: destinations(remove),
        };
        let strangers = BTreeSet::from_iter(destinations(strangers));
        let shown = BTreeSet::from_iter(destinations(shown));
        let routes = entries(recorded);
        let recorded = Recorded { routes: &routes, strangers: &strangers };
        assert_eq!(set_changes(recorded, &entries(planned), &shown), expected, "{case:?}");
    }
}

/// What stands there, is named, recorded, recorded as found, another resource's, and shown: removed, replaced and left, or
/// appeared. Letters are next hops.
#[test]
fn an_exclusive_set_sweeps_what_its_plan_has_shown() {
    type Case<'c> =
        ([&'c str; 2], [&'c str; 2], &'c str, Option<&'c str>, Result<[&'c str; 3], &'c str>);
    let cases: [Case<'_>; 13] = [
        (["9x", "1"], ["", ""], "", Some("9x"), Ok(["9x", "", ""])),
        (["9x", "1"], ["", ""], "", Some(""), Err("9x")),
        (["9y", "1"], ["", ""], "", Some("9x"), Err("9y")),
        (["9x 8x", "1"], ["", ""], "", Some("9x"), Err("8x")),
        (["", "1"], ["", ""], "", Some("9x"), Ok(["", "", ""])),
        // Under a name of the set.
        (["1x", "1"], ["", ""], "", Some("1x"), Ok(["", "1", ""])),
        (["1x", "1"], ["", ""], "", Some(""), Err("1x")),
        (["1x", "1"], ["", ""], "1", Some(""), Ok(["", "", ""])),
        (["1x", "1"], ["1", ""], "", Some(""), Ok(["", "", ""])),
        // What the state holds: made by the set, found, or found and another route by now.
        (["2x", "1"], ["2", ""], "", Some(""), Ok(["", "", ""])),
        (["9x", "1"], ["9", "9x"], "", Some(""), Ok(["9x", "", ""])),
        (["9y", "1"], ["9", "9x"], "", Some(""), Err("9y")),
        // Nobody can tell.
        (["9x 1x", "1"], ["8", "8x"], "", None, Ok(["8x", "", "9x"])),
    ];
    for case in cases {
        let ([covered, named], [recorded, found], ours, shown, expected) = case;
        let swept = sweep(SweepInput {
            covered: &routes(covered),
            named: &ranges(named),
            recorded: &ranges(recorded),
            found: &by_range(found),
            ours: &ranges(ours),
            shown: shown.map(by_range).as_ref(),
        });
        match (swept, expected) {
            (Ok(swept), Ok([doomed, replaced, left])) => {
                assert_eq!(swept.doomed, by_range(doomed), "{case:?}");
                assert_eq!(swept.replaced, ranges(replaced), "{case:?}");
                assert_eq!(swept.left, routes(left), "{case:?}");
            }
            (Err(appeared), Err(expected)) => assert_eq!(appeared, routes(expected), "{case:?}"),
            (swept, _) => panic!("{case:?}: {swept:?}"),
        }
    }
}

fn routes(words: &str) -> Vec<Route> {
    let route = |word: &str| Route {
        destination: range(&format!("10.0.{}.0/24", &word[..1])),
        next_hop: NextHop::new(NextHopKind::Ecs, &word[1..]),
        description: String::new(),
    };
    words.split_whitespace().map(route).collect()
}

fn by_range(words: &str) -> BTreeMap<Cidr, Route> {
    routes(words).into_iter().map(|route| (route.destination, route)).collect()
}

fn ranges(words: &str) -> BTreeSet<Cidr> {
    routes(words).into_iter().map(|route| route.destination).collect()
}

fn destinations(numbers: &[u8]) -> Vec<Cidr> {
    numbers.iter().map(|number| range(&format!("10.0.{number}.0/24"))).collect()
}

fn entries(words: &str) -> BTreeMap<Cidr, String> {
    let entry = |word: &str| (range(&format!("10.0.{}.0/24", &word[..1])), word[1..].to_owned());
    words.split_whitespace().map(entry).collect()
}
