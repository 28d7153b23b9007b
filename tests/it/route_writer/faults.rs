//! Single misfortunes, told one by one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use huaweivpc::cloud::{Cloud, Config, Kind, Timeouts, Wish, Writing, Written};
use tokio_util::sync::CancellationToken;

use super::{
    against, create, destination,
    model::{Fault, Model, answer},
    reading, remove, route, set,
};
use crate::cloud::{
    TABLE, change, id,
    script::{Reply, Server},
};

#[tokio::test]
async fn one_bad_entry_fails_by_itself() {
    for is_partial in [false, true] {
        let model = Model { bad: vec![destination(7)], is_partial, turn: 3, ..Model::default() };
        let (cloud, table) = against(model).await;
        let wishes = (0..20).map(|n| create(destination(n), "")).collect();
        let answers = cloud.write_routes(&id(TABLE), wishes).await;
        for (n, answer) in answers.iter().enumerate() {
            match answer {
                Ok(Written::Done) => assert_ne!(n, 7),
                Ok(other) => panic!("{n}: {other:?}"),
                Err(error) => {
                    assert_eq!((n, error.code()), (7, Some("VPC.2809")));
                    assert!(!error.leaves_doubt());
                }
            }
        }
        assert_eq!(table.now().routes.len(), 19);
    }
}

#[tokio::test]
async fn a_full_table_takes_what_fits_and_more_once_a_deletion_has_made_room() {
    let model = Model { room: Some(3), ..Model::holding([(destination(0), "old")]) };
    let (cloud, table) = against(model).await;
    let wishes = (1..6).map(|n| create(destination(n), "")).chain([remove(destination(0))]);
    let answers = cloud.write_routes(&id(TABLE), wishes.collect()).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(refused.len(), 2, "{answers:?}");
    assert!(refused.iter().all(|error| error.kind() == Kind::QuotaExceeded));
    assert!(answers[5].is_ok());
    let now = table.now();
    assert_eq!(now.routes.len(), 3);
    assert!(!now.routes.contains_key(&destination(0)));
}

#[tokio::test]
async fn what_others_took_away_is_made_anew_and_what_they_removed_is_gone() {
    let held = [(destination(1), "a"), (destination(2), "a")];
    let (cloud, table) = against(Model::holding(held)).await;
    // The writer has seen the table now.
    cloud.write_route(&id(TABLE), create(destination(3), "")).await.unwrap();
    table.change(|model| {
        model.routes.remove(&destination(1));
        model.routes.remove(&destination(2));
    });
    let wishes = vec![set(destination(1), "b")];
    assert_eq!(cloud.write_routes(&id(TABLE), wishes).await.pop().unwrap().unwrap(), Written::Done);
    let gone = cloud.write_route(&id(TABLE), remove(destination(2))).await.unwrap();
    assert_eq!(gone, Written::Done);
    let now = table.now().routes;
    assert_eq!(now[&destination(1)], "b");
    assert!(!now.contains_key(&destination(2)));
}

#[tokio::test]
async fn a_strangers_route_is_a_conflict_unless_it_is_adopted() {
    let (cloud, table) = against(Model::holding([(destination(1), "theirs")])).await;
    let answer = cloud.write_route(&id(TABLE), create(destination(1), "ours")).await.unwrap();
    assert_eq!(answer, Written::Exists);
    let local = cloud.write_route(&id(TABLE), create("192.168.7.0/24", "")).await.unwrap();
    assert_eq!(local, Written::Local("192.168.0.0/16".parse().unwrap()));
    assert_eq!(table.now().seen.puts, 0);
    let adopted = Wish::Create { route: route(destination(1), "ours"), adopt: true };
    assert_eq!(cloud.write_route(&id(TABLE), adopted).await.unwrap(), Written::Done);
    assert_eq!(table.now().routes[&destination(1)], "ours");
}

