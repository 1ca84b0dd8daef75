//! An HTTP server on plain threads that answers with the bytes it is given.

#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use legacy_surf::SurfTransport;
use push_core::http::HttpTransport;
use push_core::{
    Backend, BoxFuture, Certificate, Connection, Error, ErrorKind, Identity, Result, Target,
    async_trait,
};

/// No test, and no wait of the server's, takes longer.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A request as it came.
#[derive(Debug)]
pub struct Received {
    pub line: String,
    /// Names in lower case, sorted.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Gives each request to a script, which answers on the bare connection.
pub struct Server {
    port: u16,
    ended: Receiver<io::Result<()>>,
}

impl Server {
    pub fn new(
        script: impl Fn(Received, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, ended) = channel();
        let script = Arc::new(script);
        std::thread::spawn(move || {
            while let Ok((tcp, _)) = listener.accept() {
                tcp.set_read_timeout(Some(LIMIT)).unwrap();
                tcp.set_write_timeout(Some(LIMIT)).unwrap();
                let (script, sender) = (script.clone(), sender.clone());
                std::thread::spawn(move || {
                    let _ = sender.send(serve(tcp, script.as_ref()));
                });
            }
        });
        Self { port, ended }
    }

    /// One that gives every request this answer.
    pub fn answering(answer: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self::new(move |_, tcp| tcp.write_all(answer.as_ref()))
    }

    pub fn uri(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// How the next connection ends.
    pub fn end(&self) -> io::Result<()> {
        self.ended.recv_timeout(LIMIT).unwrap()
    }
}

fn serve(
    mut tcp: TcpStream,
    script: &dyn Fn(Received, &mut TcpStream) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = BufReader::new(tcp.try_clone()?);
    while let Some(received) = receive(&mut reader)? {
        script(received, &mut tcp)?;
    }
    Ok(())
}

fn receive(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    headers.sort();
    Ok(Some(Received {
        line: line.trim_end().to_owned(),
        headers,
        body,
    }))
}

/// Time and tasks, and no connections: surf makes its own.
#[derive(Debug)]
pub struct Clock;

#[async_trait]
impl Backend for Clock {
    fn load_certificate(&self, _: &Identity) -> Result<Arc<dyn Certificate>> {
        Err(Error::new(ErrorKind::Identity, "no certificates here"))
    }

    async fn connect(
        &self,
        _: &Target,
        _: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        Err(Error::new(ErrorKind::Connect, "no connections here"))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        async_std::task::spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        let wait = deadline.saturating_duration_since(self.now());
        Box::pin(async_std::task::sleep(wait))
    }
}

/// surf's own client, on async-std, each connection used once.
pub fn transport() -> SurfTransport {
    let config = surf::Config::new().set_http_keep_alive(false);
    SurfTransport::new(config.try_into().unwrap()).unwrap()
}

pub fn post(uri: impl AsRef<str>) -> Request<Bytes> {
    Request::post(uri.as_ref())
        .body(Bytes::from_static(b"{}"))
        .unwrap()
}

/// Sends within the limit of the tests.
pub fn send(transport: &dyn HttpTransport, request: Request<Bytes>) -> Result<Response<Bytes>> {
    send_bounded(transport, request, 1024)
}

pub fn send_bounded(
    transport: &dyn HttpTransport,
    request: Request<Bytes>,
    max_body_bytes: usize,
) -> Result<Response<Bytes>> {
    let send = transport.send(request, max_body_bytes);
    async_std::task::block_on(async_std::future::timeout(LIMIT, send)).unwrap()
}
