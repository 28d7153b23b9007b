//! Accepts connections, a bounded number at a time, and reads requests off them whose heads are bounded in size and, if
//! the settings say so, in time.

use std::time::Duration;

use axum::{Router, body::Body, serve::Listener};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};
use tower::Service;

use super::connection::{CuttableStream, Scissors};

/// Beyond this many the oldest one on which no request is under way is closed.
const MOST_CONNECTIONS: usize = 512;

/// A request line and its headers fit into this; the largest of them is a token of a few kilobytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// Answers until the future is dropped, and with it every connection.
///
/// A connection on which no whole head of a request comes for as long as `patience` is closed.
pub(super) async fn serve(mut listener: TcpListener, router: Router, patience: Option<Duration>) {
    let mut tasks = JoinSet::new();
    let mut open: Vec<(AbortHandle, Scissors)> = Vec::new();
    loop {
        let (stream, _) = Listener::accept(&mut listener).await;
        while tasks.try_join_next().is_some() {}
        open.retain(|(task, _)| !task.is_finished());
        if open.len() >= MOST_CONNECTIONS {
            match open.iter().position(|(_, scissors)| !scissors.is_busy()) {
                Some(oldest) => open.remove(oldest).0.abort(),
                None => drop(tasks.join_next().await),
            }
        }
        let stream = CuttableStream::new(stream);
        let scissors = stream.scissors();
        open.push((tasks.spawn(answer(stream, router.clone(), patience)), scissors));
    }
}

async fn answer(stream: CuttableStream, router: Router, patience: Option<Duration>) {
    let scissors = stream.scissors();
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(scissors.clone());
        let (mut router, scissors) = (router.clone(), scissors.clone());
        scissors.set_busy(true);
        async move {
            let response = router.call(request).await;
            scissors.set_busy(false);
            response
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}
