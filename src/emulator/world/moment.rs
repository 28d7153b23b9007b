//! A point in time as the cloud prints it.

use std::{fmt, str::FromStr, time::SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(Timestamp);

impl Moment {
    pub fn from_seconds(seconds: i64) -> Self {
        Self(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
    }

    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    pub fn after(self, duration: SignedDuration) -> Self {
        Self(self.0.saturating_add(duration).unwrap_or(Timestamp::MAX))
    }

    /// How far apart two moments are, whichever is first.
    pub fn distance(self, other: Self) -> SignedDuration {
        self.0.duration_since(other.0).abs()
    }

    /// `20260102T030405Z`, as in the header `X-Sdk-Date`.
    pub fn parse_sdk_date(text: &str) -> Option<Self> {
        let digits = |range: std::ops::Range<usize>| text.get(range);
        let iso = format!(
            "{}-{}-{}T{}:{}:{}Z",
            digits(0..4)?,
            digits(4..6)?,
            digits(6..8)?,
            digits(9..11)?,
            digits(11..13)?,
            digits(13..15)?
        );
        let well_formed = text.len() == 16 && &text[8..9] == "T" && &text[15..] == "Z";
        if well_formed { iso.parse().ok() } else { None }
    }

    /// `2026-01-02T03:04:05`: VPC v1, always UTC.
    pub fn without_zone(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// `2026-01-02T03:04:05Z`: VPC v3 and ECS.
    pub fn with_z(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// `2026-01-02T03:04:05.000+00:00`: a rule just created over v3.
    pub fn with_offset(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string()
    }

    /// `2026-01-02T03:04:05.000000Z`: IAM.
    pub fn with_fraction(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string()
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        Self(Timestamp::try_from(time).unwrap_or(Timestamp::MAX))
    }
}

impl FromStr for Moment {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

impl TryFrom<String> for Moment {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.with_z()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_z())
    }
}
