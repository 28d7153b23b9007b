//! Log lines as Terraform reads them from a plugin's standard error: one JSON object per event, in the form of hclog.
//!
//! Terraform crashes on a line in which `@message`, `@level` or `@timestamp` is not a text, and shows a line as raw text
//! if its time has not exactly six fractional digits.

use std::{
    backtrace::Backtrace,
    fmt::Debug,
    io::{self, Write},
    panic,
    time::SystemTime,
};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value as Json};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::{LookupSpan, Registry},
};

use super::handshake::Environment;
use crate::untrusted;

/// Longer lines would be taken apart. Counted with the line feed.
const LONGEST_LINE: usize = 64 * 1024;

/// What is left of each text in a line that is too long.
const SHORTENED: usize = 512;

/// Starts logging at the level the user asked for, and makes panics readable for Terraform.
pub fn install(provider: &str, environment: Environment, clock: fn() -> SystemTime) {
    install_panic_hook();
    let Asked { level, invalid } = Asked::read(provider, environment);
    if level == LevelFilter::OFF {
        return;
    }
    let to_stderr = |line: &[u8]| {
        // One write per line keeps the lines of several threads apart. Without standard error there is no log.
        let _ = io::stderr().write_all(line);
    };
    let subscriber = Registry::default().with(JsonLines::new(level, clock, to_stderr));
    // It fails where a subscriber is installed already, which then does the logging.
    let _ = tracing::subscriber::set_global_default(subscriber);
    if let Some(invalid) = invalid {
        tracing::warn!(level = invalid, "Unknown log level, logging everything");
    }
}

/// The level the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    pub level: LevelFilter,
    /// What stood there instead of a level.
    pub invalid: Option<String>,
}

impl Asked {
    /// From the most specific variable that says something.
    pub fn read(provider: &str, environment: Environment) -> Self {
        let own = format!("TF_LOG_PROVIDER_{}", provider.to_uppercase());
        let asked = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
            .into_iter()
            .find_map(|name| environment(name).filter(|value| !value.is_empty()));
        let valid = |level| Self { level, invalid: None };
        match asked.as_deref().map(str::to_uppercase).as_deref() {
            None | Some("OFF") => valid(LevelFilter::OFF),
            Some("TRACE" | "JSON") => valid(LevelFilter::TRACE),
            Some("DEBUG") => valid(LevelFilter::DEBUG),
            Some("INFO") => valid(LevelFilter::INFO),
            Some("WARN") => valid(LevelFilter::WARN),
            Some("ERROR") => valid(LevelFilter::ERROR),
            Some(_) => Self { level: LevelFilter::TRACE, invalid: asked },
        }
    }
}

/// Writes the events of this package; those of libraries may hold secrets, such as the headers of a request.
pub struct JsonLines<W> {
    level: LevelFilter,
    clock: fn() -> SystemTime,
    write: W,
}

impl<W: Fn(&[u8])> JsonLines<W> {
    /// `write` is given one whole line at a time.
    pub fn new(level: LevelFilter, clock: fn() -> SystemTime, write: W) -> Self {
        Self { level, clock, write }
    }
}

/// The fields of a span.
#[derive(Clone)]
struct Fields(Map<String, Json>);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level && is_ours(metadata.target())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Map::new();
        attributes.record(&mut Collector(&mut fields));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Fields(fields));
        }
    }

    /// Work that is done for several requests together tells of all of them.
    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let (Some(span), Some(followed)) = (context.span(id), context.span(follows)) else {
            return;
        };
        let Some(Fields(more)) = followed.extensions().get::<Fields>().cloned() else { return };
        if let Some(Fields(fields)) = span.extensions_mut().get_mut() {
            more.into_iter().for_each(|(key, value)| add(fields, key, value));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(Fields(more)) = span.extensions().get() {
                fields.extend(more.clone());
            }
        }
        event.record(&mut Collector(&mut fields));
        let metadata = event.metadata();
        (self.write)(&line(*metadata.level(), metadata.target(), (self.clock)(), fields));
    }
}

/// Adds a value beside those that are there under the same key: `1, 2`.
fn add(fields: &mut Map<String, Json>, key: String, value: Json) {
    match (fields.get_mut(&key), value) {
        (Some(Json::String(all)), Json::String(one)) => {
            if !all.split(", ").any(|known| known == one) {
                all.push_str(", ");
                all.push_str(&one);
            }
        }
        (Some(_), _) => {}
        (None, value) => drop(fields.insert(key, value)),
    }
}

fn is_ours(target: &str) -> bool {
    let package = module_path!().split("::").next();
    target.split("::").next() == package
}

/// One line, line feed included. `fields` may hold the event's own `message`.
pub fn line(
    level: Level,
    target: &str,
    time: SystemTime,
    mut fields: Map<String, Json>,
) -> Vec<u8> {
    let message = match fields.remove("message") {
        Some(Json::String(message)) => message,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    // Only hclog's own keys begin with `@`.
    let mut object: Map<String, Json> = fields
        .into_iter()
        .map(|(key, value)| (key.trim_start_matches('@').to_owned(), reported(value)))
        .collect();
    let module = if target.contains("::protocol") { "sdk.proto" } else { "provider" };
    let own = [
        ("@level", level.as_str().to_lowercase()),
        ("@message", untrusted::report(&message)),
        ("@module", module.to_owned()),
        ("@timestamp", timestamp(time)),
    ];
    object.extend(own.map(|(key, value)| (key.to_owned(), Json::String(value))));
    let mut line = Json::Object(object.clone()).to_string();
    if line.len() >= LONGEST_LINE {
        object.values_mut().for_each(shorten);
        line = Json::Object(object.clone()).to_string();
    }
    if line.len() >= LONGEST_LINE {
        object.retain(|key, _| key.starts_with('@'));
        line = Json::Object(object).to_string();
    }
    line.push('\n');
    line.into_bytes()
}

/// A text as it may be shown; numbers and flags as they are.
fn reported(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(untrusted::report(&text)),
        other => other,
    }
}

fn shorten(value: &mut Json) {
    if let Json::String(text) = value
        && text.len() > SHORTENED
    {
        text.truncate(text.floor_char_boundary(SHORTENED));
        text.push('…');
    }
}

fn timestamp(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Collects the fields of an event or span as JSON.
struct Collector<'a>(&'a mut Map<String, Json>);

impl Collector<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Json>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Collector<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

/// Terraform recognizes a crash by a line that begins with `panic: ` and shows it together with what follows.
fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("without a message");
        let place = info.location().map(|place| format!("\n\n{place}")).unwrap_or_default();
        let backtrace = Backtrace::force_capture();
        let message = untrusted::report(message);
        let text = format!("panic: {message}{place}\n{backtrace}\n");
        // Without standard error there is nobody to tell.
        let _ = io::stderr().write_all(text.as_bytes());
    }));
}
