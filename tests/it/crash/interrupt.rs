//! Real Terraform in the middle of an apply: interrupted, or with a second Terraform at work on the same table.

use std::{
    process::{Child, Stdio},
    time::Duration,
};

use serde_json::json;

use super::{
    line::Line,
    stage::{Cloud, destination, notes, points},
};
use crate::{
    harness::{
        run::Run,
        terraform::{Cli, Workspace},
    },
    plugin_client::signal,
};

const LATENCY: Duration = Duration::from_millis(20);

/// Pieces that a whole apply of fifty routes comes to, about. A point behind the last piece is no interruption.
const PIECES: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_terraform_goes_on_with_the_next_apply() {
    interrupted_at(4).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "some minutes: `make crash`"]
async fn an_interrupted_terraform_at_50_points() {
    interrupted_at(50).await;
}

/// Nothing is adopted here: what was made by the time Terraform ends is in its state.
#[expect(clippy::print_stdout, reason = "a failed test shows at which point it failed")]
async fn interrupted_at(count: usize) {
    const ROUTES: usize = 50;
    let cloud = Cloud::start(LATENCY).await;
    let mut interrupted = 0;
    let workspace = workspace(&cloud, 0, ROUTES);
    for (number, point) in points(count, PIECES, false).enumerate() {
        println!("point {number}: {point:?}");
        let line = Line::to(cloud.address.clone(), point).await;
        write(&workspace, &cloud, &line.url, 0, ROUTES);
        let apply = started(&workspace, "apply");
        let process = apply.id();
        let mut end = tokio::task::spawn_blocking(move || apply.wait_with_output());
        let output = tokio::select! {
            () = line.reached() => {
                signal(process, "INT");
                (&mut end).await
            }
            output = &mut end => output,
        };
        let status = output.expect("no panic").expect("it ends").status;
        interrupted += usize::from(!status.success());

        write(&workspace, &cloud, &cloud.url(), 0, ROUTES);
        workspace.apply().succeeded();
        cloud.expect_exactly((0..ROUTES).map(|index| destination(0, index))).await;
        workspace.plan().expect_empty();
        assert_eq!(notes(&workspace.data()), 0, "the plan has seen that all is recorded");
        workspace.destroy().succeeded();
        cloud.expect_exactly([]).await;
    }
    println!("{interrupted} of {count} applies were interrupted before they were done");
    assert!(interrupted > 0, "some point lies before the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_terraforms_with_states_of_their_own_share_a_table() {
    const ROUTES: usize = 100;
    let cloud = Cloud::start(LATENCY).await;
    let workspaces = [0, 1].map(|run| workspace(&cloud, run, ROUTES));
    let all = || [0, 1].into_iter().flat_map(|run| (0..ROUTES).map(move |i| destination(run, i)));

    both(&workspaces, Workspace::apply);
    cloud.expect_exactly(all()).await;
    for workspace in &workspaces {
        workspace.plan().expect_empty();
    }
    both(&workspaces, Workspace::destroy);
    cloud.expect_exactly([]).await;
}

/// Runs the same command in both folders at the same time.
fn both(workspaces: &[Workspace; 2], command: impl Fn(&Workspace) -> Run + Sync) {
    std::thread::scope(|scope| {
        for workspace in workspaces {
            scope.spawn(|| command(workspace).succeeded());
        }
    });
}

fn started(workspace: &Workspace, command: &str) -> Child {
    let mut command = workspace.command(&[command, "-auto-approve", "-no-color"]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the client starts")
}

fn workspace(cloud: &Cloud, run: usize, routes: usize) -> Workspace {
    let workspace = Workspace::new(&Cli::all()[0]);
    write(&workspace, cloud, &cloud.url(), run, routes);
    workspace.init();
    workspace
}

/// Writes the configuration, for the cloud behind `url`.
fn write(workspace: &Workspace, cloud: &Cloud, url: &str, run: usize, routes: usize) {
    let mut route = cloud.route(run, 0);
    route["count"] = routes.into();
    route["destination"] = format!("10.{run}.${{count.index}}.0/24").into();
    let configuration = json!({
        "terraform": { "required_providers": { "huaweivpc": { "source": "huaweivpc/huaweivpc" } } },
        "provider": { "huaweivpc": cloud.settings(url) },
        "resource": { "huaweivpc_container_route": { "this": route } },
    });
    workspace.write("main.tf.json", &configuration.to_string());
}
