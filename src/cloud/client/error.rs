//! What the cloud said, or failed to say: one error type, the parser of error bodies, and the one function that
//! decides what a code means.

use std::{
    error, fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::SignedDuration;

use super::words::Words;
use crate::untrusted;

pub type Result<T> = std::result::Result<T, Error>;

/// Why a call did not give what was asked.
///
/// `Display` says the error's own part; what caused it is in `source()`. Both may quote the cloud, and do so as
/// [`untrusted`] says.
#[derive(Debug, Clone)]
pub struct Error(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: Kind,
    operation: String,
    status: Option<u16>,
    words: Words,
    retry_after: Option<Duration>,
    /// How far the cloud's clock was ahead of this machine's, or behind it where negative.
    clock_behind: Option<SignedDuration>,
    /// Given up on when the call may have taken effect.
    in_doubt: bool,
    /// The call was one that changes nothing.
    reads: bool,
    /// How often the call was sent, as far as that was counted.
    sendings: u32,
    source: Option<Arc<Cause>>,
}

/// An error of a library, as text: it may quote what the cloud said.
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Arc<Cause>>,
}

/// What an error means to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The cloud knows the kind of object and has none with this id.
    NotFound,
    /// The table already holds a route to this destination.
    RouteExists,
    /// The group already holds such a rule.
    RuleExists {
        id: Option<String>,
    },
    QuotaExceeded,
    /// One call carries more than the cloud takes at once.
    TooManyEntries,
    /// The object is in use or in another state than the call needs.
    Conflict,
    /// The cloud asks to come back later.
    Busy,
    /// Too many calls.
    Throttled,
    /// The credentials are good, but not for this.
    Denied,
    /// The credentials are wrong or have expired.
    Unauthenticated,
    /// The credentials are good, but for another project.
    OtherProject,
    /// The cloud will not do this, however often it is asked.
    Refused,
    /// This region does not offer the API.
    NotPublished,
    /// The call never reached the cloud.
    Unreachable,
    /// Whoever answers at the cloud's address cannot prove that it is the cloud.
    Untrusted(Distrust),
    /// The proxy does not let the call through.
    ProxyRefused,
    /// The call was sent and its effect is unknown.
    Lost,
    /// The cloud accepted the call, and its answer makes no sense.
    Unreadable,
    /// The time limit of the operation has passed.
    TimedOut,
    /// The user stopped the operation.
    Interrupted,
    /// The provider's configuration lacks something; the value is the argument that would supply it.
    Unconfigured(&'static str),
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    Expired,
    NotYetValid,
    OtherName,
    UnknownAuthority,
    /// The authorities that the user names did not issue it.
    OtherAuthority,
    Invalid,
}

/// The object a call is about. The same code means different things for different objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Vpc,
    Subnet,
    RouteTable,
    Port,
    SecurityGroup,
    Rule,
    Server,
    Quota,
    /// Tokens, temporary keys, projects.
    Login,
}

impl Error {
    pub(crate) fn new(kind: Kind, operation: &str, message: impl Into<String>) -> Self {
        Self::from_words(kind, operation, Words { message: message.into(), ..Words::default() })
    }

    /// The error that an answer with an error status is.
    pub(crate) fn refused(
        subject: Subject,
        operation: &str,
        status: u16,
        words: Words,
        retry_after: Option<Duration>,
    ) -> Self {
        let code = words.code.as_deref().unwrap_or_default();
        let mut error =
            Self::from_words(meaning(subject, status, code, &words.message), operation, words);
        error.0.status = Some(status);
        error.0.retry_after = retry_after;
        error
    }

    /// The error that a proxy's refusal is.
    pub(crate) fn refused_by_proxy(operation: &str, status: u16, words: Words) -> Self {
        let mut error = Self::from_words(Kind::ProxyRefused, operation, words);
        error.0.status = Some(status);
        error
    }

