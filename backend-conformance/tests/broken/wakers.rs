//! Flaws of who polls, and who is woken.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;
use std::time::Instant;

use futures_util::{AsyncRead, AsyncWrite};
use push_core::{BoxFuture, Certificate, Connection, Lock, LockGuard, Result, Target, async_trait};

use crate::flaws;
use crate::harness::{Bend, Inner, Over, Shared, Twist, bent, only, twisted};

flaws! {
    a_future_stays_on_its_first_thread fails each_poll_may_come_from_another_thread:
        twisted(Bound);
    a_read_wakes_who_polled_first fails the_last_waker_of_a_read_is_woken:
        only(Over::Plain, FirstReader::default);
    a_connect_wakes_who_polled_first fails the_last_waker_of_a_connect_is_woken:
        twisted(FirstOf::Connect);
    a_sleep_wakes_who_polled_first fails the_last_waker_of_a_sleep_is_woken:
        twisted(FirstOf::Sleep);
    a_lock_wakes_who_polled_first fails the_last_waker_of_a_lock_is_woken:
        twisted(FirstOf::Lock);
    both_halves_share_a_waker fails reading_and_writing_have_wakers_of_their_own:
        bent(|_| OneSlot::default());
    a_waiting_read_polls_itself fails a_waiting_read_does_not_spin:
        bent(|_| Spins { reads: true });
    a_waiting_write_polls_itself fails a_waiting_write_does_not_spin:
        bent(|_| Spins { reads: false });
}

struct Bound;

#[async_trait]
impl Twist for Bound {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let mut dial = inner.connect(target, certificate);
        let mut home = None::<ThreadId>;
        std::future::poll_fn(|cx| {
            let here = std::thread::current().id();
            if *home.get_or_insert(here) == here {
                dial.as_mut().poll(cx)
            } else {
                Poll::Pending
            }
        })
        .await
    }
}

#[derive(Default)]
struct FirstReader {
    first: Option<Waker>,
}

impl Bend for FirstReader {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let first = self.first.get_or_insert_with(|| cx.waker().clone());
        let poll = Pin::new(inner).poll_read(&mut Context::from_waker(first), buf);
        if poll.is_ready() {
            self.first = None;
        }
        poll
    }
}

enum FirstOf {
    Connect,
    Sleep,
    Lock,
}

#[async_trait]
impl Twist for FirstOf {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let dial = inner.connect(target, certificate);
        match self {
            Self::Connect if target.proxy.is_none() => first_waker(dial).await,
            _ => dial.await,
        }
    }

    fn sleep_until(&self, inner: &Shared, deadline: Instant) -> BoxFuture<'static, ()> {
        let sleep = inner.sleep_until(deadline);
        match self {
            Self::Sleep => Box::pin(first_waker(sleep)),
            _ => sleep,
        }
    }

    fn create_lock(&self, inner: &Shared) -> Arc<dyn Lock> {
        let lock = inner.create_lock();
        match self {
            Self::Lock => Arc::new(FirstWakerLock(lock)),
            _ => lock,
        }
    }
}

/// Polls with the waker of the first poll, for ever.
async fn first_waker<T>(mut future: BoxFuture<'_, T>) -> T {
    let mut first = None;
    std::future::poll_fn(|cx| {
        let first = first.get_or_insert_with(|| cx.waker().clone());
        future.as_mut().poll(&mut Context::from_waker(first))
    })
    .await
}

#[derive(Debug)]
struct FirstWakerLock(Arc<dyn Lock>);

impl Lock for FirstWakerLock {
    fn lock(&self) -> BoxFuture<'static, LockGuard> {
        Box::pin(first_waker(self.0.lock()))
    }
}

/// One waker for both directions: the last poll takes it, of whichever half.
#[derive(Default)]
struct OneSlot(Arc<Slot>);

#[derive(Default)]
struct Slot(Mutex<Option<Waker>>);

impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        if let Some(waker) = self.0.lock().unwrap().take() {
            waker.wake();
        }
    }
}

impl OneSlot {
    fn taken_by(&self, cx: &Context<'_>) -> Waker {
        *self.0.0.lock().unwrap() = Some(cx.waker().clone());
        self.0.clone().into()
    }
}

impl Bend for OneSlot {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let waker = self.taken_by(cx);
        Pin::new(inner).poll_read(&mut Context::from_waker(&waker), buf)
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let waker = self.taken_by(cx);
        Pin::new(inner).poll_write(&mut Context::from_waker(&waker), buf)
    }
}

/// Asks to be polled again at once, and again.
struct Spins {
    reads: bool,
}

impl Bend for Spins {
    fn read(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(inner).poll_read(cx, buf);
        if self.reads && poll.is_pending() {
            cx.waker().wake_by_ref();
        }
        poll
    }

    fn write(
        &mut self,
        inner: &mut Inner,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(inner).poll_write(cx, buf);
        if !self.reads && poll.is_pending() {
            cx.waker().wake_by_ref();
        }
        poll
    }
}
