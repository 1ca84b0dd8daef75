//! Clients of the simulator: the `h2` crate, raw frames, and plain HTTP/1.1.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod gateway;
pub(crate) mod raw;
pub(crate) mod web;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;
use push_sim::{Action, Fault, Issued, Service, ServiceStats, Sim};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const DEVICE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

/// Any failure; a test ends with it.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn tls(
    sim: &Sim,
    alpn: &[&str],
    identity: Option<&Issued>,
) -> Result<TlsStream<TcpStream>, Failure> {
    let address = sim.apns_addr().expect("the service runs");
    tls_to(sim, address, alpn, identity).await
}

pub(crate) async fn tls_to(
    sim: &Sim,
    address: SocketAddr,
    alpn: &[&str],
    identity: Option<&Issued>,
) -> Result<TlsStream<TcpStream>, Failure> {
    let tcp = TcpStream::connect(address).await?;
    let connector = connector(sim, alpn, identity)?;
    Ok(connector.connect("localhost".try_into()?, tcp).await?)
}

pub(crate) fn connector(
    sim: &Sim,
    alpn: &[&str],
    identity: Option<&Issued>,
) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(sim.authority().certificate_der().clone())?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match identity {
        Some(issued) => {
            let chain = vec![issued.certificate_der().clone()];
            config.with_client_auth_cert(chain, issued.key_der())?
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A request under construction.
pub(crate) struct Push {
    method: http::Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Push {
    /// A good one, without credentials.
    pub(crate) fn to(device: &str) -> Self {
        Self {
            method: http::Method::POST,
            path: format!("/3/device/{device}"),
            headers: vec![("apns-topic".into(), "com.example.app".into())],
            body: Bytes::from_static(br#"{"aps":{"alert":"hi"}}"#),
        }
    }

    pub(crate) fn method(mut self, method: http::Method) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    /// Replaces a header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.also(name, value)
    }

    /// Adds a header, though there may be one of its name.
    pub(crate) fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn kind(self, push_type: &str, topic: &str) -> Self {
        self.header("apns-push-type", push_type)
            .header("apns-topic", topic)
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answered {
    pub(crate) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or("")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A connection by the `h2` crate.
pub(crate) struct Client {
    sender: h2::client::SendRequest<Bytes>,
    /// One token for all requests of a connection, as clients have it.
    authorization: OnceLock<String>,
    ended: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    pub(crate) async fn connect(sim: &Sim, identity: Option<&Issued>) -> Result<Self, Failure> {
        Self::over(tls(sim, &["h2"], identity).await?).await
    }

    pub(crate) async fn over(stream: TlsStream<TcpStream>) -> Result<Self, Failure> {
        let (sender, connection) = h2::client::Builder::new()
            .enable_push(false)
            .handshake(stream)
            .await?;
        let ended = tokio::spawn(connection);
        Ok(Self {
            sender,
            authorization: OnceLock::new(),
            ended,
        })
    }

    /// A good push with a good token.
    pub(crate) async fn push(&self, sim: &Sim, device: &str) -> Result<Answered, h2::Error> {
        let authorization = self.authorization.get_or_init(|| bearer(sim));
        self.send(Push::to(device).header("authorization", authorization))
            .await
    }

    pub(crate) async fn send(&self, push: Push) -> Result<Answered, h2::Error> {
        let mut request = http::Request::builder()
            .method(push.method)
            .uri(format!("https://localhost{}", push.path));
        for (name, value) in &push.headers {
            request = request.header(name, value);
        }
        let request = request.body(()).expect("a request");
        let mut sender = self.sender.clone().ready().await?;
        let (answer, mut stream) = sender.send_request(request, push.body.is_empty())?;
        if !push.body.is_empty() {
            // The answer to a refused request may come before its body is out.
            let _ = stream.send_data(push.body, true);
        }
        let patience = std::time::Duration::from_secs(20);
        let answer = tokio::time::timeout(patience, answer)
            .await
            .expect("an answer")?;
        let (head, mut body) = answer.into_parts();
        let mut octets = Vec::new();
        let whole = async {
            while let Some(data) = body.data().await {
                let data = data?;
                octets.extend_from_slice(&data);
                body.flow_control().release_capacity(data.len())?;
            }
            Ok::<_, h2::Error>(())
        };
        tokio::time::timeout(patience, whole)
            .await
            .expect("a body")?;
        let body = match octets.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&octets).expect("a JSON body"),
        };
        Ok(Answered {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    /// Waits for the end of the connection.
    pub(crate) async fn ended(self) -> Result<(), h2::Error> {
        drop(self.sender);
        self.ended.await.expect("the connection's task")
    }
}

/// A good `authorization`.
pub(crate) fn bearer(sim: &Sim) -> String {
    let token = sim.files().provider_key().token(SystemTime::now());
    format!("bearer {}", token.expect("a token"))
}

/// Arms a fault for everything that it can befall.
pub(crate) fn arm(sim: &Sim, action: Action) -> Result<(), Failure> {
    Ok(sim.fault(Fault::new(Service::Apns, action))?)
}

pub(crate) fn stats(sim: &Sim) -> ServiceStats {
    sim.stats()[&Service::Apns].clone()
}

/// Waits until the counters are as they should be.
pub(crate) async fn until(sim: &Sim, holds: impl Fn(&ServiceStats) -> bool) {
    let waiting = async {
        while !holds(&stats(sim)) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    let in_time = tokio::time::timeout(raw::PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "{:?}", stats(sim));
}

/// A request to the control API: status and body.
pub(crate) async fn control(
    sim: &Sim,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, String), Failure> {
    let mut tcp = TcpStream::connect(sim.control_addr()).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tcp.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok((status, body.to_owned()))
}
