//! The clients that the other tests are told with: found, kept apart from the machine's own settings, and understood.

use crate::harness::terraform::{Workspace, for_each_cli};

const TWO_THINGS: &str = r#"
    variable "input" {
      default = "x"
    }

    resource "terraform_data" "a" {
      input = var.input
    }

    output "a" {
      value = terraform_data.a.output
    }
"#;

#[test]
fn a_story_from_an_empty_folder_to_an_empty_folder() {
    for_each_cli(|cli| {
        let mut workspace = Workspace::new(cli);
        workspace.write("main.tf", TWO_THINGS);
        workspace.init();
        assert_eq!(workspace.state_json(), None);

        let changes = workspace.plan().expect_changes().changes("planned_change");
        assert_eq!(changes["terraform_data.a"], "create");

        workspace.apply().succeeded();
        workspace.plan().expect_empty();
        assert_eq!(workspace.output("a"), "x");
        assert_eq!(workspace.stored("terraform_data.a").expect("it is stored")["input"], "x");
        assert_eq!(workspace.stored("terraform_data.b"), None);

        workspace.set("TF_VAR_input", "y");
        workspace.plan().expect_changes();
        workspace.apply_with(&["-var=input=z"]).succeeded();
        assert_eq!(workspace.output("a"), "z");

        workspace.destroy().succeeded();
        assert_eq!(
            workspace.state_json().expect("a state file")["resources"],
            serde_json::json!([])
        );
    });
}

#[test]
fn problems_are_read_with_their_place() {
    for_each_cli(|cli| {
        let workspace = Workspace::new(cli);
        workspace.write("main.tf", "resource \"terraform_data\" \"a\" {\n  colour = \"red\"\n}\n");
        workspace.init();

        let from_validate = workspace.validate().failed().errors();
        let from_plan = workspace.plan().expect_error().errors();
        for problems in [from_validate, from_plan] {
            let [problem] = problems.as_slice() else { panic!("one problem, not {problems:?}") };
            assert_eq!(problem.summary, "Unsupported argument");
            assert_eq!(problem.context, "resource \"terraform_data\" \"a\"");
            assert!(problem.code.contains("colour = \"red\""), "{problem:?}");
            assert!(
                problem.text().contains("argument named \"colour\" is not expected here"),
                "{problem:?}"
            );
        }
    });
}

#[test]
fn line_breaks_do_not_hide_a_phrase() {
    for_each_cli(|cli| {
        let workspace = Workspace::new(cli);
        workspace.write("main.tf", TWO_THINGS);
        workspace.init();
        let run = workspace.import("terraform_data.elsewhere", "an-id").failed();
        let phrase = "please create its configuration in the root module. For example: resource";
        assert!(run.text().contains(phrase), "{run}");
    });
}

#[test]
fn the_machines_own_settings_stay_outside() {
    for_each_cli(|cli| {
        let workspace = Workspace::new(cli);
        let names: Vec<String> = workspace
            .command(&["version"])
            .get_envs()
            .filter(|(_, value)| value.is_some())
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect();
        for name in &names {
            let is_ours = ["TF_CLI_CONFIG_FILE", "TF_DATA_DIR", "TF_IN_AUTOMATION", "TF_INPUT"]
                .contains(&&**name);
            let leaks =
                ["TF_", "HW_", "OS_", "SSL_", "HTTP"].iter().any(|prefix| name.starts_with(prefix));
            assert!(is_ours || !leaks, "{name} reaches the client");
        }
    });
}
