//! One page of a list: what comes after the marker, at most `limit` of it.

/// The most entries a page can hold, and what a caller gets that names no limit.
pub const LARGEST_PAGE: usize = 2000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub limit: usize,
    pub marker: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Page<'a, T> {
    pub items: Vec<&'a T>,
    pub more: bool,
}

/// The page of `all` that `window` asks for.
///
/// `None` if no entry has the marker's id: a walk that lost its place must not look like one that ended.
pub fn page<'a, T>(all: Vec<&'a T>, id_of: fn(&T) -> &str, window: &Window) -> Option<Page<'a, T>> {
    let start = match &window.marker {
        None => 0,
        Some(marker) => all.iter().position(|item| id_of(item) == marker)? + 1,
    };
    let more = all.len() > start + window.limit;
    Some(Page { items: all.into_iter().skip(start).take(window.limit).collect(), more })
}
