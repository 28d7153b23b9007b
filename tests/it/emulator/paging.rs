//! Lists that come in pages, by each of the schemes the cloud has.

use serde_json::Value;

use super::harness::{Cloud, TWO_TABLES, column};

#[tokio::test]
async fn a_walk_with_markers_sees_everything_once() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (path, list) in [
        ("/v1/{p}/vpcs", "vpcs"),
        ("/v1/{p}/subnets", "subnets"),
        ("/v1/{p}/routetables", "routetables"),
        ("/v1/{p}/ports", "ports"),
        ("/v1/{p}/security-groups", "security_groups"),
        ("/v1/{p}/security-group-rules", "security_group_rules"),
        ("/v3/{p}/vpc/vpcs", "vpcs"),
        ("/v3/{p}/vpc/virsubnets", "virsubnets"),
        ("/v3/{p}/ports", "ports"),
        ("/v3/{p}/vpc/security-groups", "security_groups"),
        ("/v3/{p}/vpc/security-group-rules", "security_group_rules"),
    ] {
        let whole = column(&cloud.get(path).await.expect(200)[list], "id");
        assert!(whole.len() > 1, "{path} needs more than one entry to be walked");
        for size in [1, 2] {
            let mut seen: Vec<String> = Vec::new();
            loop {
                let marker = seen.last().map(|id| format!("&marker={id}")).unwrap_or_default();
                let page = cloud.get(&format!("{path}?limit={size}{marker}")).await.expect(200);
                let ids = column(&page[list], "id");
                seen.extend(ids.clone());
                assert!(seen.len() <= whole.len(), "{path} by {size} goes round in circles");
                if path.starts_with("/v3") {
                    check_page_info(&page["page_info"], &ids, seen.len() < whole.len());
                }
                if ids.len() < size {
                    break;
                }
            }
            assert_eq!(seen, whole, "{path} by {size}");
        }
    }
}

fn check_page_info(info: &Value, ids: &[String], more: bool) {
    assert_eq!(info["current_count"], ids.len());
    assert_eq!(info["previous_marker"].as_str(), ids.first().map(String::as_str));
    let next = if more { ids.last().map(String::as_str) } else { None };
    assert_eq!(info["next_marker"].as_str(), next);
}

#[tokio::test]
async fn pages_nobody_can_have_are_refused() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (list, code) in [
        ("/v1/{p}/vpcs", "VPC.0101"),
        ("/v1/{p}/routetables", "VPC.2800"),
        ("/v1/{p}/ports", "VPC.2500"),
        ("/v3/{p}/vpc/security-group-rules", "VPC.9901"),
    ] {
        for page in ["limit=0", "limit=2001", "limit=all", "marker=nobody", "offset=1"] {
            cloud.get(&format!("{list}?{page}")).await.expect_refusal(400, code);
        }
    }
}

#[tokio::test]
async fn the_offset_of_a_server_list_is_a_page_number() {
    let cloud = Cloud::start(TWO_TABLES).await;
    for (query, expected) in [
        ("limit=3", ["front-1", "back-1", "stopped-1"].as_slice()),
        ("limit=3&offset=0", &["front-1", "back-1", "stopped-1"]),
        ("limit=3&offset=1", &["front-1", "back-1", "stopped-1"]),
        ("limit=3&offset=2", &["other-vpc-1"]),
        ("limit=3&offset=3", &[]),
    ] {
        let page = cloud.get(&format!("/v1/{{p}}/cloudservers/detail?{query}")).await.expect(200);
        assert_eq!(column(&page["servers"], "name"), expected, "{query}");
        assert_eq!(page["count"], 4);
    }
}
