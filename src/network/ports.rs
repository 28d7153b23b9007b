//! Port numbers and ranges of them, as security group rules take them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Ports and port ranges in the order they were written: `33434-33534,53`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortRanges(Vec<(u16, u16)>);

/// Why a text is no list of ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a list of ports. Write ports from 1 to 65535 and ranges of them, the smaller end first, separated by \
     commas and without spaces, such as `33434-33534,53`."
)]
pub struct InvalidPortRanges(String);

impl PortRanges {
    /// The same ports, whatever their order and however they are split into ranges.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.merged() == other.merged()
    }

    /// All ports from `first` to `last` are among them.
    pub fn cover(&self, first: u16, last: u16) -> bool {
        let hold = |ranges: &[(u16, u16)]| ranges.iter().any(|it| it.0 <= first && last <= it.1);
        hold(&self.0) || (first < last && hold(&self.merged().0))
    }

    /// In the one form that all lists of the same ports have.
    pub fn merged(&self) -> Self {
        let mut ranges = self.0.clone();
        ranges.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(previous) if u32::from(first) <= u32::from(previous.1) + 1 => {
                    previous.1 = previous.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }
}

impl FromStr for PortRanges {
    type Err = InvalidPortRanges;

    fn from_str(text: &str) -> Result<Self, InvalidPortRanges> {
        let refusal = || InvalidPortRanges(text.to_owned());
        let ranges: Option<Vec<(u16, u16)>> = text.split(',').map(range).collect();
        let ranges = Self(ranges.ok_or_else(refusal)?);
        // One spelling: no signs, no leading zeros, no range of one port.
        if ranges.to_string() == text { Ok(ranges) } else { Err(refusal()) }
    }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (1 <= first && first <= last).then_some((first, last))
}

impl TryFrom<String> for PortRanges {
    type Error = InvalidPortRanges;

    fn try_from(text: String) -> Result<Self, InvalidPortRanges> {
        text.parse()
    }
}

impl From<PortRanges> for String {
    fn from(ranges: PortRanges) -> Self {
        ranges.to_string()
    }
}

impl fmt::Display for PortRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (first, last)) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "," };
            match first == last {
                true => write!(f, "{separator}{first}")?,
                false => write!(f, "{separator}{first}-{last}")?,
            }
        }
        Ok(())
    }
}
