//! What cannot be: each problem has a place, and all are told at once.

use huaweivpc::framework::Severity;
use serde_json::json;

use super::World;
use crate::harness::{config::config, provider::unconfigured};

/// Exactly one problem, at `path`, in these words.
#[track_caller]
fn check(world: World, path: &str, words: &[&str]) {
    let problems = world.problems();
    let [(found, text)] = problems.as_slice() else { panic!("not one problem: {problems:?}") };
    assert_eq!(found, path, "{text}");
    for word in words {
        assert!(text.contains(word), "no {word} in: {text}");
    }
}

#[test]
fn a_region_is_needed() {
    check(
        World::default().key(),
        "region",
        &["Missing region", "`region` or `HW_REGION_NAME` or `OS_REGION_NAME`"],
    );
}

#[test]
fn a_region_is_part_of_a_host_name() {
    for region in ["cn north", "cn-north-4.evil.example", "a/b"] {
        let world = World::usual().argument("region", json!(region));
        check(world, "region", &[&format!("`{region}`"), "cn-north-4"]);
    }
}

#[test]
fn a_region_nobody_has_heard_of_is_fine() {
    World::usual().argument("region", json!("moon-south-1")).config();
}

#[test]
fn half_a_key_is_none() {
    let world = World::usual().without("secret_key");
    check(
        world,
        "secret_key",
        &["`access_key` is set", "`secret_key` or `HW_SECRET_KEY` or `OS_SECRET_KEY`"],
    );
    let world = World::usual().without("access_key");
    check(world, "access_key", &["`secret_key` is set", "`access_key` or `HW_ACCESS_KEY`"]);
    let world = World::default().region().variable("OS_ACCESS_KEY", "AK");
    check(world, "secret_key", &["`OS_ACCESS_KEY` is set"]);
}

#[test]
fn half_a_login_is_none() {
    let login = World::default().region().argument("domain_id", json!("d"));
    let user = login.clone().argument("user_name", json!("user"));
    check(user.clone(), "password", &["`user_name` is set", "HW_USER_PASSWORD"]);
    let password = login.argument("password", json!("pass"));
    check(password, "user_name", &["`password` is set", "HW_USER_NAME"]);
    let world = user.argument("password", json!("pass")).without("domain_id");
    check(world, "domain_name", &["account of the user", "HW_DOMAIN_NAME", "HW_DOMAIN_ID"]);
}

/// The block of the `huaweicloud` provider with all that its documentation names.
#[test]
fn what_only_other_providers_use_is_accepted_with_a_warning() {
    let others = json!({
        "regional": true,
        "signing_algorithm": "HmacSHA256",
        "skip_check_website_type": false,
        "skip_check_upgrade": true,
        "endpoints": { "obs": "https://obs.example.com", "vpc": "https://vpc.example.com" },
    });
    let members = others.as_object().unwrap().iter();
    let usual = World::usual();
    let world = members.fold(usual, |world, (name, value)| world.argument(name, value.clone()));
    world.config();

    let provider = unconfigured();
    let problems = provider.validate(&config(provider.schema, &others));
    assert!(problems.iter().all(|it| it.severity == Severity::Warning), "{problems:?}");
    let paths: Vec<String> = problems.iter().map(|problem| problem.path.to_string()).collect();
    let expected =
        ["regional", "signing_algorithm", "skip_check_website_type", "skip_check_upgrade"];
    assert_eq!(paths, [&expected[..], &[r#"endpoints["obs"]"#]].concat());
    let without = config(provider.schema, &json!({ "region": "cn-north-4" }));
    assert!(provider.validate(&without).is_empty());
}

#[test]
fn a_url_is_one_of_a_service() {
    for url in ["ftp://x", "https://", "https://x?y=1", "https://x#y", "http://[x"] {
        let world = World::usual().argument("endpoints", json!({ "ecs": url }));
        check(world, r#"endpoints["ecs"]"#, &["Invalid URL", "https://ecs.example.com"]);
        let world = World::usual().variable("HW_AUTH_URL", url);
        check(world, "auth_url", &["Invalid URL", "https://iam.example.com"]);
    }
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    let world = World::usual().argument("endpoints", json!({ "vpc": "https://me:hush@x" }));
    assert!(!format!("{:?}", world.problems()).contains("hush"));
    check(world, r#"endpoints["vpc"]"#, &["without user"]);
}

#[test]
fn a_cloud_is_a_domain() {
    let world = World::usual().argument("cloud", json!("https://example.com/"));
    check(world, "cloud", &["`https://example.com/`", "`myhuaweicloud.com`", "`endpoints`"]);
}

#[test]
fn numbers_are_whole_and_in_range() {
    for number in ["-1", "1.5", "1001"] {
        let value: serde_json::Value = serde_json::from_str(number).unwrap();
        let world = World::usual().argument("max_retries", value);
        check(world, "max_retries", &[&format!("`{number}`"), "0 to 1000"]);
    }
    check(World::usual().variable("HW_MAX_RETRIES", "many"), "max_retries", &["`many`"]);
    for seconds in [899, 86_401] {
        let role = json!({ "agency_name": "a", "domain_id": "d", "duration": seconds });
        check(
            World::usual().argument("assume_role", role),
            "assume_role.duration",
            &["900 to 86400"],
        );
    }
}

#[test]
fn flags_are_true_or_false() {
    check(
        World::usual().variable("OS_INSECURE", "yes"),
        "insecure",
        &["`yes`", "`true` or `false`"],
    );
}

#[test]
fn an_agency_has_a_name_and_an_account() {
    let world = World::usual().argument("assume_role", json!({ "domain_name": "owner" }));
    check(
        world,
        "assume_role.agency_name",
        &["`assume_role.agency_name` or `HW_ASSUME_ROLE_AGENCY_NAME`"],
    );
    let world = World::usual().argument("assume_role", json!({ "agency_name": "net-agency" }));
    check(world, "assume_role.domain_name", &["`net-agency`", "`HW_ASSUME_ROLE_DOMAIN_ID`"]);
}

#[test]
fn certificates_have_to_be_there() {
    let world = World::usual().argument("cacert_file", json!("/none.pem"));
    check(world, "cacert_file", &["`/none.pem`", "no such file"]);
    let world = World::usual().argument("cacert_file", json!("/ca.pem")).file("/ca.pem", "what");
    check(world, "cacert_file", &["BEGIN CERTIFICATE"]);
    let world = World::usual().argument("cacert_file", json!("~/ca.pem"));
    check(world, "cacert_file", &["home directory"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let world = World::default()
        .argument("access_key", json!("AK"))
        .argument("endpoints", json!({ "obs": "x", "vpc": "ftp://x" }))
        .argument("max_retries", json!(-1))
        .argument("assume_role", json!({}))
        .argument("cacert_file", json!("/none.pem"))
        .variable("HW_INSECURE", "perhaps");
    let mut paths: Vec<_> = world.problems().into_iter().map(|(path, _)| path).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "assume_role.agency_name",
            "cacert_file",
            r#"endpoints["vpc"]"#,
            "insecure",
            "max_retries",
            "region",
            "secret_key",
        ]
    );
}

#[test]
fn no_problem_tells_a_secret() {
    let world = World::default()
        .argument("secret_key", json!("hush-1"))
        .argument("security_token", json!("hush-2"))
        .argument("password", json!("hush-3"));
    assert!(!format!("{:?}", world.problems()).contains("hush"));
}
