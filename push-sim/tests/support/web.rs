//! A client of the web services, by HTTP/2, by HTTP/1.1 and without TLS.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use push_sim::{Action, Fault, Service, ServiceAccount, ServiceStats, Sim, fcm};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::raw::PATIENCE;
use super::{Failure, tls_to};

/// A token that [`start`] makes valid.
pub(crate) const BEARER: &str = "Bearer a-valid-token";
pub(crate) const SEND: &str = "/v1/projects/anypush-sim/messages:send";

/// How the service is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Http2,
    Http1,
    Plain,
}

pub(crate) const WAYS: [Over; 3] = [Over::Http2, Over::Http1, Over::Plain];

/// FCM, to be reached that way.
pub(crate) fn start(over: Over) -> Result<Sim, Failure> {
    start_with(over, fcm::Config::default())
}

pub(crate) fn start_with(over: Over, config: fcm::Config) -> Result<Sim, Failure> {
    let builder = Sim::builder()
        .fcm_config(config.access_token("a-valid-token"))
        .service_account(account());
    let builder = match over {
        Over::Plain => builder.fcm_plain_any(),
        Over::Http1 | Over::Http2 => builder.fcm_any(),
    };
    Ok(builder.start()?)
}

/// One for all, since its key takes time to make.
pub(crate) fn account() -> ServiceAccount {
    static ACCOUNT: OnceLock<ServiceAccount> = OnceLock::new();
    let generate = || ServiceAccount::generate("").expect("a key");
    ACCOUNT.get_or_init(generate).clone()
}

pub(crate) fn fcm(action: Action) -> Fault {
    Fault::new(Service::Fcm, action)
}

pub(crate) fn stats(sim: &Sim) -> ServiceStats {
    sim.stats()[&Service::Fcm].clone()
}

/// Waits until the counters are as they should be.
pub(crate) async fn until(sim: &Sim, holds: impl Fn(&ServiceStats) -> bool) {
    let waiting = async {
        while !holds(&stats(sim)) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let in_time = timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "{:?}", stats(sim));
}

/// A good message for this device.
pub(crate) fn message(token: &str) -> String {
    format!(r#"{{"message":{{"token":"{token}","notification":{{"title":"hi"}}}}}}"#)
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

/// One connection.
pub(crate) enum Client {
    Http2(h2::client::SendRequest<Bytes>),
    Http1(Http1),
}

impl Client {
    pub(crate) async fn connect(sim: &Sim, over: Over) -> Result<Self, Failure> {
        let address = sim.fcm_addr().expect("the service runs");
        Ok(match over {
            Over::Http2 => {
                let stream = tls_to(sim, address, &["h2"], None).await?;
                let (sender, connection) = h2::client::handshake(stream).await?;
                tokio::spawn(async move {
                    let _ = connection.await;
                });
                Self::Http2(sender)
            }
            Over::Http1 => Self::Http1(Http1::secure(sim, address, &["http/1.1"]).await?),
            Over::Plain => Self::Http1(Http1::plain(address).await?),
        })
    }

    /// A good message for this device.
    pub(crate) async fn push(&mut self, token: &str) -> Result<Reply, Failure> {
        self.post(SEND, &message(token)).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Result<Reply, Failure> {
        self.send("POST", path, body.as_bytes()).await
    }

    /// A request with a good access token.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<Reply, Failure> {
        let sending = async {
            match self {
                Self::Http1(client) => {
                    client.write(&request(method, path, body)).await?;
                    Ok(client.reply(method == "HEAD").await?)
                }
                Self::Http2(sender) => by_http2(sender, method, path, body).await,
            }
        };
        timeout(PATIENCE, sending).await?
    }
}

async fn by_http2(
    sender: &h2::client::SendRequest<Bytes>,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<Reply, Failure> {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("https://localhost{path}"))
        .header("authorization", BEARER)
        .header("content-type", "application/json")
        .body(())?;
    let mut sender = sender.clone().ready().await?;
    let (answer, mut stream) = sender.send_request(request, body.is_empty())?;
    let mut rest = Bytes::copy_from_slice(body);
    while !rest.is_empty() {
        stream.reserve_capacity(rest.len());
        let granted = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
        let Some(Ok(granted)) = granted else {
            break;
        };
        let piece = rest.split_to(granted.min(rest.len()));
        stream.send_data(piece, rest.is_empty())?;
    }
    let (head, mut incoming) = answer.await?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = incoming.data().await {
        let data = data?;
        body.extend_from_slice(&data);
        incoming.flow_control().release_capacity(data.len())?;
    }
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    });
    Ok(Reply {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body,
    })
}

