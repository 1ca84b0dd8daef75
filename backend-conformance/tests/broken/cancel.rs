//! Flaws of what is dropped before its end, and of very many connections.

use std::io;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::{AsyncRead, AsyncWrite};
use push_core::{BoxFuture, Certificate, Connection, Result, Target, async_trait};

use crate::flaws;
use crate::harness::{Bend, Inner, Shared, Twist, bend, bent, twisted};
use crate::outcome::channel;

flaws! {
    // Such a dial goes on wherever it waited, and each of these cancels it elsewhere.
    a_dial_goes_on_when_nobody_waits fails a_cancelled_connect_leaves_no_socket
        a_handshake_that_stalls_waits_until_it_is_cancelled
        a_request_to_a_proxy_that_is_cancelled_leaves_no_socket:
        twisted(DialsOn);
    a_read_that_was_given_up_takes_bytes fails a_cancelled_read_loses_nothing:
        bent(|_| ReadsAhead::default());
    a_write_that_was_given_up_is_made_all_the_same fails
        a_cancelled_write_may_be_followed_by_another:
        bent(|_| Insists::default());
    a_sleep_that_was_given_up_is_kept fails a_cancelled_sleep_is_forgotten:
        twisted(KeepsSleeps);
    one_sleep_given_up_stops_all fails a_cancelled_sleep_leaves_the_others:
        twisted(StopsSleeps::default());
    there_is_a_limit_of_connections fails a_thousand_connections_at_once:
        twisted(Limited::default());
}

/// Dials in a task of its own, which nobody ends.
struct DialsOn;

#[async_trait]
impl Twist for DialsOn {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let (backend, target) = (inner.clone(), target.clone());
        if certificate.is_some() {
            return backend.connect(&target, certificate).await;
        }
        let (sender, receiver) = channel();
        let gone = sender.when_dropped(|| {
            Err(push_core::Error::new(
                push_core::ErrorKind::RuntimeGone,
                "the runtime is gone",
            ))
        });
        inner.spawn(Box::pin(async move {
            let outcome = backend.connect(&target, None).await;
            if let Err(Ok(connection)) = gone.send(outcome) {
                std::mem::forget(connection);
            }
        }));
        receiver.await
    }
}

/// Reads as much as it was asked for first, and gives as much as it is asked for last.
#[derive(Default)]
struct ReadsAhead {
    asked: usize,
}

impl Bend for ReadsAhead {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut ahead = vec![0; self.asked.max(buf.len())];
        let poll = Pin::new(inner).poll_read(cx, &mut ahead);
        self.asked = if poll.is_pending() { buf.len() } else { 0 };
        let length = ready!(poll)?.min(buf.len());
        buf[..length].copy_from_slice(&ahead[..length]);
        Poll::Ready(Ok(length))
    }
}

/// Writes what waits first, whatever it is given later.
#[derive(Default)]
struct Insists {
    waits: Option<Vec<u8>>,
}

impl Bend for Insists {
    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = self.waits.take().unwrap_or_else(|| buf.to_vec());
        match Pin::new(inner).poll_write(cx, &bytes) {
            Poll::Pending => {
                self.waits = Some(bytes);
                Poll::Pending
            }
            Poll::Ready(written) => Poll::Ready(written.map(|length| length.min(buf.len()))),
        }
    }
}

struct KeepsSleeps;

impl Twist for KeepsSleeps {
    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        let mut sleep = ManuallyDrop::new(inner.sleep_until(deadline));
        Box::pin(std::future::poll_fn(move |cx| sleep.as_mut().poll(cx)))
    }
}

#[derive(Default)]
struct StopsSleeps {
    stopped: Arc<AtomicBool>,
}

impl Twist for StopsSleeps {
    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        struct Stops(Option<Arc<AtomicBool>>);
        impl Drop for Stops {
            fn drop(&mut self) {
                if let Some(stopped) = self.0.take() {
                    stopped.store(true, Ordering::SeqCst);
                }
            }
        }
        let mut sleep = inner.sleep_until(deadline);
        let stopped = self.stopped.clone();
        let mut stops = Stops(Some(stopped.clone()));
        Box::pin(std::future::poll_fn(move |cx| {
            if stopped.load(Ordering::SeqCst) {
                return Poll::Pending;
            }
            let poll = sleep.as_mut().poll(cx);
            let stops = &mut stops;
            if poll.is_ready() {
                stops.0 = None;
            }
            poll
        }))
    }
}

/// Takes so many connections, and lets more wait until others end.
#[derive(Default)]
struct Limited {
    open: Arc<AtomicUsize>,
}

const LIMIT: usize = 64;

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Bend for Counted {}

#[async_trait]
impl Twist for Limited {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        while self.open.fetch_add(1, Ordering::SeqCst) >= LIMIT {
            self.open.fetch_sub(1, Ordering::SeqCst);
            let soon = inner.now() + Duration::from_millis(20);
            inner.sleep_until(soon).await;
        }
        let counted = Counted(self.open.clone());
        let connection = inner.connect(target, certificate).await?;
        Ok(bend(connection, counted))
    }
}
