//! A server of the legacy protocol in simulated time, written apart from the client: it reads HTTP/1.1
//! by hand, does what a script says, and keeps what came.

#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use backend_simulated::{SimulatedBackend, Simulation, Stream};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::{Backend, Session};
use push_gcm::legacy::{Client, ClientBuilder};
use serde_json::{Value, json};

pub const HOST: &str = "push.example";
pub const ENDPOINT: &str = "https://push.example/gcm/send";
pub const KEY: &str = "AIzaSy_s3cret";

/// A client of the server, to be changed before it is built.
pub fn builder(sim: &Simulation) -> ClientBuilder {
    Client::builder(Session::new(sim.backend()))
        .endpoint(ENDPOINT)
        .api_key(KEY)
}

pub fn client(sim: &Simulation) -> Client {
    builder(sim).build().unwrap()
}

/// A request as the server reads it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// When it was whole, since the beginning.
    pub at: Duration,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known == name)?;
        Some(value)
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The ids it is for; panics where both parameters are there.
    pub fn ids(&self) -> Vec<String> {
        let json = self.json();
        match (json.get("to"), json.get("registration_ids")) {
            (Some(Value::String(id)), None) => vec![id.clone()],
            (None, Some(Value::Array(ids))) => {
                assert!((2..=1000).contains(&ids.len()), "{} ids", ids.len());
                ids.iter()
                    .map(|id| id.as_str().unwrap().to_owned())
                    .collect()
            }
            both => panic!("not one target: {both:?}"),
        }
    }
}

/// What is done about a request.
#[derive(Clone, Debug)]
pub enum Act {
    Answer(Answer),
    /// So much later; the server is busy with nothing else on this connection.
    Later(Duration, Answer),
    /// The connection ends without an answer.
    Vanish,
    /// No answer, and no end.
    Silence,
}

#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

pub fn answer(status: u16, body: impl Into<String>) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

impl Answer {
    #[must_use]
    pub fn retry_after(mut self, value: &str) -> Self {
        self.headers.push(("Retry-After", value.to_owned()));
        self
    }
}

/// The answer to a request: each id's result, as this says.
pub fn results(seen: &Seen, result: impl Fn(&str) -> Value) -> Answer {
    let results: Vec<Value> = seen.ids().iter().map(|id| result(id)).collect();
    let count = |name: &str| {
        let there = results.iter().filter(|result| result.get(name).is_some());
        there.count()
    };
    let body = json!({
        "multicast_id": 108,
        "success": count("message_id"),
        "failure": count("error"),
        "canonical_ids": count("registration_id"),
        "results": results,
    });
    answer(200, body.to_string())
}

pub fn taken(id: &str) -> Value {
    json!({"message_id": format!("0:{id}")})
}

pub fn refused(error: &str) -> Value {
    json!({"error": error})
}

#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

type Behave = Box<dyn FnMut(&Seen) -> Act + Send>;

struct Shared {
    backend: SimulatedBackend,
    behave: Mutex<Behave>,
    seen: Mutex<Vec<Seen>>,
}

impl Server {
    /// A server that asks what to do about each request.
    pub fn start(sim: &Simulation, behave: impl FnMut(&Seen) -> Act + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            backend: sim.backend(),
            behave: Mutex::new(Box::new(behave)),
            seen: Mutex::default(),
        });
        let listener = sim.listen(HOST, 443).protocols(["http/1.1"]);
        let serving = shared.clone();
        sim.spawn(async move {
            loop {
                let stream = listener.accept().await;
                let shared = serving.clone();
                let connection = async move {
                    // An error is an end like any other.
                    let _ = shared.serve(stream).await;
                };
                serving.backend.spawn(Box::pin(connection));
            }
        });
        Self { shared }
    }

    /// A server whose answer gives each id a result.
    pub fn of_results(sim: &Simulation, result: impl Fn(&str) -> Value + Send + 'static) -> Self {
        Self::start(sim, move |seen| Act::Answer(results(seen, &result)))
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen().clone()
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap()
    }

    async fn serve(&self, mut stream: Stream) -> io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let head = loop {
                let end = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
                if let Some(end) = end {
                    let rest = buffer.split_off(end + 4);
                    break std::mem::replace(&mut buffer, rest);
                }
                more(&mut stream, &mut buffer).await?;
            };
            let head = String::from_utf8(head).unwrap();
            let mut lines = head.trim_end().split("\r\n");
            let line = lines.next().unwrap().to_owned();
            let headers: Vec<(String, String)> = lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let mut seen = Seen {
                line,
                headers,
                body: Vec::new(),
                at: Duration::ZERO,
            };
            let length: usize = seen.header("content-length").unwrap().parse().unwrap();
            while buffer.len() < length {
                more(&mut stream, &mut buffer).await?;
            }
            let rest = buffer.split_off(length);
            seen.body = std::mem::replace(&mut buffer, rest);
            seen.at = self.backend.elapsed();
            self.seen().push(seen.clone());
            let act = (self.behave.lock().unwrap())(&seen);
            let answer = match act {
                Act::Answer(answer) => answer,
                Act::Later(wait, answer) => {
                    self.backend.sleep(wait).await;
                    answer
                }
                Act::Vanish => return Ok(()),
                Act::Silence => std::future::pending().await,
            };
            let mut text = format!(
                "HTTP/1.1 {} Said\r\nContent-Length: {}\r\n",
                answer.status,
                answer.body.len()
            );
            for (name, value) in &answer.headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            text.push_str("\r\n");
            text.push_str(&answer.body);
            stream.write_all(text.as_bytes()).await?;
        }
    }
}

async fn more(stream: &mut Stream, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 4096];
    match stream.read(&mut piece).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            buffer.extend_from_slice(&piece[..read]);
            Ok(())
        }
    }
}
