//! What a resource, data source or provider block looks like to its user. Schemas are constants.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use super::value::{Type, Value};

/// The declaration of one block type.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Raised when the stored form changes incompatibly; [`super::Resource::upgrade`] then reads the older ones.
    pub version: i64,
    /// The first sentence is the summary; the whole is the description in the reference.
    pub about: &'static str,
    /// The attributes that name one object. `id`, the import format and the resource identity follow from them;
    /// `id` itself is not listed among the attributes. Empty for what has no id (provider, data sources).
    pub key: &'static [&'static str],
    pub attributes: &'static [Attribute],
    pub blocks: &'static [Block],
    /// The default limits of the operations; `Some` declares a `timeouts` block.
    pub timeouts: Option<Timeouts>,
}

/// A block that may stand once in the body.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    pub name: &'static str,
    pub about: &'static str,
    pub attributes: &'static [Attribute],
}

/// How long an operation may take where the user does not say.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub create: Duration,
    pub read: Duration,
    pub update: Duration,
    pub delete: Duration,
}

impl Timeouts {
    pub const MINUTES_5: Self = {
        let limit = Duration::from_secs(5 * 60);
        Self { create: limit, read: limit, update: limit, delete: limit }
    };
}

/// The members of every `timeouts` block.
pub const TIMEOUTS: Block = Block {
    name: "timeouts",
    about: "How long the operations may take, as durations such as `30s` or `5m`. An operation that takes longer \
            is cancelled; what it has made is recorded.",
    attributes: &[
        string("create", "Time for creating.").optional().of::<GoDuration>(),
        string("read", "Time for reading.").optional().of::<GoDuration>(),
        string("update", "Time for updating.").optional().of::<GoDuration>(),
        string("delete", "Time for deleting.").optional().of::<GoDuration>(),
    ],
};

/// One attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: Kind,
    pub usage: Usage,
    /// What the provider assumes where the user writes nothing.
    pub default: Option<Default>,
    /// A change makes a new object.
    pub replaces: bool,
    pub sensitive: bool,
    /// For computed attributes: those whose change makes this one unknown until apply.
    pub follows: &'static [&'static str],
    /// One of several attributes that name one thing, at least one of which the user writes; the provider shows the
    /// thing in the others. These are the ones of them that are certainly null where this one is written.
    pub alias: Option<&'static [&'static str]>,
    /// Refuses bad text (or number, or each element of a collection of texts) with what to write instead.
    pub parse: Option<Parse>,
}

/// Judges a text; the error says what is wrong and what to write instead.
pub type Parse = fn(&str) -> Result<(), String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    Required,
    Optional,
    /// Set by the user, or else by the provider.
    OptionalComputed,
    Computed,
}

#[derive(Debug, Clone, Copy)]
pub enum Default {
    Bool(bool),
    Int(i64),
    Str(&'static str),
    /// A list or set of texts.
    Strs(&'static [&'static str]),
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    String,
    Number,
    Bool,
    List(&'static Kind),
    Set(&'static Kind),
    Map(&'static Kind),
    /// Whatever the user gives; its type travels with it. For parameters of functions.
    Dynamic,
    /// An object as a plain type, as functions use it.
    Object(&'static [(&'static str, Kind)]),
    /// Objects whose members are attributes in their own right.
    Nested(Nesting, &'static [Attribute]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    Single,
    List,
    Map,
}

pub const fn string(name: &'static str, about: &'static str) -> Attribute {
    attribute(name, Kind::String, about)
}

pub const fn number(name: &'static str, about: &'static str) -> Attribute {
    attribute(name, Kind::Number, about)
}

pub const fn boolean(name: &'static str, about: &'static str) -> Attribute {
    attribute(name, Kind::Bool, about)
}

/// An attribute of any kind; required until told otherwise.
pub const fn attribute(name: &'static str, kind: Kind, about: &'static str) -> Attribute {
    Attribute {
        name,
        about,
        kind,
        usage: Usage::Required,
        default: None,
        replaces: false,
        sensitive: false,
        follows: &[],
        alias: None,
        parse: None,
    }
}

impl Attribute {
    pub const fn optional(mut self) -> Self {
        self.usage = Usage::Optional;
        self
    }

    pub const fn computed(mut self) -> Self {
        self.usage = Usage::Computed;
        self
    }

    /// The user may set it; otherwise the provider does.
    pub const fn optional_computed(mut self) -> Self {
        self.usage = Usage::OptionalComputed;
        self
    }

    /// Optional, with a value the provider assumes. (Terraform wants such an attribute to be computed too.)
    pub const fn default(mut self, default: Default) -> Self {
        self.usage = Usage::OptionalComputed;
        self.default = Some(default);
        self
    }

    pub const fn replaces(mut self) -> Self {
        self.replaces = true;
        self
    }

    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    pub const fn follows(mut self, attributes: &'static [&'static str]) -> Self {
        self.follows = attributes;
        self
    }

    /// The user may name the thing by this attribute or by others that have an `alias` too.
    pub const fn alias(mut self, excludes: &'static [&'static str]) -> Self {
        self.alias = Some(excludes);
        self.optional_computed()
    }

