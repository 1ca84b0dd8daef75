use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures_util::{FutureExt, Stream};
use push_core::{ErrorKind, Verdict};

use super::pipeline::{Content, Intake, Load, Mark, Pipeline, TakeIn};
use super::settings::Settings;
use super::{Client, Error, Outcome, Template};
use crate::{Device, Notification};

/// Sends notifications one by one for as long as a program runs, and tells a listener which failed.
///
/// It runs on a task of its own, over one connection at a time, which it opens as it needs it. As long
/// as nothing fails nothing is said: success is silent. What has no verdict yet is remembered, up to
/// the [window](super::ClientBuilder::window), and sent again by itself where the gateway threw it
/// away. When nothing more comes for a while
/// ([`confirm_after`](super::ClientBuilder::confirm_after)), the gateway is asked for a proof, and what
/// was sent has its verdict seconds later. Where there is no such while, it is asked when the window is
/// full; [`Sender::confirm`] asks at any time.
///
/// The listener gets each device that failed once, as it was given, with the reason. No refusal ends
/// the sender. What an invalid token means is not judged here: its verdict is
/// [`FixMessage`](Verdict::FixMessage).
///
/// Clones share the task. When the last one is dropped, what was given to it is still sent and proven;
/// [`Sender::close`] waits for that, [`Sender::abort`] does without.
///
/// ```no_run
/// # use push_apns::{DeviceToken, Notification, gateway};
/// # async fn example(client: gateway::Client, token: DeviceToken) -> Result<(), gateway::Error> {
/// let sender = client.sender(|(token, order): (DeviceToken, u64), error| {
///     eprintln!("order {order}, device {}: {}", token.shortened(), error.report());
/// });
/// sender.send((token, 4711), &Notification::alert("On its way")).await?;
/// let totals = sender.close().await;
/// println!("{} taken", totals.taken);
/// # Ok(())
/// # }
/// ```
pub struct Sender<D> {
    queue: async_channel::Sender<Item<D>>,
    shared: Arc<Shared>,
}

/// The most that wait to be taken in, however large a batch may be.
const MOST_QUEUED: usize = 4096;

/// What a [`Sender`] did so far: each notification with an outcome counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The gateway took it.
    pub taken: u64,
    /// The gateway refused it.
    pub failed: u64,
    /// It surely was not taken, through no fault of its own.
    pub not_sent: u64,
    /// It may have been taken.
    pub unknown: u64,
}

enum Item<D> {
    Send(D, Arc<Template>),
    Mark(Mark),
}

struct Items;

impl<D: Device> TakeIn<Item<D>, D> for Items {
    fn take_in(&mut self, item: Item<D>) -> Intake<D> {
        match item {
            Item::Send(device, template) => Intake::Send(device, Load::Own(template)),
            Item::Mark(mark) => Intake::Mark(mark),
        }
    }
}

#[derive(Debug)]
struct Shared {
    settings: Arc<Settings>,
    closed: AtomicBool,
    /// Closed when the task has ended, and the listener was told all.
    ended: async_channel::Receiver<()>,
    /// Dropped to break off the task.
    abort: Mutex<Option<async_channel::Sender<()>>>,
    taken: AtomicU64,
    failed: AtomicU64,
    not_sent: AtomicU64,
    unknown: AtomicU64,
}

