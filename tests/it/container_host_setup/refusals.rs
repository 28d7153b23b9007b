//! What is no set-up of a host: each error names the attribute. Nothing that a shell could take for more than a word gets
//! into the script.

use serde_json::json;

use super::{SETUP, query};
use crate::harness::world::World;

#[tokio::test]
async fn what_cannot_be_is_refused_at_its_attribute() {
    let world = World::start().await;
    for (patch, path, phrase) in [
        (json!({ "container_cidr": "10.0.2.1/24" }), "container_cidr", "Write `10.0.2.0/24`."),
        (json!({ "container_cidr": "10.0.2.0" }), "container_cidr", "is a single address"),
        (json!({ "container_cidr": "fd00::/64" }), "container_cidr", "is a range of IPv6"),
        (
            json!({ "container_cidr": "10.0.2.0/31" }),
            "container_cidr",
            "Write a prefix length from 8 to 30.",
        ),
        (
            json!({ "container_cidr": "0.0.0.0/0" }),
            "container_cidr",
            "Write a prefix length from 8 to 30.",
        ),
        (
            json!({ "peer_cidrs": ["10.0.3.0/24", "10.0.4.7/24"] }),
            "peer_cidrs[1]",
            "Write `10.0.4.0/24`.",
        ),
        (json!({ "peer_cidrs": ["fd00::/64"] }), "peer_cidrs[0]", "is a range of IPv6"),
        (json!({ "peer_cidrs": ["0.0.0.0/0"] }), "peer_cidrs[0]", "the Internet too"),
        (
            json!({ "peer_cidrs": ["10.0.3.0/24", "10.0.2.128/25"] }),
            "peer_cidrs[1]",
            "10.0.2.128/25 lies in 10.0.2.0/24, which `container_cidr` says is here.",
        ),
        (json!({ "vpc_cidrs": ["192.168.0.1/16"] }), "vpc_cidrs[0]", "Write `192.168.0.0/16`."),
        (json!({ "vpc_cidrs": [] }), "vpc_cidrs", "`vpc_cidrs` is empty."),
        (
            json!({ "network_name": "" }),
            "network_name",
            "An empty text is not a name of a network.",
        ),
        (json!({ "network_name": "bridge" }), "network_name", "that the engine keeps for itself"),
        (json!({ "network_name": "n".repeat(65) }), "network_name", "Write up to 64 letters"),
        (
            json!({ "bridge_name": "br-containers-of-host" }),
            "bridge_name",
            "Write up to 15 letters",
        ),
        (json!({ "bridge_name": "docker0" }), "bridge_name", "that is there already"),
        (json!({ "bridge_name": "br/0" }), "bridge_name", "is not a name of a bridge"),
        (json!({ "mtu": 67 }), "mtu", "from 68 to 65535"),
        (json!({ "mtu": 1400.5 }), "mtu", "`1400.5` is not an MTU"),
        (json!({ "source": "container" }), "source", "Write `kept` or `host`."),
        (json!({ "engine": "containerd" }), "engine", "Write `docker` or `podman`"),
        (
            json!({ "engine": "docker", "engine_version": "latest" }),
            "engine_version",
            "such as `28.5.2`",
        ),
        (
            json!({ "engine": "docker", "engine_version": "28" }),
            "engine_version",
            "such as `28.5.2`",
        ),
        (
            json!({ "engine_version": "28.5.2" }),
            "engine_version",
            "Set `engine` to `docker` or `podman`.",
        ),
        (
            json!({ "engine": "docker", "engine_version": "19.3.15" }),
            "engine_version",
            "docker 20.10 and newer. Update the engine.",
        ),
        (
            json!({ "engine": "podman", "engine_version": "3.4.4" }),
            "engine_version",
            "podman 4.0 and newer",
        ),
    ] {
        let refusal = world.refuse_to_read(SETUP, query(&patch)).await;
        refusal.expect_problem(path, phrase).expect_nothing_else();
    }
}

#[tokio::test]
async fn no_text_gets_into_the_script_that_the_shell_could_run() {
    let hostile = [
        "a;reboot",
        "a b",
        "a$(reboot)",
        "a`reboot`",
        "a'reboot'",
        "a\"b",
        "a\nreboot",
        "a\r",
        "a&b",
        "a|b",
        "a>b",
        "$HOME",
        "a*",
        "a?",
        "[a]",
        "~",
        "-rf",
        "--help",
        "a\\",
        "a#b",
        "{{.ID}}",
        "a\u{0}b",
        "aé",
        "a\u{202e}b",
        "../a",
        "'; reboot; '",
    ];
    let world = World::start().await;
    for text in hostile {
        for attribute in ["network_name", "bridge_name", "source", "engine"] {
            let refusal = world.refuse_to_read(SETUP, query(&json!({ attribute: text }))).await;
            refusal.expect_problem(attribute, "is not").expect_nothing_else();
        }
        let version = format!("28.5{text}");
        let version = json!({ "engine": "docker", "engine_version": version });
        // Of these, `~` and `-` stand in versions of Debian.
        if !["~", "-rf", "--help"].contains(&text) {
            let refusal = world.refuse_to_read(SETUP, query(&version)).await;
            refusal.expect_problem("engine_version", "is not a version").expect_nothing_else();
        }
        let range = format!("10.0.2.0/24{text}");
        let refusal = world.refuse_to_read(SETUP, query(&json!({ "container_cidr": range }))).await;
        refusal.expect_problem("container_cidr", "is not a range").expect_nothing_else();
        for attribute in ["peer_cidrs", "vpc_cidrs"] {
            let refusal = world.refuse_to_read(SETUP, query(&json!({ attribute: [range] }))).await;
            let path = format!("{attribute}[0]");
            refusal.expect_problem(&path, "is not a range").expect_nothing_else();
        }
    }
}
