//! Writing routes, each together with whatever else is wanted of its table at the same time. What the run has read of the
//! table before may be out of date then.

use super::{Cloud, Writing};
use crate::cloud::{
    api::ids::RouteTableId,
    client::error::Result,
    routes::{
        desired::{Wish, Written},
        writer::ended,
    },
};

impl Cloud<Writing> {
    /// Makes the wish come true together with whatever else is wished of this table, and says when it has.
    ///
    /// # Errors
    /// Its own, never that of another wish in the same call.
    pub async fn write_route(&self, table: &RouteTableId, wish: Wish) -> Result<Written> {
        let lost = || Err(ended(table));
        self.write_routes(table, vec![wish]).await.pop().unwrap_or_else(lost)
    }

    /// The same for several wishes at once, which travel together from the start. One answer each, in their order.
    pub async fn write_routes(
        &self,
        table: &RouteTableId,
        wishes: Vec<Wish>,
    ) -> Vec<Result<Written>> {
        let writer = self.session.route_writers.of(table);
        let answers = writer.write_for(&self.client, self.journal(), wishes).await;
        self.cache().route_tables.forget(table);
        self.cache().routes.forget(table);
        answers
    }
}
