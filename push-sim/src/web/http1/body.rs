//! The body of an answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// So much white space at once.
const PADDING: Bytes = Bytes::from_static(&[b' '; 16 << 10]);

/// A body, perhaps with white space behind it.
pub(super) struct Padded {
    first: Bytes,
    /// How much white space is still to come; `None`: it never ends.
    padding: Option<u64>,
}

impl Padded {
    pub(super) fn plain(body: Vec<u8>) -> Self {
        Self::new(body, Some(0))
    }

    pub(super) fn new(body: Vec<u8>, padding: Option<u64>) -> Self {
        Self {
            first: body.into(),
            padding,
        }
    }
}

impl Body for Padded {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = if self.first.is_empty() {
            let longest = PADDING.len();
            let length = match &mut self.padding {
                None => longest,
                Some(left) => {
                    let length = usize::try_from(*left).map_or(longest, |left| left.min(longest));
                    *left -= length as u64;
                    length
                }
            };
            PADDING.slice(..length)
        } else {
            std::mem::take(&mut self.first)
        };
        Poll::Ready((!next.is_empty()).then(|| Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.padding == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        match self.padding {
            Some(0) => SizeHint::with_exact(self.first.len() as u64),
            // In chunks, since the length would show at once that it is too long.
            _ => SizeHint::default(),
        }
    }
}