#[tokio::test]
async fn a_change_that_never_shows_ends_in_doubt() {
    let faults = [Some(Fault::Stale(usize::MAX))].into();
    let (cloud, table) = against(Model { faults, ..Model::default() }).await;
    let error = cloud.write_route(&id(TABLE), create(destination(1), "")).await.unwrap_err();
    assert!(error.leaves_doubt());
    assert!(error.message().contains("does not show it"));
    assert_eq!(table.now().seen.puts, 1, "nothing is written twice");
}

#[tokio::test]
async fn a_cloud_that_always_loses_the_answer_is_given_up_on() {
    let faults = (0..100).map(|_| Some(Fault::LostBefore)).collect();
    let (cloud, table) = against(Model { faults, ..Model::default() }).await;
    let error = cloud.write_route(&id(TABLE), create(destination(1), "")).await.unwrap_err();
    assert!(error.leaves_doubt());
    assert_eq!(table.now().seen.puts, 9, "one call and eight repetitions");
}

#[tokio::test]
async fn a_creation_is_over_when_a_read_shows_it() {
    let faults = [Some(Fault::Lagging(3))].into();
    let (cloud, table) = against(Model { faults, ..Model::default() }).await;
    let wishes = (0..20).map(|n| create(destination(n), "")).collect();
    for answer in cloud.write_routes(&id(TABLE), wishes).await {
        assert_eq!(answer.unwrap(), Written::Done);
    }
    let seen = table.now().seen;
    assert_eq!((seen.puts, seen.gets), (1, 1 + 4), "one read for all of them, until it shows them");
    // What lags once is not believed again.
    cloud.write_route(&id(TABLE), create(destination(30), "")).await.unwrap();
    assert_eq!(table.now().seen.gets, 1 + 4 + 1);
}

#[tokio::test]
async fn what_the_cloud_stores_otherwise_is_told_at_once() {
    let (cloud, table) = against(Model { trims: true, ..Model::default() }).await;
    let answer = cloud.write_route(&id(TABLE), create(destination(1), " a ")).await.unwrap();
    let Written::Differs(held) = answer else { panic!("{answer:?}") };
    assert_eq!(held.description, "a");
    let seen = table.now().seen;
    assert_eq!((seen.puts, seen.gets), (1, 1));
}

#[tokio::test]
async fn a_refresh_waits_for_what_was_only_just_written() {
    let (cloud, table) = reading(Model::holding([(destination(1), "")])).await;
    let range = destination(1).parse().unwrap();
    let table_id = id(TABLE);
    table.change(|model| (model.stale, model.stale_reads) = (Some([].into()), 3));
    cloud.journal().leave(super::about(&table_id, &destination(1)), &route(destination(1), ""));
    let shown = cloud.cached().route_table_showing(&table_id, &[range]).await.unwrap().unwrap();
    assert!(shown.route_to(range).is_some());
    assert_eq!(super::noted(&cloud, &table_id, &destination(1)), None, "it was seen");

    // Without a note it is gone; and one that is never seen keeps its note.
    table.change(|model| model.routes.clear());
    let anew = crate::cloud::connect(crate::cloud::config(table.server()));
    let before = table.now().seen.gets;
    let shown = anew.cached().route_table_showing(&table_id, &[range]).await.unwrap().unwrap();
    assert!(shown.route_to(range).is_none());
    assert_eq!(table.now().seen.gets, before + 1);
}

#[tokio::test]
async fn the_limit_ends_a_write_that_hangs() {
    for (server, requests, was_sent) in [
        (silent().await, 2, true),
        // Not even the first look is answered.
        (Server::answering(|_| async { Reply::Silence }).await, 1, false),
    ] {
        // The connection itself is more patient.
        let timeouts = Timeouts { read: 9 * HOUR, total: 9 * HOUR, ..Timeouts::default() };
        let config = Config { timeouts, ..crate::cloud::config(&server) };
        let cloud = change(&crate::cloud::connect(config)).bounded(HOUR, CancellationToken::new());
        let wish = create(destination(1), "");
        let writing = tokio::spawn(async move { cloud.write_route(&id(TABLE), wish).await });
        server.has_seen(requests).await;
        super::age_by(HOUR).await;
        let error = writing.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.leaves_doubt()), (Kind::TimedOut, was_sent), "{error}");
        assert_eq!(error.message().contains("had been sent"), was_sent, "{error}");
    }
}

