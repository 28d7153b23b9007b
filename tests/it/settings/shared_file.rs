//! The configuration file of the `hcloud` command line, below everything that is said explicitly.

use huaweivpc::cloud::{Domain, Project};
use serde_json::{Value, json};

use super::{World, agency, shown};

const DEFAULT: &str = "/home/me/.hcloud/config.json";

fn config_file() -> Value {
    json!({ "language": "en", "current": "lab", "authEncrypt": "false", "profiles": [
        { "name": "default", "mode": "AKSK", "accessKeyId": "AK-default", "secretAccessKey": "SK-default",
          "region": "cn-south-1" },
        { "name": "lab", "mode": "AKSK", "accessKeyId": "AK-lab", "secretAccessKey": "SK-lab", "securityToken": "",
          "region": "cn-north-9", "projectId": "p-lab", "domainId": "d", "readTimeout": 10,
          "agencyName": "", "agencyDomainId": "", "agencyDomainName": "" },
        { "name": "sso", "mode": "SSO", "accessKeyId": "", "secretAccessKey": "", "region": "cn-north-9",
          "ssoAuth": { "stsToken": { "accessKeyId": "AK-sso", "secretAccessKey": "SK-sso", "securityToken": "ST-sso" } } },
        { "name": "acting", "mode": "AKSK", "accessKeyId": "AK", "secretAccessKey": "SK", "region": "cn-north-9",
          "agencyName": "ops", "agencyDomainName": "owner" },
        { "name": "homeless", "mode": "AKSK", "accessKeyId": "AK", "secretAccessKey": "SK", "region": "cn-north-9",
          "agencyName": "ops" },
        { "name": "ecs", "mode": "ecsAgency", "region": "cn-north-9" },
        { "name": "empty", "mode": "AKSK", "accessKeyId": null, "region": "cn-north-9" },
        { "name": "odd", "mode": "token", "region": "cn-north-9" },
    ] })
}

/// A home with that file and nothing else.
fn home() -> World {
    World::default().variable("HOME", "/home/me").file(DEFAULT, &config_file().to_string())
}

#[test]
fn the_current_profile_of_the_file_in_the_home_fills_in_what_is_missing() {
    let config = home().config();
    assert_eq!(shown(&config), "AK-lab:SK-lab:");
    assert_eq!(config.region, "cn-north-9");
    assert_eq!(config.project, Project::Id("p-lab".to_owned()));
    assert!(config.assume_role.is_none());
}

#[test]
fn a_file_and_a_profile_can_be_named() {
    let moved = World::default().file("/etc/hcloud.json", &config_file().to_string());
    let by_argument = moved
        .clone()
        .argument("shared_config_file", json!("/etc/hcloud.json"))
        .argument("profile", json!("default"));
    let by_variable = moved
        .clone()
        .variable("HW_SHARED_CONFIG_FILE", "/etc/hcloud.json")
        .variable("HW_PROFILE", "default");
    let both = moved
        .argument("shared_config_file", json!("/etc/hcloud.json"))
        .variable("HW_SHARED_CONFIG_FILE", "/elsewhere")
        .argument("profile", json!("default"))
        .variable("HW_PROFILE", "lab");
    let in_home = home()
        .argument("shared_config_file", json!("~/.hcloud/config.json"))
        .variable("HW_PROFILE", "default");
    for world in [by_argument, by_variable, both, in_home] {
        let config = world.config();
        assert_eq!(shown(&config), "AK-default:SK-default:");
        assert_eq!(config.region, "cn-south-1");
    }
}

#[test]
fn without_a_current_profile_the_default_one_counts() {
    let mut file = config_file();
    file["current"] = json!(null);
    let config = home().file(DEFAULT, &file.to_string()).config();
    assert_eq!(shown(&config), "AK-default:SK-default:");
}

