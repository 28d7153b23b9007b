//! The stories once more as a user writes and sees them: all of them in one configuration, through every real client.

use serde_json::{Value as Json, json};

use super::{Said, Story, fill_in, only, told, world};
use crate::{
    container_cidr_plan::PLAN,
    harness::{
        config::patched,
        terraform::{Cli, Workspace, for_each_cli},
    },
};

/// A story in HCL, and what is to be printed of it.
struct Told {
    code: &'static str,
    wrong: Json,
    right: Json,
    said: Said,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_printed() {
    let world = world(&json!({})).await;
    let mut all = Vec::new();
    for story in told::stories().into_iter().filter(is_seen_while_planning) {
        let wrong = fill_in(&world, story.wrong.clone()).await;
        let right = fill_in(&world, story.right.clone()).await;
        let reported = world.read(PLAN, patched(&wrong, &json!({ "on_error": "report" }))).await;
        let said = only(&story, &reported.value["findings"]);
        all.push(Told { code: story.code, wrong, right, said });
    }
    assert!(all.len() > 15, "only {} stories", all.len());
    tokio::task::block_in_place(|| for_each_cli(|cli| tell(&all, &world.settings, cli)));
}

/// In the shared world, of which something is printed; and not by `validate`, which would end the plan of all others.
fn is_seen_while_planning(story: &Story) -> bool {
    story.world == json!({})
        && story.faults == Json::Null
        && story.path.is_some()
        && story.code != "cidr_not_canonical"
}

fn tell(all: &[Told], settings: &Json, cli: &'static Cli) {
    let workspace = Workspace::new(cli);
    let mut text = format!("{REQUIREMENTS}provider \"huaweivpc\" {{\n{}}}\n", arguments(settings));
    for Told { code, wrong, right, .. } in all {
        text += &format!("data \"huaweivpc_{PLAN}\" \"{code}\" {{\n{}}}\n", arguments(wrong));
        text += &format!("data \"huaweivpc_{PLAN}\" \"{code}_right\" {{\n{}}}\n", arguments(right));
    }
    workspace.write("main.tf", &text);
    workspace.init();

    let run = workspace.plan().expect_error();

    let printed = run.diagnostics();
    for Told { code, said, .. } in all {
        let address = format!("data.huaweivpc_{PLAN}.{code}");
        let about: Vec<_> = printed.iter().filter(|it| it.address == address).collect();
        let [only] = about.as_slice() else { panic!("{address}: {about:#?}") };
        assert_eq!(only.severity, said.severity, "{address}");
        for words in [&said.message, &said.fix, &said.code] {
            assert!(only.detail.contains(words.as_str()), "{address}: {}", only.detail);
        }
    }
    assert_eq!(printed.len(), all.len(), "something is said of what is right:\n{run}");
}

/// The members as arguments: JSON is HCL.
fn arguments(body: &Json) -> String {
    let members = body.as_object().expect("an object");
    members.iter().map(|(name, value)| format!("  {name} = {value}\n")).collect()
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
