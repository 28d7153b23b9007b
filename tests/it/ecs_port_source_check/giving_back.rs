//! Destroying gives back the position that was found.

use serde_json::json;

use super::{CHECK, OFF};
use crate::harness::{core::Action, world::World};

#[tokio::test]
async fn what_was_found_is_given_back_whatever_was_done_meanwhile() {
    for (found, steps) in [
        (&[][..], &[false][..]),
        (&[][..], &[true][..]),
        (&[][..], &[false, true][..]),
        (&[][..], &[true, false, true, false][..]),
        (&[OFF][..], &[false][..]),
        (&[OFF][..], &[true][..]),
        (&[OFF][..], &[false, true][..]),
        (&[OFF, "10.9.0.0/16"][..], &[true, false][..]),
        (&["10.9.0.0/16", "10.8.0.0/16"][..], &[false][..]),
    ] {
        let world = World::start().await;
        let port = world.port("192.168.0.2").await;
        world.set_pairs(&port, found).await;
        let config = json!({ "port_id": port, "enabled": steps[0] });
        let mut check = world.apply(CHECK, config).await;
        for enabled in &steps[1..] {
            world.apply_to(&mut check, json!({ "enabled": enabled })).await;
        }

        world.destroy(check).await;

        let mut held = world.look().await.pairs(&port);
        held.sort_unstable();
        let mut found = found.to_vec();
        found.sort_unstable();
        assert_eq!(held, found, "{steps:?}");
    }
}

#[tokio::test]
async fn a_check_in_its_position_is_not_written() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    world.set_pairs(&port, &[OFF, "10.9.0.0/16"]).await;
    world.forget_requests().await;

    let check = world.apply(CHECK, json!({ "port_id": port })).await;
    world.destroy(check).await;

    assert_eq!(world.writes().await, [""; 0]);
    world.expect_pairs(&port, &[OFF, "10.9.0.0/16"]).await;
}

#[tokio::test]
async fn an_imported_check_is_given_back_as_it_was_at_the_import() {
    for (found, wanted) in [(&[][..], true), (&[OFF][..], false)] {
        let world = World::start().await;
        let port = world.port("192.168.0.2").await;
        world.set_pairs(&port, found).await;
        let config = json!({ "port_id": port, "enabled": wanted });
        let mut check = world.import(CHECK, &port, config).await;
        world.apply_to(&mut check, json!({ "enabled": !wanted })).await;

        world.destroy(check).await;

        world.expect_pairs(&port, found).await;
    }
}

#[tokio::test]
async fn an_imported_check_that_is_to_be_otherwise_is_switched() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let config = json!({ "host_ip": "192.168.0.2" });
    let mut check = world.import_differing(CHECK, &port, config).await;

    world.expect_change(&check, &["allowed_address_pairs", "enabled"]).await;
    assert_eq!(world.repair(&mut check).await, Action::Update);
    world.expect_pairs(&port, &[OFF]).await;

    world.destroy(check).await;
    world.expect_pairs(&port, &[]).await;
}

#[tokio::test]
async fn the_pairs_of_others_stay_whatever_becomes_of_ours() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    world.set_pairs(&port, &["10.9.0.0/16", "10.8.0.1"]).await;

    let mut check = world.apply(CHECK, json!({ "port_id": port })).await;
    world.expect_pairs(&port, &["10.9.0.0/16", "10.8.0.1", OFF]).await;
    world.set_pairs(&port, &["10.7.0.0/16", OFF, "10.8.0.1"]).await;
    world.apply_to(&mut check, json!({ "enabled": true })).await;
    world.expect_pairs(&port, &["10.7.0.0/16", "10.8.0.1"]).await;
    world.apply_to(&mut check, json!({ "enabled": false })).await;
    world.destroy(check).await;

    world.expect_pairs(&port, &["10.7.0.0/16", "10.8.0.1"]).await;
}

#[tokio::test]
async fn of_two_who_own_a_port_the_second_gives_back_nothing_that_is_not_as_it_was_set() {
    let world = World::start().await;
    let port = world.port("192.168.0.2").await;
    let first = world.apply(CHECK, json!({ "port_id": port })).await;
    let told = world.warnings_of(CHECK, json!({ "port_id": port })).await;
    assert!(told.iter().any(|it| it.summary == "Source check is off already"), "{told:?}");
    let second = world.apply(CHECK, json!({ "port_id": port })).await;

    world.destroy(first).await;
    world.expect_pairs(&port, &[]).await;
    world.destroy(second).await;

    world.expect_pairs(&port, &[]).await;
}
