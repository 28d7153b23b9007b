//! The files that the provider keeps below Terraform's data directory, on a real disk: whatever else lies there stays as it
//! is, no link is followed, nothing is waited for, and nobody else may read along.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use huaweivpc::{disk::Disk, provider::Environment};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::harness::{provider::nowhere, stage::Stage, terraform::for_each_cli, world::World};

const ROUTE: &str = "container_route";

/// A machine with an empty data directory.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        fs::create_dir(machine.data()).unwrap();
        machine
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn ours(&self, folder: &str) -> PathBuf {
        self.data().join("huaweivpc").join(folder)
    }

    /// A folder that the user has elsewhere, with files in it that are called like ours.
    fn elsewhere(&self) -> PathBuf {
        let folder = self.0.path().join("elsewhere");
        fs::create_dir_all(folder.join("notes")).unwrap();
        fs::create_dir_all(folder.join("plans")).unwrap();
        for name in ["README", "notes/README", &format!("notes/{NAME}"), &format!("plans/{NAME}")] {
            fs::write(folder.join(name), OLD).unwrap();
        }
        fs::write(folder.join(NAME), OLD).unwrap();
        folder
    }

    async fn world(&self) -> World {
        let data = self.data();
        let machine = || {
            let data = data.display().to_string();
            let variable = move |name: &str| (name == "TF_DATA_DIR").then(|| data.clone());
            let (variable, files) = (Box::new(variable), Arc::new(Disk));
            Environment { variable, files, ..nowhere() }
        };
        World::on(machine, json!({}), json!({})).await
    }

    /// A plan, an apply, a refresh and a destroy.
    async fn run(&self) {
        let world = self.world().await;
        let route = route(&world).await;
        world.warnings_of(ROUTE, route.clone()).await;
        let object = world.apply(ROUTE, route).await;
        world.destroy(object).await;
    }
}

const NAME: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.json";
/// A note that does not count any more.
const OLD: &str = r#"{ "about": {}, "intent": {}, "left": 1 }"#;
const AHEAD: &str = r#"{ "about": {}, "intent": {}, "left": 99999999999 }"#;

async fn route(world: &World) -> Json {
    let table = world.default_table("vpc-containers").await;
    json!({ "route_table_id": table, "destination": "10.0.2.0/24",
            "ecs_id": world.server("ECS1").await })
}

/// All that is in a folder and below: what it is, and what is in it.
fn tree(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        let content = if kind.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        if kind.is_dir() {
            found.extend(tree(&path));
        }
        found.insert(path, format!("{kind:?} {}", String::from_utf8_lossy(&content)));
    }
    found
}

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo is there");
    assert!(made.success(), "{}", path.display());
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_folder_that_is_a_link_is_not_followed() {
    for (link, target) in [
        ("huaweivpc", ""),
        ("huaweivpc/notes", ""),
        ("huaweivpc/notes", "notes"),
        ("huaweivpc/plans", ""),
        ("huaweivpc/plans", "plans"),
    ] {
        let machine = Machine::new();
        let elsewhere = machine.elsewhere();
        let link = machine.data().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(elsewhere.join(target), &link).unwrap();
        let before = tree(&elsewhere);

        machine.run().await;

        assert_eq!(tree(&elsewhere), before, "{}", link.display());
        assert!(link.is_symlink());
    }
}

