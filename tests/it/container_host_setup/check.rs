//! What `check` says of the kernel: what is wrong, and the one command that repairs it, which then does.

use serde_json::json;

use super::stage::*;
use crate::harness::namespaces;

/// What is not well on this server after it was set up and this was done to it, and what is not well after the command
/// that `check` names. All is well before.
async fn broken(rules: Rules, how: &str) -> Vec<String> {
    Story::on(rules).await.told(&format!(
        "
        echo '10.0.2.0/24 ' >/run/engine/range
        host h1 apply >/run/said || cat /run/said
        {how}
        host h1 check >/run/said || :
        grep -v '^ok' /run/said || :
        in_ns h1 sh -c \"$(sed -n 's/^repair: //p' /run/said)\" >/run/said || cat /run/said"
    ))
}

#[tokio::test]
async fn what_is_lost_in_the_kernel_comes_back_by_boot() {
    if namespaces::are_missing() {
        return;
    }
    const BOOT: &str = "repair: /etc/huaweivpc/host boot";
    for (rules, how, said) in [
        (
            DOCKER_29,
            "in_ns h1 sysctl -qw net.ipv4.ip_forward=0",
            &[
                "BAD  the kernel forwards",
                "BAD  eth0 forwards",
                "BAD  the route back to 10.0.3.0/24 is by eth0",
            ][..],
        ),
        (
            DOCKER_29,
            "in_ns h1 sysctl -qw net.ipv4.conf.eth0.forwarding=0",
            &["BAD  eth0 forwards", "BAD  the route back to 10.0.3.0/24 is by eth0"],
        ),
        (
            DOCKER_29_NFTABLES,
            "in_ns h1 nft delete table ip huaweivpc",
            &["BAD  containers of other hosts see the container's address"],
        ),
        (
            PODMAN_5,
            "in_ns h1 nft flush table ip huaweivpc",
            &["BAD  containers of other hosts see the container's address"],
        ),
        (
            DOCKER_28_0,
            "ip -n h1 route del unreachable 10.0.2.0/24",
            &["BAD  packets for 10.0.2.0/24 do not go back while there is no bridge"],
        ),
        (
            DOCKER_27,
            "in_ns h1 iptables -F DOCKER-USER",
            &["BAD  what other hosts send to containers is dropped (filter: -P FORWARD DROP)"],
        ),
    ] {
        let told = broken(rules, how).await;
        assert_eq!(told, [said, &[BOOT]].concat(), "{how}");
    }
}

#[tokio::test]
async fn what_is_lost_on_the_disk_comes_back_by_apply() {
    if namespaces::are_missing() {
        return;
    }
    const APPLY: &str = "repair: /etc/huaweivpc/host apply";
    for (how, said) in [
        ("rm /etc/sysctl.d/60-huaweivpc.conf", "BAD  forwarding outlives a reboot"),
        (
            "rm /etc/systemd/system/multi-user.target.wants/huaweivpc-host.service",
            "BAD  the rest does too, by huaweivpc-host.service",
        ),
    ] {
        assert_eq!(broken(DOCKER_28_5, how).await, [said, APPLY], "{how}");
    }
}

/// Whatever `docker network inspect` may say of its mode.
#[tokio::test]
async fn a_network_that_drops_has_to_be_made_anew() {
    if namespaces::are_missing() {
        return;
    }
    const RAW: &str = "raw: -A PREROUTING -d 10.0.2.2/32 ! -i br-hwvpc -j DROP";
    const FILTER: &str = "filter: -A DOCKER ! -i br-hwvpc -o br-hwvpc -j DROP";
    const BRIDGES: &str = "docker-bridges raw-PREROUTING: ip daddr 10.0.2.2 iifname != \"br-hwvpc\" drop comment \"DROP DIRECT ACCESS\"";
    const NOTHING: &str = "no answer";
    // In this mode a ping is answered, and no program but those of published ports.
    const PING: &str = "ttl=62, seen from 10.0.3.2";
    for (rules, rule, reached) in [
        (DOCKER_28_0_DEFAULT, FILTER, NOTHING),
        (DOCKER_28_2_DEFAULT, RAW, NOTHING),
        (DOCKER_28_2_ROUTED, FILTER, PING),
        (DOCKER_29_DEFAULT, RAW, NOTHING),
        (DOCKER_29_NFTABLES_DEFAULT, BRIDGES, NOTHING),
    ] {
        let story = Story::on(rules).await;
        let told = story.told("host h1 boot; host h1 check | grep 'drop\\|repair'; host h2 boot; reach c2 10.0.2.2 c1");
        assert_eq!(
            told,
            [
                &format!(
                    "BAD  what other hosts send to containers is dropped by the engine ({rule})"
                ),
                "repair: /etc/huaweivpc/host apply --remake",
                &format!("c2 to 10.0.2.2: {reached}"),
            ],
            "{}",
            rules.version
        );
    }
}

