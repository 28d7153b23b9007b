//! Where diagnostics point.

use huaweivpc::{
    framework::{Path, Type},
    protocol::diagnostics,
};

#[test]
fn a_path_leads_only_where_terraform_can_follow() {
    let ports = Type::Object([("port".to_owned(), Type::Number)].into());
    let ty = Type::Object(
        [
            ("list".to_owned(), Type::List(Box::new(ports.clone()))),
            ("set".to_owned(), Type::Set(Box::new(ports.clone()))),
            ("map".to_owned(), Type::Map(Box::new(ports))),
        ]
        .into(),
    );
    let steps =
        |path: Path| diagnostics::attribute_path(&path, &ty).map_or(0, |path| path.steps.len());
    assert_eq!(steps(Path::default()), 0);
    // What is behind an element has no place of its own on Terraform's screen.
    assert_eq!(steps(Path::from("list").index(0).attribute("port")), 2);
    assert_eq!(steps(Path::from("map").key("a").attribute("port")), 2);
    assert_eq!(steps(Path::from("set").index(0).attribute("port")), 1, "a set has no places");
    assert_eq!(steps(Path::from("list").key("a")), 1);
    assert_eq!(steps(Path::from("nowhere").index(0)), 0);
}
