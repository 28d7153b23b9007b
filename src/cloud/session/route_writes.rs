//! Writing routes, each together with whatever else is wanted of its table at the same time. What the run has read of the
//! table before may be out of date then.

use super::{Cloud, Writing};
use crate::cloud::{
    api::ids::RouteTableId,
    client::error::{Error, Kind, Result},
    routes::desired::{Wish, Written},
};

impl Cloud<Writing> {
    /// Makes the wish come true together with whatever else is wished of this table, and says when it has.
    ///
    /// # Errors
    /// Its own, never that of another wish in the same call.
    pub async fn write_route(&self, table: &RouteTableId, wish: Wish) -> Result<Written> {
        let mut answers = self.write_routes(table, vec![wish]).await;
        answers.pop().unwrap_or_else(|| {
            let operation = format!("change routes of route table {table}");
            Err(Error::new(Kind::Lost, &operation, "one change has no answer"))
        })
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
