//! From the task to the socket: a thread writes what the task left for it.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use super::lock;

/// More than this is not taken: the task waits for the peer.
const LIMIT: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Outbound {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// Whether the thread has bytes that the system did not take yet.
    is_writing: bool,
    stage: Stage,
    failure: Option<Failure>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// No more bytes will come: write what there is, then end the writing half.
    Closing,
    Closed,
    /// The connection was dropped: write no more.
    Abandoned,
}

/// An error that is told as often as somebody writes.
#[derive(Clone, Copy)]
enum Failure {
    Os(i32),
    Kind(io::ErrorKind),
}

impl Outbound {
    /// The thread's work, until the task closes or drops the connection, or the stream fails.
    pub(super) fn drain(&self, mut stream: &TcpStream) {
        while let Some(bytes) = self.take() {
            let outcome = stream.write_all(&bytes);
            self.report(outcome, false);
        }
        if lock(&self.state).stage == Stage::Closing {
            self.report(end(stream), true);
        }
    }

    /// Waits for bytes; `None` when no more are to be written.
    fn take(&self) -> Option<Vec<u8>> {
        let mut state = lock(&self.state);
        loop {
            if state.stage == Stage::Abandoned || state.failure.is_some() {
                return None;
            }
            if !state.bytes.is_empty() {
                break;
            }
            if state.stage != Stage::Open {
                return None;
            }
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let bytes = std::mem::take(&mut state.bytes);
        state.is_writing = true;
        let waker = state.writer.take();
        drop(state);
        // There is room again.
        waker.into_iter().for_each(Waker::wake);
        Some(bytes)
    }

    /// What became of the bytes taken, or of the end.
    fn report(&self, outcome: io::Result<()>, was_end: bool) {
        let mut state = lock(&self.state);
        state.is_writing = false;
        match outcome {
            Ok(()) if was_end => state.stage = Stage::Closed,
            Ok(()) => {}
            Err(error) => {
                let os = error.raw_os_error().map(Failure::Os);
                state.failure = Some(os.unwrap_or_else(|| Failure::Kind(error.kind())));
            }
        }
        let waker = state.writer.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    pub(super) fn poll_write(
        &self,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = lock(&self.state);
        state.check()?;
        if state.stage != Stage::Open {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = LIMIT.saturating_sub(state.bytes.len());
        if room == 0 {
            return wait(state, context);
        }
        let count = room.min(buffer.len());
        state.bytes.extend_from_slice(&buffer[..count]);
        drop(state);
        self.work.notify_one();
        Poll::Ready(Ok(count))
    }

    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = lock(&self.state);
        state.check()?;
        if state.bytes.is_empty() && !state.is_writing {
            return Poll::Ready(Ok(()));
        }
        wait(state, context)
    }

    pub(super) fn poll_close(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        {
            let mut state = lock(&self.state);
            if state.stage == Stage::Open {
                state.stage = Stage::Closing;
                self.work.notify_one();
            }
        }
        ready!(self.poll_flush(context))?;
        let state = lock(&self.state);
        state.check()?;
        if state.stage == Stage::Closing {
            return wait(state, context);
        }
        Poll::Ready(Ok(()))
    }

    /// Nobody writes any more.
    pub(super) fn abandon(&self) {
        let waker = {
            let mut state = lock(&self.state);
            state.stage = Stage::Abandoned;
            state.writer.take()
        };
        drop(waker);
        self.work.notify_one();
    }
}

impl State {
    fn check(&self) -> io::Result<()> {
        match self.failure {
            None => Ok(()),
            Some(Failure::Os(code)) => Err(io::Error::from_raw_os_error(code)),
            Some(Failure::Kind(kind)) => Err(kind.into()),
        }
    }
}

/// Leaves the waker for the thread.
fn wait<T>(mut state: MutexGuard<'_, State>, context: &mut Context<'_>) -> Poll<T> {
    let former = state.writer.replace(context.waker().clone());
    // Unlocked first: dropping a waker can drop a task, and with it this connection.
    drop(state);
    drop(former);
    Poll::Pending
}

/// Ends the writing half; a peer that ended everything already is no fault.
fn end(stream: &TcpStream) -> io::Result<()> {
    match stream.shutdown(Shutdown::Write) {
        Err(error) if error.kind() != io::ErrorKind::NotConnected => Err(error),
        _ => Ok(()),
    }
}