/// A request of HTTP/1.1 with a good access token.
pub(crate) fn request(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {BEARER}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A connection of HTTP/1.1, by hand.
pub(crate) struct Http1 {
    pub(crate) stream: Box<dyn Socket>,
    read: Vec<u8>,
}

impl Http1 {
    pub(crate) async fn secure(
        sim: &Sim,
        address: SocketAddr,
        alpn: &[&str],
    ) -> Result<Self, Failure> {
        let stream = tls_to(sim, address, alpn, None).await?;
        Ok(Self::over(stream))
    }

    pub(crate) async fn plain(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self::over(TcpStream::connect(address).await?))
    }

    fn over(stream: impl Socket + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            read: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, octets: &[u8]) -> Result<(), Error> {
        self.stream.write_all(octets).await?;
        self.stream.flush().await
    }

    /// Everything until the end, which may be a broken one.
    pub(crate) async fn rest(&mut self) -> (Vec<u8>, Option<ErrorKind>) {
        let mut rest = std::mem::take(&mut self.read);
        let mut buffer = [0; 4096];
        let reading = async {
            loop {
                match self.stream.read(&mut buffer).await {
                    Ok(0) => return None,
                    Ok(length) => rest.extend_from_slice(&buffer[..length]),
                    Err(error) => return Some(error.kind()),
                }
            }
        };
        let ended = timeout(PATIENCE, reading).await.expect("an end");
        (rest, ended)
    }

    async fn more(&mut self) -> Result<(), Error> {
        let mut buffer = [0; 16 << 10];
        match self.stream.read(&mut buffer).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            length => {
                self.read.extend_from_slice(&buffer[..length]);
                Ok(())
            }
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>, Error> {
        while self.read.len() < length {
            self.more().await?;
        }
        Ok(self.read.drain(..length).collect())
    }

    /// Up to this, which is taken off.
    async fn until(&mut self, end: &[u8]) -> Result<String, Error> {
        loop {
            let found = self.read.windows(end.len()).position(|part| part == end);
            if let Some(at) = found {
                let text = self.take(at + end.len()).await?;
                return Ok(String::from_utf8_lossy(&text[..at]).into_owned());
            }
            self.more().await?;
        }
    }

    pub(crate) async fn reply(&mut self, is_head: bool) -> Result<Reply, Error> {
        let wrong = || Error::from(ErrorKind::InvalidData);
        let head = self.until(b"\r\n\r\n").await?;
        let mut lines = head.split("\r\n");
        let line = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = line.and_then(|line| line.get(..3)?.parse().ok());
        let status: u16 = status.ok_or_else(wrong)?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let mut reply = Reply {
            status,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: Vec::new(),
        };
        if is_head || status < 200 {
            return Ok(reply);
        }
        if reply.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = self.until(b"\r\n").await?;
                let size = usize::from_str_radix(&size, 16).map_err(|_| wrong())?;
                let chunk = self.take(size + 2).await?;
                reply.body.extend_from_slice(&chunk[..size]);
                if size == 0 {
                    return Ok(reply);
                }
            }
        }
        let length = reply
            .header("content-length")
            .and_then(|length| length.parse().ok());
        reply.body = self.take(length.ok_or_else(wrong)?).await?;
        Ok(reply)
    }
}
