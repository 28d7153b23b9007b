//! The route table that routes belong to, as `vpc_id` and `route_table_id` name it.

use super::{absent, missing};
use crate::{
    cloud::{self, Cloud, RouteTableId, VpcId},
    framework::{Draft, Problem, Result},
};

/// Where routes belong.
pub(super) struct Home {
    pub(super) table_id: RouteTableId,
    pub(super) vpc_id: VpcId,
}

/// What is wrong if neither is given.
pub(super) fn flaw(config: Draft<'_>) -> Option<Problem> {
    let unnamed = config.certain(&["vpc_id", "route_table_id"]) == (Vec::new(), false);
    unnamed.then(|| {
        let detail = "Set `vpc_id`, for the default route table of the VPC, or `route_table_id`.";
        Problem::error("No route table", detail)
    })
}

impl Home {
    /// The table of this id, or else the default one of the VPC.
    pub(super) async fn find<A>(
        vpc: Option<&VpcId>,
        table: Option<&RouteTableId>,
        cloud: &Cloud<A>,
    ) -> Result<Self> {
        Ok(Self::seek(vpc, table, cloud).await??)
    }

    /// The same, with what is wrong apart from a cloud that cannot be asked.
    pub(super) async fn seek<A>(
        vpc: Option<&VpcId>,
        table: Option<&RouteTableId>,
        cloud: &Cloud<A>,
    ) -> cloud::Result<std::result::Result<Self, Problem>> {
        let table_id = match (table, vpc) {
            (Some(table), _) => table.clone(),
            (None, Some(vpc)) => {
                return Ok(match cloud.default_route_table(vpc).await? {
                    Some(table_id) => Ok(Self { table_id, vpc_id: vpc.clone() }),
                    None => {
                        let fact =
                            format!("VPC `{vpc}` does not exist, or has no default route table");
                        Err(absent("VPC", &fact, "vpc_id"))
                    }
                });
            }
            (None, None) => return Ok(Err(Problem::bug("neither VPC nor route table"))),
        };
        let Some(vpc_id) = cloud.vpc_of_route_table(&table_id).await? else {
            return Ok(Err(missing("Route table", &table_id, "route_table_id")));
        };
        Ok(match vpc {
            Some(vpc) if *vpc != vpc_id => {
                let detail = format!(
                    "Route table `{table_id}` belongs to VPC `{vpc_id}`, not to `{vpc}`. Leave `vpc_id` out, or write that VPC."
                );
                Err(Problem::error("Route table of another VPC", detail).at("vpc_id"))
            }
            _ => Ok(Self { table_id, vpc_id }),
        })
    }
}
