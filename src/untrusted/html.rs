//! What a page of HTML says, as a proxy or a login page answers where the API was asked.

use super::encodings::without_entities;

/// What a browser does not show.
const HIDDEN: [&str; 4] = ["script", "style", "template", "svg"];

/// The text without its tags, where it is HTML; any other text as it is.
pub(super) fn text_of(text: &str) -> String {
    // Byte for byte as long as the text.
    let lowercase = text.to_ascii_lowercase();
    if !is_html(&lowercase) {
        return text.to_owned();
    }
    let mut plain = String::new();
    let mut position = 0;
    while let Some(tag) = lowercase[position..].find('<').map(|found| position + found) {
        plain.push_str(&text[position..tag]);
        let rest = &lowercase[tag..];
        position = match rest[1..].chars().next() {
            Some('!') if rest.starts_with("<!--") => after(&lowercase, tag, "-->"),
            Some(first) if first.is_ascii_alphabetic() || "/!?".contains(first) => {
                plain.push(' ');
                match HIDDEN.iter().find(|name| is_tag(&rest[1..], name)) {
                    Some(name) => {
                        let end = after(&lowercase, tag, &format!("</{name}"));
                        after(&lowercase, end, ">")
                    }
                    None => after(&lowercase, tag, ">"),
                }
            }
            _ => {
                plain.push('<');
                tag + 1
            }
        };
    }
    plain.push_str(&text[position..]);
    without_entities(&plain)
}

fn is_html(lowercase: &str) -> bool {
    ["<!doctype", "<html", "<head", "<body", "<title", "<h1", "<p>", "<br", "<div", "<center"]
        .iter()
        .any(|tag| lowercase.contains(tag))
}

fn is_tag(text: &str, name: &str) -> bool {
    text.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

/// The position behind the next `end`, or the end of the text.
fn after(text: &str, from: usize, end: &str) -> usize {
    text[from..].find(end).map_or(text.len(), |found| from + found + end.len())
}
