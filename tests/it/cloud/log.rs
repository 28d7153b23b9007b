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

use super::{
    TABLE, VPC, cloud, id,
    script::{Server, json, text},
};

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
    pub async fn listen() -> Self {
        let written = Arc::new(Written::default());
        let subscriber = tracing_subscriber::registry().with(Writer(Arc::clone(&written)));
        let log = Self { written, _guard: tracing::subscriber::set_default(subscriber) };
        // The library remembers, once for all threads, whether anybody listens to a line. Other tests, in which
        // nobody does, may have been the first to pass there: we pass, and make it think again.
        let table = serde_json::json!({ "id": TABLE, "vpc_id": VPC });
        let throttled = text(429, "").with("Retry-After", "0");
        let server = Server::start([throttled, json(200, table)]).await;
        cloud(&server).route_table(&id(TABLE)).await.unwrap();
        tracing::callsite::rebuild_interest_cache();
        log.written.lines.lock().unwrap().clear();
        log
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