#[tokio::test]
async fn a_rule_of_somebody_else_is_named_with_what_lets_packets_pass_it() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_5).await.told(
        "
        echo '10.0.2.0/24 ' >/run/engine/range
        host h1 apply >/run/said
        host h2 boot
        in_ns h1 iptables -I FORWARD -d 10.0.0.0/8 -j REJECT
        reach c2 10.0.2.2 c1
        host h1 check >/run/said || grep -v '^ok' /run/said
        in_ns h1 $(sed -n 's/^repair: //p' /run/said)
        host h1 check >/run/said || grep -v '^ok' /run/said
        in_ns h1 $(sed -n 's/^repair: //p' /run/said)
        host h1 check | grep -v '^ok' || :
        reach c2 10.0.2.2 c1",
    );
    assert_eq!(
        told,
        [
            "c2 to 10.0.2.2: no answer",
            "BAD  what other hosts send to containers is dropped by a rule that is not the engine's (filter: -A FORWARD -d 10.0.0.0/8 -j REJECT --reject-with icmp-port-unreachable)",
            "BAD  what containers send to other hosts is dropped by a rule that is not the engine's (filter: -A FORWARD -d 10.0.0.0/8 -j REJECT --reject-with icmp-port-unreachable)",
            "repair: iptables -t filter -I FORWARD -i br-hwvpc -s 10.0.2.0/24 -d 192.168.0.0/16,10.0.3.0/24 -j ACCEPT",
            "BAD  what other hosts send to containers is dropped by a rule that is not the engine's (filter: -A FORWARD -d 10.0.0.0/8 -j REJECT --reject-with icmp-port-unreachable)",
            "repair: iptables -t filter -I FORWARD -i eth0 -s 192.168.0.0/16,10.0.3.0/24 -d 10.0.2.0/24 -j ACCEPT",
            "c2 to 10.0.2.2: ttl=62, seen from 10.0.3.2",
        ]
    );
}

/// One port, one container or established connections are no verdict on all packets.
#[tokio::test]
async fn rules_about_some_packets_are_nobodys_fault() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_5).await.told(
        "
        host h1 boot
        in_ns h1 iptables -I FORWARD -d 10.0.2.0/24 -p tcp --dport 25 -j DROP
        in_ns h1 iptables -I FORWARD -s 10.0.3.7 -j DROP
        in_ns h1 iptables -I FORWARD -d 10.0.2.9 -j DROP
        in_ns h1 iptables -I FORWARD -m conntrack --ctstate INVALID -j DROP
        in_ns h1 iptables -I FORWARD -i eth1 -j DROP
        in_ns h1 iptables -t raw -I PREROUTING -d 10.0.4.2 -j DROP
        host h1 check | grep 'through'",
    );
    assert_eq!(
        told,
        [
            "ok   what other hosts send to containers is let through",
            "ok   what containers send to other hosts is let through",
        ]
    );
}

#[tokio::test]
async fn a_bridge_with_longer_packets_than_the_interface_is_told() {
    if namespaces::are_missing() {
        return;
    }
    let story = Story::with(DOCKER_28_5, json!({})).await;
    let told = story.told(
        "host h1 boot; ip -n h1 link set eth0 mtu 1400; host h1 check | grep 'longer\\|repair'",
    );
    assert_eq!(
        told,
        [
            "BAD  packets of containers are not longer than those of eth0",
            "repair: /etc/huaweivpc/host apply --remake",
        ]
    );
}

#[tokio::test]
async fn without_a_bridge_the_engine_decides_what_that_means() {
    if namespaces::are_missing() {
        return;
    }
    let lines = "ip -n h1 link del br-hwvpc; echo '10.0.2.0/24 ' >/run/engine/range; host h1 boot; host h1 check | grep my-net || :";
    assert_eq!(
        Story::on(DOCKER_28_5).await.told(lines),
        [
            "BAD  no bridge has the range 10.0.2.0/24: the network my-net is missing, or the engine does not run"
        ]
    );
    assert_eq!(
        Story::on(PODMAN_5).await.told(lines),
        ["ok   the network my-net waits for its first container"]
    );
}

#[tokio::test]
async fn filters_that_are_not_read_are_named() {
    if namespaces::are_missing() {
        return;
    }
    let story = Story::on(DOCKER_29_NFTABLES).await;
    story.write(
        "firewall",
        "table inet firewalld {\n  chain filter_FORWARD {\n    type filter hook forward priority 10; policy drop;\n  }\n}\n",
    );
    let told =
        story.told("in_ns h1 nft -f $STORY/firewall; host h1 boot; host h1 check | grep note");
    assert_eq!(
        told,
        [
            "note what is forwarded also passes the table inet firewalld of nftables, which is not judged here"
        ]
    );
}

#[tokio::test]
async fn the_first_server_of_all_is_well_without_others() {
    if namespaces::are_missing() {
        return;
    }
    for rules in [DOCKER_27, DOCKER_29, PODMAN_5] {
        let story = Story::with(rules, json!({ "peer_cidrs": [] })).await;
        let told = story.told(
            "echo '10.0.2.0/24 ' >/run/engine/range; host h1 apply | grep -v '^ok' || say 'all is well'; reach h2 10.0.2.2 c1",
        );
        assert_eq!(told, ["all is well", "h2 to 10.0.2.2: ttl=63, seen from 192.168.0.3"]);
    }
}

/// Some have no arithmetic, and nothing said is not all well.
#[tokio::test]
async fn an_awk_that_fails_is_no_all_clear() {
    if namespaces::are_missing() {
        return;
    }
    let told = Story::on(DOCKER_28_0_DEFAULT).await.told(
        "
        host h1 boot
        printf '#!/bin/sh\\nexit 1\\n' >/run/bin/awk
        chmod 755 /run/bin/awk
        host h1 check | grep '^BAD.*awk' || :",
    );
    assert_eq!(
        told,
        [
            "BAD  whether what other hosts send to containers is let through cannot be told: awk fails",
            "BAD  whether what containers send to other hosts is let through cannot be told: awk fails",
        ]
    );
}