    /// The error that a success is whose body does not hold what it should.
    pub(crate) fn unreadable(operation: &str, status: u16, words: Words) -> Self {
        let mut error = Self::from_words(Kind::Unreadable, operation, words);
        error.0.status = Some(status);
        error
    }

    fn from_words(kind: Kind, operation: &str, words: Words) -> Self {
        let operation = operation.to_owned();
        Self(Box::new(Parts {
            kind,
            operation,
            status: None,
            words,
            retry_after: None,
            clock_behind: None,
            in_doubt: false,
            reads: false,
            sendings: 0,
            source: None,
        }))
    }

    pub(crate) fn caused_by(mut self, source: impl error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Cause::of(&source));
        self
    }

    /// The same, met by another operation.
    pub(crate) fn during(mut self, operation: &str) -> Self {
        self.0.operation = operation.to_owned();
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind.clone()
    }

    /// What was being done, such as `read route table 3d90…`.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The cloud's code, such as `VPC.2812`.
    pub fn code(&self) -> Option<&str> {
        self.0.words.code.as_deref()
    }

    pub fn message(&self) -> &str {
        &self.0.words.message
    }

    pub fn request_id(&self) -> Option<&str> {
        self.0.words.request_id.as_deref()
    }

    /// The call was sent and may have taken effect.
    pub fn leaves_doubt(&self) -> bool {
        self.0.in_doubt || !self.0.reads && matches!(self.0.kind, Kind::Lost | Kind::Unreadable)
    }

    /// Of a call that changes nothing, whatever becomes of its answer.
    pub(crate) fn of_read(mut self) -> Self {
        self.0.reads = true;
        self
    }

    /// How often the call was sent; 0 where it was not sent or not counted.
    pub fn sendings(&self) -> u32 {
        self.0.sendings
    }

    pub(crate) fn after_sendings(mut self, sendings: u32) -> Self {
        self.0.sendings = sendings;
        self
    }

    /// The bounds of the operation were reached.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self.0.kind, Kind::TimedOut | Kind::Interrupted)
    }

    /// The same, for a change that was sent all the same.
    pub(crate) fn in_doubt(mut self, in_doubt: bool) -> Self {
        self.0.in_doubt |= in_doubt;
        self
    }

    /// The cloud refuses the key for a while, be it right or wrong, because of earlier wrong signatures.
    pub fn says_that_the_key_is_locked(&self) -> bool {
        self.0.kind == Kind::Unauthenticated && self.message().contains("failed to reach the limit")
    }

    /// How many entries the cloud takes at once, where it says so: `The num of routes to update is more than 5.`
    pub(crate) fn most_entries(&self) -> Option<usize> {
        let (_, rest) = self.message().split_once("more than")?;
        let digits = |character: &char| character.is_ascii_digit();
        let number: String = rest.trim_start().chars().take_while(digits).collect();
        number.parse().ok().filter(|most| *most > 0)
    }

    /// The same, with the cloud's clock beside this machine's, in which the call was signed.
    pub(crate) fn at(mut self, theirs: SystemTime, ours: SystemTime) -> Self {
        self.0.clock_behind = SignedDuration::system_until(ours, theirs).ok();
        self
    }

    /// How far this machine's clock was behind the cloud's, or ahead of it where negative; `None` where the cloud did
    /// not say.
    pub fn clock_behind(&self) -> Option<SignedDuration> {
        self.0.clock_behind
    }

    /// How long the cloud asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    /// `update route table 3d90…: HTTP 400, VPC.2812: route exists (request 84eb…)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation())?;
        match (self.status(), self.code()) {
            (Some(status), Some(code)) => write!(f, "HTTP {status}, {code}: ")?,
            (Some(status), None) => write!(f, "HTTP {status}: ")?,
            (None, _) => {}
        }
        f.write_str(self.message())?;
        match self.request_id() {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl Cause {
    fn of(error: &(dyn error::Error + 'static)) -> Arc<Self> {
        let text = untrusted::sentence(&error.to_string());
        Arc::new(Self { text, source: error.source().map(Self::of) })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl error::Error for Cause {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What an answer with an error status means. The only place that knows the cloud's codes.
fn meaning(subject: Subject, status: u16, code: &str, message: &str) -> Kind {
    // Some services print the gateway's numbers with another prefix.
    let gateway = code.strip_prefix("APIGW.").or_else(|| code.strip_prefix("APIG."));
    match (status, code) {
        _ if gateway == Some("0101") => Kind::NotPublished,
        (429, _) => Kind::Throttled,
        _ if gateway == Some("0308") => Kind::Throttled,

        // A path nobody serves answers 404 as well: only a code tells that the object is missing.
        (404, _) if codes_of_the_missing(subject).contains(&code) => Kind::NotFound,

        (_, "VPC.2812") => Kind::RouteExists,
        // One code for many mistakes in a list of routes; the text alone tells this one.
        (400, "VPC.2800") if message.contains("more than") => Kind::TooManyEntries,
        // One code for two different things; the text alone tells them apart.
        (409, "VPC.0602") if mentions_quota(message) => Kind::QuotaExceeded,
        (409, "VPC.0602" | "VPC.9902") if subject == Subject::Rule => rule_exists(message),
        (_, "SecurityGroupRuleExists") => rule_exists(message),
        (409, "VPC.0114" | "VPC.0604" | "VPC.9905") | (400, "Ecs.0001") => Kind::QuotaExceeded,

        (400, "VPC.0004" | "Ecs.0100") | (409, "VPC.0103" | "VPC.0110") | (500, "VPC.0205") => {
            Kind::Busy
        }
        // In use by something else: an answer that stays the same although its status is 500.
        (500, "VPC.0206" | "VPC.0208" | "VPC.0209" | "VPC.0210" | "VPC.0211") => Kind::Refused,

        // The account is restricted or not verified: new credentials would not help.
        (401, "VPC.0005" | "VPC.0009") => Kind::Denied,
        (400, "VPC.0007" | "Ecs.0023") => Kind::OtherProject,
        (401, _) => Kind::Unauthenticated,
        (403, _) => Kind::Denied,
        (400 | 409, _) if mentions_quota(message) => Kind::QuotaExceeded,
        (409, _) => Kind::Conflict,
        (500.., _) => Kind::Lost,
        _ => Kind::Refused,
    }
}

/// The codes that say, with status 404, that the very object asked for does not exist.
fn codes_of_the_missing(subject: Subject) -> &'static [&'static str] {
    match subject {
        Subject::Vpc => &["VPC.0003", "VPC.0105", "VPC.9904"],
        Subject::Subnet => &["VPC.0202"],
        Subject::RouteTable => &["VPC.2808"],
        Subject::Port => &["VPC.2502", "VPC.2500", "PortNotFound"],
        Subject::SecurityGroup => &["VPC.0603", "VPC.0612", "VPC.9904", "SecurityGroupNotFound"],
        Subject::Rule => &["VPC.0603", "VPC.0612", "VPC.9904", "SecurityGroupRuleNotFound"],
        Subject::Server => &["Ecs.0114", "Ecs.0614"],
        Subject::Quota | Subject::Login => &[],
    }
}

fn mentions_quota(message: &str) -> bool {
    message.to_ascii_lowercase().contains("quota")
}

/// `Security group rule already exists. Rule id is 71d4….`
fn rule_exists(message: &str) -> Kind {
    let id = message.split_once("Rule id is").map(|(_, rest)| {
        let is_id = |character: &char| character.is_ascii_hexdigit() || *character == '-';
        rest.trim_start().chars().take_while(is_id).collect::<String>()
    });
    Kind::RuleExists { id: id.filter(|id| !id.is_empty()) }
}
