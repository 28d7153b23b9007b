//! A resource type on the wire: how its objects, their identities and their private data are decoded and encoded.

use super::{
    super::{
        codec::{self, Mismatch, Origin},
        generated::tfplugin6::{DynamicValue, ResourceIdentityData},
    },
    Shared,
};
use crate::framework::{AnyResource, Problem, Stored, Type, Value};

/// A resource type, with the forms its objects travel in.
pub(super) struct Kind<C: 'static> {
    pub(super) entry: &'static dyn AnyResource<C>,
    pub(super) ty: Type,
    /// `None` for what has no key: Terraform crashes on an identity it has no schema for.
    pub(super) identity: Option<Type>,
}

impl<C> Kind<C> {
    pub(super) fn find(shared: &Shared<C>, type_name: &str) -> std::result::Result<Self, Problem> {
        let entry = shared.provider.resource(type_name).ok_or_else(|| {
            let detail = format!("This provider has no resource type `{type_name}`.");
            Problem::error("Unknown resource type", detail)
        })?;
        let schema = entry.schema();
        let identity = (!schema.key.is_empty()).then(|| schema.identity_type());
        Ok(Self { entry, ty: schema.value_type(), identity })
    }

    pub(super) fn received(
        &self,
        wire: Option<&DynamicValue>,
    ) -> std::result::Result<Value, Problem> {
        codec::decode(wire, &self.ty).map_err(|error| Origin::Terraform.problem_of(error))
    }

    pub(super) fn received_identity(
        &self,
        wire: Option<ResourceIdentityData>,
    ) -> std::result::Result<Option<Value>, Problem> {
        let (Some(ty), Some(wire)) = (&self.identity, wire) else { return Ok(None) };
        let identity = codec::decode(wire.identity_data.as_ref(), ty)
            .map_err(|error| pathless(Origin::Terraform, error))?;
        Ok(Some(identity).filter(|identity| !identity.is_null()))
    }

    pub(super) fn sent(&self, value: &Value) -> std::result::Result<DynamicValue, Problem> {
        codec::encode(value, &self.ty).map_err(|error| Origin::Provider.problem_of(error))
    }

    pub(super) fn sent_identity(
        &self,
        identity: &Value,
    ) -> std::result::Result<Option<ResourceIdentityData>, Problem> {
        let Some(ty) = &self.identity else { return Ok(None) };
        let data =
            codec::encode(identity, ty).map_err(|error| pathless(Origin::Provider, error))?;
        Ok(Some(ResourceIdentityData { identity_data: Some(data) }))
    }

    pub(super) fn sent_stored(
        &self,
        stored: &Stored,
    ) -> std::result::Result<(DynamicValue, Vec<u8>, Option<ResourceIdentityData>), Problem> {
        let identity = match &stored.identity {
            Some(identity) => self.sent_identity(identity)?,
            None => None,
        };
        Ok((self.sent(&stored.state)?, stored.private.clone(), identity))
    }
}

/// A path inside of an identity leads nowhere in the configuration.
fn pathless(origin: Origin, error: Mismatch) -> Problem {
    origin.problem_of(error).at(crate::framework::Path::default())
}
