//! The part of a scenario that settles what the cloud's documents leave open: where they contradict each other, and where
//! regions differ.

use super::reader::Fields;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::emulator) struct Variants {
    pub(in crate::emulator) default_priority: DefaultPriority,
    pub(in crate::emulator) optional_keys: OptionalKeys,
    pub(in crate::emulator) gateway_codes: GatewayCodes,
    /// Lists of route tables show the routes, as some clouds' do.
    pub(in crate::emulator) lists_show_routes: bool,
}

/// What a rule gets that is made without a priority, by the call that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) struct DefaultPriority {
    pub(in crate::emulator) v1: i64,
    pub(in crate::emulator) v3: i64,
    pub(in crate::emulator) v3_batch: i64,
}

/// What becomes of the members of an answer that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::emulator) enum OptionalKeys {
    #[default]
    Present,
    Absent,
    Null,
}

/// How the gateway begins its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::emulator) enum GatewayCodes {
    #[default]
    Apigw,
    Apig,
}

impl Default for DefaultPriority {
    /// The batch call was recorded; for the others this is what the reference says of v3, and what the tests of the
    /// cloud's own Terraform provider expect of v1.
    fn default() -> Self {
        Self { v1: 1, v3: 100, v3_batch: 1 }
    }
}

/// What `variants` says, and whether routes around a local one are accepted.
pub(super) fn variants(root: &mut Fields<'_>) -> (Variants, bool) {
    let Some(mut fields) = root.object("variants") else { return (Variants::default(), false) };
    let around_local =
        one_of(&mut fields, "destination_around_local", &[("refused", false), ("accepted", true)]);
    let optional_keys = one_of(
        &mut fields,
        "optional_keys",
        &[
            ("present", OptionalKeys::Present),
            ("absent", OptionalKeys::Absent),
            ("null", OptionalKeys::Null),
        ],
    );
    let gateway_codes = one_of(
        &mut fields,
        "gateway_codes",
        &[("APIGW", GatewayCodes::Apigw), ("APIG", GatewayCodes::Apig)],
    );
    let variants = Variants {
        default_priority: default_priority(&mut fields),
        optional_keys,
        gateway_codes,
        lists_show_routes: fields.flag("lists_show_routes").unwrap_or_default(),
    };
    (variants, around_local)
}

fn default_priority(fields: &mut Fields<'_>) -> DefaultPriority {
    let usual = DefaultPriority::default();
    let Some(mut fields) = fields.object("default_priority") else { return usual };
    let mut priority = |call: &str, usual: i64| {
        let given = fields.number(call).map_or(usual, i64::from);
        if !(1..=100).contains(&given) {
            fields.problem(call, format!("{given} is not 1 to 100"));
        }
        given
    };
    DefaultPriority {
        v1: priority("v1", usual.v1),
        v3: priority("v3", usual.v3),
        v3_batch: priority("v3_batch", usual.v3_batch),
    }
}

/// The meaning of a word; the first one's where there is none.
fn one_of<T: Copy>(fields: &mut Fields<'_>, key: &str, words: &[(&str, T)]) -> T {
    let usual = words[0].1;
    let Some(text) = fields.optional_text(key) else { return usual };
    let meant = words.iter().find(|(word, _)| *word == text);
    if meant.is_none() {
        let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        fields.problem(key, format!("`{text}` is none of {}", known.join(", ")));
    }
    meant.map_or(usual, |(_, meaning)| *meaning)
}
