//! The socket Terraform connects to, and the stream of connections that have proved who they are.

#[cfg(unix)]
mod unix;

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpListener,
    sync::{mpsc, watch},
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

#[cfg(unix)]
pub use self::unix::SocketFile;
use super::handshake::{Address, Place};

/// There are no unix sockets here, hence no file.
#[cfg(not(unix))]
pub type SocketFile = std::convert::Infallible;

/// Pause after an error of `accept`, which as a rule is a lack of file descriptors.
const RECOVERY: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum Unbound {
    #[error("the path of the socket is too long for the operating system: {0}")]
    PathTooLong(String),
    #[error("there is no group `{0}`")]
    UnknownGroup(String),
    #[error("{0} could not be opened for connections")]
    Socket(String, #[source] io::Error),
    #[error("no port from {0} to {1} is free")]
    NoFreePort(u16, u16),
}

/// A bound socket. Its file is removed when this is dropped.
pub struct Listener {
    socket: Socket,
    pub address: Address,
    file: Option<SocketFile>,
}

enum Socket {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    pub async fn bind(place: &Place) -> Result<Self, Unbound> {
        match place {
            #[cfg(unix)]
            Place::UnixSocket { directory, group, .. } => unix::bind(directory, group.as_deref()),
            #[cfg(not(unix))]
            Place::UnixSocket { .. } => {
                Err(Unbound::Socket("a unix socket".into(), io::ErrorKind::Unsupported.into()))
            }
            Place::Tcp { ports } => bind_tcp(*ports).await,
        }
    }

    /// As `bind`, and elsewhere where that place is none: a folder for temporary files may be missing, or have a name
    /// that is too long for a socket. `encrypted` says that only Terraform itself can get through.
    pub async fn bind_or_elsewhere(place: &Place, encrypted: bool) -> Result<Self, Unbound> {
        let refusal = match (Self::bind(place).await, place) {
            (Err(refusal), Place::UnixSocket { is_fixed: false, .. }) => refusal,
            (bound, _) => return bound,
        };
        let usual = Place::UnixSocket { directory: "/tmp".into(), group: None, is_fixed: false };
        let bound = match Self::bind(&usual).await {
            Err(_) if encrypted => Self::bind(&Place::Tcp { ports: None }).await,
            bound => bound,
        };
        let Ok(listener) = bound else { return Err(refusal) };
        let address = &listener.address;
        tracing::warn!(error = %refusal, ?address, "Listening elsewhere, as TMPDIR gives no place for a socket");
        Ok(listener)
    }

    /// Accepts connections until the receiver is dropped. With `tls`, only who passes its handshake gets through.
    ///
    /// The file of the socket lives as long as the returned guard.
    pub fn accept(self, tls: Option<Arc<ServerConfig>>) -> Incoming {
        let Listener { socket, file, address: _ } = self;
        let (sender, connections) = mpsc::channel(1);
        let open = watch::Sender::new(0);
        let count = open.subscribe();
        tokio::spawn(accept(socket, tls.map(TlsAcceptor::from), sender, Arc::new(open)));
        Incoming { connections: ReceiverStream::new(connections), count, file }
    }
}

/// Connections as they come in.
pub struct Incoming {
    pub connections: ReceiverStream<io::Result<Connection>>,
    /// How many are open.
    pub count: watch::Receiver<usize>,
    pub file: Option<SocketFile>,
}

async fn bind_tcp(ports: Option<(u16, u16)>) -> Result<Listener, Unbound> {
    const LOOPBACK: &str = "127.0.0.1";
    let (min, max) = ports.unwrap_or((0, 0));
    for port in min..=max {
        if let Ok(socket) = TcpListener::bind((LOOPBACK, port)).await {
            let address =
                socket.local_addr().map_err(|error| Unbound::Socket(LOOPBACK.into(), error))?;
            let address = Address::Tcp(address.to_string());
            return Ok(Listener { socket: Socket::Tcp(socket), address, file: None });
        }
    }
    Err(Unbound::NoFreePort(min, max))
}

async fn accept(
    socket: Socket,
    tls: Option<TlsAcceptor>,
    connections: mpsc::Sender<io::Result<Connection>>,
    open: Arc<watch::Sender<usize>>,
) {
    while !connections.is_closed() {
        let stream = match socket.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(error = %error, "A connection could not be accepted");
                pause().await;
                continue;
            }
        };
        let (tls, connections, open) = (tls.clone(), connections.clone(), Arc::clone(&open));
        // A client that is slow to prove who it is must not keep others waiting.
        tokio::spawn(async move {
            let stream = match tls {
                None => stream,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => Box::new(stream),
                    Err(error) => {
                        tracing::warn!(error = %error, "A client was refused");
                        return;
                    }
                },
            };
            // Closed when the server has ended; then nobody needs the connection.
            let _ = connections.send(Ok(Connection::new(stream, open))).await;
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the edge, and nothing is being decided")]
async fn pause() {
    tokio::time::sleep(RECOVERY).await;
}

impl Socket {
    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            #[cfg(unix)]
            Socket::Unix(socket) => Box::new(socket.accept().await?.0),
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                // Small answers would otherwise wait for the client's acknowledgement of the last one.
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        })
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open connection.
pub struct Connection {
    stream: Box<dyn Stream>,
    open: Arc<watch::Sender<usize>>,
}

impl Connection {
    fn new(stream: Box<dyn Stream>, open: Arc<watch::Sender<usize>>) -> Self {
        open.send_modify(|count| *count += 1);
        Self { stream, open }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.send_modify(|count| *count -= 1);
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
