//! The route table that routes belong to, as `vpc_id` and `route_table_id` name it.

use super::{absent, missing};
use crate::{
    cloud::{self, Cloud, RouteTableId, VpcId, Writing},
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
    /// The table of this id, or else the default one of the VPC, for routes that are to be written.
    pub(super) async fn find(
        vpc: Option<&VpcId>,
        table: Option<&RouteTableId>,
        cloud: &Cloud<Writing>,
    ) -> Result<Self> {
        Ok(match table {
            Some(table) => Self::of(table, cloud.vpc_of_route_table(table).await?, vpc),
            None => Self::default_of(vpc, cloud).await?,
        }?)
    }

    /// The same to plan them, with what is wrong apart from a cloud that cannot be asked.
    pub(super) async fn seek(
        vpc: Option<&VpcId>,
        table: Option<&RouteTableId>,
        cloud: &Cloud,
    ) -> cloud::Result<std::result::Result<Self, Problem>> {
        match table {
            Some(table) => Ok(Self::of(table, cloud.vpc_of_route_table(table).await?, vpc)),
            None => Self::default_of(vpc, cloud).await,
        }
    }

    /// A table that belongs to `owner`; `vpc` is what the user says.
    fn of(
        table: &RouteTableId,
        owner: Option<VpcId>,
        vpc: Option<&VpcId>,
    ) -> std::result::Result<Self, Problem> {
        let Some(vpc_id) = owner else {
            return Err(missing("Route table", table, "route_table_id"));
        };
        match vpc {
            Some(vpc) if *vpc != vpc_id => {
                let detail = format!(
                    "Route table `{table}` belongs to VPC `{vpc_id}`, not to `{vpc}`. Leave `vpc_id` out, or write that VPC."
                );
                Err(Problem::error("Route table of another VPC", detail).at("vpc_id"))
            }
            _ => Ok(Self { table_id: table.clone(), vpc_id }),
        }
    }

    async fn default_of<A>(
        vpc: Option<&VpcId>,
        cloud: &Cloud<A>,
    ) -> cloud::Result<std::result::Result<Self, Problem>> {
        let Some(vpc) = vpc else {
            return Ok(Err(Problem::bug("neither VPC nor route table")));
        };
        Ok(match cloud.default_route_table(vpc).await? {
            Some(table_id) => Ok(Self { table_id, vpc_id: vpc.clone() }),
            None => {
                let fact = format!("VPC `{vpc}` does not exist, or has no default route table");
                Err(absent("VPC", &fact, "vpc_id"))
            }
        })
    }
}
