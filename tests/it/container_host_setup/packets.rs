//! What becomes of packets between two servers that have booted with the script, with the rules of each engine.

use serde_json::json;

use super::{other_query, query, stage::*};
use crate::harness::namespaces;

/// How it is before, with forwarding on: the engine lets nothing in, or it lets in what looks as if the server had sent it.
const DROPPED: [&str; 2] = ["c1 to 10.0.3.2: no answer", "c2 to 10.0.2.2: no answer"];
const MASKED: [&str; 2] = [
    "c1 to 10.0.3.2: ttl=62, seen from 192.168.0.2",
    "c2 to 10.0.2.2: ttl=62, seen from 192.168.0.3",
];
const INTERNET: &str = "c1 to 198.51.100.1: ttl=63, seen from 192.168.0.2";

/// Before, twice after `boot`, and after `undo`.
async fn boots(rules: Rules, before: [&str; 2]) {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(rules).await.told(
        "
        for server in h1 h2; do in_ns $server sysctl -qw net.ipv4.ip_forward=1; done
        everywhere
        kernel h1 >/run/before
        for server in h1 h2; do host $server boot; done
        kernel h1 >/run/once
        for server in h1 h2; do host $server boot; done
        kernel h1 >/run/twice
        alike 'booted twice' /run/once /run/twice
        everywhere
        path c1 10.0.3.2
        reach h1 10.0.3.2 c2
        for server in h1 h2; do host $server undo; done
        kernel h1 >/run/after
        alike undone /run/before /run/after
        everywhere",
    );
    let expected = [
        before[0],
        before[1],
        INTERNET,
        "booted twice: the same",
        "c1 to 10.0.3.2: ttl=62, seen from 10.0.2.2",
        "c2 to 10.0.2.2: ttl=62, seen from 10.0.3.2",
        INTERNET,
        "c1 to 10.0.3.2 by 10.0.2.1, 192.168.0.3, 10.0.3.2",
        "h1 to 10.0.3.2: ttl=63, seen from 192.168.0.2",
        "undone: the same",
        before[0],
        before[1],
        INTERNET,
    ];
    assert_eq!(told, expected);
}

macro_rules! engines {
    ($($name:ident: $rules:ident, before $before:ident;)*) => {$(
        #[tokio::test]
        async fn $name() {
            boots($rules, $before).await;
        }
    )*};
}

engines! {
    docker_20_10: DOCKER_20, before DROPPED;
    docker_26: DOCKER_26, before DROPPED;
    docker_27: DOCKER_27, before DROPPED;
    docker_27_with_iptables_legacy: DOCKER_27_LEGACY, before DROPPED;
    docker_28_0: DOCKER_28_0, before MASKED;
    docker_28_1: DOCKER_28_1, before MASKED;
    docker_28_2: DOCKER_28_2, before MASKED;
    docker_28_5: DOCKER_28_5, before MASKED;
    docker_28_5_with_iptables_legacy: DOCKER_28_5_LEGACY, before MASKED;
    docker_29: DOCKER_29, before MASKED;
    docker_29_with_nftables: DOCKER_29_NFTABLES, before MASKED;
    podman_4: PODMAN_4, before MASKED;
    podman_5: PODMAN_5, before MASKED;
    podman_5_with_nftables: PODMAN_5_NFTABLES, before MASKED;
}

#[tokio::test]
async fn podman_needs_no_rule_that_lets_packets_in() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(PODMAN_4)
        .await
        .told("host h1 boot; in_ns h1 iptables-save | grep -c HUAWEIVPC || :");
    assert_eq!(told, ["0"]);
}

#[tokio::test]
async fn with_the_source_of_the_host_only_the_way_in_is_opened() {
    if namespaces::are_missing() {
        return;
    }
    let story = Story::with(DOCKER_27, json!({ "source": "host" })).await;
    let told = story.told("for server in h1 h2; do host $server boot; done; everywhere; in_ns h1 nft list tables | grep -c huaweivpc || :");
    assert_eq!(told, [MASKED[0], MASKED[1], INTERNET, "0"]);
}

