//! Values into msgpack, byte for byte as Terraform itself writes them.

use std::collections::BTreeMap;

use rmp::encode;

use super::{Mismatch, composed, read::REFINED};
use crate::framework::{Number, Refinement, Step, Type, Value};

type Result<T> = std::result::Result<T, Mismatch>;

/// What is promised about an unknown value has to be shorter; longer promises are left out.
const LONGEST_REFINEMENT: usize = 1024;

/// # Errors
/// If the value is not of type `ty`.
pub fn write(value: &Value, ty: &Type) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    put(&mut out, value, ty)?;
    Ok(out)
}

fn put(out: &mut Vec<u8>, value: &Value, ty: &Type) -> Result<()> {
    match (ty, value) {
        (_, Value::Null) => infallible(encode::write_nil(out)),
        (_, Value::Unknown(refinement)) => put_unknown(out, refinement),
        (Type::Bool, Value::Bool(value)) => infallible(encode::write_bool(out, *value)),
        (Type::Number, Value::Number(number)) => put_number(out, number),
        (Type::String, Value::String(text)) => put_text(out, text),
        (Type::List(element), Value::Seq(items)) => put_elements(out, items, element),
        (Type::Set(element), Value::Seq(items)) => match Value::set(items.clone()) {
            Value::Seq(items) => put_elements(out, &items, element),
            _ => Err(Mismatch::expected("a set")),
        },
        (Type::Tuple(types), Value::Seq(items)) if types.len() == items.len() => {
            infallible(encode::write_array_len(out, length(items.len())?))?;
            for (index, (item, ty)) in items.iter().zip(types).enumerate() {
                put(out, item, ty).map_err(|mismatch| mismatch.within(position(index)))?;
            }
            Ok(())
        }
        (Type::Map(element), Value::Map(members)) => {
            infallible(encode::write_map_len(out, length(members.len())?))?;
            for (key, item) in members {
                put_text(out, key)?;
                put(out, item, element)
                    .map_err(|mismatch| mismatch.within(Step::Key(key.clone())))?;
            }
            Ok(())
        }
        (Type::Object(types), Value::Map(members)) => put_object(out, members, types),
        (Type::Dynamic, Value::Dynamic(ty, inner)) => {
            infallible(encode::write_array_len(out, 2))?;
            infallible(encode::write_bin(out, ty.to_json().to_string().as_bytes()))?;
            put(out, inner, ty)
        }
        (wanted, _) => Err(Mismatch::expected(&format!("a value of type {}", wanted.to_json()))),
    }
}

fn put_unknown(out: &mut Vec<u8>, Refinement(refinement): &Refinement) -> Result<()> {
    let refinement = refinement
        .as_deref()
        .filter(|payload| payload.len() > 1 && payload.len() <= LONGEST_REFINEMENT);
    let (code, payload) = match refinement {
        Some(payload) => (REFINED, payload),
        None => (0, [0].as_slice()),
    };
    infallible(encode::write_ext_meta(out, length(payload.len())?, code))?;
    out.extend_from_slice(payload);
    Ok(())
}

/// As an integer where it is one that fits; as an `f64` where that is exact; or else in decimal digits.
fn put_number(out: &mut Vec<u8>, number: &Number) -> Result<()> {
    if let Some(integer) = number.to_exact_i64() {
        return infallible(encode::write_sint(out, integer));
    }
    match number.to_exact_f64().filter(|_| !number.is_integer()) {
        Some(float) => infallible(encode::write_f64(out, float)),
        None => infallible(encode::write_str(out, &number.to_string())),
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    infallible(encode::write_str(out, &composed(text)))
}

fn put_elements(out: &mut Vec<u8>, items: &[Value], element: &Type) -> Result<()> {
    infallible(encode::write_array_len(out, length(items.len())?))?;
    for (index, item) in items.iter().enumerate() {
        put(out, item, element).map_err(|mismatch| mismatch.within(position(index)))?;
    }
    Ok(())
}

/// All members of the type; those that the value lacks are null.
fn put_object(
    out: &mut Vec<u8>,
    members: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
) -> Result<()> {
    if let Some(name) = members.keys().find(|name| !types.contains_key(*name)) {
        return Err(Mismatch::new(format!("the attribute `{name}` is not part of the schema")));
    }
    infallible(encode::write_map_len(out, length(types.len())?))?;
    for (name, ty) in types {
        put_text(out, name)?;
        put(out, members.get(name).unwrap_or(&Value::Null), ty)
            .map_err(|mismatch| mismatch.within(Step::Attribute(name.clone())))?;
    }
    Ok(())
}

fn length(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| Mismatch::new("the value is too long"))
}

fn position(index: usize) -> Step {
    Step::Index(i64::try_from(index).unwrap_or(i64::MAX))
}

/// Writing to memory does not fail; the encoder's signature allows for other places.
fn infallible<T, E>(written: std::result::Result<T, E>) -> Result<()> {
    written.map(drop).map_err(|_| Mismatch::new("the value could not be written"))
}
