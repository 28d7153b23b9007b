//! What the client logs, as lines of text.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use tokio::sync::Notify;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

use crate::harness::subscriber::enable_log_statements;

/// What this thread logs while this lives.
pub struct Log {
    written: Arc<Written>,
    _guard: DefaultGuard,
}

#[derive(Default)]
struct Written {
    lines: Mutex<Vec<String>>,
    more: Notify,
}

struct Writer(Arc<Written>);

impl Log {
    pub fn listen() -> Self {
        enable_log_statements();
        let written = Arc::new(Written::default());
        let subscriber = tracing_subscriber::registry().with(Writer(Arc::clone(&written)));
        Self { written, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub fn lines(&self) -> Vec<String> {
        self.written.lines.lock().unwrap().clone()
    }

    /// Waits for a line with this word.
    pub async fn line_with(&self, word: &str) -> String {
        loop {
            let more = self.written.more.notified();
            if let Some(line) = self.lines().into_iter().find(|line| line.contains(word)) {
                return line;
            }
            more.await;
        }
    }
}

impl<S: Subscriber> Layer<S> for Writer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(format!("{} ", event.metadata().level()));
        event.record(&mut line);
        self.0.lines.lock().unwrap().push(line.0);
        self.0.more.notify_one();
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}
