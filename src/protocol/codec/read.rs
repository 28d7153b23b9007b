//! msgpack into values.
//!
//! The input may be hostile: nothing is allocated by a declared length, and nesting is bounded.

use std::collections::BTreeMap;

use rmp::{
    Marker,
    decode::{RmpRead, read_marker},
};

use super::{Mismatch, composed};
use crate::framework::{Number, Refinement, Step, Type, Value};

/// Deeper values are refused. Schemas end long before; only values that bring their own type could go on.
const DEEPEST: usize = 128;

/// Longer texts are no numbers to us.
const LONGEST_NUMBER: usize = 16 * 1024;

/// The extension that carries what is promised about an unknown value.
pub(super) const REFINED: i8 = 12;

type Result<T> = std::result::Result<T, Mismatch>;

/// Reads one value; bytes after it are ignored, as Terraform does.
pub fn read(bytes: &[u8], ty: &Type) -> Result<Value> {
    Reader { rest: bytes }.value(ty, 0)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, ty: &Type, depth: usize) -> Result<Value> {
        if depth > DEEPEST {
            return Err(Mismatch::new("the value is nested too deeply"));
        }
        let marker = self.marker()?;
        if marker == Marker::Null {
            return Ok(Value::Null);
        }
        if let Some(length) = self.extension_length(marker)? {
            return self.unknown(length);
        }
        match ty {
            Type::Bool => match marker {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => Err(Mismatch::expected("a bool")),
            },
            Type::Number => self.number(marker).map(Value::Number),
            Type::String => Ok(Value::String(composed(self.text(marker)?).into_owned())),
            Type::List(element) => Ok(Value::Seq(self.elements(marker, element, depth)?)),
            Type::Set(element) => Ok(Value::set(self.elements(marker, element, depth)?)),
            Type::Tuple(types) => self.tuple(marker, types, depth),
            Type::Map(element) => self.map(marker, element, depth),
            Type::Object(types) => self.object(marker, types, depth),
            Type::Dynamic => self.dynamic(marker, depth),
        }
    }

    /// Any extension stands for an unknown value. Only one of them says more, and that is kept as it came.
    fn unknown(&mut self, length: usize) -> Result<Value> {
        let code = self.byte()? as i8;
        let payload = self.take(length)?;
        let refined = code == REFINED && length > 1;
        Ok(Value::Unknown(Refinement(refined.then(|| payload.to_vec()))))
    }

    fn number(&mut self, marker: Marker) -> Result<Number> {
        let not_a_number = |_| Mismatch::expected("a number");
        Ok(match marker {
            Marker::FixPos(value) => Number::from(u64::from(value)),
            Marker::FixNeg(value) => Number::from(i64::from(value)),
            Marker::U8 => Number::from(u64::from(self.byte()?)),
            Marker::U16 => Number::from(u64::from(u16::from_be_bytes(self.array()?))),
            Marker::U32 => Number::from(u64::from(u32::from_be_bytes(self.array()?))),
            Marker::U64 => Number::from(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Number::from(i64::from(i8::from_be_bytes(self.array()?))),
            Marker::I16 => Number::from(i64::from(i16::from_be_bytes(self.array()?))),
            Marker::I32 => Number::from(i64::from(i32::from_be_bytes(self.array()?))),
            Marker::I64 => Number::from(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Number::from_f64(f64::from(f32::from_be_bytes(self.array()?)))
                .map_err(not_a_number)?,
            Marker::F64 => {
                Number::from_f64(f64::from_be_bytes(self.array()?)).map_err(not_a_number)?
            }
            text => {
                let text = self.text(text).map_err(|_| Mismatch::expected("a number"))?;
                if text.len() > LONGEST_NUMBER {
                    return Err(Mismatch::new("the number has too many digits"));
                }
                text.parse().map_err(not_a_number)?
            }
        })
    }

    fn text(&mut self, marker: Marker) -> Result<&'a str> {
        let bytes = self.bytes(marker)?;
        std::str::from_utf8(bytes).map_err(|_| Mismatch::new("the text is not valid UTF-8"))
    }

    fn bytes(&mut self, marker: Marker) -> Result<&'a [u8]> {
        let length = match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 | Marker::Bin8 => usize::from(self.byte()?),
            Marker::Str16 | Marker::Bin16 => self.length16()?,
            Marker::Str32 | Marker::Bin32 => self.length32()?,
            _ => return Err(Mismatch::expected("a string")),
        };
        self.take(length)
    }

    fn array_length(&mut self, marker: Marker) -> Result<usize> {
        match marker {
            Marker::FixArray(length) => Ok(usize::from(length)),
            Marker::Array16 => self.length16(),
            Marker::Array32 => self.length32(),
            _ => Err(Mismatch::expected("a sequence")),
        }
    }

    fn elements(&mut self, marker: Marker, element: &Type, depth: usize) -> Result<Vec<Value>> {
        let length = self.array_length(marker)?;
        let mut elements = Vec::new();
        for index in 0..length {
            let value = self.value(element, depth + 1);
            elements.push(value.map_err(|mismatch| mismatch.within(position(index)))?);
        }
        alike(elements.iter())?;
        Ok(elements)
    }

    fn tuple(&mut self, marker: Marker, types: &[Type], depth: usize) -> Result<Value> {
        if self.array_length(marker)? != types.len() {
            return Err(Mismatch::expected(&format!("a tuple of {} elements", types.len())));
        }
        let mut elements = Vec::new();
        for (index, ty) in types.iter().enumerate() {
            let value = self.value(ty, depth + 1);
            elements.push(value.map_err(|mismatch| mismatch.within(position(index)))?);
        }
        Ok(Value::Seq(elements))
    }

    fn map_length(&mut self, marker: Marker, wanted: &str) -> Result<usize> {
        match marker {
            Marker::FixMap(length) => Ok(usize::from(length)),
            Marker::Map16 => self.length16(),
            Marker::Map32 => self.length32(),
            _ => Err(Mismatch::expected(wanted)),
        }
    }

    /// A key; nil is read as an empty one, as Terraform does.
    fn key(&mut self) -> Result<&'a str> {
        match self.marker()? {
            Marker::Null => Ok(""),
            marker => self.text(marker),
        }
    }

    fn map(&mut self, marker: Marker, element: &Type, depth: usize) -> Result<Value> {
        let length = self.map_length(marker, "a map")?;
        let mut members = BTreeMap::new();
        for _ in 0..length {
            let key = composed(self.key()?).into_owned();
            let value = self.value(element, depth + 1);
            let value = value.map_err(|mismatch| mismatch.within(Step::Key(key.clone())))?;
            members.insert(key, value);
        }
        alike(members.values())?;
        Ok(Value::Map(members))
    }

    /// All members of the type, each once, and no others.
    fn object(
        &mut self,
        marker: Marker,
        types: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<Value> {
        let length = self.map_length(marker, "an object")?;
        let mut members = BTreeMap::new();
        for _ in 0..length {
            let name = self.key()?;
            let Some(ty) = types.get(name) else {
                return Err(Mismatch::new("an attribute is not part of the schema"));
            };
            let value = self.value(ty, depth + 1);
            let value =
                value.map_err(|mismatch| mismatch.within(Step::Attribute(name.to_owned())))?;
            if members.insert(name.to_owned(), value).is_some() {
                return Err(Mismatch::new(format!("the attribute `{name}` is given twice")));
            }
        }
        if members.len() != types.len() {
            let wanted = format!("an object with {} attributes", types.len());
            return Err(Mismatch::expected(&wanted));
        }
        Ok(Value::Map(members))
    }

    /// A pair of a type constraint, in JSON, and a value of it.
    fn dynamic(&mut self, marker: Marker, depth: usize) -> Result<Value> {
        let pair = || Mismatch::expected("a value with its type");
        if self.array_length(marker).map_err(|_| pair())? != 2 {
            return Err(pair());
        }
        let marker = self.marker()?;
        let constraint = serde_json::from_slice(self.bytes(marker)?).map_err(|_| pair())?;
        let ty = Type::from_json(&constraint).filter(|ty| *ty != Type::Dynamic).ok_or_else(pair)?;
        let value = self.value(&ty, depth + 1)?;
        Ok(Value::Dynamic(ty, Box::new(value)))
    }

    /// The length of an extension's payload, if this is one.
    fn extension_length(&mut self, marker: Marker) -> Result<Option<usize>> {
        Ok(Some(match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => usize::from(self.byte()?),
            Marker::Ext16 => self.length16()?,
            Marker::Ext32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    fn marker(&mut self) -> Result<Marker> {
        read_marker(&mut self.rest).map_err(|_| ended())
    }

    fn byte(&mut self) -> Result<u8> {
        self.rest.read_u8().map_err(|_| ended())
    }

    fn length16(&mut self) -> Result<usize> {
        Ok(usize::from(u16::from_be_bytes(self.array()?)))
    }

    fn length32(&mut self) -> Result<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| ended())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk().ok_or_else(ended)?;
        self.rest = rest;
        Ok(*head)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or_else(ended)?;
        self.rest = rest;
        Ok(head)
    }
}

fn ended() -> Mismatch {
    Mismatch::new("the value ends too early")
}

fn position(index: usize) -> Step {
    Step::Index(i64::try_from(index).unwrap_or(i64::MAX))
}

/// The elements of a collection have one type, also where each brings its own.
fn alike<'v>(elements: impl Iterator<Item = &'v Value>) -> Result<()> {
    let mut types = elements.filter_map(|element| match element {
        Value::Dynamic(ty, _) => Some(ty),
        _ => None,
    });
    match types.next() {
        Some(first) if types.any(|ty| ty != first) => {
            Err(Mismatch::new("the elements are of different types"))
        }
        _ => Ok(()),
    }
}
