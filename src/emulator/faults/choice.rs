//! Which requests a fault is about, and which of those it hits. The same requests in the same order are always hit the
//! same way.

use super::{Effect, Fault};

/// What the choice knows of a request.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// How many routes it changes in a table.
    pub entries: usize,
    /// How many other writes to the same path are under way.
    pub alongside: u32,
    /// It came with credentials that do not last.
    pub temporary: bool,
}

impl Fault {
    /// Whether it has an effect on such requests at all; the others neither use it up nor count as skipped.
    pub(super) fn is_about(&self, asked: &Asked<'_>) -> bool {
        let method_fits =
            self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(asked.method));
        method_fits
            && path_fits(&self.path, asked.path)
            && self.most_entries.is_none_or(|most| asked.entries > most)
            && (self.refuse_simultaneous.is_none() || asked.alongside > 0)
            && (!self.expire || asked.temporary)
    }

    /// Counts one request. `None` if this one passes.
    pub(super) fn hit(&mut self) -> Option<Effect> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.seen += 1;
        let is_meant = match (self.every, self.share) {
            (Some(every), _) => self.seen.is_multiple_of(every),
            (None, Some(share)) => chance(self.seed, self.seen) < share,
            (None, None) => true,
        };
        if !is_meant {
            return None;
        }
        let effect = self.effect();
        let left = self.times.or_else(|| (!self.is_standing()).then_some(1));
        self.times = left.map(|left| left.saturating_sub(1));
        effect
    }

    /// Without `times` it never ends.
    fn is_standing(&self) -> bool {
        self.every.is_some()
            || self.share.is_some()
            || self.most_entries.is_some()
            || self.refuse_simultaneous.is_some()
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut actual = path.split('/');
    loop {
        match (wanted.next(), actual.next()) {
            (None, None) | (Some("**"), _) => return true,
            (Some("*"), Some(_)) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// From 0 to below 1, evenly, by Steele, Lea and Flood's SplitMix64.
fn chance(seed: u64, number: u32) -> f64 {
    let mut mixed = seed.wrapping_add(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let top = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX);
    f64::from(top) / (f64::from(u32::MAX) + 1.0)
}
