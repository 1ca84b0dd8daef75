//! The simulator's HTTP/2 beside another server's, that of the crate `h2`: a target of `fuzz/`, too.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use push_sim::http2::{Connection, Event, Frame, Limits, PREFACE, Settings};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A request: its stream, and its fields in order of their names.
type Seen = (u32, Vec<(String, Vec<u8>)>);

/// Header blocks on one connection, which share a table: what both servers take for a request,
/// they take for the same one.
///
/// Before each block stands its length in one byte.
pub(crate) fn requests(input: &[u8]) {
    let mut wire = PREFACE.to_vec();
    Settings::encode(&[], &mut wire);
    let mut rest = input;
    let mut stream = 1;
    while let Some((&length, tail)) = rest.split_first() {
        let (block, tail) = tail.split_at(tail.len().min(usize::from(length)));
        rest = tail;
        let headers = Frame::Headers {
            stream,
            end_stream: true,
            end_headers: true,
            block,
        };
        headers.encode(&mut wire);
        stream += 2;
    }
    let (ours, theirs) = (ours(&wire), theirs(wire));
    for (stream, fields) in &ours {
        if let Some((_, other)) = theirs.iter().find(|(other, _)| other == stream) {
            assert_eq!(fields, other, "on stream {stream}");
        }
    }
}

/// How many requests both servers take.
#[allow(dead_code)]
pub(crate) fn taken(blocks: &[&[u8]]) -> (usize, usize) {
    let mut wire = PREFACE.to_vec();
    Settings::encode(&[], &mut wire);
    for (block, stream) in blocks.iter().zip((1..).step_by(2)) {
        let headers = Frame::Headers {
            stream,
            end_stream: true,
            end_headers: true,
            block,
        };
        headers.encode(&mut wire);
    }
    (ours(&wire).len(), theirs(wire).len())
}

fn ours(wire: &[u8]) -> Vec<Seen> {
    let limits = Limits {
        header_list_bytes: 1 << 20,
        ..Limits::default()
    };
    let mut connection = Connection::new(limits);
    let mut all = Vec::new();
    let mut rest = wire;
    while let Some(event) = connection.receive(&mut rest) {
        if let Event::Request(request) = event {
            let fields = request.fields().iter();
            let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let fields = fields
                // Of these h2 makes a URI, in a form of its own.
                .filter(|(name, _)| !matches!(*name, b":path" | b":scheme" | b":authority"))
                .map(|(name, value)| (text(name), value.to_vec()));
            all.push(seen(request.stream(), fields));
        }
    }
    all
}

fn seen(stream: u32, fields: impl Iterator<Item = (String, Vec<u8>)>) -> Seen {
    let mut fields: Vec<_> = fields.collect();
    // Values of one name stay in their order.
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    (stream, fields)
}

fn theirs(wire: Vec<u8>) -> Vec<Seen> {
    let mut cx = Context::from_waker(Waker::noop());
    let wire = Wire { wire, read: 0 };
    let handshake = h2::server::Builder::new()
        .max_header_list_size(1 << 20)
        .handshake::<_, bytes::Bytes>(wire);
    let Poll::Ready(Ok(mut connection)) = pin!(handshake).poll(&mut cx) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    while let Poll::Ready(Some(Ok((request, _)))) = connection.poll_accept(&mut cx) {
        let stream = request.body().stream_id().as_u32();
        let method = request.method().as_str().as_bytes().to_vec();
        let headers = request.headers().iter();
        let fields = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let method = std::iter::once((":method".to_owned(), method));
        all.push(seen(stream, method.chain(fields)));
    }
    all
}

/// A client that has sent all it has, and takes whatever comes.
struct Wire {
    wire: Vec<u8>,
    read: usize,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = &self.wire[self.read..];
        let taken = rest.len().min(buf.remaining());
        if taken == 0 {
            return Poll::Pending;
        }
        buf.put_slice(&rest[..taken]);
        self.read += taken;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
