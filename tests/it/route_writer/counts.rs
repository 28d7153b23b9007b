//! How many calls it takes.

use std::{sync::Arc, time::Duration};

use huaweivpc::cloud::{Cloud, Wish, Writing, Written};
use tokio::sync::Semaphore;

use super::{against, age_by, create, destination, lingering, model::Model, remove, set};
use crate::cloud::{TABLE, id};

/// Makes the wishes come true as Terraform does: so many at a time, each by itself.
async fn one_by_one(cloud: &Cloud<Writing>, wishes: Vec<Wish>, at_once: usize) {
    let places = Arc::new(Semaphore::new(at_once));
    let mut tasks = Vec::new();
    for wish in wishes {
        let (cloud, places) = (cloud.clone(), Arc::clone(&places));
        tasks.push(tokio::spawn(async move {
            let _place = places.acquire().await.unwrap();
            cloud.write_route(&id(TABLE), wish).await
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), Written::Done);
    }
}

fn all(wish: impl Fn(String) -> Wish, count: usize) -> Vec<Wish> {
    (0..count).map(|n| wish(destination(n))).collect()
}

#[tokio::test]
async fn a_hundred_routes_ten_at_a_time_take_a_handful_of_calls() {
    let (cloud, table) = lingering(Model::default()).await;
    one_by_one(&cloud, all(|destination| create(destination, ""), 100), 10).await;
    let after = table.now();
    assert_eq!(after.routes.len(), 100);
    assert!(after.seen.puts <= 15, "{:?}", after.seen);
    assert!(after.seen.gets <= 3, "{:?}", after.seen);

    one_by_one(&cloud, all(remove, 100), 10).await;
    let gone = table.now();
    assert_eq!(gone.routes.len(), 0);
    assert!(gone.seen.puts - after.seen.puts <= 15, "{:?}", gone.seen);
    assert!(gone.seen.gets - after.seen.gets <= 2, "{:?}", gone.seen);
}

#[tokio::test]
async fn ten_at_a_time_keep_together_across_tables() {
    let (cloud, table) = lingering(Model::default()).await;
    let places = Arc::new(Semaphore::new(10));
    let write = |n: usize| {
        let (cloud, places) = (cloud.clone(), Arc::clone(&places));
        async move {
            let _place = places.acquire().await.unwrap();
            cloud.write_route(&id(&format!("table-{}", n % 5)), create(destination(n), "")).await
        }
    };
    for task in (0..200).map(|n| tokio::spawn(write(n))).collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap().unwrap(), Written::Done);
    }
    let seen = table.now().seen;
    // All in step, ten callers would make five calls.
    assert!(seen.puts <= 130, "{seen:?}");
}

#[tokio::test]
async fn a_destroy_that_begins_anew_takes_as_few() {
    let (cloud, table) = lingering(Model::holding((0..100).map(|n| (destination(n), "")))).await;
    one_by_one(&cloud, all(remove, 100), 10).await;
    let seen = table.now().seen;
    assert!(seen.puts <= 15 && seen.gets <= 2, "{seen:?}");
}

#[tokio::test]
async fn only_a_creation_wants_a_look_that_is_not_old() {
    let (cloud, table) = against(Model::holding((0..3).map(|n| (destination(n), "")))).await;
    let gets = |wish| async {
        age_by(Duration::from_secs(11)).await;
        let before = table.now().seen.gets;
        cloud.write_route(&id(TABLE), wish).await.unwrap();
        table.now().seen.gets - before
    };
    // With the read that shows what came of it.
    assert_eq!(gets(remove(destination(0))).await, 1 + 1);
    assert_eq!(gets(remove(destination(1))).await, 1);
    assert_eq!(gets(set(destination(2), "changed")).await, 1);
    assert_eq!(gets(create(destination(4), "")).await, 1 + 1);
}

#[tokio::test]
async fn a_set_travels_in_one_call() {
    let (cloud, table) = against(Model::default()).await;
    let wishes = all(|destination| create(destination, ""), 200);
    for answer in cloud.write_routes(&id(TABLE), wishes).await {
        assert_eq!(answer.unwrap(), Written::Done);
    }
    let seen = table.now().seen;
    assert_eq!(seen.sizes, [200]);
    assert!(seen.gets <= 2, "{seen:?}");
}

#[tokio::test]
async fn how_much_the_cloud_takes_at_once_is_learned_once() {
    let model = Model { most_entries: Some(5), ..Model::default() };
    let (cloud, table) = against(model).await;
    let wishes = all(|destination| create(destination, ""), 20);
    cloud.write_routes(&id(TABLE), wishes).await;
    cloud.write_routes(&id(TABLE), all(remove, 20)).await;
    let sizes = table.now().seen.sizes;
    assert_eq!(sizes, [20, 5, 5, 5, 5, 5, 5, 5, 5]);
}

#[tokio::test]
async fn a_lone_wish_leaves_at_once() {
    let (cloud, table) = against(Model::default()).await;
    for n in 0..5 {
        cloud.write_route(&id(TABLE), create(destination(n), "")).await.unwrap();
    }
    let seen = table.now().seen;
    assert_eq!(seen.sizes, [1; 5]);
    assert_eq!(seen.gets, 2, "a cloud that shows the first at once is believed for the others");
}
