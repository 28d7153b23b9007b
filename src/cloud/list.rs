//! Lists: page by page, until the cloud says that there is no further one.

use serde::de::DeserializeOwned;

use super::{call::Call, client::Cloud, decode::Page, error::Result};

/// How many elements a page of a list may hold. The API allows up to 2000.
pub(super) const PAGE_LIMIT: usize = 1000;

impl Cloud {
    /// All elements of a list, page by page.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        call: Call,
        wrapper: &str,
    ) -> Result<Vec<T>> {
        let first = call.query("limit", PAGE_LIMIT);
        let mut call = first.clone();
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let answer = self.send(&call).await?;
            let Page { items, next } = answer.page(wrapper, PAGE_LIMIT)?;
            all.extend(items);
            match next {
                None => return Ok(all),
                // The list would never end.
                next if next == marker => return Err(answer.unreadable()),
                Some(next) => {
                    call = first.clone().query("marker", &next);
                    marker = Some(next);
                }
            }
        }
    }
}
