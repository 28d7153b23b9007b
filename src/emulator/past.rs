//! The world as it was, for reads that come too early to see a change.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;

use super::{
    faults::{Span, Stale},
    world::{Moment, World},
};

/// What reads are shown instead of the world, if anything.
#[derive(Debug, Default)]
pub(super) struct Past(Option<View>);

#[derive(Debug)]
struct View {
    world: Arc<World>,
    left: Left,
}

#[derive(Debug)]
enum Left {
    Reads(u32),
    Time { since: Moment, span: Duration },
}

impl Past {
    /// From now on reads show this world. Where they show an older one already, they go on with that.
    pub(super) fn keep(&mut self, world: &World, stale: Stale, now: Moment) {
        let left = match stale {
            Stale::Reads(reads) => Left::Reads(reads),
            Stale::For(Span(span)) => Left::Time { since: now, span },
        };
        let world = match self.0.take() {
            Some(view) if view.left.is_over(now) => Arc::new(world.clone()),
            Some(view) => view.world,
            None => Arc::new(world.clone()),
        };
        self.0 = Some(View { world, left });
    }

    /// What the next read is shown, unless it is the world as it is.
    pub(super) fn show(&mut self, now: Moment) -> Option<Arc<World>> {
        let view = self.0.as_mut()?;
        if view.left.is_over(now) {
            self.0 = None;
            return None;
        }
        if let Left::Reads(reads) = &mut view.left {
            *reads -= 1;
        }
        Some(Arc::clone(&view.world))
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

impl Left {
    fn is_over(&self, now: Moment) -> bool {
        match self {
            Left::Reads(reads) => *reads == 0,
            Left::Time { since, span } => {
                SignedDuration::try_from(*span).is_ok_and(|span| since.distance(now) >= span)
            }
        }
    }
}
