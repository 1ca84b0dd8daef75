use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::client::ResponseFuture;

use super::acquire::{Carrier, Slot};

/// A request under way: its stream, and the place it takes on its connection.
///
/// Dropped before the answer is whole, it leaves the stream to the connection's driver.
#[derive(Debug)]
pub(crate) struct Flight {
    slot: Option<Slot>,
    answer: Option<Incoming>,
    stream: u32,
}

/// As much of an answer as is still to come.
#[derive(Debug)]
enum Incoming {
    Head(ResponseFuture),
    /// Boxed, since most answers have none.
    Body(Box<Body>),
}

impl Flight {
    pub(crate) fn new(mut slot: Slot, response: ResponseFuture, stream: u32) -> Self {
        slot.begun(stream);
        Self {
            slot: Some(slot),
            answer: Some(Incoming::Head(response)),
            stream,
        }
    }

    pub(crate) fn stream(&self) -> u32 {
        self.stream
    }

    /// The head of the answer; once.
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<http::Response<RecvStream>, h2::Error>> {
        let Some(Incoming::Head(response)) = &mut self.answer else {
            return Poll::Pending;
        };
        let outcome = ready!(Pin::new(response).poll(cx));
        self.answer = None;
        if let (Ok(head), Some(slot)) = (&outcome, &self.slot) {
            slot.answered(head.status());
        }
        Poll::Ready(outcome)
    }

    /// The body that follows the head, up to a limit.
    pub(crate) fn expect_body(&mut self, stream: RecvStream, limit: usize) {
        self.answer = Some(Incoming::Body(Box::new(Body::new(stream, limit))));
    }

    /// Ready once no more of the body comes, or is read.
    pub(crate) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<BodyEnd> {
        match &mut self.answer {
            Some(Incoming::Body(body)) => body.poll_end(cx),
            _ => Poll::Ready(BodyEnd::Whole),
        }
    }

    /// What came of the body; the stream is over, or broken off here.
    pub(crate) fn take_body(&mut self) -> Bytes {
        match self.answer.take() {
            Some(Incoming::Body(mut body)) => body.take(),
            _ => Bytes::new(),
        }
    }

    /// What came of the body so far, of one that nobody waits for any longer.
    pub(crate) fn leave_body(&mut self) -> Bytes {
        match &mut self.answer {
            Some(Incoming::Body(body)) => body.take(),
            _ => Bytes::new(),
        }
    }

    /// The connection that it is on.
    pub(crate) fn carrier(&self) -> Option<&Carrier> {
        self.slot.as_ref().and_then(Slot::carrier)
    }

    /// The answer is whole, or is broken off here: gives the place back.
    pub(crate) fn land(mut self, whole: bool) -> Option<Carrier> {
        self.answer = None;
        self.slot.take().and_then(|slot| slot.give_back(whole))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let (Some(answer), Some(slot)) = (self.answer.take(), self.slot.take())
            && let Some(link) = slot.forsake()
        {
            link.abandon(Abandoned::new(answer));
        }
    }
}

/// The answer of a stream that nobody waits for any more. Resolves once it has ended.
///
/// The stream is not broken off, since a peer that sees many resets closes the connection; unless
/// its body passes all bounds.
#[derive(Debug)]
pub(crate) struct Abandoned(Incoming);

/// The longest body that is read though nobody wants it.
const SCRAP: usize = 64 * 1024;

impl Abandoned {
    fn new(mut answer: Incoming) -> Self {
        if let Incoming::Body(body) = &mut answer {
            body.forget();
        }
        Self(answer)
    }
}

impl Future for Abandoned {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Incoming::Head(response) = &mut self.0 {
            let Ok(head) = ready!(Pin::new(response).poll(cx)) else {
                return Poll::Ready(());
            };
            self.0 = Incoming::Body(Box::new(Body::scrap(head.into_body(), SCRAP)));
        }
        match &mut self.0 {
            Incoming::Body(body) => body.poll_end(cx).map(drop),
            Incoming::Head(_) => Poll::Pending,
        }
    }
}

/// How the body of an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    Whole,
    /// More was to come.
    CutOff,
    /// It passed the limit, and was left there.
    TooLong,
}

/// Reads the body of an answer, so far as it fits a limit.
#[derive(Debug)]
struct Body {
    stream: RecvStream,
    first: Bytes,
    rest: BytesMut,
    /// How many bytes may still come.
    room: usize,
    /// Whether what comes is kept.
    wanted: bool,
}

impl Body {
    fn new(stream: RecvStream, limit: usize) -> Self {
        Self {
            stream,
            first: Bytes::new(),
            rest: BytesMut::new(),
            room: limit,
            wanted: true,
        }
    }

    /// One that is read and thrown away.
    fn scrap(stream: RecvStream, limit: usize) -> Self {
        Self {
            wanted: false,
            ..Self::new(stream, limit)
        }
    }

    /// From now on what comes is thrown away, and no more of it is read than of any that nobody wants.
    fn forget(&mut self) {
        self.wanted = false;
        self.room = self.room.min(SCRAP);
        self.take();
    }

    /// What was read so far.
    fn take(&mut self) -> Bytes {
        if self.rest.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            self.rest.split().freeze()
        }
    }

    /// Ready once no more of it comes, or is read.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<BodyEnd> {
        loop {
            match ready!(self.stream.poll_data(cx)) {
                None => return Poll::Ready(BodyEnd::Whole),
                Some(Err(_)) => return Poll::Ready(BodyEnd::CutOff),
                Some(Ok(piece)) => {
                    let _ = self.stream.flow_control().release_capacity(piece.len());
                    let fits = piece.len() <= self.room;
                    let kept = piece.len().min(self.room);
                    self.room -= kept;
                    if self.wanted {
                        self.keep(piece.slice(..kept));
                    }
                    if !fits {
                        return Poll::Ready(BodyEnd::TooLong);
                    }
                }
            }
        }
    }

    /// Most bodies are one piece, which is kept as it is.
    fn keep(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = piece;
            return;
        }
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&self.first);
            self.first = Bytes::new();
        }
        self.rest.extend_from_slice(&piece);
    }
}
