//! Connections that can be closed in the middle of a request, as a failing network would.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// What a request can do to the connection it came over.
#[derive(Debug, Clone, Default)]
pub(super) struct Scissors(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    is_cut: AtomicBool,
    is_busy: AtomicBool,
}

pub(super) struct CuttableStream {
    stream: TcpStream,
    scissors: Scissors,
}

impl Scissors {
    /// Closes the connection before anything is answered.
    pub(super) fn cut(&self) {
        self.0.is_cut.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        match self.0.is_cut.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::ConnectionAborted.into()),
            false => Ok(()),
        }
    }

    /// Says whether the head of a request has come whose answer is not made yet.
    pub(super) fn set_busy(&self, is_busy: bool) {
        self.0.is_busy.store(is_busy, Ordering::SeqCst);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.0.is_busy.load(Ordering::SeqCst)
    }
}

impl CuttableStream {
    pub(super) fn new(stream: TcpStream) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "small answers on this connection may be delayed");
        }
        Self { stream, scissors: Scissors::default() }
    }

    pub(super) fn scissors(&self) -> Scissors {
        self.scissors.clone()
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