#[tokio::test]
async fn a_key_that_dies_leaves_in_doubt_only_what_was_sent_last() {
    let (inner, table) = against(Model { most_entries: Some(5), ..Model::default() }).await;
    drop(inner);
    let model = table.shared();
    let writes = AtomicUsize::new(0);
    // The first call is too large, the second makes five routes, and then the key is gone.
    let server = Server::answering(move |seen| {
        let dead = seen.method == "PUT" && writes.fetch_add(1, Ordering::Relaxed) >= 2;
        let model = Arc::clone(&model);
        async move {
            match dead {
                true => crate::cloud::script::text(401, "{}"),
                false => answer(model, seen).await,
            }
        }
    })
    .await;
    let cloud = change(&crate::cloud::cloud(&server));
    let wishes = (0..10).map(|n| create(destination(n), "")).collect();
    let answers = cloud.write_routes(&id(TABLE), wishes).await;
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    let in_doubt = answers.iter().flat_map(|it| it.as_ref().err()).filter(|it| it.leaves_doubt());
    assert_eq!((made, in_doubt.count(), table.now().routes.len()), (5, 0, 5));
}

const HOUR: Duration = Duration::from_secs(3600);

/// Hands out an empty table, and answers no write.
async fn silent() -> Server {
    let table = serde_json::json!({ "routetable": { "id": TABLE, "vpc_id": crate::cloud::VPC } });
    Server::answering(move |seen| {
        let answer = match seen.method.as_str() {
            "GET" => crate::cloud::script::json(200, table.clone()),
            _ => Reply::Silence,
        };
        async { answer }
    })
    .await
}

async fn writing(cloud: &Cloud<Writing>, stop: &CancellationToken, n: usize) -> Kind {
    let cloud = cloud.bounded(HOUR, stop.clone());
    let answer = cloud.write_route(&id(TABLE), create(destination(n), "")).await;
    answer.unwrap_err().kind()
}

#[tokio::test]
async fn a_wish_that_still_queues_is_withdrawn() {
    let server = silent().await;
    let cloud = change(&crate::cloud::cloud(&server));
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let on_its_way = tokio::spawn({
        let (cloud, first) = (cloud.clone(), first.clone());
        async move { writing(&cloud, &first, 1).await }
    });
    server.has_seen(2).await;
    let queued = writing(&cloud, &second, 2);
    second.cancel();
    assert_eq!(queued.await, Kind::Interrupted);
    // The destination is free again for whoever else wants it.
    second.cancel();
    assert_eq!(writing(&cloud, &second, 2).await, Kind::Interrupted);
    on_its_way.abort();
}

#[tokio::test]
async fn one_wish_that_ends_does_not_end_its_companions() {
    let (inner, table) = against(Model::default()).await;
    drop(inner);
    let model = table.shared();
    let asked = AtomicUsize::new(0);
    // The first look at the table is never answered.
    let server = Server::answering(move |seen| {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        let model = Arc::clone(&model);
        async move { if is_first { Reply::Silence } else { answer(model, seen).await } }
    })
    .await;
    let cloud = change(&crate::cloud::cloud(&server));
    let stop = CancellationToken::new();
    let table_id = id(TABLE);
    let stopping = async {
        server.has_seen(1).await;
        stop.cancel();
    };
    let (one, other, ()) = tokio::join!(
        writing(&cloud, &stop, 1),
        cloud.write_route(&table_id, create(destination(2), "")),
        stopping,
    );
    assert_eq!(one, Kind::Interrupted);
    assert_eq!(other.unwrap(), Written::Done);
    assert_eq!(table.now().routes.into_keys().collect::<Vec<_>>(), [destination(2)]);
}
