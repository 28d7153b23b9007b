//! Real Terraform (and OpenTofu): a folder with a configuration in it, and the commands a user would type there.
//!
//! Every process gets an environment of its own, so that neither the machine's settings nor its secrets reach a test.
//! The provider comes out of a filesystem mirror that holds the binary cargo has just built.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    emulator_process::EmulatorProcess,
    run::{Plan, Run},
};

pub const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");
const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-huaweivpc");
const SOURCE: &str = "huaweivpc/huaweivpc";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One command line client of this machine.
#[derive(Debug, Deserialize)]
pub struct Cli {
    name: String,
    version: String,
    command: Vec<String>,
}

/// Tells the same story with every client there is.
#[expect(clippy::print_stdout, reason = "a failed test shows with which client it failed")]
pub fn for_each_cli(story: impl Fn(&'static Cli)) {
    for cli in Cli::all() {
        println!("--- {cli}");
        story(cli);
    }
}

impl Cli {
    /// All usable clients, at least one. The pinned one is installed by the first caller, if it has to be.
    pub fn all() -> &'static [Cli] {
        static ALL: OnceLock<Vec<Cli>> = OnceLock::new();
        ALL.get_or_init(|| {
            let tool = Path::new(REPOSITORY).join("tests/tools/terraform.py");
            let answer = Command::new("python3")
                .arg(tool)
                .args(["list", "--all"])
                .stdin(Stdio::null())
                .stderr(Stdio::inherit())
                .output()
                .expect("python3 is needed to find Terraform");
            assert!(answer.status.success(), "tests/tools/terraform.py found no Terraform");
            serde_json::from_slice(&answer.stdout).expect("terraform.py prints a JSON list")
        })
    }

    pub fn is_opentofu(&self) -> bool {
        self.name == "tofu"
    }

    /// Whether this client is that release or a newer one: `(1, 12)`.
    pub fn is_at_least(&self, release: (u32, u32)) -> bool {
        let mut parts = self.version.split('.').map(|part| part.parse().expect("a number"));
        (parts.next().expect("major"), parts.next().expect("minor")) >= release
    }
}

impl fmt::Display for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// A folder to run a client in. It goes away with the value.
pub struct Workspace {
    cli: &'static Cli,
    /// `module/` is where the commands run; beside it stand the mirror and all that a client writes elsewhere.
    root: TempDir,
    /// Where temporary files of the client and the provider (its socket) go. The path has to stay short: it is
    /// part of a socket's name.
    temporary: TempDir,
    environment: BTreeMap<String, String>,
}

impl Workspace {
    pub fn new(cli: &'static Cli) -> Self {
        // On the file system of the binary, so that the mirror can be a link instead of a copy.
        let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let temporary = tempfile::tempdir().expect("a folder for temporary files");
        let workspace = Self { cli, root, temporary, environment: BTreeMap::new() };
        fs::create_dir_all(workspace.module()).expect("a folder for the module");
        workspace.install_provider();
        workspace
    }

    /// The folder of the configuration.
    pub fn module(&self) -> PathBuf {
        self.root.path().join("module")
    }

    /// Terraform's data directory.
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Where the client and the provider put their temporary files.
    pub fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Sets an environment variable for all that follows.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Points the provider at this cloud, by its environment and, where a configuration has the variable, `endpoints`.
    pub fn connect(&mut self, cloud: &EmulatorProcess) -> &mut Self {
        let url = cloud.url();
        self.set("HW_REGION_NAME", "cn-north-4")
            .set("HW_ACCESS_KEY", "EMULATORACCESSKEY001")
            .set("HW_SECRET_KEY", "emulator-secret-key-not-a-real-one-00001")
            .set("TF_VAR_endpoints", json!({ "iam": url, "vpc": url, "ecs": url }).to_string())
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.module().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Takes over the `.tf` files of a folder of the repository, `examples/guide` for one, and the tests in it.
    pub fn copy(&self, folder: &str) {
        self.copy_to(folder, "");
    }

    /// The same, as the module in that folder of the workspace.
    pub fn copy_to(&self, folder: &str, module: &str) {
        let folder = Path::new(REPOSITORY).join(folder);
        for entry in fs::read_dir(&folder).expect("a folder of ours") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name of ours");
            if name.ends_with(".tf") || name.ends_with(".tftest.hcl") {
                let text = fs::read_to_string(folder.join(&name)).expect("a configuration");
                self.write(&Path::new(module).join(&name).to_string_lossy(), &text);
            }
        }
    }

