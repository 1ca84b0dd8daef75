use anyhow::{Result, ensure};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::header::AUTHORIZATION;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connections::Connections;
use crate::{FRAME, TOPIC, alert, devices};

const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const APNS_TOPIC: HeaderName = HeaderName::from_static("apns-topic");
const APNS_ID: HeaderName = HeaderName::from_static("apns-id");

/// What each push has in common with the others.
#[derive(Debug)]
pub struct Pushing {
    /// Host and port of the server.
    pub authority: Authority,
    /// The provider token's header.
    pub authorization: HeaderValue,
    /// How long the payload is.
    pub payload_bytes: usize,
    /// How many pushes are under way at a time, over all connections.
    pub in_flight: usize,
}

/// The least that a client on the `h2` crate does: it makes requests, hands them to its
/// connections in turn, and looks at the status of the answers. No deadlines, no resending, no
/// limits.
#[derive(Debug)]
pub struct Bare {
    connections: Connections,
    authority: Authority,
    headers: HeaderMap,
    payload: Bytes,
    in_flight: usize,
}

impl Bare {
    /// A loop without a connection.
    #[must_use]
    pub fn new(pushing: Pushing) -> Self {
        let text = alert(pushing.payload_bytes, FRAME);
        Self {
            connections: Connections::default(),
            authority: pushing.authority,
            headers: headers(pushing.authorization),
            payload: format!(r#"{{"aps":{{"alert":"{text}"}}}}"#).into(),
            in_flight: pushing.in_flight,
        }
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

    /// Sends to devices by their tokens' texts, with `apns-id`s from this number on.
    ///
    /// # Errors
    /// A connection broke, or a push was not answered by 200.
    pub async fn send(&mut self, tokens: &[String], first: u64) -> Result<()> {
        let mut under_way = FuturesUnordered::new();
        for (number, token) in (first..).zip(tokens) {
            if under_way.len() >= self.in_flight
                && let Some(answer) = under_way.next().await
            {
                check(answer)?;
            }
            under_way.push(self.begin(token, number).await?);
        }
        while let Some(answer) = under_way.next().await {
            check(answer)?;
        }
        Ok(())
    }

    /// One push, with its answer; nothing is done before it is polled.
    ///
    /// # Errors
    /// There is no request that could be made of this.
    pub fn one(
        &mut self,
        token: &str,
        number: u64,
    ) -> Result<impl Future<Output = Result<()>> + Send + use<>> {
        let request = self.request(token, number)?;
        let payload = self.payload.clone();
        let sender = self.connections.next().clone();
        Ok(async move {
            let (answer, mut body) = sender.ready().await?.send_request(request, false)?;
            body.send_data(payload, true)?;
            check(answer.await)
        })
    }

    async fn begin(&mut self, token: &str, number: u64) -> Result<ResponseFuture> {
        let request = self.request(token, number)?;
        self.connections.begin(request, self.payload.clone()).await
    }

    /// Waits until the connections have ended.
    ///
    /// # Errors
    /// One did not end in order.
    pub async fn finish(self) -> Result<()> {
        self.connections.finish().await
    }

    fn request(&self, token: &str, number: u64) -> Result<Request<()>> {
        let mut id = HeaderValue::from_maybe_shared(Bytes::from(devices::apns_id(number)))?;
        id.set_sensitive(true);
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri(token)?;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(APNS_ID, id);
        Ok(request)
    }

    fn uri(&self, token: &str) -> Result<Uri> {
        const PREFIX: &str = "/3/device/";
        let mut path = String::with_capacity(PREFIX.len() + token.len());
        path.push_str(PREFIX);
        path.push_str(token);
        let mut parts = Parts::default();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(path))?);
        Ok(Uri::from_parts(parts)?)
    }
}

/// All that is the same for each push, in the order in which this project's client has it.
fn headers(authorization: HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(PUSH_TYPE, HeaderValue::from_static("alert"));
    headers.insert(APNS_TOPIC, HeaderValue::from_static(TOPIC));
    headers.insert(APNS_ID, HeaderValue::from_static(""));
    headers.insert(AUTHORIZATION, authorization);
    headers
}

fn check(answer: Result<Response<RecvStream>, h2::Error>) -> Result<()> {
    let status = answer?.status();
    ensure!(status == 200, "a push was answered by {status}");
    Ok(())
}
