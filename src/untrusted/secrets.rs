//! The secrets of this run, and how they are found in a text whatever their spelling.
//!
//! There is one list for the process, as there is one log and one handler of panics: whoever learns of a secret adds it,
//! and whoever quotes a text need not know them. Terraform starts a process for each configuration of the provider, so
//! that the list holds the secrets of one, and those of its logins.

use std::{
    ops::Range,
    sync::{PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use super::encodings::{Placed, decoded, placed};

/// What stands where a secret was.
const CONCEALED: &str = "(concealed)";

/// Shorter ones are not looked for: they cannot be told from other text. No secret of the cloud is as short.
const SHORTEST: usize = 8;
/// So much of the beginning of a secret is concealed too: whoever quotes one may cut it short.
const SHORTEST_BEGINNING: usize = 16;
/// The same, where it stands at the end of a text that was cut.
const SHORTEST_AT_THE_END: usize = 4;
/// Encodings around encodings are looked through to this depth.
const LAYERS: usize = 3;

/// The spellings of the secrets. They cannot be printed, as the secrets cannot.
static NEEDLES: RwLock<Vec<SecretString>> = RwLock::new(Vec::new());

/// From now on this is concealed wherever a text is quoted.
pub fn keep_secret(secret: &SecretString) {
    let mut needles = NEEDLES.write().unwrap_or_else(PoisonError::into_inner);
    for spelling in spellings(secret.expose_secret()) {
        if !needles.iter().any(|known| known.expose_secret() == spelling) {
            needles.push(spelling.into());
        }
    }
}

/// The text without the secrets of this run. Where it is the beginning of a longer one, a secret may begin at its end.
pub(super) fn conceal(text: &str, is_cut: bool) -> String {
    let needles = NEEDLES.read().unwrap_or_else(PoisonError::into_inner);
    if needles.is_empty() {
        return text.to_owned();
    }
    let mut layer = placed(text);
    let mut found = Vec::new();
    for _ in 0..=LAYERS {
        for needle in needles.iter() {
            find(needle.expose_secret().as_bytes(), &layer, is_cut, &mut found);
        }
        let next = decoded(&layer);
        if next.len() == layer.len() {
            break;
        }
        layer = next;
    }
    without(text, found)
}

fn spellings(secret: &str) -> Vec<String> {
    let secret = secret.trim();
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    // What looks like an escape in the secret is taken off together with those around it.
    let plain: Vec<u8> = decoded(&placed(secret)).iter().map(|placed| placed.byte).collect();
    let mut spellings = vec![secret.to_owned(), secret.replace(' ', "+")];
    spellings.extend(String::from_utf8(plain));
    spellings.extend([hex::encode(secret), hex::encode_upper(secret)]);
    for base64 in within_base64(secret.as_bytes()) {
        spellings.push(base64.replace('+', "-").replace('/', "_"));
        spellings.push(base64);
    }
    spellings
}

/// What base64 makes of a text that holds the secret, as far as it depends on the secret alone: three spellings, by the
/// position at which the secret begins.
fn within_base64(secret: &[u8]) -> impl Iterator<Item = String> {
    (0..3).map(move |before| {
        let text = [&[0; 2][..before], secret].concat();
        let encoded = STANDARD_NO_PAD.encode(&text);
        // A character holds six bits.
        let first = (before * 8).div_ceil(6);
        let last = text.len() * 8 / 6;
        encoded[first..last].to_owned()
    })
}

fn find(sought: &[u8], text: &[Placed], is_cut: bool, found: &mut Vec<Range<usize>>) {
    let enough = sought.len().min(SHORTEST_BEGINNING);
    let mut position = 0;
    while position < text.len() {
        let rest = &text[position..];
        let length = rest.iter().zip(sought).take_while(|(it, sought)| it.byte == **sought).count();
        let runs_out = is_cut && length == rest.len() && length >= SHORTEST_AT_THE_END;
        if length >= enough || runs_out {
            found.push(rest[0].start..rest[length - 1].end);
            position += length;
        } else {
            position += 1;
        }
    }
}

fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| range.start);
    let mut rest = 0;
    let mut clean = String::with_capacity(text.len());
    for Range { start, end } in found {
        if start >= rest {
            let between = text.ceil_char_boundary(rest)..text.floor_char_boundary(start);
            clean.push_str(text.get(between).unwrap_or_default());
            clean.push_str(CONCEALED);
        }
        rest = rest.max(end);
    }
    clean.push_str(&text[text.ceil_char_boundary(rest)..]);
    clean
}