#[tokio::test]
async fn changed_values_leave_nothing_behind() {
    if namespaces::are_missing() {
        return;
    }
    let story = Story::on(DOCKER_27).await;
    let old =
        json!({ "container_cidr": "10.7.0.0/24", "peer_cidrs": ["10.8.0.0/24", "10.9.0.0/24"] });
    story.server("old", query(&old)).await;
    story.server("masked", query(&json!({ "source": "host" }))).await;
    let told = story.told(
        "
        host h1 boot
        kernel h1 >/run/fresh
        host h1 undo
        in_ns h1 sh $STORY/old boot
        host h1 boot
        kernel h1 >/run/changed
        alike changed /run/fresh /run/changed
        in_ns h1 nft list tables | grep -c huaweivpc
        in_ns h1 sh $STORY/masked boot
        in_ns h1 nft list tables | grep -c huaweivpc || :",
    );
    assert_eq!(told, ["changed: the same", "1", "0"]);
}

#[tokio::test]
async fn an_engine_upgraded_past_27_needs_the_rule_no_more() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_27).await.told(
        "
        host h1 boot
        in_ns h1 iptables-save | grep -c HUAWEIVPC
        echo 28.5.2 >/run/engine/version
        host h1 boot
        in_ns h1 iptables-save | grep -c HUAWEIVPC || :",
    );
    assert_eq!(told, ["4", "0"]);
}

#[tokio::test]
async fn a_pool_that_holds_the_own_range_serves_as_peers() {
    if namespaces::are_missing() {
        return;
    }
    let pool = json!({ "peer_cidrs": ["10.0.0.0/16"] });
    let story = Story::with(DOCKER_28_5, pool.clone()).await;
    story.server("h1", query(&pool)).await;
    story.server("h2", other_query(&pool)).await;
    let told = story.told("for server in h1 h2; do host $server boot; done; everywhere; host h1 check | grep -v outlive || :");
    assert_eq!(
        told[..3],
        [
            "c1 to 10.0.3.2: ttl=62, seen from 10.0.2.2",
            "c2 to 10.0.2.2: ttl=62, seen from 10.0.3.2",
            INTERNET,
        ]
    );
}

/// What nftables before 0.9.5 answers to the translation of a whole range.
const OLD_NFT: &str = r#"#!/bin/sh
case "$*" in '-f -') text=$(cat); case $text in *'ip prefix'*) echo 'syntax error' >&2; exit 1 ;; esac; printf '%s\n' "$text" | exec /usr/sbin/nft -f - ;; esac
exec /usr/sbin/nft "$@"
"#;

#[tokio::test]
async fn an_old_nftables_keeps_the_source_address_by_address() {
    if namespaces::are_missing() {
        return;
    }
    let story = Story::on(DOCKER_20).await;
    story.write("nft", OLD_NFT);
    let told = story.told(
        "
        cp $STORY/nft /run/bin/nft; chmod +x /run/bin/nft
        for server in h1 h2; do host $server boot; done
        everywhere
        in_ns h1 nft list table ip huaweivpc | grep -c 'ip prefix' || :
        host h1 check | grep address",
    );
    assert_eq!(
        told,
        [
            "c1 to 10.0.3.2: ttl=62, seen from 10.0.2.2",
            "c2 to 10.0.2.2: ttl=62, seen from 10.0.3.2",
            INTERNET,
            "0",
            "ok   containers of other hosts see the container's address",
        ]
    );
}

#[tokio::test]
async fn while_the_bridge_is_missing_packets_are_answered_and_do_not_circle() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_5).await.told(
        "
        for server in h1 h2; do in_ns $server sysctl -qw net.ipv4.ip_forward=1; done
        ip -n h2 link del br-hwvpc
        # As where forwarding was on before Docker.
        in_ns h2 iptables -P FORWARD ACCEPT
        path c1 10.0.3.2
        host h2 boot
        path c1 10.0.3.2",
    );
    assert_eq!(
        told,
        [
            "c1 to 10.0.3.2 by 10.0.2.1, 192.168.0.3, 192.168.0.1, 192.168.0.3, 192.168.0.1",
            "c1 to 10.0.3.2 by 10.0.2.1, 192.168.0.3 !H",
        ]
    );
}
