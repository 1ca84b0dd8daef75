//! What looks after a connection in the cache: a read that waits, with a real waker, so that an end
//! or bytes nobody asked for are noticed when they come. TLS keeps its session tickets to itself.

use std::future::poll_fn;
use std::sync::{Arc, Weak};

use super::line::Line;
use super::pool::Pool;

/// Watches a connection until it is taken from the cache. Not to be called under the pool's lock.
pub(super) fn start(pool: &Arc<Pool>, line: Arc<Line>, stint: u64) {
    let watch = Watch {
        pool: Arc::downgrade(pool),
        line,
        stint,
    };
    let watching = async move {
        let watch = watch;
        poll_fn(|cx| watch.line.poll_rest(watch.stint, cx)).await;
    };
    pool.shared.backend.spawn(Box::pin(watching));
}

/// Takes the connection out of the cache if it is there still, also when the task is dropped: a
/// runtime that is gone reads nothing.
struct Watch {
    pool: Weak<Pool>,
    line: Arc<Line>,
    stint: u64,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.lapse(&self.line, self.stint);
        }
    }
}
