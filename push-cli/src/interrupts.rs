//! Ctrl-C and its kin, for any runtime: a thread waits for the signals.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::task::AtomicWaker;

use crate::exit::Exit;

/// How long the program may take to end by itself after a second interrupt.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Counts the interrupts of this process; one task at a time may wait for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupts(Arc<Counter>);

#[derive(Debug, Default)]
struct Counter {
    count: AtomicU32,
    waiting: AtomicWaker,
}

impl Interrupts {
    /// From now on SIGINT and SIGTERM are counted, and end the process no more.
    pub(crate) fn catch() -> anyhow::Result<Self> {
        let interrupts = Self::default();
        let counter = interrupts.0.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .context("can't wait for signals")?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new().context("can't wait for signals")?
        };
        let wait = move || {
            runtime.block_on(async {
                signals.next().await;
                counter.count_one();
                signals.next().await;
                counter.count_one();
            });
            // The output may be what it hangs on.
            std::thread::sleep(LAST_WORDS);
            std::process::exit(Exit::Interrupted.code().into());
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(wait)
            .context("can't wait for signals")?;
        Ok(interrupts)
    }

    /// How often the process was interrupted.
    pub(crate) fn count(&self) -> u32 {
        self.0.count.load(Ordering::Acquire)
    }

    /// Ready once the process was interrupted more often than `before`.
    pub(crate) fn poll_beyond(&self, before: u32, cx: &mut Context<'_>) -> Poll<()> {
        self.0.waiting.register(cx.waker());
        match self.count() > before {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Waits until the process was interrupted.
    pub(crate) async fn wait(&self) {
        poll_fn(|cx| self.poll_beyond(0, cx)).await;
    }
}

impl Counter {
    fn count_one(&self) {
        self.count.fetch_add(1, Ordering::Release);
        self.waiting.wake();
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        let interrupt = std::pin::pin!(self.interrupt.recv());
        let terminate = std::pin::pin!(self.terminate.recv());
        futures_util::future::select(interrupt, terminate).await;
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
