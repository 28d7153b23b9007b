//! Ranges for hosts out of a pool, so that who else is there hardly matters to a host.
//!
//! Nothing is remembered here: the answer follows from the arguments. A host that says which range it has keeps it. Any
//! other gets one by its name alone, the SHA-256 of which picks a place in the pool; where that is occupied, the next
//! of a series of places that follows from the name too. Hosts choose in the order given, so a later one never moves
//! an earlier one. `docs/decisions/0011` says what can be promised, and what mathematics forbids.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

use super::{
    cidr::{Cidr, address_of, number_of},
    system::private_ranges,
};

/// A host that needs a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub name: String,
    /// The range it has and keeps, wherever that lies.
    pub present: Option<Cidr>,
}

/// Why the hosts cannot all have a range, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    #[error(
        "A range with prefix length {prefix_length} does not fit into the pool {pool}. Write a prefix length from {} to \
         {longest}.",
        pool.prefix_length()
    )]
    Misfit { pool: Cidr, prefix_length: u64, longest: u8 },
    #[error("The host `{0}` stands here twice. Write each name once.")]
    Repeated(String),
    #[error(
        "{0} of `{1}` overlaps {2} of `{3}`. Give one of them another range, or null to have one chosen."
    )]
    Overlapping(Cidr, String, Cidr, String),
    /// `larger` is a pool that would do.
    #[error("The pool {pool} is full: {}. {}", counts(*.prefix_length, *.holds, *.free, *.wanted), remedy(*.larger))]
    Full {
        pool: Cidr,
        prefix_length: u8,
        holds: u128,
        free: u128,
        wanted: usize,
        larger: Option<Cidr>,
    },
}

/// How many places a name is led to before the next free one after the first is taken.
const ATTEMPTS: u8 = 32;

/// A range of `prefix_length` for each host, by name.
///
/// New ranges lie in `pool` and overlap neither each other, nor those that hosts have, nor `taken`. A host's range
/// depends on the hosts before it and on those that have theirs, and on no other.
///
/// # Errors
/// See [`Shortage`].
pub fn allocate(
    pool: Cidr,
    prefix_length: u64,
    hosts: &[Claim],
    taken: &[Cidr],
) -> Result<BTreeMap<String, Cidr>, Shortage> {
    let places = Places::of(pool, prefix_length)?;
    let mut ranges = present(hosts)?;
    let mut occupied = Occupied::default();
    for range in ranges.values().chain(taken) {
        occupied.extend(places.touched_by(*range));
    }
    let new: Vec<&Claim> = hosts.iter().filter(|host| host.present.is_none()).collect();
    let free = places.count().saturating_sub(occupied.count());
    if free < new.len() as u128 {
        let blocked: Vec<Cidr> = ranges.values().chain(taken).copied().collect();
        return Err(places.full(free, new.len(), &blocked));
    }
    for host in new {
        if let Some(place) = places.choice(&host.name, &occupied) {
            occupied.insert(place, place);
            ranges.extend(places.range(place).map(|range| (host.name.clone(), range)));
        }
    }
    Ok(ranges)
}

/// The ranges that hosts have, none of which overlap.
fn present(hosts: &[Claim]) -> Result<BTreeMap<String, Cidr>, Shortage> {
    let mut names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    names.sort_unstable();
    if let Some([name, _]) = names.array_windows().find(|[a, b]| a == b) {
        return Err(Shortage::Repeated((*name).to_owned()));
    }
    let mut present: Vec<(Cidr, &str)> =
        hosts.iter().filter_map(|host| Some((host.present?, host.name.as_str()))).collect();
    // A range sorts before everything it contains, and what it contains follows at once.
    present.sort_unstable();
    if let Some([a, b]) = present.array_windows().find(|[a, b]| a.0.overlaps(b.0)) {
        return Err(Shortage::Overlapping(a.0, a.1.to_owned(), b.0, b.1.to_owned()));
    }
    Ok(present.into_iter().map(|(range, name)| (name.to_owned(), range)).collect())
}

/// The ranges of one size that a pool is cut into, numbered from 0.
#[derive(Debug, Clone, Copy)]
struct Places {
    pool: Cidr,
    prefix_length: u8,
    longest: u8,
}

impl Places {
    fn of(pool: Cidr, prefix_length: u64) -> Result<Self, Shortage> {
        let longest = if pool.is_ipv6() { 128 } else { 32 };
        u8::try_from(prefix_length)
            .ok()
            .filter(|length| (pool.prefix_length()..=longest).contains(length))
            .map(|prefix_length| Self { pool, prefix_length, longest })
            .ok_or(Shortage::Misfit { pool, prefix_length, longest })
    }

    fn bits(self) -> u32 {
        u32::from(self.prefix_length - self.pool.prefix_length())
    }

    fn last(self) -> u128 {
        u128::MAX.checked_shr(128 - self.bits()).unwrap_or(0)
    }

    /// One less than there are where there are 2^128.
    fn count(self) -> u128 {
        self.last().saturating_add(1)
    }

    /// How far an address's number is shifted to become that of its place.
    fn host_bits(self) -> u32 {
        u32::from(self.longest - self.prefix_length)
    }

