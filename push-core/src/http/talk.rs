//! One request and its answer over one connection of HTTP/1.1, from the first byte to the last.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::CONNECTION;
use http::{StatusCode, Version};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, Connection};

use super::exchange::Answer;
use super::flight::BodyEnd;
use super::hyper_io::HyperIo;
use crate::session::{Lease, Watch};

/// The longest head of an answer, in bytes, as it is with HTTP/2.
const LONGEST_HEAD: usize = 16 * 1024;

/// How a conversation ended, and what is left of the connection.
pub(super) struct Ended {
    pub(super) how: How,
    pub(super) lease: Lease,
    /// Whether anything of the request was offered to the connection.
    pub(super) wrote: bool,
    /// Whether the peer said anything.
    pub(super) spoke: bool,
    /// Whether the connection may serve another request (RFC 9112, section 9.3): the request was
    /// taken whole, so is its answer, there is nothing behind it, and nobody wants to close.
    pub(super) reusable: bool,
}

/// How a conversation ended.
pub(super) enum How {
    Answered(Answer),
    /// No answer came, and none will.
    Broken(Option<hyper::Error>),
    TooLate,
}

/// Sends the request and reads the answer, its body up to a limit, as far as it comes before the
/// deadline.
pub(super) async fn converse(
    io: HyperIo,
    request: http::Request<Full<Bytes>>,
    limit: usize,
    watch: &mut Watch,
) -> Result<Ended, hyper::Error> {
    let mut builder = Builder::new();
    builder.max_header_size(LONGEST_HEAD);
    let (mut sender, connection) = builder.handshake(io).await?;
    let mut talk = Talk {
        connection,
        ended: None,
    };
    let (how, lasting) = {
        let mut sent = pin!(sender.try_send_request(request));
        let head = poll_fn(|cx| talk.poll(watch, cx, |cx| sent.as_mut().poll(cx))).await;
        match head {
            Step::Came(Ok(response)) => talk.hear(response, limit, watch).await,
            Step::Came(Err(error)) => (How::Broken(Some(TrySendError::into_error(error))), false),
            Step::Ended => (How::Broken(None), false),
            Step::TooLate => (How::TooLate, false),
        }
    };
    // A connection on which nothing is outstanding ends without waiting once its sender is gone.
    drop(sender);
    if lasting {
        // It may take another turn of the task: a runtime may have it wait for one after much work.
        let mut turns = 0;
        let ended = poll_fn(|cx| {
            talk.drive(cx);
            turns += 1;
            if talk.ended.is_some() || turns > 1 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        ended.await;
    }
    let ended_well = talk.ended == Some(true);
    let parts = talk.connection.into_parts();
    Ok(Ended {
        how,
        wrote: parts.io.wrote,
        spoke: parts.io.read,
        reusable: lasting
            && ended_well
            && parts.read_buf.is_empty()
            && !parts.io.owes
            && !parts.io.early,
        lease: parts.io.into_lease(),
    })
}

/// A connection that is driven while something is expected of it.
struct Talk {
    connection: Connection<HyperIo, Full<Bytes>>,
    /// Whether it ended, and if so, whether well.
    ended: Option<bool>,
}

enum Step<T> {
    Came(T),
    /// The connection ended, and what was expected can't come any more.
    Ended,
    TooLate,
}

impl Talk {
    fn drive(&mut self, cx: &mut Context<'_>) {
        if self.ended.is_none()
            && let Poll::Ready(ended) = self.connection.poll_without_shutdown(cx)
        {
            // What went wrong is told to the one who expects something.
            self.ended = Some(ended.is_ok());
        }
    }

    fn poll<T>(
        &mut self,
        watch: &mut Watch,
        cx: &mut Context<'_>,
        mut expected: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Step<T>> {
        if let Poll::Ready(came) = expected(cx) {
            return Poll::Ready(Step::Came(came));
        }
        self.drive(cx);
        match expected(cx) {
            Poll::Ready(came) => Poll::Ready(Step::Came(came)),
            Poll::Pending if self.ended.is_some() => Poll::Ready(Step::Ended),
            Poll::Pending => watch.poll(cx).map(|()| Step::TooLate),
        }
    }

    /// The body of an answer, or what came of it; and whether the connection may last.
    async fn hear(
        &mut self,
        response: http::Response<Incoming>,
        limit: usize,
        watch: &mut Watch,
    ) -> (How, bool) {
        let (head, mut body) = response.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            // Nobody asked for that.
            return (How::Broken(None), false);
        }
        let mut whole = BytesMut::new();
        let end = loop {
            let next = |cx: &mut Context<'_>| Pin::new(&mut body).poll_frame(cx);
            let mut next = next;
            let frame = match poll_fn(|cx| self.poll(watch, cx, &mut next)).await {
                Step::Came(Some(Ok(frame))) => frame,
                Step::Came(None) => break BodyEnd::Whole,
                Step::Came(Some(Err(_))) | Step::Ended | Step::TooLate => break BodyEnd::CutOff,
            };
            if let Ok(data) = frame.into_data() {
                let room = limit.saturating_sub(whole.len());
                whole.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    break BodyEnd::TooLong;
                }
            }
        };
        let lasting =
            end == BodyEnd::Whole && head.version == Version::HTTP_11 && !says_close(&head.headers);
        // The parser leaves out the usual one; what is empty or no text says nothing.
        let is_usual = head.extensions.get::<hyper::ext::ReasonPhrase>().is_none();
        let usual = head.status.canonical_reason().filter(|_| is_usual);
        let mut answer = Answer::apart(head, whole.freeze(), end);
        answer.reason_phrase = answer.reason_phrase.or_else(|| usual.map(Box::from));
        (How::Answered(answer), lasting)
    }
}

fn says_close(headers: &http::HeaderMap) -> bool {
    let values = headers.get_all(CONNECTION).iter();
    let mut words = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
}
