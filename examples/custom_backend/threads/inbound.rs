//! From the socket to the task: a thread reads, and stops when nobody takes what it read.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::{Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::lock;

/// More than this is not kept: the thread waits, and so does the peer in the end.
const LIMIT: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Inbound {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    /// How it ended: an error is told once, after the bytes before it.
    end: Option<io::Result<()>>,
    reader: Option<Waker>,
    abandoned: bool,
}

impl Inbound {
    /// The thread's work, until the stream ends or nobody wants it any more.
    pub(super) fn fill(&self, mut stream: &TcpStream) {
        let mut chunk = vec![0; 16 * 1024];
        let end = loop {
            match stream.read(&mut chunk) {
                Ok(0) => break Ok(()),
                Ok(count) if self.put(&chunk[..count]) => {}
                Ok(_) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let waker = {
            let mut state = lock(&self.state);
            state.end = Some(end);
            state.reader.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Waits for room; `false` when nobody will read it.
    fn put(&self, bytes: &[u8]) -> bool {
        let mut state = lock(&self.state);
        while state.bytes.len() >= LIMIT && !state.abandoned {
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.abandoned {
            return false;
        }
        state.bytes.extend(bytes);
        let waker = state.reader.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
        true
    }

    pub(super) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = lock(&self.state);
        if !state.bytes.is_empty() {
            let count = state.bytes.read(buffer);
            drop(state);
            self.room.notify_one();
            return Poll::Ready(count);
        }
        match state.end.take() {
            Some(end) => {
                // From now on it is an end of file.
                state.end = Some(Ok(()));
                Poll::Ready(end.map(|()| 0))
            }
            None => {
                let former = state.reader.replace(context.waker().clone());
                // Unlocked first: dropping a waker can drop a task, and with it this connection.
                drop(state);
                drop(former);
                Poll::Pending
            }
        }
    }

    /// Nobody reads any more.
    pub(super) fn abandon(&self) {
        let waker = {
            let mut state = lock(&self.state);
            state.abandoned = true;
            state.reader.take()
        };
        drop(waker);
        self.room.notify_one();
    }
}
