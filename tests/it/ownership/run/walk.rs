//! A walk over Terraform's graph: so many operations at once, in the order in which they become ready.

use std::{future::Future, rc::Rc};

use tokio::{sync::Semaphore, task::JoinSet};

/// The right to be one of the operations under way.
pub(super) struct Turn {
    semaphore: Rc<Semaphore>,
    is_held: bool,
}

impl Turn {
    async fn take(&mut self) {
        let permit = self.semaphore.acquire().await.expect("it is never closed");
        permit.forget();
        self.is_held = true;
    }

    /// Between two operations that follow each other: others may come first.
    pub(super) async fn pass(&mut self, goes_on: bool) {
        if !goes_on {
            self.semaphore.add_permits(1);
            self.is_held = false;
            self.take().await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_held {
            self.semaphore.add_permits(1);
        }
    }
}

/// Does all the work, so many at once, begun in this order.
pub(super) async fn walk<T: 'static, F: Future<Output = T> + 'static>(
    parallelism: usize,
    work: impl Iterator<Item = impl FnOnce(Turn) -> F + 'static>,
) -> Vec<T> {
    let semaphore = Rc::new(Semaphore::new(parallelism));
    let mut tasks = JoinSet::new();
    for begin in work {
        let mut turn = Turn { semaphore: Rc::clone(&semaphore), is_held: false };
        tasks.spawn_local(async move {
            turn.take().await;
            begin(turn).await
        });
    }
    let mut done = Vec::new();
    while let Some(outcome) = tasks.join_next().await {
        done.push(outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())));
    }
    done
}
