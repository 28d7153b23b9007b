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
