//! The cloud's names for things, each a type of its own: what is parsed here once cannot be empty, cannot be
//! mistaken for another kind of id, and can stand in a URL as it is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::untrusted;

/// A text that cannot be an id, and of what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not the id of a {of}. Write the id alone, such as \
     `3d901e64-15bf-4c70-8d3f-4e6b8cafa004`: letters, digits and `-`, without spaces or slashes."
)]
pub struct InvalidId {
    of: &'static str,
    text: String,
}

/// Ids have 36 characters at most; nothing that is much longer can stand in a URL.
const LONGEST: usize = 128;

fn check(of: &'static str, text: &str) -> Result<(), InvalidId> {
    let safe = |character: char| character.is_ascii_alphanumeric() || "-_.~".contains(character);
    // A segment of dots alone would climb in the path of the URL.
    let climbs = text.chars().all(|character| character == '.');
    if text.len() <= LONGEST && text.chars().all(safe) && !climbs {
        Ok(())
    } else {
        Err(InvalidId { of, text: untrusted::name(text) })
    }
}

macro_rules! ids {
    ($($(#[$about:meta])* $name:ident: $of:literal,)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                check($of, &text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    VpcId: "VPC",
    /// The network id: what ports, route tables and servers call a subnet by, not its `neutron_subnet_id`.
    SubnetId: "subnet",
    RouteTableId: "route table",
    PortId: "port",
    ServerId: "server",
    SecurityGroupId: "security group",
    AddressGroupId: "IP address group",
    RuleId: "security group rule",
}

/// A free text the cloud keeps with a route or a rule: at most 255 characters, without `<` and `>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

const LONGEST_DESCRIPTION: usize = 255;

/// Why a text is no description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDescription {
    #[error(
        "The text has {0} characters; the cloud keeps at most {LONGEST_DESCRIPTION}. Shorten it."
    )]
    TooLong(usize),
    #[error("The cloud refuses `<` and `>` here, and `{0}` holds one. Write it without them.")]
    AngleBracket(String),
}

impl Description {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Description {
    type Err = InvalidDescription;

    fn from_str(text: &str) -> Result<Self, InvalidDescription> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Description {
    type Error = InvalidDescription;

    fn try_from(text: String) -> Result<Self, InvalidDescription> {
        let length = text.chars().count();
        if length > LONGEST_DESCRIPTION {
            Err(InvalidDescription::TooLong(length))
        } else if text.contains(['<', '>']) {
            Err(InvalidDescription::AngleBracket(text))
        } else {
            Ok(Self(text))
        }
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
