//! What the registry asks of `docs/`, as `tfplugindocs validate` checks it.

use std::collections::{BTreeMap, BTreeSet};

/// The folders the registry reads; whatever else lies in `docs` it leaves alone.
const FOLDERS: &[&str] = &[
    "actions",
    "data-sources",
    "ephemeral-resources",
    "functions",
    "guides",
    "list-resources",
    "resources",
    "state-stores",
];

/// Pages are cut off beyond this.
const LARGEST: usize = 500_000;

/// What is wrong with these files (path from `docs`, text), given the pages that objects need.
pub fn complaints(files: &BTreeMap<String, String>, needed: &BTreeSet<String>) -> Vec<String> {
    let read: BTreeMap<&str, &str> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .filter(|(path, _)| {
            path.split_once('/').is_none_or(|(folder, _)| FOLDERS.contains(&folder))
        })
        .collect();
    let mut complaints = Vec::new();
    for (path, text) in &read {
        let mut complain = |about: &str| complaints.push(format!("{path}: {about}"));
        if path.matches('/').count() > 1 {
            complain("lies too deep to be read");
        }
        if !path.ends_with(".md") {
            complain("should end in .md");
        }
        if text.len() >= LARGEST {
            complain("is too long to be shown");
        }
        let Some(keys) = front_matter(text) else {
            complain("has no front matter");
            continue;
        };
        for old in ["layout", "sidebar_current"] {
            if keys.contains(old) {
                complain(&format!("`{old}` belongs to the former website"));
            }
        }
        if *path == "index.md" && keys.contains("subcategory") {
            complain("the index has no subcategory");
        }
        if path.starts_with("guides/") && !keys.contains("page_title") {
            complain("a guide needs a `page_title`");
        }
    }
    for path in needed.iter().filter(|path| !read.contains_key(path.as_str())) {
        complaints.push(format!("{path}: is missing"));
    }
    let is_of_object = |path: &&&str| !path.starts_with("guides/") && !needed.contains(**path);
    for path in read.keys().filter(is_of_object) {
        complaints.push(format!("{path}: documents nothing the provider has"));
    }
    complaints
}

/// The keys between the two lines `---` that open a page.
fn front_matter(text: &str) -> Option<BTreeSet<&str>> {
    let (head, _) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(head.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key).collect())
}

#[test]
fn each_rule_is_seen_to_be_broken() {
    let page = "---\npage_title: \"A\"\n---\n\n# A\n";
    let found = |files: &[(&str, &str)]| {
        let files =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        complaints(&files, &BTreeSet::from(["index.md".to_owned()]))
    };
    let with = |path: &str, text: &str| found(&[("index.md", page), (path, text)]);

    assert_eq!(with("guides/first.md", page), Vec::<String>::new());
    assert_eq!(with("decisions/0001-a.md", "# No front matter"), Vec::<String>::new());
    assert_eq!(found(&[]), ["index.md: is missing"]);
    assert_eq!(
        with("resources/a.md", page),
        ["resources/a.md: documents nothing the provider has"]
    );
    assert_eq!(with("guides/a/b.md", page), ["guides/a/b.md: lies too deep to be read"]);
    assert_eq!(with("guides/a.markdown", page), ["guides/a.markdown: should end in .md"]);
    assert_eq!(with("guides/a.md", "# A\n"), ["guides/a.md: has no front matter"]);
    assert_eq!(
        with("guides/a.md", "---\nlayout: x\n---\n"),
        [
            "guides/a.md: `layout` belongs to the former website",
            "guides/a.md: a guide needs a `page_title`"
        ]
    );
    assert_eq!(
        found(&[("index.md", "---\nsubcategory: \"\"\n---\n")]),
        ["index.md: the index has no subcategory"]
    );
    let long = page.to_owned() + &"x".repeat(LARGEST);
    assert_eq!(with("guides/a.md", &long), ["guides/a.md: is too long to be shown"]);
}
