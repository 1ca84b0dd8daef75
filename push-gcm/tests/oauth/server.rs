use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use backend_simulated::SimulatedBackend;
use bytes::Bytes;
use http::{Request, Response};
use push_core::http::HttpTransport;
use push_core::{Backend, Error, ErrorKind, Result, async_trait};
use serde_json::{Value, json};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    /// Since the beginning of the simulation.
    pub(crate) at: Duration,
    /// By the server's clock.
    pub(crate) time: SystemTime,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The fields of a form.
    pub(crate) fn form(&self) -> HashMap<String, String> {
        assert_eq!(
            self.header("content-type"),
            "application/x-www-form-urlencoded"
        );
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            (decoded(name), decoded(value))
        };
        self.body.split('&').map(pair).collect()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match first {
            b'%' => {
                let digits = str::from_utf8(&rest[..2]).unwrap();
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).unwrap()
            }
            b'+' => b' ',
            other => *other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// What becomes of a request, ten milliseconds later.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    Fail(ErrorKind),
    Hang,
}

impl Reply {
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    /// A token of an hour.
    pub(crate) fn token(text: &str) -> Self {
        let body = json!({"access_token": text, "expires_in": 3599, "token_type": "Bearer"});
        Self::json(200, &body)
    }

    /// An error of OAuth.
    pub(crate) fn refused(error: &str, description: &str) -> Self {
        let body = json!({"error": error, "error_description": description});
        Self::json(400, &body)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    /// With the header of the metadata server.
    pub(crate) fn flavored(self) -> Self {
        self.header("metadata-flavor", "Google")
    }
}

type Answering = dyn FnMut(&Seen) -> Reply + Send;

/// A server that is asked over the seam for other HTTP clients.
pub(crate) struct Server {
    backend: SimulatedBackend,
    answer: Mutex<Box<Answering>>,
    seen: Mutex<Vec<Seen>>,
    /// How far its clock is ahead; `None`: it does not tell the time.
    ahead: Mutex<Option<Duration>>,
}

impl Server {
    pub(crate) fn new(
        backend: SimulatedBackend,
        answer: impl FnMut(&Seen) -> Reply + Send + 'static,
    ) -> Self {
        Self {
            backend,
            answer: Mutex::new(Box::new(answer)),
            seen: Mutex::default(),
            ahead: Mutex::new(Some(Duration::ZERO)),
        }
    }

    pub(crate) fn set_clock(&self, ahead: Option<Duration>) {
        *self.ahead.lock().unwrap() = ahead;
    }

    fn clock(&self) -> SystemTime {
        let ahead = self.ahead.lock().unwrap().unwrap_or_default();
        self.backend.system_time() + ahead
    }

    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

#[async_trait]
impl HttpTransport for Server {
    async fn send(&self, request: Request<Bytes>, _: usize) -> Result<Response<Bytes>> {
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = request.headers().iter();
        let seen = Seen {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: headers
                .map(|(name, it)| (name.to_string(), text(it)))
                .collect(),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
            at: self.backend.elapsed(),
            time: self.clock(),
        };
        self.seen.lock().unwrap().push(seen.clone());
        self.backend.sleep(Duration::from_millis(10)).await;
        let reply = (self.answer.lock().unwrap())(&seen);
        match reply {
            Reply::Answer {
                status,
                headers,
                body,
            } => {
                let mut response = Response::builder().status(status);
                let tells_it = headers.iter().any(|(name, _)| *name == "date");
                if self.ahead.lock().unwrap().is_some() && !tells_it {
                    let date = httpdate::fmt_http_date(self.clock());
                    response = response.header("date", date);
                }
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                Ok(response.body(body.into()).unwrap())
            }
            Reply::Fail(kind) => Err(Error::new(kind, "the network has failed")),
            Reply::Hang => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}