    /// The text has to parse as `T`. Its error becomes the detail of the problem.
    pub const fn of<T: FromStr<Err: fmt::Display>>(mut self) -> Self {
        self.parse = Some(parses::<T>);
        self
    }
}

fn parses<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(drop).map_err(|error| error.to_string())
}

impl Default {
    pub fn value(self) -> Value {
        match self {
            Default::Bool(value) => value.into(),
            Default::Int(value) => value.into(),
            Default::Str(text) => text.into(),
            Default::Strs(texts) => Value::Seq(texts.iter().map(|text| (*text).into()).collect()),
        }
    }
}

impl Kind {
    pub fn value_type(self) -> Type {
        match self {
            Kind::String => Type::String,
            Kind::Number => Type::Number,
            Kind::Bool => Type::Bool,
            Kind::List(element) => Type::List(Box::new(element.value_type())),
            Kind::Set(element) => Type::Set(Box::new(element.value_type())),
            Kind::Map(element) => Type::Map(Box::new(element.value_type())),
            Kind::Dynamic => Type::Dynamic,
            Kind::Object(members) => Type::Object(
                members
                    .iter()
                    .map(|(name, kind)| ((*name).to_owned(), kind.value_type()))
                    .collect(),
            ),
            Kind::Nested(Nesting::Single, members) => Type::Object(object_members(members)),
            Kind::Nested(Nesting::List, members) => {
                Type::List(Box::new(Type::Object(object_members(members))))
            }
            Kind::Nested(Nesting::Map, members) => {
                Type::Map(Box::new(Type::Object(object_members(members))))
            }
        }
    }
}

/// The computed `id` of everything that has a key.
pub const ID: Attribute = string("id", "Identifier, as `terraform import` takes it.").computed();

impl Schema {
    /// All attributes in the order of the reference, `id` included.
    pub fn all_attributes(&self) -> impl Iterator<Item = &Attribute> {
        let id = (!self.key.is_empty()).then_some(&ID);
        self.attributes.iter().chain(id)
    }

    /// All blocks, `timeouts` included.
    pub fn all_blocks(&self) -> impl Iterator<Item = &Block> {
        let timeouts = self.timeouts.is_some().then_some(&TIMEOUTS);
        self.blocks.iter().chain(timeouts)
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.all_attributes().find(|attribute| attribute.name == name)
    }

    /// The type of a whole object of this schema.
    pub fn value_type(&self) -> Type {
        let mut members = object_members(self.all_attributes());
        for block in self.all_blocks() {
            members.insert(block.name.to_owned(), Type::Object(object_members(block.attributes)));
        }
        Type::Object(members)
    }

    /// The type of the identity: the key, each part a string.
    pub fn identity_type(&self) -> Type {
        Type::Object(self.key.iter().map(|name| ((*name).to_owned(), Type::String)).collect())
    }
}

fn object_members<'a>(
    attributes: impl IntoIterator<Item = &'a Attribute>,
) -> BTreeMap<String, Type> {
    attributes
        .into_iter()
        .map(|attribute| (attribute.name.to_owned(), attribute.kind.value_type()))
        .collect()
}

/// A duration as Terraform's users write it: `30s`, `5m`, `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoDuration(pub Duration);

impl FromStr for GoDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refusal = || {
            format!(
                "`{text}` is not a duration. Write a number and a unit, such as `30s`, `5m` or `1h30m`."
            )
        };
        let signed: jiff::SignedDuration = text.parse().map_err(|_| refusal())?;
        let duration = Duration::try_from(signed).map_err(|_| refusal())?;
        if duration.is_zero() { Err(refusal()) } else { Ok(Self(duration)) }
    }
}
