use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::client::ResponseFuture;

use super::acquire::{Carrier, Slot};

/// A request under way: its stream, and the place it takes on its connection.
#[derive(Debug)]
pub(crate) struct Flight {
    slot: Option<Slot>,
    response: Option<ResponseFuture>,
    stream: u32,
}

impl Flight {
    pub(crate) fn new(slot: Slot, response: ResponseFuture, stream: u32) -> Self {
        Self {
            slot: Some(slot),
            response: Some(response),
            stream,
        }
    }

    pub(crate) fn stream(&self) -> u32 {
        self.stream
    }

    /// The head of the answer.
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<http::Response<RecvStream>, h2::Error>> {
        let Some(response) = &mut self.response else {
            return Poll::Pending;
        };
        let outcome = Pin::new(response).poll(cx);
        if outcome.is_ready() {
            self.response = None;
        }
        outcome
    }

    /// The connection that it is on.
    pub(crate) fn carrier(&self) -> Option<&Carrier> {
        self.slot.as_ref().and_then(Slot::carrier)
    }

    /// Gives the place back, with a body still to be read or without one.
    pub(crate) fn landed(mut self) -> Option<Slot> {
        self.slot.take()
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let (Some(response), Some(slot)) = (self.response.take(), self.slot.take()) {
            let link = slot.carrier().map(|carrier| carrier.link.clone());
            let abandoned = Abandoned::new(response, slot);
            if let Some(link) = link {
                link.abandon(abandoned);
            }
        }
    }
}

/// A stream that nobody waits for any more. Resolves once it has ended, and its place is free.
#[derive(Debug)]
pub(crate) struct Abandoned {
    response: Option<ResponseFuture>,
    body: Option<Body>,
    slot: Slot,
}

impl Abandoned {
    fn new(response: ResponseFuture, slot: Slot) -> Self {
        slot.count_abandoned(true);
        Self {
            response: Some(response),
            body: None,
            slot,
        }
    }
}

impl Future for Abandoned {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(response) = &mut self.response {
            let Poll::Ready(head) = Pin::new(response).poll(cx) else {
                return Poll::Pending;
            };
            self.response = None;
            if let Ok(head) = head {
                self.slot.answered(head.status());
                self.body = Some(Body::new(head.into_body(), 0));
            }
        }
        match &mut self.body {
            Some(body) => body.poll_end(cx).map(|_| ()),
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.slot.count_abandoned(false);
    }
}

/// Reads the body of an answer, so far as it fits a limit.
#[derive(Debug)]
pub(crate) struct Body {
    stream: RecvStream,
    first: Bytes,
    rest: BytesMut,
    limit: usize,
}

impl Body {
    pub(crate) fn new(stream: RecvStream, limit: usize) -> Self {
        Self {
            stream,
            first: Bytes::new(),
            rest: BytesMut::new(),
            limit,
        }
    }

    /// What was read so far.
    pub(crate) fn take(&mut self) -> Bytes {
        if self.rest.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            self.rest.split().freeze()
        }
    }

    /// Ready at the end of the body (`true`), at an error or past the limit (`false`).
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match self.stream.poll_data(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(false),
                Poll::Ready(Some(Ok(piece))) => {
                    let _ = self.stream.flow_control().release_capacity(piece.len());
                    if !self.keep(piece) {
                        return Poll::Ready(false);
                    }
                }
            }
        }
    }

    /// Most bodies are one piece, which is kept as it is.
    fn keep(&mut self, piece: Bytes) -> bool {
        let room = self.limit - self.first.len().max(self.rest.len()).min(self.limit);
        let fits = piece.len() <= room;
        let piece = piece.slice(..piece.len().min(room));
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = piece;
        } else {
            if self.rest.is_empty() {
                self.rest.extend_from_slice(&self.first);
                self.first = Bytes::new();
            }
            self.rest.extend_from_slice(&piece);
        }
        fits || self.limit == 0
    }
}
