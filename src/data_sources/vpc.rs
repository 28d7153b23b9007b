//! `huaweivpc_vpc`: looks up one VPC by its id or its name.
//!
//! API: GET of the VPC, or of the list of VPCs, which look-ups at the same time share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sought::{Sought, unsought};
use crate::{
    cloud::{self, Cloud, VpcId},
    framework::{
        DataSource, Draft, Kind, Noted, Problem, Result, Schema,
        schema::{attribute, string},
    },
    network::Cidr,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vpc {
    id: Option<VpcId>,
    name: Option<String>,
    enterprise_project_id: Option<String>,
    cidr: Option<Cidr>,
    secondary_cidrs: Option<Vec<Cidr>>,
    status: Option<String>,
    description: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

impl DataSource<Cloud> for Vpc {
    const NAME: &'static str = "vpc";

    const SCHEMA: Schema = Schema {
        version: 0,
        about: "Looks up a VPC.\n\nExactly one VPC has to match.",
        key: &[],
        attributes: &[
            string("id", "The VPC, by its id. At least one of `id` and `name` is needed.")
                .optional_computed()
                .of::<VpcId>(),
            string("name", "The VPC, by its exact name.").optional_computed(),
            string(
                "enterprise_project_id",
                "The enterprise project to look in. Defaults to that of the provider block, or else to all that are open to you.",
            )
            .optional_computed(),
            string("cidr", "The primary range.").computed(),
            attribute(
                "secondary_cidrs",
                Kind::List(&Kind::String),
                "The secondary ranges; null in a cloud that does not show them (without VPC API v3).",
            )
            .computed(),
            string("status", "`ACTIVE`; `OK` in a cloud without VPC API v3.").computed(),
            string("description", "What the VPC is said to be for.").computed(),
            attribute("tags", Kind::Map(&Kind::String), "The tags, by key.").computed(),
        ],
        blocks: &[],
        timeouts: None,
    };

    fn check(config: Draft<'_>) -> Vec<Problem> {
        unsought(config, "VPC", &["id", "name"])
    }

    async fn read(self, cloud: &Cloud) -> Result<Noted<Self>> {
        let (name, project) = (self.name.as_ref(), self.enterprise_project_id.as_ref());
        let sought = Sought::in_project("VPC", "VPCs", self.id.as_ref(), name, project);
        let found = match &self.id {
            Some(id) => cloud.vpc(id).await?.into_iter().collect(),
            None => cloud.vpcs(self.enterprise_project_id.as_deref()).await?.to_vec(),
        };
        let found = found.into_iter().filter(|vpc| self.means(vpc)).collect();
        let vpc = sought.one_of(found, |vpc| &vpc.id)?;
        Ok(Noted { value: vpc.into(), warnings: Vec::new() })
    }
}

impl Vpc {
    fn means(&self, vpc: &cloud::Vpc) -> bool {
        let project = self.enterprise_project_id.as_ref();
        self.name.as_ref().is_none_or(|name| vpc.name == *name)
            && project.is_none_or(|project| vpc.enterprise_project_id == *project)
    }
}

impl From<cloud::Vpc> for Vpc {
    fn from(vpc: cloud::Vpc) -> Self {
        Self {
            id: Some(vpc.id),
            name: Some(vpc.name),
            enterprise_project_id: Some(vpc.enterprise_project_id),
            cidr: vpc.cidr,
            secondary_cidrs: vpc.secondary_cidrs,
            status: Some(vpc.status),
            description: Some(vpc.description),
            tags: Some(vpc.tags),
        }
    }
}
