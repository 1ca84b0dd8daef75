use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use backend_simulated::SimulatedBackend;
use bytes::Bytes;
use http::{Request, Response};
use push_core::http::HttpTransport;
use push_core::{Error, ErrorKind, Result, async_trait};
use serde_json::{Value, json};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Seen {
    /// The fields of the form, with a name for each: none may stand there twice.
    pub(crate) fn form(&self) -> HashMap<String, String> {
        let pairs = self.body.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (decoded(name), decoded(value))
        });
        let pairs: Vec<_> = pairs.collect();
        let form: HashMap<String, String> = pairs.iter().cloned().collect();
        assert_eq!(form.len(), pairs.len(), "{}", self.body);
        form
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

    /// A token of a day, as `login.live.com` gives it.
    pub(crate) fn token(text: &str) -> Self {
        let body = json!({"token_type": "bearer", "access_token": text, "expires_in": 86400});
        Self::json(200, &body)
    }

    /// An error of OAuth.
    pub(crate) fn refused(status: u16, error: &str, description: &str) -> Self {
        let body = json!({"error": error, "error_description": description});
        Self::json(status, &body)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

type Answering = dyn FnMut(&Seen) -> Reply + Send;

/// A server that is asked over the seam for other HTTP clients.
pub(crate) struct Server {
    backend: SimulatedBackend,
    answer: Mutex<Box<Answering>>,
    seen: Mutex<Vec<Seen>>,
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
        }
    }

    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

#[async_trait]
impl HttpTransport for Server {
    async fn send(&self, request: Request<Bytes>, _: usize) -> Result<Response<Bytes>> {
        let content_type = request.headers().get("content-type").unwrap();
        let seen = Seen {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            content_type: content_type.to_str().unwrap().to_owned(),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
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
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                Ok(response.body(body.into()).unwrap())
            }
            Reply::Fail(kind) => Err(Error::new(kind, "the network has failed")),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}
