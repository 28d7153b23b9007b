//! The fewest ranges that cover exactly the same addresses.

use super::Cidr;

/// These ranges in as few as possible, sorted: IPv4 before IPv6, then by address.
///
/// No address is added and none is lost: two halves become their whole, and what lies in another range goes.
pub fn aggregate(ranges: &[Cidr]) -> Vec<Cidr> {
    let mut sorted = ranges.to_vec();
    // A range sorts before everything it contains.
    sorted.sort_unstable();
    let mut covering: Vec<Cidr> = Vec::new();
    for range in sorted {
        if covering.last().is_some_and(|last| last.contains(range)) {
            continue;
        }
        let mut merged = range;
        while let Some(whole) = covering.last().and_then(|last| whole_of(*last, merged)) {
            covering.pop();
            merged = whole;
        }
        covering.push(merged);
    }
    covering
}

/// The range of which these two are the halves.
pub(super) fn whole_of(lower: Cidr, upper: Cidr) -> Option<Cidr> {
    let length = lower.prefix_length().checked_sub(1)?;
    let whole = Cidr::around(lower.network(), length)?;
    let are_halves = lower != upper
        && lower.prefix_length() == upper.prefix_length()
        && whole.contains(lower)
        && whole.contains(upper);
    are_halves.then_some(whole)
}
