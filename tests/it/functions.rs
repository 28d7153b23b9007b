//! The provider's functions as a configuration calls them.

use serde_json::{Value as Json, json};

use crate::harness::{grpc::Grpc, provider::unconfigured};

#[tokio::test]
async fn cidr_contains_says_whether_a_range_lies_inside_another() {
    let provider = Grpc::new(unconfigured);
    for (outer, inner, is_inside) in [
        ("10.0.0.0/8", "10.0.2.0/24", true),
        ("10.0.2.0/24", "10.0.2.0/24", true),
        ("10.0.2.0/24", "10.0.0.0/8", false),
        ("10.0.2.0/24", "10.0.3.0/24", false),
        ("0.0.0.0/0", "255.255.255.255/32", true),
        ("fd00::/8", "fd12:3456::/32", true),
        ("fd00::/9", "fd80::/16", false),
        ("::/0", "10.0.0.0/8", false),
        ("0.0.0.0/0", "::/0", false),
    ] {
        let answer = provider.call_function("cidr_contains", &[json!(outer), json!(inner)]).await;
        assert_eq!(answer, Ok(json!(is_inside)), "{inner} in {outer}");
    }
}

#[tokio::test]
async fn cidr_overlaps_names_each_pair_in_the_order_of_the_list() {
    let provider = Grpc::new(unconfigured);
    let pair = |a: &str, b: &str| json!({ "a": a, "b": b });
    for (ranges, pairs) in [
        (json!([]), json!([])),
        (json!(["10.0.2.0/24"]), json!([])),
        (json!(["10.0.2.0/24", "10.0.3.0/24", "fd00::/8"]), json!([])),
        (json!(["10.0.2.0/24", "10.0.2.0/24"]), json!([pair("10.0.2.0/24", "10.0.2.0/24")])),
        (
            json!(["10.0.2.0/24", "192.168.0.0/16", "10.0.0.0/8", "10.0.2.128/25", "fd00::/8"]),
            json!([
                pair("10.0.2.0/24", "10.0.0.0/8"),
                pair("10.0.2.0/24", "10.0.2.128/25"),
                pair("10.0.0.0/8", "10.0.2.128/25"),
            ]),
        ),
        (json!(["fd00::/8", "fd12::/16"]), json!([pair("fd00::/8", "fd12::/16")])),
    ] {
        let answer = provider.call_function("cidr_overlaps", std::slice::from_ref(&ranges)).await;
        assert_eq!(answer, Ok(pairs), "{ranges}");
    }
}

/// Two thousand equal ranges make two million pairs, which nobody reads and which would not fit into a message.
#[tokio::test]
async fn cidr_overlaps_is_bounded_where_everything_overlaps() {
    let provider = Grpc::new(unconfigured);
    let ranges = json!(vec!["10.0.2.0/24"; 2000]);
    let answer = provider.call_function("cidr_overlaps", &[ranges]).await.expect("an answer");
    assert_eq!(answer.as_array().map(Vec::len), Some(1000));
}

#[tokio::test]
async fn cidr_aggregate_covers_the_same_with_the_fewest() {
    let provider = Grpc::new(unconfigured);
    for (ranges, fewest) in [
        (json!([]), json!([])),
        (json!(["10.0.2.0/24"]), json!(["10.0.2.0/24"])),
        (json!(["10.0.3.0/24", "10.0.2.0/24"]), json!(["10.0.2.0/23"])),
        (json!(["10.0.3.0/24", "10.0.4.0/24"]), json!(["10.0.3.0/24", "10.0.4.0/24"])),
        (json!(["10.0.2.0/24", "10.0.2.7/32", "10.0.2.0/24"]), json!(["10.0.2.0/24"])),
        (
            json!([
                "fd00::/33",
                "10.0.2.0/25",
                "fd00:0:8000::/33",
                "10.0.2.128/26",
                "10.0.2.192/26"
            ]),
            json!(["10.0.2.0/24", "fd00::/32"]),
        ),
        (json!(["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"]), json!(["0.0.0.0/0", "::/0"])),
    ] {
        let answer = provider.call_function("cidr_aggregate", std::slice::from_ref(&ranges)).await;
        assert_eq!(answer, Ok(fewest), "{ranges}");
    }
}

/// The names of hosts as they come out of `["a", "b"]`, `tolist(…)` and `toset(…)`.
fn name_lists(names: &[&str]) -> [Json; 3] {
    let strings = vec!["string"; names.len()];
    [json!(["tuple", strings]), json!(["list", "string"]), json!(["set", "string"])]
        .map(|ty| json!({ "type": ty, "value": names }))
}

