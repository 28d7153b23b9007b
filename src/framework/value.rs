//! Values and types as Terraform's language has them (its library for this is called cty).

use std::{
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use bigdecimal::{BigDecimal, ToPrimitive};

/// One value of the language. An object and a map share a form, as a list, a set and a tuple do: which of them
/// is meant, the [`Type`] says.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Value {
    /// Absent.
    Null,
    /// Not known before apply.
    Unknown(Refinement),
    Bool(bool),
    Number(Number),
    String(String),
    /// List, set or tuple. A set is kept sorted and without duplicates, see [`Value::set`].
    Seq(Vec<Value>),
    /// Map or object.
    Map(BTreeMap<String, Value>),
    /// A value whose type travels with it, because the schema leaves the type open.
    Dynamic(Type, Box<Value>),
}

/// What Terraform promises about an unknown value (not null, a prefix, a range), kept as it came.
///
/// It takes no part in comparisons: two unknown values are alike whatever is promised about them.
#[derive(Debug, Clone, Default)]
pub struct Refinement(pub Option<Vec<u8>>);

impl PartialEq for Refinement {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Hash for Refinement {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Value {
    /// An unknown value about which nothing is promised.
    pub const UNKNOWN: Value = Value::Unknown(Refinement(None));

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown(_))
    }

    /// No unknown anywhere inside.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown(_) => false,
            Value::Seq(items) => items.iter().all(Value::is_wholly_known),
            Value::Map(members) => members.values().all(Value::is_wholly_known),
            Value::Dynamic(_, inner) => inner.is_wholly_known(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The member of an object or map; null where there is none, or where this is no object.
    pub fn get(&self, name: &str) -> &Value {
        self.as_map().and_then(|members| members.get(name)).unwrap_or(&Value::Null)
    }

    /// A set: sorted where its elements have an order of their own (strings, numbers), without duplicates.
    ///
    /// Elements without such an order follow the others, in the order given.
    pub fn set(mut elements: Vec<Value>) -> Value {
        elements.sort_by(|a, b| match (a, b) {
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            _ => a.has_order().cmp(&b.has_order()).reverse(),
        });
        let mut unique: Vec<Value> = Vec::with_capacity(elements.len());
        for element in elements {
            let repeated = match &element {
                Value::Unknown(_) => false,
                ordered if ordered.has_order() => unique.last() == Some(ordered),
                other => unique.contains(other),
            };
            if !repeated {
                unique.push(element);
            }
        }
        Value::Seq(unique)
    }

    fn has_order(&self) -> bool {
        matches!(self, Value::String(_) | Value::Number(_))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(Number::from(value))
    }
}

/// A number of any size and precision. It is never rounded: what comes in as text stays exact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Number {
    NegativeInfinity,
    Finite(BigDecimal),
    PositiveInfinity,
}

/// Exponents beyond this are refused: written out, such a number would fill the memory.
const LARGEST_EXPONENT: i64 = 10_000;

impl Number {
    /// The number as an `f64`, if that holds it exactly.
    pub fn to_exact_f64(&self) -> Option<f64> {
        match self {
            Number::NegativeInfinity => Some(f64::NEG_INFINITY),
            Number::PositiveInfinity => Some(f64::INFINITY),
            Number::Finite(decimal) => {
                let float = decimal.to_f64().filter(|float| float.is_finite())?;
                (BigDecimal::try_from(float).ok()? == *decimal).then_some(float)
            }
        }
    }

    /// The number as an `i64`, if it is a whole number that fits.
    pub fn to_exact_i64(&self) -> Option<i64> {
        match self {
            Number::Finite(decimal) if decimal.is_integer() => decimal.to_i64(),
            _ => None,
        }
    }

    pub fn is_integer(&self) -> bool {
        matches!(self, Number::Finite(decimal) if decimal.is_integer())
    }

    /// # Errors
    /// NaN is no number.
    pub fn from_f64(float: f64) -> Result<Self, InvalidNumber> {
        match float {
            f64::INFINITY => Ok(Number::PositiveInfinity),
            f64::NEG_INFINITY => Ok(Number::NegativeInfinity),
            float => BigDecimal::try_from(float)
                .map(Number::Finite)
                .map_err(|_| InvalidNumber(float.to_string())),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Number::Finite(value.into())
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Number::Finite(value.into())
    }
}

impl FromStr for Number {
    type Err = InvalidNumber;

    /// Decimal text, with or without an exponent.
    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let invalid = || InvalidNumber(text.to_owned());
        let decimal = BigDecimal::from_str(text).map_err(|_| invalid())?;
        let (_, scale) = decimal.as_bigint_and_exponent();
        if scale.checked_abs().is_none_or(|scale| scale > LARGEST_EXPONENT) {
            return Err(invalid());
        }
        Ok(Number::Finite(decimal))
    }
}

impl fmt::Display for Number {
    /// Plain decimal text, never with an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::NegativeInfinity => f.write_str("-Inf"),
            Number::PositiveInfinity => f.write_str("Inf"),
            Number::Finite(decimal) => f.write_str(&decimal.normalized().to_plain_string()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number")]
pub struct InvalidNumber(pub String);

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    String,
    Number,
    Bool,
    /// Any type; the value says which.
    Dynamic,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<String, Type>),
}
