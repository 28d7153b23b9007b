//! The signature, against vectors computed with the vendor's own SDK and once more with plain HMAC.

use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::digest;
use huaweivpc::cloud::{
    AccessKey,
    sign::{DATE_HEADER, Request, authorization, canonical_request, date, encode_query},
};

const PROJECT: (&str, &str) = ("x-project-id", "0a1b2c3d4e5f60718293a4b5c6d7e8f9");
const JSON: (&str, &str) = ("content-type", "application/json");

struct Vector<'a> {
    method: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a [(&'static str, &'a str)],
    body: &'a str,
    canonical: &'a str,
    signed: &'a str,
    signature: &'a str,
}

#[track_caller]
fn check(vector: Vector<'_>) {
    let mut headers = vec![
        ("host", vector.host.to_owned()),
        (DATE_HEADER, date(UNIX_EPOCH + Duration::from_secs(1_767_323_045))),
    ];
    headers.extend(vector.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let request = Request {
        method: vector.method,
        path: vector.path,
        query: vector.query,
        headers: &headers,
        body: vector.body.as_bytes(),
    };
    let canonical = digest::digest(&digest::SHA256, canonical_request(request).as_bytes());
    assert_eq!(hex::encode(canonical), vector.canonical, "{}", canonical_request(request));

    let key = AccessKey {
        access_key: "AKEXAMPLE0123456789A".to_owned(),
        secret_key: "SkExample0123456789abcdefghijABCDEFGHIJ01".into(),
        security_token: None,
    };
    let expected = format!(
        "SDK-HMAC-SHA256 Access=AKEXAMPLE0123456789A, SignedHeaders={}, Signature={}",
        vector.signed, vector.signature
    );
    assert_eq!(authorization(request, &key), expected);
}

#[test]
fn a_read_with_a_query() {
    let query =
        encode_query([("vpc_id", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"), ("limit", "100")]);
    assert_eq!(query, "limit=100&vpc_id=3f2504e0-4f89-41d3-9a0c-0305e82c3301");
    check(Vector {
        method: "GET",
        host: "vpc.cn-north-4.myhuaweicloud.com",
        path: "/v1/0a1b2c3d4e5f60718293a4b5c6d7e8f9/routetables",
        query: &query,
        headers: &[JSON, PROJECT],
        body: "",
        canonical: "c47c8b6d6e348de5032e50d85762503ff7f1a75c62ed46ff7ad9fdfd643e3875",
        signed: "content-type;host;x-project-id;x-sdk-date",
        signature: "696c0356550567d61b7752fce405f48e609b03c082589bff09a02fc42b5f672e",
    });
}

#[test]
fn a_write_with_a_temporary_key() {
    check(Vector {
        method: "PUT",
        host: "vpc.eu-west-101.myhuaweicloud.eu",
        path: "/v1/0a1b2c3d4e5f60718293a4b5c6d7e8f9/routetables/05250d7e-0396-4fc9-9c9c-e4d5594784e4",
        query: "",
        headers: &[JSON, PROJECT, ("x-security-token", "SECURITYTOKENEXAMPLE==")],
        body: r#"{"routetable":{"routes":{"add":[{"type":"ecs","destination":"10.244.1.0/24","nexthop":"7c50463d-d36c-4417-aa85-cc11fa10f341","description":"node-1"}]}}}"#,
        canonical: "a904b218b127b04f486222fbed350d8fb460e3a51e713d2e25bae30fb5126172",
        signed: "content-type;host;x-project-id;x-sdk-date;x-security-token",
        signature: "a35d438eac930c3d98d228688567ccf2ee0f88f93b27edc39235a08294da95ba",
    });
}

#[test]
fn a_query_with_repeated_keys_and_characters_to_escape() {
    let query = encode_query([
        ("fixed_ips", "ip_address=192.168.0.10"),
        ("device_id", "b"),
        ("name", "a b/c~*ü"),
        ("fixed_ips", "subnet_id=aa"),
    ]);
    assert_eq!(
        query,
        "device_id=b&fixed_ips=ip_address%3D192.168.0.10&fixed_ips=subnet_id%3Daa&name=a%20b%2Fc~%2A%C3%BC"
    );
    check(Vector {
        method: "GET",
        host: "vpc.cn-north-4.myhuaweicloud.com",
        path: "/v1/0a1b2c3d4e5f60718293a4b5c6d7e8f9/ports",
        query: &query,
        headers: &[],
        body: "",
        canonical: "bcf7d7a03882b00c43b89a7ffdf223d6a35c5e8fe219c85fdca4419fe021dc48",
        signed: "host;x-sdk-date",
        signature: "923c39387d8cb14a66317ebd18e8c8f5bcba4d996a2e4dbe695937a3e2db0f82",
    });
}

#[test]
fn a_body_beyond_ascii() {
    check(Vector {
        method: "POST",
        host: "iam.cn-north-4.myhuaweicloud.com",
        path: "/v3/auth/tokens",
        query: "nocatalog=true",
        headers: &[("content-type", "application/json;charset=utf8")],
        body: r#"{"name":"中文"}"#,
        canonical: "f36e58d386b86375820ca86feb6065d34dc2adc1e792ece6849910d61ebdedbd",
        signed: "content-type;host;x-sdk-date",
        signature: "51697b93f5726dc86e1a08553d5ea1f4374ace5ecdd097f93221d1aee690ed15",
    });
}

#[test]
fn a_slash_inside_a_segment_counts_as_one_between_segments() {
    check(Vector {
        method: "DELETE",
        host: "vpc.cn-north-4.myhuaweicloud.com",
        path: "/v2.0/x/tags/a%20b%2Fc",
        query: "",
        headers: &[],
        body: "",
        canonical: "3b197a722969fc6e322e24bf6786b1fe87f5f181f38500849c24a3bc2241f6ac",
        signed: "host;x-sdk-date",
        signature: "c1f282d3698d4e8ae93804fdcf7177a39962d896f49ce3ea0a6ffd2e5fbeb21c",
    });
}

#[test]
fn a_query_is_empty_or_sorted() {
    assert_eq!(encode_query([]), "");
    assert_eq!(encode_query([("b", ""), ("a", "2"), ("a", "1")]), "a=1&a=2&b=");
}