#[tokio::test]
async fn cidr_allocate_gives_each_host_a_range() {
    let provider = Grpc::new(unconfigured);
    let allocate = async |hosts: Json, taken: Json| {
        let arguments = [json!("10.0.0.0/16"), json!(24), hosts, taken];
        provider.call_function("cidr_allocate", &arguments).await
    };
    let two = json!({ "ecs1": "10.0.23.0/24", "ecs2": "10.0.140.0/24" });
    for hosts in name_lists(&["ecs1", "ecs2"]) {
        assert_eq!(allocate(hosts, json!([])).await, Ok(two.clone()));
    }
    for ty in [
        json!(["map", "string"]),
        json!(["object", { "ecs1": "string", "ecs2": "string" }]),
        json!(["object", { "ecs1": "string", "ecs2": "dynamic" }]),
    ] {
        let hosts = json!({ "type": ty, "value": { "ecs1": "172.16.2.0/28", "ecs2": null } });
        let kept = json!({ "ecs1": "172.16.2.0/28", "ecs2": "10.0.140.0/24" });
        assert_eq!(allocate(hosts, json!(["172.16.0.0/12"])).await, Ok(kept), "{ty}");
    }
    let [nobody, ..] = name_lists(&[]);
    assert_eq!(allocate(nobody, json!([])).await, Ok(json!({})));

    // What is taken is gone round, and everybody else stays.
    let [hosts, ..] = name_lists(&["ecs1", "ecs2"]);
    let around = allocate(hosts, json!(["10.0.23.64/26"])).await.unwrap();
    assert_eq!(around["ecs2"], two["ecs2"]);
    assert_ne!(around["ecs1"], two["ecs1"]);

    let [hosts, ..] = name_lists(&["ecs1"]);
    let arguments = [json!("fd00:10::/32"), json!(64), hosts, json!([])];
    let answer = provider.call_function("cidr_allocate", &arguments).await.unwrap();
    assert_eq!(answer, json!({ "ecs1": "fd00:10:17cb:8ccb::/64" }));
}

#[tokio::test]
async fn cidr_allocate_names_the_argument_at_fault() {
    let provider = Grpc::new(unconfigured);
    let [hosts, ..] = name_lists(&["ecs1", "ecs2"]);
    let [twice, ..] = name_lists(&["ecs1", "ecs1"]);
    let [unnamed, ..] = name_lists(&[""]);
    let map = |value: Json| json!({ "type": ["map", "string"], "value": value });
    for (arguments, position, phrase) in [
        ([json!("10.0.0.1/16"), json!(24), hosts.clone(), json!([])], 0, "Write `10.0.0.0/16`"),
        ([json!("10.0.0.0/24"), json!(24), hosts.clone(), json!([])], 0, "10.0.0.0/23 would do"),
        ([json!("10.0.0.0/16"), json!(8), hosts.clone(), json!([])], 1, "from 16 to 32"),
        ([json!("10.0.0.0/16"), json!(24.5), hosts.clone(), json!([])], 1, "whole number"),
        ([json!("10.0.0.0/16"), json!(-1), hosts.clone(), json!([])], 1, "whole number"),
        ([json!("10.0.0.0/16"), json!(24), twice, json!([])], 2, "`ecs1` stands here twice"),
        ([json!("10.0.0.0/16"), json!(24), unnamed, json!([])], 2, "empty name"),
        (
            [json!("10.0.0.0/16"), json!(24), json!({ "type": "string", "value": "a" }), json!([])],
            2,
            "Write a list of names",
        ),
        (
            [json!("10.0.0.0/16"), json!(24), map(json!({ "a": "10.0.2.1/24" })), json!([])],
            2,
            "`a`: `10.0.2.1/24`",
        ),
        (
            [
                json!("10.0.0.0/16"),
                json!(24),
                json!({ "type": ["map", "bool"], "value": { "a": true } }),
                json!([]),
            ],
            2,
            "Write a list of names",
        ),
        (
            [
                json!("10.0.0.0/16"),
                json!(24),
                map(json!({ "a": "10.0.2.0/24", "b": "10.0.2.0/25" })),
                json!([]),
            ],
            2,
            "overlaps",
        ),
        ([json!("10.0.0.0/16"), json!(24), hosts, json!(["10.0.0.0"])], 3, "`10.0.0.0/32`"),
    ] {
        let (text, argument) =
            provider.call_function("cidr_allocate", &arguments).await.expect_err(phrase);
        assert!(text.contains(phrase) && argument == Some(position), "{text} {argument:?}");
    }
}

#[tokio::test]
async fn a_wrong_argument_is_named_with_what_to_write_instead() {
    let provider = Grpc::new(unconfigured);
    let refusal = |name: &'static str, arguments: Vec<Json>| {
        let provider = &provider;
        async move { provider.call_function(name, &arguments).await.expect_err("a refusal") }
    };

    let (text, argument) =
        refusal("cidr_contains", vec![json!("10.0.0.1/8"), json!("10.0.2.0/24")]).await;
    assert!(text.contains("Write `10.0.0.0/8`") && argument == Some(0), "{text} {argument:?}");
    let (text, argument) =
        refusal("cidr_contains", vec![json!("10.0.0.0/8"), json!("10.0.2.1")]).await;
    assert!(text.contains("`10.0.2.1/32`") && argument == Some(1), "{text} {argument:?}");
    let (text, argument) = refusal("cidr_overlaps", vec![json!(["10.0.2.0/24", "nonsense"])]).await;
    assert!(text.contains("`nonsense`") && argument == Some(0), "{text} {argument:?}");
    let (text, argument) =
        refusal("cidr_contains", vec![json!("10.0.0.0/8"), json!({ "$unknown": true })]).await;
    assert!(text.contains("known") && argument == Some(1), "{text} {argument:?}");
    let (text, argument) = refusal("cidr_overlaps", vec![Json::Null]).await;
    assert!(text.contains("null") && argument == Some(0), "{text} {argument:?}");
    let (text, _) = refusal("cidr_contains", vec![json!("10.0.0.0/8")]).await;
    assert!(text.contains("2 arguments"), "{text}");
}
