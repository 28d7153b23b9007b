//! Tags of VPCs, subnets and security groups.

use std::collections::BTreeMap;

use super::{Outcome, Refusal, World};

const MOST_TAGS: usize = 10;

/// What can carry tags here, as the path of the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    Vpcs,
    Subnets,
    SecurityGroups,
}

impl World {
    pub fn tags(&self, kind: Tagged, id: &str) -> Outcome<&BTreeMap<String, String>> {
        let found = match kind {
            Tagged::Vpcs => self.vpc(id).map(|vpc| &vpc.tags),
            Tagged::Subnets => self.subnet(id).map(|subnet| &subnet.tags),
            Tagged::SecurityGroups => self.security_group(id).map(|group| &group.tags),
        };
        found.ok_or_else(|| missing(id))
    }

    /// Adds tags or changes their values.
    pub fn create_tags(
        &mut self,
        kind: Tagged,
        id: &str,
        new: Vec<(String, String)>,
    ) -> Outcome<()> {
        let invalid = |what: &str| Err(Refusal::v1(400, "VPC.1801", what));
        let tags = self.tags_mut(kind, id)?;
        for (key, value) in new {
            if key.is_empty() || key.chars().count() > 36 || value.chars().count() > 43 {
                return invalid(
                    "Tag length is invalid. The key length must be in range [1,36] and value in range [0,43]",
                );
            }
            tags.insert(key, value);
        }
        if tags.len() > MOST_TAGS {
            return invalid("number of tags exceeds max num of 10.");
        }
        Ok(())
    }

    /// Removes tags; each must be there.
    pub fn delete_tags(&mut self, kind: Tagged, id: &str, keys: &[String]) -> Outcome<()> {
        let tags = self.tags_mut(kind, id)?;
        for key in keys {
            if tags.remove(key).is_none() {
                let message = format!("Tag {key} does not exist.");
                return Err(Refusal::v1(400, "VPC.1801", message));
            }
        }
        Ok(())
    }

    fn tags_mut(&mut self, kind: Tagged, id: &str) -> Outcome<&mut BTreeMap<String, String>> {
        let found = match kind {
            Tagged::Vpcs => self.vpcs.iter_mut().find(|vpc| vpc.id == id).map(|vpc| &mut vpc.tags),
            Tagged::Subnets => self
                .subnets
                .iter_mut()
                .find(|subnet| subnet.id == id)
                .map(|subnet| &mut subnet.tags),
            Tagged::SecurityGroups => self
                .security_groups
                .iter_mut()
                .find(|group| group.id == id)
                .map(|group| &mut group.tags),
        };
        found.ok_or_else(|| missing(id))
    }
}

fn missing(id: &str) -> Refusal {
    Refusal::v1(404, "VPC.2204", format!("Resource {id} does not exist."))
}