#[tokio::test]
async fn a_pipe_or_a_file_in_place_of_a_folder_holds_up_nothing() {
    for path in ["huaweivpc", "huaweivpc/notes", "huaweivpc/plans"] {
        for is_pipe in [true, false] {
            let machine = Machine::new();
            let path = machine.data().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if is_pipe {
                pipe(&path)
            } else {
                fs::write(&path, "mine").unwrap()
            }

            machine.run().await;

            let kind = fs::symlink_metadata(&path).unwrap();
            assert!(is_pipe != kind.is_file() && !kind.is_dir(), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn only_what_is_called_like_ours_and_reads_like_ours_is_removed() {
    let machine = Machine::new();
    let (notes, plans) = (machine.ours("notes"), machine.ours("plans"));
    let elsewhere = machine.elsewhere();
    for folder in [&notes, &plans] {
        fs::create_dir_all(folder.join("a folder")).unwrap();
        for name in ["README", "note.json", "0.json", "x.part", "mine.0123456789abcdef.part"] {
            fs::write(folder.join(name), OLD).unwrap();
        }
    }
    let named = |digit: char| notes.join(NAME.replacen('0', &digit.to_string(), 1));
    fs::write(named('1'), "the user's own").unwrap();
    fs::write(named('2'), r#"{ "about": {}, "intent": {}, "left": 1, "mine": 1 }"#).unwrap();
    pipe(&named('3'));
    symlink(elsewhere.join(NAME), named('4')).unwrap();
    fs::create_dir(named('5')).unwrap();
    fs::write(notes.join(NAME.to_uppercase()), OLD).unwrap();
    let before = tree(machine.0.path());

    let ours = [
        (notes.join(NAME), OLD),
        (named('a'), AHEAD),
        (named('b'), ""),
        (notes.join(format!("{NAME}.0123456789abcdef.part")), "{ \"abo"),
    ];
    for (path, content) in &ours {
        fs::write(path, content).unwrap();
    }

    machine.run().await;

    assert_eq!(tree(machine.0.path()), before);
}

#[tokio::test]
async fn what_stands_where_a_note_would_be_written_stays() {
    let machine = Machine::new();
    let blindly = async || {
        let world = machine.world().await;
        world
            .apply_blindly(
                ROUTE,
                json!({ "route_table_id": world.default_table("vpc-containers").await,
            "destination": "10.0.2.0/24", "ecs_id": world.server("ECS1").await }),
            )
            .await;
    };
    blindly().await;
    let [name] = &names(&machine.ours("notes"))[..] else { panic!("one note") };
    let note = machine.ours("notes").join(name);
    let elsewhere = machine.elsewhere();
    for put in [
        &|| fs::write(&note, "the user's own").unwrap(),
        &|| pipe(&note),
        &|| symlink(elsewhere.join("README"), &note).unwrap(),
        &|| symlink(elsewhere.join("nothing"), &note).unwrap(),
    ] as [&dyn Fn(); 4]
    {
        fs::remove_file(&note).unwrap();
        put();
        let before = tree(&machine.ours("notes"));
        blindly().await;
        assert_eq!(tree(&machine.ours("notes")), before);
    }
    assert!(!elsewhere.join("nothing").exists());
    assert_eq!(fs::read_to_string(elsewhere.join("README")).unwrap(), OLD);
}

#[tokio::test]
async fn terraforms_own_files_are_not_waited_for() {
    let machine = Machine::new();
    pipe(&machine.data().join("environment"));
    symlink("/dev/zero", machine.data().join("terraform.tfstate")).unwrap();
    machine.run().await;
}

#[tokio::test]
async fn folders_that_others_may_write_to_are_closed() {
    let machine = Machine::new();
    for folder in ["", "notes"] {
        fs::create_dir_all(machine.ours(folder)).unwrap();
        fs::set_permissions(machine.ours(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let world = machine.world().await;
    world.apply_blindly(ROUTE, route(&world).await).await;
    for folder in ["", "notes"] {
        assert_eq!(mode(&machine.ours(folder)), 0o700, "{folder}");
    }
}

#[test]
fn files_are_the_users_own_whatever_the_umask() {
    for_each_cli(|cli| {
        let stage = Stage::new(cli);
        stage.workspace.write("main.tf", &stage.route("a", "10.0.2.0/24", "192.168.0.2", ""));
        let apply = stage.workspace.command(&["apply", "-auto-approve"]);
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask 000 && exec \"$@\"", "sh"]).arg(apply.get_program());
        shell.args(apply.get_args()).current_dir(stage.workspace.module()).env_clear();
        shell.envs(apply.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = shell.output().expect("a shell");
        assert!(output.status.success(), "{output:?}");

        let ours = stage.workspace.data().join("huaweivpc");
        assert_eq!(mode(&ours), 0o700);
        for folder in ["notes", "plans"] {
            assert_eq!(mode(&ours.join(folder)), 0o700, "{folder}");
            let names = names(&ours.join(folder));
            assert!(!names.is_empty(), "{folder}");
            names.iter().for_each(|name| assert_eq!(mode(&ours.join(folder).join(name)), 0o600));
        }
    });
}
