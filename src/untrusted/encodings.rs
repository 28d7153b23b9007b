//! The encodings in which a text may repeat another: escapes of JSON, of URLs and of HTML, several at once or one around
//! the other. Every byte remembers which part of the original text it stands for.

use std::ops::Range;

/// A byte and where it stands in the original.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) byte: u8,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The longest escape of those that are known, such as `&#x00002f;`.
const LONGEST_ESCAPE: usize = 10;

const ENTITIES: [(&[u8], char); 12] = [
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"nbsp", ' '),
    (b"sol", '/'),
    (b"plus", '+'),
    (b"equals", '='),
    (b"colon", ':'),
    (b"percnt", '%'),
    (b"num", '#'),
];

pub(super) fn placed(text: &str) -> Vec<Placed> {
    let place = |(start, byte)| Placed { byte, start, end: start + 1 };
    text.bytes().enumerate().map(place).collect()
}

/// The text with one layer of escapes taken off.
pub(super) fn decoded(text: &[Placed]) -> Vec<Placed> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        let begins = matches!(first.byte, b'\\' | b'%' | b'&');
        let Some((length, character)) = begins.then(|| escape_ahead(rest)).flatten() else {
            decoded.push(*first);
            rest = &rest[1..];
            continue;
        };
        let Range { start, end } = first.start..rest[length - 1].end;
        match character {
            Escaped::Byte(byte) => decoded.push(Placed { byte, start, end }),
            Escaped::Character(character) => {
                let mut buffer = [0; 4];
                let bytes = character.encode_utf8(&mut buffer).bytes();
                decoded.extend(bytes.map(|byte| Placed { byte, start, end }));
            }
        }
        rest = &rest[length..];
    }
    decoded
}

/// The HTML entities of a text as the characters they stand for.
pub(super) fn without_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('&') {
        plain.push_str(&rest[..position]);
        rest = &rest[position..];
        match entity(rest.as_bytes()) {
            Some((length, character)) => {
                plain.push(character);
                rest = &rest[length..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

enum Escaped {
    Byte(u8),
    Character(char),
}

fn escape_ahead(text: &[Placed]) -> Option<(usize, Escaped)> {
    let ahead: Vec<u8> = text.iter().take(LONGEST_ESCAPE).map(|placed| placed.byte).collect();
    escape(&ahead)
}

/// The escape at the beginning: its length and what it stands for.
fn escape(text: &[u8]) -> Option<(usize, Escaped)> {
    match text {
        [b'\\', b'u', digits @ ..] => {
            let character = char::from_u32(number(digits.get(..4)?, 16)?)?;
            Some((6, Escaped::Character(character)))
        }
        [b'\\', escaped, ..] => {
            let byte = match escaped {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other if other.is_ascii_punctuation() => *other,
                _ => return None,
            };
            Some((2, Escaped::Byte(byte)))
        }
        [b'%', digits @ ..] => {
            let byte = u8::try_from(number(digits.get(..2)?, 16)?).ok()?;
            Some((3, Escaped::Byte(byte)))
        }
        [b'&', ..] => {
            entity(text).map(|(length, character)| (length, Escaped::Character(character)))
        }
        _ => None,
    }
}

fn entity(text: &[u8]) -> Option<(usize, char)> {
    let end = text.iter().take(LONGEST_ESCAPE).position(|byte| *byte == b';')?;
    let character = match &text[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        name => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((end + 1, character))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    // The parser would take a sign as well.
    let is_plain = digits.iter().all(u8::is_ascii_alphanumeric);
    is_plain.then(|| u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok())?
}
