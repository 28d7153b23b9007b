//! For each setting: the argument first, then its variables in order, and what is empty is not set.

use huaweivpc::{cloud::Config, provider::settings::SCHEMA};
use serde_json::{Value, json};

use super::{World, agency, shown};

/// One setting: how it is written, its variables in order, and where it ends up.
struct Row {
    argument: &'static str,
    variables: &'static [&'static str],
    /// What must be there for the setting to matter.
    beside: fn(World) -> World,
    /// Two values that differ.
    values: [&'static str; 2],
    read: fn(&Config) -> String,
    /// What the values become.
    expected: [&'static str; 2],
}

const NOTHING: fn(World) -> World = |world| world;

fn rows() -> Vec<Row> {
    let password: fn(World) -> World = |world| {
        world
            .without("access_key")
            .without("secret_key")
            .variable("HW_USER_NAME", "user")
            .variable("HW_USER_PASSWORD", "pass")
            .variable("HW_DOMAIN_NAME", "account")
    };
    let assume: fn(World) -> World = |world| {
        world
            .variable("HW_ASSUME_ROLE_AGENCY_NAME", "agency")
            .variable("HW_ASSUME_ROLE_DOMAIN_NAME", "owner")
    };
    let project = |config: &Config| format!("{:?}", config.project);
    let id_values = [r#"Id("a")"#, r#"Id("b")"#];
    let name_values = [r#"Name("a")"#, r#"Name("b")"#];
    let row = |argument, variables, beside, values, read, expected| Row {
        argument,
        variables,
        beside,
        values,
        read,
        expected,
    };
    const AB: [&str; 2] = ["a", "b"];
    vec![
        row("region", &["HW_REGION_NAME", "OS_REGION_NAME"], NOTHING, AB, |c| c.region.clone(), AB),
        row(
            "access_key",
            &["HW_ACCESS_KEY", "OS_ACCESS_KEY"],
            NOTHING,
            AB,
            shown,
            ["a:SK-arg:", "b:SK-arg:"],
        ),
        row(
            "secret_key",
            &["HW_SECRET_KEY", "OS_SECRET_KEY"],
            NOTHING,
            AB,
            shown,
            ["AK-arg:a:", "AK-arg:b:"],
        ),
        row(
            "security_token",
            &["HW_SECURITY_TOKEN", "OS_SECURITY_TOKEN"],
            NOTHING,
            AB,
            shown,
            ["AK-arg:SK-arg:a", "AK-arg:SK-arg:b"],
        ),
        row(
            "project_id",
            &["HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"],
            NOTHING,
            AB,
            project,
            id_values,
        ),
        row(
            "project_name",
            &["HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"],
            NOTHING,
            AB,
            project,
            name_values,
        ),
        row(
            "auth_url",
            &["HW_AUTH_URL", "OS_AUTH_URL"],
            NOTHING,
            ["https://a/v3", "https://b"],
            |c| c.endpoints.iam.to_string(),
            ["https://a/", "https://b/"],
        ),
        row(
            "cloud",
            &["HW_CLOUD"],
            NOTHING,
            ["a.com", "b.com"],
            |c| c.endpoints.vpc.to_string(),
            ["https://vpc.cn-north-4.a.com/", "https://vpc.cn-north-4.b.com/"],
        ),
        row(
            "enterprise_project_id",
            &["HW_ENTERPRISE_PROJECT_ID"],
            NOTHING,
            AB,
            |c| c.enterprise_project_id.clone().unwrap_or_default(),
            AB,
        ),
        row(
            "token",
            &["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"],
            |world| world.without("access_key").without("secret_key"),
            AB,
            shown,
            ["token a", "token b"],
        ),
        row(
            "user_name",
            &["HW_USER_NAME", "OS_USERNAME"],
            password,
            AB,
            shown,
            [r#"a:pass@Name("account")"#, r#"b:pass@Name("account")"#],
        ),
        row(
            "password",
            &["HW_USER_PASSWORD", "OS_PASSWORD"],
            password,
            AB,
            shown,
            [r#"user:a@Name("account")"#, r#"user:b@Name("account")"#],
        ),
        row(
            "domain_name",
            &["HW_DOMAIN_NAME", "OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME"],
            password,
            AB,
            shown,
            [r#"user:pass@Name("a")"#, r#"user:pass@Name("b")"#],
        ),
        row(
            "domain_id",
            &["HW_DOMAIN_ID", "OS_DOMAIN_ID", "OS_USER_DOMAIN_ID", "OS_PROJECT_DOMAIN_ID"],
            password,
            AB,
            shown,
            [r#"user:pass@Id("a")"#, r#"user:pass@Id("b")"#],
        ),
        row(
            "assume_role.agency_name",
            &["HW_ASSUME_ROLE_AGENCY_NAME"],
            assume,
            AB,
            agency,
            [r#"a Name("owner") 3600"#, r#"b Name("owner") 3600"#],
        ),
        row(
            "assume_role.domain_name",
            &["HW_ASSUME_ROLE_DOMAIN_NAME"],
            assume,
            AB,
            agency,
            [r#"agency Name("a") 3600"#, r#"agency Name("b") 3600"#],
        ),
        row(
            "assume_role.domain_id",
            &["HW_ASSUME_ROLE_DOMAIN_ID"],
            assume,
            AB,
            agency,
            [r#"agency Id("a") 3600"#, r#"agency Id("b") 3600"#],
        ),
        row(
            "assume_role.duration",
            &["HW_ASSUME_ROLE_DURATION"],
            assume,
            ["900", "86400"],
            agency,
            [r#"agency Name("owner") 900"#, r#"agency Name("owner") 86400"#],
        ),
        row(
            "max_retries",
            &["HW_MAX_RETRIES"],
            NOTHING,
            ["0", "7"],
            |c| c.max_retries.to_string(),
            ["0", "7"],
        ),
        row(
            "insecure",
            &["HW_INSECURE", "OS_INSECURE"],
            NOTHING,
            ["true", "false"],
            |c| c.insecure.to_string(),
            ["true", "false"],
        ),
    ]
}

/// Writes an argument in the type its attribute has.
fn write(world: World, argument: &str, text: &str) -> World {
    let value = match argument {
        "max_retries" | "assume_role.duration" if !text.is_empty() => {
            serde_json::from_str(text).unwrap()
        }
        "insecure" if !text.is_empty() => json!(text == "true"),
        "max_retries" | "insecure" | "assume_role.duration" => Value::Null,
        _ => json!(text),
    };
    match argument.split_once('.') {
        Some((block, name)) => {
            let mut members = world.arguments.get(block).cloned().unwrap_or(json!({}));
            members[name] = value;
            world.argument(block, members)
        }
        None => world.argument(argument, value),
    }
}

#[test]
fn for_each_setting_the_argument_counts_and_then_its_variables_in_order() {
    for Row { argument, variables, beside, values, read, expected } in rows() {
        let base = beside(World::usual());
        let bare = || {
            let mut world = base.clone().without(argument);
            world.variables.retain(|name, _| !variables.contains(&name.as_str()));
            world
        };
        let [first, second] = values;

        let mut world = write(bare(), argument, first);
        for variable in variables {
            world = world.variable(variable, second);
        }
        assert_eq!(read(&world.config()), expected[0], "{argument} goes before its variables");

        for (position, variable) in variables.iter().enumerate() {
            let mut world = write(bare(), argument, "").variable(variable, first);
            for earlier in &variables[..position] {
                world = world.variable(earlier, "");
            }
            for later in &variables[position + 1..] {
                world = world.variable(later, second);
            }
            assert_eq!(
                read(&world.config()),
                expected[0],
                "{variable} for {argument}, empty ones before"
            );
        }
    }
}

#[test]
fn every_argument_is_in_the_table_or_tested_by_name() {
    let elsewhere = ["endpoints", "cacert_file", "shared_config_file", "profile"];
    let without_effect =
        ["regional", "signing_algorithm", "skip_check_website_type", "skip_check_upgrade"];
    let elsewhere = [&elsewhere[..], &without_effect].concat();
    let in_table = |name: &str| rows().iter().any(|row| row.argument == name);
    for attribute in SCHEMA.attributes {
        assert!(
            in_table(attribute.name) || elsewhere.contains(&attribute.name),
            "{}",
            attribute.name
        );
    }
    for attribute in SCHEMA.blocks[0].attributes {
        assert!(in_table(&format!("assume_role.{}", attribute.name)), "{}", attribute.name);
    }
}
