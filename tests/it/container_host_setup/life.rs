//! The script from `apply` to `undo`, beside an engine that notes what it is asked.

use serde_json::json;

use super::stage::*;
use crate::harness::namespaces;

const CREATE: &str = "network create --subnet 10.0.2.0/24 -o com.docker.network.bridge.name=br-hwvpc -o com.docker.network.driver.mtu=";
const MODE: &str = "-o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected";

#[tokio::test]
async fn applied_twice_checked_and_undone() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_5).await.told(
        "
        kernel h1 >/run/before
        cp -dR /etc /run/etc-before
        host h1 apply | grep -v '^ok' || :
        kernel h1 >/run/once
        in_ns h1 sh /etc/huaweivpc/host apply | grep -v '^ok' || :
        kernel h1 >/run/twice
        alike 'applied twice' /run/once /run/twice
        grep create /run/engine/asked
        cmp /etc/huaweivpc/host $STORY/h1 && say 'the script is in its place'
        cat /etc/sysctl.d/60-huaweivpc.conf
        host h1 check >/run/said && say 'all is well'
        grep -c '^ok' /run/said
        host h1 undo
        kernel h1 >/run/after
        alike undone /run/before /run/after
        diff -r /run/etc-before /etc && say 'nothing is left in /etc'
        tail -n 1 /run/engine/asked",
    );
    let create = format!("docker {CREATE}1500 {MODE} --label huaweivpc=host my-net");
    assert_eq!(
        told,
        [
            "applied twice: the same",
            &create,
            "the script is in its place",
            "net.ipv4.ip_forward = 1",
            "all is well",
            "11",
            "undone: the same",
            "Only in /etc/systemd/system: multi-user.target.wants",
            "docker network rm my-net",
        ]
    );
}

/// A question to its socket would start it, and it waits for the unit.
#[tokio::test]
async fn at_boot_the_daemon_is_asked_nothing() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_27)
        .await
        .told("host h1 boot; cat /run/engine/asked; in_ns h1 iptables -S DOCKER-USER");
    assert_eq!(told, ["-N DOCKER-USER", "-A DOCKER-USER -j HUAWEIVPC", "-A DOCKER-USER -j RETURN"]);
}

#[tokio::test]
async fn the_network_is_made_as_the_line_to_type_makes_it() {
    if namespaces::are_missing() {
        return;
    }
    for (rules, patch) in [
        (DOCKER_20, json!({})),
        (DOCKER_27, json!({ "mtu": 1300 })),
        (DOCKER_28_0, json!({})),
        (DOCKER_29_NFTABLES, json!({ "engine": "docker", "engine_version": "29.7.2" })),
        (PODMAN_4, json!({ "engine": "podman" })),
    ] {
        let told = Story::with(rules, patch).await.told(
            "
            ip -n h1 link set eth0 mtu 1400
            host h1 apply >/dev/null || :
            in_ns h1 sh $STORY/h1.line
            grep 'network create' /run/engine/asked | sed 's/ --label huaweivpc=host//'",
        );
        let [by_apply, typed] = &told[..] else { panic!("{told:?}") };
        assert_eq!(by_apply, typed);
        let is_28 = rules.engine == "docker" && rules.version >= "28";
        assert_eq!(typed.contains(MODE), is_28, "{typed}");
        assert!(typed.contains("mtu=1400") || typed.contains("mtu=1300"), "{typed}");
    }
}

/// As after an upgrade from 27: the network is there, and what it drops shows only in the kernel.
#[tokio::test]
async fn a_network_that_drops_is_made_anew_when_that_is_asked_for() {
    if namespaces::are_missing() {
        return;
    }
    let story = Story::on(DOCKER_28_2_DEFAULT).await;
    story.write("unprotected", DOCKER_28_2.text);
    let told = story.told(
        "
        cp $STORY/unprotected /run/engine/rules
        echo '10.0.2.0/24 ' >/run/engine/range
        echo 11aa >/run/engine/containers
        host h1 apply 2>&1 || say \"exit $?\"
        : >/run/engine/asked
        host h1 apply --remake >/run/said && say 'all is well'
        grep -v 'version\\|inspect' /run/engine/asked
        load unprotected iptables-restore
        for server in h1 h2; do host $server boot; done
        reach c2 10.0.2.2 c1
        : >/run/engine/asked
        host h1 apply >/run/said && say 'all is well'
        grep -c create /run/engine/asked || :",
    );
    assert_eq!(
        told,
        [
            "the network my-net drops what other hosts send and has to be made anew. This cuts its containers off for a moment: /etc/huaweivpc/host apply --remake",
            "exit 3",
            "all is well",
            "docker ps -aq --filter network=my-net",
            "docker network disconnect -f my-net 11aa",
            "docker network rm my-net",
            &format!("docker {CREATE}1500 {MODE} --label huaweivpc=host my-net"),
            "docker network connect --ip 10.0.2.2 --alias web --alias 0123abcd my-net 11aa",
            "c2 to 10.0.2.2: ttl=62, seen from 10.0.3.2",
            "all is well",
            "0",
        ]
    );
}

#[tokio::test]
async fn an_empty_network_that_drops_is_made_anew_at_once() {
    if namespaces::are_missing() {
        return;
    }
    let story = Story::on(DOCKER_28_0_DEFAULT).await;
    story.write("unprotected", DOCKER_28_0.text);
    let told = story.told(
        "
        cp $STORY/unprotected /run/engine/rules
        echo '10.0.2.0/24 ' >/run/engine/range
        host h1 apply >/run/said && say 'all is well'
        grep 'rm\\|create' /run/engine/asked",
    );
    assert_eq!(
        told,
        [
            "all is well",
            "docker network rm my-net",
            &format!("docker {CREATE}1500 {MODE} --label huaweivpc=host my-net"),
        ]
    );
}

#[tokio::test]
async fn a_network_of_this_name_with_another_range_is_left_alone() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_5).await.told(
        "
        echo '10.9.0.0/24 ' >/run/engine/range
        host h1 apply 2>&1 || say \"exit $?\"
        grep 'rm\\|create' /run/engine/asked || :",
    );
    assert_eq!(
        told,
        [
            "the network my-net has the range 10.9.0.0/24, not 10.0.2.0/24: give one of them another name",
            "exit 3"
        ]
    );
}

#[tokio::test]
async fn a_network_that_somebody_else_has_made_outlives_undo() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_27).await.told(
        "
        in_ns h1 sh $STORY/h1.line
        host h1 apply >/run/said && say 'all is well'
        host h1 undo
        grep -c 'create' /run/engine/asked
        grep 'rm' /run/engine/asked || :",
    );
    assert_eq!(told, ["all is well", "1"]);
}

#[tokio::test]
async fn without_an_engine_the_rest_is_set_up_and_apply_says_what_is_left() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_5).await.told(
        "
        printf '#!/bin/sh\\nexit 1\\n' >/run/bin/docker
        host h1 apply 2>&1 || say \"exit $?\"
        host h1 check | grep '^BAD' || :
        test -x /etc/huaweivpc/host && say 'the script is in its place'",
    );
    assert_eq!(
        told,
        [
            "docker does not answer; when it does, run: /etc/huaweivpc/host apply",
            "exit 2",
            "the script is in its place",
        ]
    );
}

#[tokio::test]
async fn other_words_are_answered_with_the_ones_there_are() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_5).await.told("host h1 install 2>&1 | sed 's/.* \\(apply.*\\)/\\1/'; host h1 2>/dev/null || say \"exit $?\"");
    assert_eq!(told, ["apply [--remake] | check | boot | undo", "exit 64"]);
}
