//! Every example is formatted, and every one is a configuration that Terraform takes, whole and as it stands.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::harness::terraform::{Cli, REPOSITORY, Workspace, for_each_cli};

#[test]
fn examples_are_formatted() {
    let workspace = Workspace::new(&Cli::all()[0]);
    let examples = Path::new(REPOSITORY).join("examples");
    workspace
        .run(&["fmt", "-check", "-diff", "-recursive", &examples.to_string_lossy()])
        .succeeded();
}

#[test]
fn examples_are_valid() {
    for_each_cli(|cli| {
        let workspace = Workspace::new(cli);
        workspace.write("requirements.tf", REQUIREMENTS);
        workspace.init();
        for example in examples() {
            workspace.write("example.tf", &example.configuration(cli));
            let problems = workspace.validate().errors();
            assert!(problems.is_empty(), "{}: {problems:?}", example.folder.display());
        }
    });
}

#[test]
fn the_guides_configuration_is_valid() {
    for_each_cli(|cli| {
        let workspace = Workspace::new(cli);
        workspace.copy("examples/guide");
        workspace.init();
        workspace.validate().succeeded();
    });
}

#[test]
fn the_configuration_in_the_readme_is_valid() {
    let readme = fs::read_to_string(Path::new(REPOSITORY).join("README.md")).expect("a README");
    let blocks = readme.split("```terraform\n").skip(1).filter_map(|rest| rest.split("```").next());
    let configurations: Vec<&str> = blocks.filter(|block| block.contains("resource ")).collect();
    assert_eq!(configurations.len(), 1);
    for_each_cli(|cli| {
        let workspace = Workspace::new(cli);
        workspace.write("main.tf", configurations[0]);
        workspace.init();
        workspace.validate().succeeded();
    });
}

const REQUIREMENTS: &str = r#"
terraform {
  required_providers {
    huaweivpc = {
      source = "huaweivpc/huaweivpc"
    }
  }
}
"#;

/// A folder of examples for one object of the provider.
struct Example {
    folder: PathBuf,
}

impl Example {
    /// Its files as one configuration. What this client does not know yet is left out.
    fn configuration(&self, cli: &Cli) -> String {
        let has_identity = !cli.is_opentofu() && cli.is_at_least((1, 12));
        let mut files: Vec<PathBuf> = fs::read_dir(&self.folder)
            .expect("a folder")
            .map(|entry| entry.expect("one").path())
            .collect();
        files.retain(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            // One import block per object: that of the newest form the client knows.
            let other_import =
                if has_identity { "import-by-string-id.tf" } else { "import-by-identity.tf" };
            name.ends_with(".tf") && name != other_import
        });
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("an example")).collect()
    }
}

/// The folders of objects: `examples/resources/<type>` and its like.
fn examples() -> Vec<Example> {
    let root = Path::new(REPOSITORY).join("examples");
    let mut examples = Vec::new();
    for kind in ["resources", "data-sources", "functions"] {
        for entry in fs::read_dir(root.join(kind)).expect("a folder of examples") {
            examples.push(Example { folder: entry.expect("an entry").path() });
        }
    }
    assert!(examples.len() >= 6, "this test looks in the wrong place");
    examples
}
