//! Lists: page by page, until the cloud says that there is no further one, or goes on for too long.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::{
    Client,
    call::Call,
    decode::{Answer, Page},
    error::Result,
};

/// How many elements a page of a list may hold. The API allows up to 2000.
pub(crate) const PAGE_LIMIT: usize = 1000;

/// What was read of a list so far.
#[derive(Default)]
pub(crate) struct Read {
    pages: usize,
    bytes: usize,
}

/// A list that goes on after so many pages, or so many bytes, is believed to have no end.
const MOST_PAGES: usize = 500;
const LONGEST_LIST: usize = 256 << 20;

impl Read {
    /// Counts a page that is not the last one.
    pub(crate) fn page(&mut self, answer: &Answer) -> Result<()> {
        self.pages += 1;
        self.bytes += answer.body.len();
        match self.pages >= MOST_PAGES || self.bytes >= LONGEST_LIST {
            true => Err(answer.endless()),
            false => Ok(()),
        }
    }
}

impl Client {
    /// The first elements of a list, and whether there are more.
    pub(crate) async fn list_first<T: DeserializeOwned>(
        &self,
        call: Call,
        wrapper: &str,
    ) -> Result<(Vec<T>, bool)> {
        let page = |answer: &Answer| answer.page(wrapper, PAGE_LIMIT);
        let (Page { items, next }, _) = self.read(&call.query("limit", PAGE_LIMIT), page).await?;
        Ok((items, next.is_some()))
    }

    /// All elements of a list, page by page.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        call: Call,
        wrapper: &str,
    ) -> Result<Vec<T>> {
        let first = call.query("limit", PAGE_LIMIT);
        let mut call = first.clone();
        let mut all = Vec::new();
        let mut read = Read::default();
        let mut markers = HashSet::new();
        loop {
            let page = |answer: &Answer| answer.page(wrapper, PAGE_LIMIT);
            let (Page { items, next }, answer) = self.read(&call, page).await?;
            all.extend(items);
            let Some(next) = next else { return Ok(all) };
            read.page(&answer)?;
            if !markers.insert(next.clone()) {
                return Err(answer.endless());
            }
            call = first.clone().query("marker", next);
        }
    }
}
