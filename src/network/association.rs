//! Which route table steers which subnet.

use std::collections::BTreeMap;

/// The route tables of one VPC and the subnets they steer. `T` and `S` are the ids of tables and of subnets.
#[derive(Debug, Clone)]
pub struct Associations<T, S> {
    default: Option<T>,
    own: BTreeMap<S, T>,
}

impl<T: Clone + Eq, S: Ord> Associations<T, S> {
    /// `listed` are the tables with the subnets their lists name.
    pub fn new(default: Option<T>, listed: impl IntoIterator<Item = (T, Vec<S>)>) -> Self {
        let own = listed.into_iter().flat_map(|(table, subnets)| {
            subnets.into_iter().map(move |subnet| (subnet, table.clone()))
        });
        Self { default, own: own.collect() }
    }

    /// The table of this subnet: the one that lists it, or else the default one.
    pub fn table_of(&self, subnet: &S) -> Option<&T> {
        self.own.get(subnet).or(self.default.as_ref())
    }

    /// Those of these subnets that the table steers, in their order.
    pub fn steered_by<'s>(
        &self,
        table: &T,
        subnets: impl IntoIterator<Item = &'s S>,
    ) -> Vec<&'s S> {
        subnets.into_iter().filter(|subnet| self.table_of(subnet) == Some(table)).collect()
    }
}
