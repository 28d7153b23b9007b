//! The line between provider and cloud, which counts what passes and at a chosen piece cries out, and may fall silent.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

/// Where on the line something is to happen: a request or an answer, or a part of it if it is a long one.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Which piece, counted from 1 over all connections and both directions.
    pub piece: usize,
    /// The piece still arrives.
    pub arrives: bool,
    /// Nothing passes from then on.
    pub cut: bool,
}

/// A proxy on loopback. It ends with the value.
pub struct Line {
    pub url: String,
    watch: Arc<Watch>,
    task: JoinHandle<()>,
}

struct Watch {
    point: Point,
    passed: AtomicUsize,
    reached: Notify,
}

impl Line {
    /// A new line to `address`.
    pub async fn to(address: String, point: Point) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let watch = Watch { point, passed: AtomicUsize::new(0), reached: Notify::new() };
        let watch = Arc::new(watch);
        let task = tokio::spawn(serve(listener, address, Arc::clone(&watch)));
        Self { url, watch, task }
    }

    /// Waits until the point has been reached.
    pub async fn reached(&self) {
        self.watch.reached.notified().await;
    }

    pub fn passed(&self) -> usize {
        self.watch.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, address: String, watch: Arc<Watch>) {
    // Aborted with this task.
    let mut ways = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let far = TcpStream::connect(&address).await.expect("the emulator listens");
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        ways.spawn(pass(near_in, far_out, Arc::clone(&watch)));
        ways.spawn(pass(far_in, near_out, Arc::clone(&watch)));
    }
}

/// One direction of a connection, until either side ends it.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, watch: Arc<Watch>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let number = watch.passed.fetch_add(1, Ordering::SeqCst) + 1;
        let Point { piece: wanted, arrives, cut } = watch.point;
        if cut && (number > wanted || (number == wanted && !arrives)) {
            watch.reached.notify_one();
            return silence(from, to).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
        if number == wanted {
            watch.reached.notify_one();
            if cut {
                return silence(from, to).await;
            }
        }
    }
}

/// Holds the connection without a word: to close it would tell the other side something.
async fn silence(_from: OwnedReadHalf, _to: OwnedWriteHalf) {
    std::future::pending().await
}
