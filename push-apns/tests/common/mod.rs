//! A service in simulated time that speaks as much HTTP/2 as its tests need, and a client for it.

#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use backend_simulated::{Simulation, Stream};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_apns::{Client, ClientBuilder, Endpoint, ProviderToken};
use push_core::Session;

pub const HOST: &str = "api.push.example";
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA2XkODLfe/Rnumm2Tp
LGSVoiyZR0eKiSsqk4yGzgYyeg==
-----END PRIVATE KEY-----
";

pub fn key() -> ProviderToken {
    ProviderToken::from_p8(KEY, "ABC123DEFG", "DEF123GHIJ").unwrap()
}

/// A client of the service, to be changed before it is built.
pub fn builder(sim: &Simulation) -> ClientBuilder {
    builder_over(Session::new(sim.backend()))
}

pub fn builder_over(session: Session) -> ClientBuilder {
    Client::builder(session)
        .endpoint(Endpoint::new(HOST, 443))
        .provider_token(key())
        .topic("com.example.app")
}

/// A request as the service sees it.
#[derive(Debug)]
pub struct Request {
    pub connection: u64,
    pub stream: u32,
    /// The encoded header block.
    pub headers: Vec<u8>,
}

/// Serves each connection: what `answer` makes of a request, once it is whole, is written. Nothing:
/// no answer.
pub fn serve(
    sim: &Simulation,
    answer: impl Fn(Request) -> Option<Vec<u8>> + Send + Sync + 'static,
) {
    let listener = sim.listen(HOST, 443).protocols(["h2"]);
    let (answer, backend) = (Arc::new(answer), sim.backend());
    sim.spawn(async move {
        loop {
            let stream = listener.accept().await;
            let answer = answer.clone();
            let connection = async move {
                // An error is an end like any other.
                let _ = serve_one(stream, &*answer).await;
            };
            push_core::Backend::spawn(&backend, Box::pin(connection));
        }
    });
}

async fn serve_one(
    mut stream: Stream,
    answer: &(impl Fn(Request) -> Option<Vec<u8>> + Sync),
) -> io::Result<()> {
    stream.write_all(&frame(4, 0, 0, &[])).await?;
    stream.read_exact(&mut [0; 24]).await?;
    let mut head = [0; 9];
    let mut begun = HashMap::new();
    loop {
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let id = u32::from_be_bytes(id);
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await?;
        let ends = flags & 1 == 1;
        match kind {
            1 => {
                begun.insert(id, payload);
            }
            4 if !ends => stream.write_all(&frame(4, 1, 0, &[])).await?,
            6 if !ends => stream.write_all(&frame(6, 1, 0, &payload)).await?,
            _ => {}
        }
        if !(ends && matches!(kind, 0 | 1)) {
            continue;
        }
        let request = begun.remove(&id).map(|headers| Request {
            connection: stream.cable().id(),
            stream: id,
            headers,
        });
        if let Some(frames) = request.and_then(answer) {
            stream.write_all(&frames).await?;
        }
    }
}

/// 200, and nothing else.
pub fn taken(stream: u32) -> Vec<u8> {
    // `:status: 200` of the static table.
    frame(1, 4 | 1, stream, &[0x88])
}

/// Another status, and why.
pub fn refused(stream: u32, status: u16, reason: &str) -> Vec<u8> {
    // `:status` of the static table with a value of its own.
    let mut block = vec![0x08, 3];
    block.extend(status.to_string().bytes());
    let mut frames = frame(1, 4, stream, &block);
    let body = format!(r#"{{"reason":"{reason}"}}"#);
    frames.extend(frame(0, 1, stream, body.as_bytes()));
    frames
}

/// GOAWAY with a reason.
pub fn goaway(last: u32, reason: &str) -> Vec<u8> {
    let mut payload = last.to_be_bytes().to_vec();
    payload.extend([0; 4]);
    payload.extend(format!(r#"{{"reason":"{reason}"}}"#).bytes());
    frame(7, 0, 0, &payload)
}

/// RST_STREAM.
pub fn broken_off(stream: u32, code: u32) -> Vec<u8> {
    frame(3, 0, stream, &code.to_be_bytes())
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}