#[test]
fn what_is_explicit_goes_before_the_file() {
    let config = home().argument("region", json!("cn-north-4")).config();
    assert_eq!(config.region, "cn-north-4");
    // The project of the file lies in the region of the file.
    assert_eq!(config.project, Project::Name("cn-north-4".to_owned()));

    let config = home().variable("HW_ACCESS_KEY", "AK").variable("HW_SECRET_KEY", "SK").config();
    assert_eq!((shown(&config).as_str(), config.region.as_str()), ("AK:SK:", "cn-north-9"));
    // The project of the file is of the account of the file's keys.
    assert_eq!(config.project, Project::Name("cn-north-9".to_owned()));

    let config = home().argument("project_name", json!("cn-north-9_dev")).config();
    assert_eq!(config.project, Project::Name("cn-north-9_dev".to_owned()));
}

#[test]
fn a_profile_of_single_sign_on_has_temporary_keys() {
    assert_eq!(shown(&home().variable("HW_PROFILE", "sso").config()), "AK-sso:SK-sso:ST-sso");
}

#[test]
fn a_profile_of_a_server_asks_the_server() {
    assert_eq!(shown(&home().variable("HW_PROFILE", "ecs").config()), "metadata");
}

#[test]
fn a_profile_may_act_as_an_agency() {
    let world = home().variable("HW_PROFILE", "acting");
    assert_eq!(agency(&world.config()), r#"ops Name("owner") 3600"#);
    // One that is configured goes before it.
    let role = json!({ "agency_name": "mine", "domain_id": "d" });
    let config = world.clone().argument("assume_role", role).config();
    assert_eq!(config.assume_role.unwrap().domain, Domain::Id("d".to_owned()));
    // And it is the agency of the file's keys, not of others.
    let config = world.variable("HW_ACCESS_KEY", "AK").variable("HW_SECRET_KEY", "SK").config();
    assert!(config.assume_role.is_none());

    let (path, _) = home().variable("HW_PROFILE", "homeless").problems().remove(0);
    assert_eq!(path, "assume_role.domain_name");
}

#[track_caller]
fn check(world: World, path: &str, word: &str) {
    let problems = world.problems();
    let [(found, text)] = problems.as_slice() else { panic!("not one problem: {problems:?}") };
    assert_eq!(found, path, "{text}");
    assert!(text.contains(word), "no {word} in: {text}");
}

#[test]
fn an_encrypted_file_is_of_no_use_for_keys() {
    for encrypted in [json!("true"), json!(true)] {
        let mut file = config_file();
        file["authEncrypt"] = encrypted;
        let world = home().file(DEFAULT, &file.to_string());
        check(world.clone(), "shared_config_file", "--cli-auth-encrypt=false");
        // Who brings keys of his own may still take the region from it.
        let world = world.variable("HW_ACCESS_KEY", "AK").variable("HW_SECRET_KEY", "SK");
        assert_eq!(world.config().region, "cn-north-9");
    }
}

#[test]
fn a_profile_has_to_be_there_and_to_be_of_use() {
    check(home().variable("HW_PROFILE", "none"), "profile", "`default`, `lab`, `sso`");
    check(home().variable("HW_PROFILE", "empty"), "shared_config_file", "holds no keys");
    check(home().variable("HW_PROFILE", "odd"), "shared_config_file", "mode `token`");
    let world = World::default().region().variable("HW_PROFILE", "lab");
    check(world, "shared_config_file", "home directory");
}

#[test]
fn a_file_has_to_be_there_if_it_was_named() {
    let world = home().argument("shared_config_file", json!("/none.json"));
    let problems = world.problems();
    assert_eq!(problems[0].0, "shared_config_file");
    assert!(problems[0].1.contains("`/none.json`") && problems[0].1.contains("no such file"));
    // Nobody has spoken of the one in the home.
    assert_eq!(shown(&World::default().region().variable("HOME", "/home/me").config()), "metadata");
}

#[test]
fn a_broken_file_is_no_reason_to_quote_it() {
    let broken = home().file(DEFAULT, r#"{"profiles":[{"name":"lab","secretAccessKey":"hush""#);
    let problems = broken.clone().region().problems();
    assert_eq!(problems[0].0, "shared_config_file");
    assert!(problems[0].1.contains("line 1") && !problems[0].1.contains("hush"), "{problems:?}");
    // And none to fail where nothing of it is needed.
    World { files: broken.files, ..World::usual().variable("HOME", "/home/me") }.config();
}