    fn range(self, place: u128) -> Option<Cidr> {
        let offset = place.checked_shl(self.host_bits()).unwrap_or(0);
        let number = number_of(self.pool.network()).checked_add(offset)?;
        Cidr::around(address_of(number, self.pool.is_ipv6())?, self.prefix_length)
    }

    /// The first and last place that has an address in common with `range`.
    fn touched_by(self, range: Cidr) -> Option<(u128, u128)> {
        if range.contains(self.pool) {
            return Some((0, self.last()));
        }
        let place_of = |address| {
            let offset = number_of(address) - number_of(self.pool.network());
            offset.checked_shr(self.host_bits()).unwrap_or(0)
        };
        self.pool.contains(range).then(|| (place_of(range.network()), place_of(range.last())))
    }

    /// The first free place among those that the name leads to; `None` if every place is occupied.
    fn choice(self, name: &str, occupied: &Occupied) -> Option<u128> {
        let led_to = |attempt| self.led_to(name, attempt);
        (0..ATTEMPTS)
            .map(led_to)
            .find(|place| !occupied.holds(*place))
            .or_else(|| occupied.next_free(led_to(0), self.last()))
            .or_else(|| occupied.next_free(0, self.last()))
    }

    /// A place that follows from the name: the first bits of the SHA-256 of `<attempt>/<name>`.
    fn led_to(self, name: &str, attempt: u8) -> u128 {
        let text = format!("{attempt}/{name}");
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let first = hash.as_ref().iter().take(16);
        let number = first.fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        number.checked_shr(128 - self.bits()).unwrap_or(0)
    }

    fn full(self, free: u128, wanted: usize, blocked: &[Cidr]) -> Shortage {
        let holds = self.count();
        let Self { pool, prefix_length, .. } = self;
        let larger = self.larger(wanted, blocked);
        Shortage::Full { pool, prefix_length, holds, free, wanted, larger }
    }

    /// The smallest pool around this one with room for as many; else, of the same size or larger, one elsewhere. A
    /// private pool is not extended beyond its private range.
    fn larger(self, wanted: usize, blocked: &[Cidr]) -> Option<Cidr> {
        let home = private_ranges().find(|private| private.contains(self.pool));
        let elsewhere = private_ranges().filter(|private| private.is_ipv6() == self.pool.is_ipv6());
        let around = (0..self.pool.prefix_length()).rev();
        let around = around.filter_map(|length| Cidr::around(self.pool.network(), length));
        let elsewhere = elsewhere.flat_map(|private| {
            let lengths = (private.prefix_length()..=self.pool.prefix_length()).rev();
            lengths.filter_map(move |length| Cidr::around(private.network(), length))
        });
        around
            .filter(|pool| home.is_none_or(|home| home.contains(*pool)))
            .chain(elsewhere)
            .find(|pool| Self { pool: *pool, ..self }.has_room(wanted, blocked))
    }

    fn has_room(self, wanted: usize, blocked: &[Cidr]) -> bool {
        let mut occupied = Occupied::default();
        blocked.iter().for_each(|range| occupied.extend(self.touched_by(*range)));
        self.count().saturating_sub(occupied.count()) >= wanted as u128
    }
}

/// The occupied places as spans, first to last; no two of them touch.
#[derive(Debug, Default)]
struct Occupied(BTreeMap<u128, u128>);

impl Occupied {
    fn extend(&mut self, span: Option<(u128, u128)>) {
        if let Some((first, last)) = span {
            self.insert(first, last);
        }
    }

    fn insert(&mut self, mut first: u128, mut last: u128) {
        // The span before may reach up to this one, and this one over several that follow.
        while let Some((&start, &end)) = self.0.range(..=last.saturating_add(1)).next_back() {
            if end.saturating_add(1) < first {
                break;
            }
            self.0.remove(&start);
            first = first.min(start);
            last = last.max(end);
        }
        self.0.insert(first, last);
    }

    fn holds(&self, place: u128) -> bool {
        self.end_of_span_at(place).is_some()
    }

    fn next_free(&self, from: u128, last: u128) -> Option<u128> {
        let free = match self.end_of_span_at(from) {
            Some(end) => end.checked_add(1)?,
            None => from,
        };
        (free <= last).then_some(free)
    }

    fn end_of_span_at(&self, place: u128) -> Option<u128> {
        let (_, end) = self.0.range(..=place).next_back()?;
        (*end >= place).then_some(*end)
    }

    fn count(&self) -> u128 {
        self.0.iter().fold(0, |count: u128, (first, last)| {
            count.saturating_add((last - first).saturating_add(1))
        })
    }
}

/// `it holds 4 ranges of /24, of which 1 is free, and 3 hosts need one`
fn counts(prefix_length: u8, holds: u128, free: u128, wanted: usize) -> String {
    let counted = |count: u128, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let ranges = counted(holds, "range", "ranges");
    let free = counted(free, "is free", "are free");
    let hosts = counted(wanted as u128, "host needs one", "hosts need one");
    format!("it holds {ranges} of /{prefix_length}, of which {free}, and {hosts}")
}

fn remedy(larger: Option<Cidr>) -> String {
    match larger {
        Some(pool) => format!(
            "{pool} would do. Hosts that are to keep their ranges in another pool have to name them in `hosts`."
        ),
        None => "No private pool is large enough. Write a longer prefix length, or take less out of the pool."
            .to_owned(),
    }
}
