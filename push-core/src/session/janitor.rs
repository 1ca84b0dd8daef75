//! The one background task of a session: expires deadlines, closes what is idle for too long,
//! and keeps idle connections alive. It runs while there is something to look after.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Instant;

use futures_util::future::select;
use futures_util::task::AtomicWaker;

use super::Inner;

/// Calls the janitor: something has to be looked at sooner than it thinks.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    running: AtomicBool,
    waker: AtomicWaker,
    session: std::sync::OnceLock<Weak<Inner>>,
}

impl Bell {
    /// Tells whose janitor this bell calls. Once, when the session is made.
    pub(crate) fn hang(&self, session: Weak<Inner>) {
        self.session.get_or_init(|| session);
    }

    /// Wakes the janitor, or starts one.
    pub(crate) fn ring(self: &Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        if self.running.swap(true, Ordering::SeqCst) {
            self.waker.wake();
            return;
        }
        let Some(session) = self.session.get().and_then(Weak::upgrade) else {
            self.running.store(false, Ordering::SeqCst);
            return;
        };
        let duty = Duty(self.clone());
        let weak = Arc::downgrade(&session);
        session.shared.backend.spawn(Box::pin(run(weak, duty)));
    }

    /// The session is gone: lets a janitor that sleeps find out.
    pub(crate) fn stop(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.waker.wake();
    }

    /// Whether it was rung since this was last asked.
    #[cfg(test)]
    pub(crate) fn was_rung(&self) -> bool {
        self.rung.swap(false, Ordering::SeqCst)
    }

    async fn heard(&self) {
        poll_fn(|cx| {
            self.waker.register(cx.waker());
            if self.rung.swap(false, Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// Held by a running janitor; dropped with it, however it ends.
struct Duty(Arc<Bell>);

impl Drop for Duty {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::SeqCst);
    }
}

async fn run(session: Weak<Inner>, duty: Duty) {
    let bell = duty.0.clone();
    let mut duty = Some(duty);
    loop {
        bell.rung.store(false, Ordering::SeqCst);
        let Some((next, sleep)) = look(&session) else {
            duty.take();
            // Somebody may have rung between the look and the end of the duty.
            if bell.rung.load(Ordering::SeqCst) {
                bell.ring();
            }
            return;
        };
        match sleep {
            Some(sleep) => {
                tracing::trace!(?next, "the janitor sleeps");
                let heard = std::pin::pin!(bell.heard());
                select(heard, sleep).await;
            }
            None => bell.heard().await,
        }
    }
}

type Sleep = crate::BoxFuture<'static, ()>;

/// Does what is due; `None` when there is nothing left to look after.
fn look(session: &Weak<Inner>) -> Option<(Option<Instant>, Option<Sleep>)> {
    let session = session.upgrade()?;
    let backend = &session.shared.backend;
    let now = backend.now();
    let deadline = session.shared.deadlines.expire(now);
    let (upkeep, busy) = session.upkeep(now);
    let next = [deadline, upkeep].into_iter().flatten().min();
    let alone = upkeep.is_none() && !busy;
    if !session.shared.deadlines.keep(alone) && alone {
        return None;
    }
    Some((next, next.map(|next| backend.sleep_until(next))))
}