impl<D: Device + Send + 'static> Sender<D> {
    pub(super) fn start(client: &Client, listener: impl FnMut(D, Error) + Send + 'static) -> Self {
        let settings = client.settings().clone();
        let (queue, items) = async_channel::bounded(settings.batch.min(MOST_QUEUED));
        let (abort, aborted) = async_channel::bounded(1);
        let (alive, ended) = async_channel::bounded(1);
        let shared = Arc::new(Shared {
            settings: settings.clone(),
            closed: AtomicBool::new(false),
            ended,
            abort: Mutex::new(Some(abort)),
            taken: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            not_sent: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
        });
        let pipeline = client.pipeline(Content::Each, items, Items).endless();
        let work = Work {
            pipeline,
            listener,
            shared: shared.clone(),
            _alive: alive,
        };
        settings.session.backend().spawn(work.run(aborted).boxed());
        Self { queue, shared }
    }

    /// Hands a notification over, and waits while too many are on their way. That it was handed over
    /// says nothing of its fate: the listener is told if it fails.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidMessage`] for what can't be sent, [`ErrorKind::Closed`] after
    /// [`close`](Self::close), [`abort`](Self::abort), or the end of the runtime. It was not sent, and
    /// the listener is not told.
    ///
    /// # Cancel safety
    /// Dropping the future takes the notification back, unless the future had ended.
    pub async fn send(&self, device: D, notification: &Notification) -> Result<(), Error> {
        let item = self.item(device, notification)?;
        self.queue.send(item).await.map_err(|_| closed())
    }

    /// As [`Sender::send`], without waiting.
    ///
    /// # Errors
    /// Also [`ErrorKind::QueueFull`] while too many are on their way.
    pub fn try_send(&self, device: D, notification: &Notification) -> Result<(), Error> {
        let item = self.item(device, notification)?;
        self.queue.try_send(item).map_err(|error| {
            if error.is_full() {
                let message = "too many notifications are on their way";
                push_core::Error::new(ErrorKind::QueueFull, message).into()
            } else {
                closed()
            }
        })
    }

    /// Waits until all that was handed over before has its verdict; the gateway is asked for a proof at
    /// once. Answers the totals so far.
    pub async fn confirm(&self) -> Totals {
        let (mark, reached) = async_channel::bounded::<()>(1);
        if self.queue.send(Item::Mark(Box::new(mark))).await.is_ok() {
            // It is dropped when it is reached, and nothing is ever sent.
            let _ = reached.recv().await;
        } else {
            let _ = self.shared.ended.recv().await;
        }
        self.totals()
    }

    /// Takes no more, from this sender or its clones, waits until all has its verdict, and answers the
    /// totals.
    pub async fn close(self) -> Totals {
        self.shared.closed.store(true, Ordering::Release);
        let totals = self.confirm().await;
        self.shared.abort();
        totals
    }

    /// Breaks off at once. The listener is told of all that has no verdict: what was written may have
    /// been taken, the rest was not sent.
    pub fn abort(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.abort();
    }

    /// What it did so far.
    pub fn totals(&self) -> Totals {
        self.shared.totals()
    }

    fn item(&self, device: D, notification: &Notification) -> Result<Item<D>, Error> {
        self.check_open()?;
        device.device_token()?;
        let template = self.shared.settings.encode(notification)?;
        Ok(Item::Send(device, template))
    }

    fn check_open(&self) -> Result<(), Error> {
        match self.shared.closed.load(Ordering::Acquire) {
            true => Err(closed()),
            false => Ok(()),
        }
    }
}

impl Shared {
    fn abort(&self) {
        self.abort
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            taken: read(&self.taken),
            failed: read(&self.failed),
            not_sent: read(&self.not_sent),
            unknown: read(&self.unknown),
        }
    }
}

/// What the sender's task does.
struct Work<D: Device, L: FnMut(D, Error)> {
    pipeline: Pipeline<async_channel::Receiver<Item<D>>, D, Items>,
    listener: L,
    shared: Arc<Shared>,
    /// Goes with the task, and after all that is told in its end.
    _alive: async_channel::Sender<()>,
}

impl<D: Device, L: FnMut(D, Error)> Work<D, L> {
    async fn run(mut self, aborted: async_channel::Receiver<()>) {
        let mut aborted = std::pin::pin!(aborted);
        loop {
            let next = poll_fn(|cx| match aborted.as_mut().poll_next(cx) {
                Poll::Ready(_) => Poll::Ready(None),
                Poll::Pending => self.pipeline.poll(cx),
            });
            match next.await {
                Some((device, outcome)) => self.tell(device, outcome),
                None => return,
            }
        }
    }

    fn tell(&mut self, device: D, outcome: Outcome) {
        let shared = &self.shared;
        let Err(error) = outcome else {
            shared.taken.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let counter = match error.verdict() {
            Verdict::Unknown => &shared.unknown,
            _ if error.is_refusal() => &shared.failed,
            _ => &shared.not_sent,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        // It may be the listener's panic that ends the task.
        if !std::thread::panicking() {
            (self.listener)(device, error);
        }
    }
}

/// However the task ends, nothing is lost without a word.
impl<D: Device, L: FnMut(D, Error)> Drop for Work<D, L> {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        let message = "the sender was broken off";
        let why = push_core::Error::new(ErrorKind::Closed, message);
        self.pipeline.abandon(&why);
        while let Some((device, outcome)) = self.pipeline.leftover() {
            self.tell(device, outcome);
        }
        self.pipeline.source().close();
        // Marks, too, are to be dropped here: somebody waits for that.
        while let Ok(item) = self.pipeline.source().try_recv() {
            if let Item::Send(device, _) = item {
                self.tell(device, Err(why.clone().into()));
            }
        }
    }
}

fn closed() -> Error {
    push_core::Error::new(ErrorKind::Closed, "the sender was closed").into()
}

impl<D> Clone for Sender<D> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            shared: self.shared.clone(),
        }
    }
}

impl<D> fmt::Debug for Sender<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("totals", &self.shared.totals())
            .finish_non_exhaustive()
    }
}
