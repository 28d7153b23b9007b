//! What the operating system tells the process: signals, and that its parent is gone.

#[cfg(unix)]
pub(super) use unix::{Parent, Signals};

#[cfg(not(unix))]
pub(super) use elsewhere::{Parent, Signals};

#[cfg(unix)]
mod unix {
    use std::{io, os::unix::process::parent_id, time::Duration};

    use tokio::{
        signal::unix::{Signal, SignalKind, signal},
        time::interval,
    };

    const PARENT_CHECK: Duration = Duration::from_millis(500);

    pub(in super::super) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        hang_up: Signal,
    }

    impl Signals {
        /// From here on no signal ends the process by itself.
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// The number of the signal that asks the process to end.
        pub(in super::super) async fn ended(mut self) -> u8 {
            const SIGHUP: u8 = 1;
            const SIGTERM: u8 = 15;
            loop {
                tokio::select! {
                    Some(()) = self.interrupt.recv() => {
                        tracing::trace!("Ignoring an interrupt, which Terraform handles");
                    }
                    Some(()) = self.terminate.recv() => return SIGTERM,
                    Some(()) = self.hang_up.recv() => return SIGHUP,
                }
            }
        }
    }

    /// The process that started this one.
    pub(in super::super) struct Parent(u32);

    impl Parent {
        pub(in super::super) fn now() -> Self {
            Self(parent_id())
        }

        /// Returns once it has ended, which gives this process another parent.
        pub(in super::super) async fn gone(self) {
            let mut check = interval(PARENT_CHECK);
            while parent_id() == self.0 {
                check.tick().await;
            }
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::{future::pending, io};

    pub(in super::super) struct Signals;

    impl Signals {
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// Ctrl-C is Terraform's to handle.
        pub(in super::super) async fn ended(self) -> u8 {
            while tokio::signal::ctrl_c().await.is_ok() {
                tracing::trace!("Ignoring an interrupt, which Terraform handles");
            }
            pending().await
        }
    }

    pub(in super::super) struct Parent;

    impl Parent {
        pub(in super::super) fn now() -> Self {
            Self
        }

        /// A process does not learn here that its parent has ended; connections tell.
        pub(in super::super) async fn gone(self) {
            pending().await
        }
    }
}
