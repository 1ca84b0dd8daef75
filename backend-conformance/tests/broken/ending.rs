//! Flaws of what happens when the environment is gone.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::AsyncRead;
use push_core::{BoxFuture, Certificate, Connection, Result, Target, async_trait};

use crate::flaws;
use crate::harness::{Bend, Inner, Shared, Twist, bent, twisted};
use crate::outcome::channel;

flaws! {
    tasks_are_kept_for_ever fails tasks_end_with_the_environment:
        twisted(Keeps { begun: true, kept: Arc::default() });
    tasks_are_kept_that_never_begin fails a_task_spawned_after_the_end_is_dropped:
        twisted(Keeps { begun: false, kept: Arc::default() });
    a_dial_waits_for_a_task_that_is_gone fails connecting_after_the_end_ends:
        twisted(DialsElsewhere);
    a_sleep_waits_for_a_task_that_is_gone fails sleeps_end_after_the_end:
        twisted(SleepsElsewhere);
    a_read_waits_for_a_reactor_that_is_gone fails open_connections_do_not_hang_after_the_end:
        bent(|_| Deaf);
}

type Task = Arc<Mutex<Option<BoxFuture<'static, ()>>>>;

/// Holds tasks itself: once they have begun, or until they begin.
struct Keeps {
    begun: bool,
    kept: Arc<Mutex<Vec<Task>>>,
}

impl Twist for Keeps {
    fn spawn(&self, inner: &Shared, task: BoxFuture<'static, ()>) {
        let task: Task = Arc::new(Mutex::new(Some(task)));
        let kept = self.kept.clone();
        if !self.begun {
            kept.lock().unwrap().push(task.clone());
            inner.spawn(Box::pin(async move {
                let begun = task.lock().unwrap().take();
                if let Some(begun) = begun {
                    begun.await;
                }
            }));
            return;
        }
        let mut known = false;
        inner.spawn(Box::pin(std::future::poll_fn(move |cx| {
            if !std::mem::replace(&mut known, true) {
                kept.lock().unwrap().push(task.clone());
            }
            let mut task = task.lock().unwrap();
            let Some(poll) = task.as_mut().map(|task| task.as_mut().poll(cx)) else {
                return Poll::Ready(());
            };
            if poll.is_ready() {
                *task = None;
            }
            poll
        })));
    }
}

struct DialsElsewhere;

#[async_trait]
impl Twist for DialsElsewhere {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        // The word to go comes from a task, and never if there are none.
        let (sender, go) = channel();
        inner.spawn(Box::pin(async move {
            let _ = sender.send(());
        }));
        go.await;
        inner.connect(target, certificate).await
    }
}

struct SleepsElsewhere;

impl Twist for SleepsElsewhere {
    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        let backend = inner.clone();
        let mut sleep = inner.sleep_until(deadline);
        Box::pin(std::future::poll_fn(move |cx| {
            match sleep.as_mut().poll(cx) {
                // An end before the deadline: the runtime is gone, and this one waits on.
                Poll::Ready(()) if backend.now() < deadline => {
                    sleep = Box::pin(std::future::pending());
                    Poll::Pending
                }
                poll => poll,
            }
        }))
    }
}

struct Deaf;

impl Bend for Deaf {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(inner).poll_read(cx, buf) {
            // So tokio says that the runtime is gone.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Other => Poll::Pending,
            poll => poll,
        }
    }
}
