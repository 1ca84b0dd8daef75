//! FCM HTTP v1: the bare loop, and the message that everybody sends.

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h2::client::ResponseFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connections::Connections;
use crate::devices::REGISTRATION_LEN;

/// The title of the message that everybody sends.
pub const TITLE: &str = "Restaurant";

const HEAD: &str = r#"{"message":{"token":""#;

/// What title and text are within, in the JSON that this client and the bare loop send; the
/// registration token is left out, too.
pub const FRAME: &str =
    r#"{"message":{"token":"","notification":{"title":"Restaurant","body":""}}}"#;

/// The text of a message whose request's body is to be so long, within the JSON that goes around
/// text and token. It has no letters that JSON escapes.
#[must_use]
pub fn text(body_bytes: usize, frame_bytes: usize) -> String {
    "x".repeat(body_bytes.saturating_sub(frame_bytes + REGISTRATION_LEN))
}

/// An access token as long as Google's are, 1,000 bytes.
#[must_use]
pub fn access_token() -> String {
    let digits = (0..16).map(crate::devices::token_text);
    let mut token: String = std::iter::once("ya29.c.".to_owned())
        .chain(digits)
        .collect();
    token.truncate(1000);
    token
}

/// What each message has in common with the others.
#[derive(Debug)]
pub struct Messaging {
    /// Host and port of the server.
    pub authority: Authority,
    /// The project's id.
    pub project: &'static str,
    /// What says itself to be the sender.
    pub agent: String,
    /// How long the body of a request is.
    pub body_bytes: usize,
    /// How many are under way at a time, over all connections.
    pub in_flight: usize,
}

/// The least that a client of FCM HTTP v1 on the `h2` crate does: it puts the token into JSON that
/// is made once, and hands the requests to its connections in turn; it looks at the status of the
/// answers and passes over their bodies. No deadlines, no resending, no limits.
#[derive(Debug)]
pub struct BareFcm {
    connections: Connections,
    uri: Uri,
    headers: HeaderMap,
    /// What comes behind the token in the JSON.
    tail: Vec<u8>,
    in_flight: usize,
}

impl BareFcm {
    /// A loop without a connection.
    ///
    /// # Errors
    /// The project or the agent can't be one.
    pub fn new(messaging: Messaging) -> Result<Self> {
        let path = format!("/v1/projects/{}/messages:send", messaging.project);
        let uri = Uri::builder()
            .scheme(Scheme::HTTPS)
            .authority(messaging.authority)
            .path_and_query(PathAndQuery::try_from(path)?)
            .build()?;
        let text = text(messaging.body_bytes, FRAME.len());
        let tail = format!(r#"","notification":{{"title":"{TITLE}","body":"{text}"}}}}}}"#);
        Ok(Self {
            connections: Connections::default(),
            uri,
            headers: headers(&messaging.agent)?,
            tail: tail.into(),
            in_flight: messaging.in_flight,
        })
    }

    /// Takes one connection more, which is driven by a task of its own.
    ///
    /// # Errors
    /// The peer does not speak HTTP/2.
    pub async fn add<S>(&mut self, stream: S) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.connections.add(stream).await
    }

    /// Likewise, with small writes gathered into larger ones.
    ///
    /// # Errors
    /// The peer does not speak HTTP/2.
    pub async fn add_gathered<S>(&mut self, stream: S) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.connections.add_gathered(stream).await
    }

    /// Sends to these registrations, and tells how many were refused.
    ///
    /// # Errors
    /// A connection broke, or an answer has a status that FCM does not answer with.
    pub async fn send(&mut self, tokens: &[String]) -> Result<u64> {
        let mut refused = 0;
        let mut under_way = FuturesUnordered::new();
        for token in tokens {
            if under_way.len() >= self.in_flight
                && let Some(status) = under_way.next().await
            {
                refused += is_refusal(status?)?;
            }
            let request = self.request();
            let answer = self.connections.begin(request, self.body(token)).await?;
            under_way.push(status(answer));
        }
        while let Some(status) = under_way.next().await {
            refused += is_refusal(status?)?;
        }
        Ok(refused)
    }

    /// Waits until the connections have ended.
    ///
    /// # Errors
    /// One did not end in order.
    pub async fn finish(self) -> Result<()> {
        self.connections.finish().await
    }

    fn request(&self) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    fn body(&self, token: &str) -> Bytes {
        let mut body = Vec::with_capacity(HEAD.len() + token.len() + self.tail.len());
        body.extend_from_slice(HEAD.as_bytes());
        body.extend_from_slice(token.as_bytes());
        body.extend_from_slice(&self.tail);
        body.into()
    }
}

/// All that a request says, in the order in which this project's client has it.
fn headers(agent: &str) -> Result<HeaderMap> {
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", access_token()))?;
    authorization.set_sensitive(true);
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=UTF-8"),
    );
    headers.insert(USER_AGENT, HeaderValue::from_str(agent)?);
    headers.insert(AUTHORIZATION, authorization);
    Ok(headers)
}

async fn status(answer: ResponseFuture) -> Result<StatusCode, h2::Error> {
    let (head, mut body) = answer.await?.into_parts();
    while let Some(part) = body.data().await {
        let length = part?.len();
        body.flow_control().release_capacity(length)?;
    }
    Ok(head.status)
}

/// One for a refusal, none for a success.
fn is_refusal(status: StatusCode) -> Result<u64> {
    let known = matches!(status.as_u16(), 200 | 400 | 404 | 429 | 503);
    ensure!(known, "a message was answered by {status}");
    Ok(u64::from(status != StatusCode::OK))
}
