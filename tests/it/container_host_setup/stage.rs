//! Two servers in network namespaces, on which the script runs for real: no root, no engine. What an engine would write
//! into the kernel was recorded (`rules/`).

use std::{
    fs,
    process::{Command, Stdio},
};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::{answer, other_query, query, text};

/// The rules of one engine, and by what they come into the kernel.
#[derive(Clone, Copy)]
pub struct Rules {
    pub engine: &'static str,
    pub version: &'static str,
    pub text: &'static str,
    pub program: &'static str,
}

const IPTABLES: &str = "iptables-restore";
const LEGACY: &str = "iptables-legacy-restore";
const NFTABLES: &str = "nft -f -";

macro_rules! rules {
    ($engine:literal, $version:literal, $file:literal, $program:expr) => {
        Rules {
            engine: $engine,
            version: $version,
            text: include_str!(concat!("rules/", $file, ".rules")),
            program: $program,
        }
    };
}

/// As engines are before 28: a network as such.
pub const DOCKER_20: Rules = rules!("docker", "20.10.24", "docker-20.10", IPTABLES);
pub const DOCKER_26: Rules = rules!("docker", "26.1.5", "docker-20.10", IPTABLES);
pub const DOCKER_27: Rules = rules!("docker", "27.5.1", "docker-20.10", IPTABLES);
pub const DOCKER_27_LEGACY: Rules = rules!("docker", "27.5.1", "docker-20.10", LEGACY);
/// As networks are that the script has made.
pub const DOCKER_28_0: Rules = rules!("docker", "28.0.4", "docker-28.0-unprotected", IPTABLES);
pub const DOCKER_28_1: Rules = rules!("docker", "28.1.1", "docker-28.0-unprotected", IPTABLES);
pub const DOCKER_28_2: Rules = rules!("docker", "28.2.2", "docker-28.2-unprotected", IPTABLES);
pub const DOCKER_28_5: Rules = rules!("docker", "28.5.2", "docker-28.2-unprotected", IPTABLES);
pub const DOCKER_28_5_LEGACY: Rules = rules!("docker", "28.5.2", "docker-28.2-unprotected", LEGACY);
pub const DOCKER_29: Rules = rules!("docker", "29.7.2", "docker-29-unprotected", IPTABLES);
pub const DOCKER_29_NFTABLES: Rules =
    rules!("docker", "29.7.2", "docker-29-nftables-unprotected", NFTABLES);
pub const PODMAN_4: Rules = rules!("podman", "4.3.1", "podman-4.3", IPTABLES);
pub const PODMAN_5: Rules = rules!("podman", "5.4.2", "podman-5.4", IPTABLES);
pub const PODMAN_5_NFTABLES: Rules = rules!("podman", "5.4.2", "podman-5.4-nftables", NFTABLES);
/// As networks are that somebody has made without thinking of other hosts.
pub const DOCKER_28_0_DEFAULT: Rules = rules!("docker", "28.0.4", "docker-28.0-default", IPTABLES);
pub const DOCKER_28_2_DEFAULT: Rules = rules!("docker", "28.2.2", "docker-28.2-default", IPTABLES);
pub const DOCKER_28_2_ROUTED: Rules = rules!("docker", "28.2.2", "docker-28.2-routed", IPTABLES);
pub const DOCKER_29_DEFAULT: Rules = rules!("docker", "29.7.2", "docker-29-default", IPTABLES);
pub const DOCKER_29_NFTABLES_DEFAULT: Rules =
    rules!("docker", "29.7.2", "docker-29-nftables-default", NFTABLES);

/// A folder with all that a story needs, and the story told in it.
pub struct Story {
    folder: TempDir,
    rules: Rules,
}

impl Story {
    /// Both servers of the guide, each with the script that the data source writes for it.
    pub async fn with(rules: Rules, patch: Json) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let story = Self { folder, rules };
        story.write("stage.sh", include_str!("stage.sh"));
        story.write("engine.sh", include_str!("engine.sh"));
        story.write("engine.rules", rules.text);
        story.server("h1", query(&patch)).await;
        story.server("h2", other_query(&patch)).await;
        story
    }

    pub async fn on(rules: Rules) -> Self {
        Self::with(rules, json!({})).await
    }

    /// Writes the script of such a server, and the line to type beside it.
    pub async fn server(&self, name: &str, query: Json) {
        let answer = answer(query).await;
        self.write(name, text(&answer, "script"));
        self.write(&format!("{name}.line"), text(&answer, "docker_network_create"));
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file");
    }

    /// Tells the story and returns what it has said, line by line. The engine's rules are in the kernel by then.
    pub fn told(&self, story: &str) -> Vec<String> {
        let Rules { engine, version, program, .. } = self.rules;
        self.write(
            "story.sh",
            &format!(
                ". \"$STORY/stage.sh\"\nstage {engine} {version} '{program}'\nload engine.rules '{program}'\n{story}"
            ),
        );
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "--net", "--mount", "sh"])
            .arg(self.folder.path().join("story.sh"))
            .env_clear()
            .env("PATH", path)
            .env("STORY", self.folder.path())
            .stdin(Stdio::null())
            .output();
        let output = output.unwrap_or_else(|error| panic!("NO PACKET WAS SENT: unshare: {error}"));
        let (said, complaints) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(
            output.status.success(),
            "NO PACKET WAS SENT, or the story broke off ({}): {complaints}\nIt needs Linux with user namespaces that \
             anybody may make (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), and the packages \
             iptables, nftables, iproute2, iputils-ping, traceroute and procps.\n{said}",
            output.status
        );
        said.lines().map(str::to_owned).collect()
    }
}
