//! What a client writes to a connection without a socket, and what that makes of it.

use push_sim::http2::{
    Connection, Event, Frame, HEAD_LEN, Head, Limits, PREFACE, Settings, encode_field,
};

/// What a client writes.
pub(crate) struct Wire(pub(crate) Vec<u8>);

impl Wire {
    /// Preface and empty SETTINGS.
    pub(crate) fn start() -> Self {
        let mut out = PREFACE.to_vec();
        Settings::encode(&[], &mut out);
        Self(out)
    }

    pub(crate) fn frame(mut self, frame: Frame<'_>) -> Self {
        frame.encode(&mut self.0);
        self
    }

    pub(crate) fn headers(self, stream: u32, block: &[u8], end_stream: bool) -> Self {
        self.frame(Frame::Headers {
            stream,
            end_stream,
            end_headers: true,
            block,
        })
    }

    pub(crate) fn data(self, stream: u32, data: &[u8], end_stream: bool) -> Self {
        self.frame(Frame::Data {
            stream,
            end_stream,
            data,
        })
    }

    pub(crate) fn raw(mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Self {
        let length = payload.len() as u32;
        Head {
            length,
            kind,
            flags,
            stream,
        }
        .encode(&mut self.0);
        self.0.extend_from_slice(payload);
        self
    }
}

/// `:method: POST`, `:scheme: https`, `:path: /`.
pub(crate) const POST: &[u8] = &[0x83, 0x87, 0x84];

pub(crate) fn with_field(name: &str, value: &str) -> Vec<u8> {
    let mut block = POST.to_vec();
    encode_field(name, value, &mut block);
    block
}

/// Feeds pieces, and tells all that happened as text.
pub(crate) fn happened(
    connection: &mut Connection,
    pieces: impl IntoIterator<Item = Vec<u8>>,
) -> Vec<String> {
    let mut pending = Vec::new();
    let mut events = Vec::new();
    for piece in pieces {
        pending.extend(piece);
        let mut input = &pending[..];
        while let Some(event) = connection.receive(&mut input) {
            events.push(match event {
                Event::Request(request) => {
                    let text = format!(
                        "request {} {:?} {:?}",
                        request.stream(),
                        request.fields(),
                        String::from_utf8_lossy(request.body())
                    );
                    connection.respond(request.stream(), 200, &[("a", "b")], b"");
                    connection.recycle(request);
                    text
                }
                other => format!("{other:?}"),
            });
        }
        pending = input.to_vec();
    }
    events
}

pub(crate) fn run(wire: Wire) -> (Connection, Vec<String>) {
    let mut connection = Connection::new(Limits::default());
    let events = happened(&mut connection, [wire.0]);
    (connection, events)
}

pub(crate) fn frames(connection: &mut Connection) -> Vec<String> {
    let out = std::mem::take(connection.output());
    let mut rest = &out[..];
    let mut frames = Vec::new();
    while let Some(head) = Head::decode(rest) {
        let end = HEAD_LEN + head.length as usize;
        frames.push(format!(
            "{:?}",
            Frame::decode(head, &rest[HEAD_LEN..end]).expect("a frame")
        ));
        rest = &rest[end..];
    }
    assert!(rest.is_empty());
    frames
}

pub(crate) fn goaway_code(connection: &mut Connection) -> Option<String> {
    let last = frames(connection).pop()?;
    let code = last.strip_prefix("GoAway")?.split("code: ").nth(1)?;
    Some(code.split(',').next()?.to_owned())
}

pub(crate) fn reset_code(connection: &mut Connection) -> Option<String> {
    let last = frames(connection).pop()?;
    let code = last.strip_prefix("Reset")?.split("code: ").nth(1)?;
    Some(code.trim_end_matches(" }").to_owned())
}
