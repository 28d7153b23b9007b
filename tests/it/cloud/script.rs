//! A server that answers by script, one reply per request, and remembers what it was asked.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpSocket},
    sync::{Notify, watch},
};
use url::Url;

/// What the server does with one request.
pub enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Closes the connection.
    HangUp,
    /// Never answers.
    Silence,
    /// Answers once it is told.
    When(Arc<Notify>, Box<Reply>),
}

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// An address that refuses connections, and that nobody else gets while this lives.
pub struct Nobody(TcpSocket);

impl Nobody {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port on loopback");
        Self(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("its address")
    }
}

pub struct Server {
    url: Url,
    state: Arc<State>,
}

/// What to do with a request.
type Answerer = Box<dyn Fn(Seen) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

struct State {
    answer: Answerer,
    seen: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
}

pub fn json(status: u16, body: Value) -> Reply {
    text(status, &body.to_string())
}

pub fn text(status: u16, body: &str) -> Reply {
    Reply::Answer { status, headers: Vec::new(), body: body.to_owned() }
}

impl Reply {
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Reply::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

impl Seen {
    /// `GET /v1/…`, without the project.
    pub fn line(&self) -> String {
        let path = self.path.replace(super::PROJECT, "P");
        match self.query.as_str() {
            "" => format!("{} {path}", self.method),
            query => format!("{} {path}?{query}", self.method),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Server {
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::start_state(State::of(script)).await
    }

    /// One that decides on each request as it comes.
    pub async fn answering<A>(answer: impl Fn(Seen) -> A + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Reply> + Send + 'static,
    {
        Self::start_state(State::new(Box::new(move |seen| Box::pin(answer(seen))))).await
    }

    async fn start_state(state: Arc<State>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&served).serve(stream));
            }
        });
        Self { url, state }
    }

    /// The same behind TLS, with a certificate for `localhost`.
    pub async fn start_tls(
        script: impl IntoIterator<Item = Reply>,
        tls: rustls::ServerConfig,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("https://localhost:{port}").parse().unwrap();
        let state = State::of(script);
        let served = Arc::clone(&state);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(Arc::clone(&served).serve(stream));
                }
            }
        });
        Self { url, state }
    }

    /// The same, for a client that is led to another place.
    pub fn at(self, url: Url) -> Self {
        Self { url, ..self }
    }

    pub fn url(&self) -> Url {
        self.url.clone()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    /// Waits until so many requests have come in.
    pub async fn has_seen(&self, requests: usize) {
        let mut count = self.state.count.subscribe();
        count.wait_for(|count| *count >= requests).await.unwrap();
    }
}

impl State {
    /// A request beyond the script gets an answer that nobody repeats.
    fn of(script: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        let script: Mutex<VecDeque<Reply>> = Mutex::new(script.into_iter().collect());
        Self::new(Box::new(move |_| {
            let reply = script.lock().unwrap().pop_front();
            Box::pin(async { reply.unwrap_or_else(|| text(418, "the script is over")) })
        }))
    }

    fn new(answer: Answerer) -> Arc<Self> {
        Arc::new(Self { answer, seen: Mutex::default(), count: watch::Sender::new(0) })
    }

    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read_request(&mut stream).await {
            self.seen.lock().unwrap().push(request.clone());
            self.count.send_modify(|count| *count += 1);
            let mut reply = (self.answer)(request).await;
            if let Reply::When(told, then) = reply {
                told.notified().await;
                reply = *then;
            }
            let Reply::Answer { status, headers, body } = reply else {
                if matches!(reply, Reply::Silence) {
                    std::future::pending::<()>().await;
                }
                return;
            };
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let head =
                format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n{headers}", body.len());
            stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
        }
    }
}

async fn read_request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Seen> {
    let first = read_line(stream).await.filter(|line| !line.is_empty())?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = BTreeMap::new();
    while let Some(line) = read_line(stream).await.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

async fn read_line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    Some(line.trim_end().to_owned())
}