    pub fn init(&self) -> Run {
        self.run(&["init", "-no-color"]).succeeded()
    }

    /// Whether the configuration holds, as far as one can tell without the cloud. Ask its `errors()`.
    pub fn validate(&self) -> Run {
        self.run(&["validate", "-json"])
    }

    pub fn plan(&self) -> Plan {
        self.plan_with(&[])
    }

    /// With further arguments, such as `-out=plan`, `-refresh-only` or `-var=…`.
    pub fn plan_with(&self, arguments: &[&str]) -> Plan {
        let run = self.run(&[&["plan", "-json", "-detailed-exitcode"], arguments].concat());
        match run.code {
            Some(0) => Plan::Empty(run),
            Some(2) => Plan::Changes(run),
            _ => Plan::Error(run),
        }
    }

    pub fn apply(&self) -> Run {
        self.apply_with(&[])
    }

    pub fn apply_with(&self, arguments: &[&str]) -> Run {
        self.run(&[&["apply", "-json", "-auto-approve"], arguments].concat())
    }

    pub fn destroy(&self) -> Run {
        self.run(&["destroy", "-json", "-auto-approve"])
    }

    /// `terraform import`. Its output is text only.
    pub fn import(&self, address: &str, id: &str) -> Run {
        self.run(&["import", "-no-color", address, id])
    }

    /// What `terraform show -json` says: the state, or with an argument the plan in that file.
    pub fn show_json(&self, arguments: &[&str]) -> Value {
        self.run(&[&["show", "-json"], arguments].concat()).succeeded().json()
    }

    /// The state file as it lies on the disk; `None` before the first apply.
    pub fn state_json(&self) -> Option<Value> {
        let text = fs::read(self.module().join("terraform.tfstate")).ok()?;
        Some(serde_json::from_slice(&text).expect("a state file is JSON"))
    }

    /// The stored attributes of the object at this address (`huaweivpc_container_route.a`, `….a["key"]`).
    pub fn stored(&self, address: &str) -> Option<Value> {
        let state = self.show_json(&[]);
        let resources = state.pointer("/values/root_module/resources")?.as_array()?;
        let resource = resources.iter().find(|resource| resource["address"] == address)?;
        Some(resource["values"].clone())
    }

    /// The value of an output.
    pub fn output(&self, name: &str) -> Value {
        self.run(&["output", "-json", name]).succeeded().json()
    }

    /// Runs to the end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().expect("the client starts");
        Run::new(self.cli, arguments, output)
    }

    /// The process to be, for what `run` cannot do, such as being interrupted.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let (program, first) = self.cli.command.split_first().expect("a command");
        let mut command = Command::new(program);
        command.args(first).args(arguments).current_dir(self.module()).stdin(Stdio::null());
        command.env_clear();
        for name in ["PATH", "SYSTEMROOT", "LLVM_PROFILE_FILE"] {
            #[expect(
                clippy::disallowed_methods,
                reason = "the few things a process cannot do without"
            )]
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
            .env("HOME", self.root.path())
            .env("TMPDIR", self.temporary.path())
            .env("TF_CLI_CONFIG_FILE", self.root.path().join("cli.tfrc"))
            .env("TF_DATA_DIR", self.data())
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1")
            .env("NO_COLOR", "1")
            .envs(&self.environment);
        command
    }

    /// Puts the binary into a mirror, under the names of both registries.
    fn install_provider(&self) {
        let mirror = self.root.path().join("mirror");
        for host in ["registry.terraform.io", "registry.opentofu.org"] {
            let folder = mirror.join(host).join(SOURCE).join(VERSION).join(platform());
            fs::create_dir_all(&folder).expect("a folder of the mirror");
            let file = folder.join(format!(
                "terraform-provider-huaweivpc_v{VERSION}{}",
                std::env::consts::EXE_SUFFIX
            ));
            fs::hard_link(PROVIDER, &file)
                .or_else(|_| fs::copy(PROVIDER, &file).map(drop))
                .expect("the provider in the mirror");
        }
        let path = Value::from(mirror.to_string_lossy());
        let config = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n"
        );
        fs::write(self.root.path().join("cli.tfrc"), config)
            .expect("the configuration of the client");
    }
}

/// The platform's name as mirrors have it.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        architecture => architecture,
    };
    format!("{os}_{architecture}")
}
