//! The services that every plugin has, whatever it does: they end it, and carry streams that Terraform opens and
//! providers have no use for.

use std::{fmt, sync::Arc};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Result, Status, Streaming, async_trait, codegen::BoxStream};

use super::generated::plugin::{
    ConnInfo, Empty, StdioData, grpc_broker_server::GrpcBroker,
    grpc_controller_server::GrpcController, grpc_stdio_server::GrpcStdio,
};

#[derive(Clone)]
pub struct Plugin {
    /// Cancelled when Terraform wants the process to end.
    pub ending: CancellationToken,
    /// Done before that.
    pub last_act: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("ending", &self.ending).finish_non_exhaustive()
    }
}

#[async_trait]
impl GrpcController for Plugin {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        tracing::trace!("Terraform ends the plugin");
        (self.last_act)();
        self.ending.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[async_trait]
impl GrpcStdio for Plugin {
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(self.silence()))
    }
}

#[async_trait]
impl GrpcBroker for Plugin {
    async fn start_stream(
        &self,
        _: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(Response::new(self.silence()))
    }
}

impl Plugin {
    /// A stream without items, open until the end.
    fn silence<T: Send + 'static>(&self) -> BoxStream<T> {
        let (open, silence) = mpsc::channel(1);
        let ending = self.ending.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = ending.cancelled() => {}
                () = open.closed() => {}
            }
        });
        Box::pin(ReceiverStream::new(silence))
    }
}
