//! The least that a client on the `h2` crate does: it makes requests, hands them to one
//! connection, and looks at the status of the answers. No deadlines, no resending, no limits.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h2::RecvStream;
use h2::client::SendRequest;
use harness::{Sample, Stopwatch};
use http::header::AUTHORIZATION;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::load::{self, Load, TOPIC};
use crate::simulator::{KEY_ID, Place, TEAM_ID};

const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const APNS_TOPIC: HeaderName = HeaderName::from_static("apns-topic");
const APNS_ID: HeaderName = HeaderName::from_static("apns-id");

pub(crate) async fn run(place: &Place, load: &Load) -> Result<Sample> {
    let stream = connect(place).await?;
    let (sender, connection) = h2::client::Builder::new()
        .enable_push(false)
        .initial_max_send_streams(1)
        .handshake(stream)
        .await?;
    let driver = tokio::spawn(connection);
    let mut bare = Loop {
        sender,
        authority: format!("localhost:{}", place.port).parse()?,
        headers: headers(place)?,
        payload: payload(load).into(),
        in_flight: load.in_flight,
    };
    let [before, timed] = load.devices();
    let tokens: Vec<_> = before.map(load::device_text).collect();
    bare.send(&tokens, 0).await?;
    let tokens: Vec<_> = timed.map(load::device_text).collect();
    let watch = Stopwatch::start();
    bare.send(&tokens, load.warm_up).await?;
    let sample = watch.stop(tokens.len() as u64);
    drop(bare);
    driver.await??;
    Ok(sample)
}

async fn connect(place: &Place) -> Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&place.ca_pem()?) {
        roots.add(certificate.context("ca.pem is not readable")?)?;
    }
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let tcp = TcpStream::connect(("localhost", place.port)).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(Arc::new(tls)).connect(name, tcp).await?)
}

/// All that is the same for each push, in the order in which this project's client has it.
fn headers(place: &Place) -> Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(PUSH_TYPE, HeaderValue::from_static("alert"));
    headers.insert(APNS_TOPIC, HeaderValue::from_static(TOPIC));
    headers.insert(APNS_ID, HeaderValue::from_static(""));
    headers.insert(AUTHORIZATION, authorization(place)?);
    Ok(headers)
}

fn authorization(place: &Place) -> Result<HeaderValue> {
    // The signing itself is no part of what is compared: this borrows the client's.
    use anypush::http::Authorize;
    let token = anypush::apns::ProviderToken::from_p8(place.provider_key()?, KEY_ID, TEAM_ID)?;
    Ok(token.attach().header(SystemTime::now())?)
}

fn payload(load: &Load) -> String {
    let text = load.alert(r#"{"aps":{"alert":""}}"#);
    format!(r#"{{"aps":{{"alert":"{text}"}}}}"#)
}

struct Loop {
    sender: SendRequest<Bytes>,
    authority: Authority,
    headers: HeaderMap,
    payload: Bytes,
    in_flight: usize,
}

impl Loop {
    async fn send(&mut self, tokens: &[String], first: u64) -> Result<()> {
        let mut under_way = FuturesUnordered::new();
        for (number, token) in (first..).zip(tokens) {
            if under_way.len() >= self.in_flight
                && let Some(answer) = under_way.next().await
            {
                check(answer)?;
            }
            std::future::poll_fn(|cx| self.sender.poll_ready(cx)).await?;
            let request = self.request(token, number)?;
            let (answer, mut body) = self.sender.send_request(request, false)?;
            body.send_data(self.payload.clone(), true)?;
            under_way.push(answer);
        }
        while let Some(answer) = under_way.next().await {
            check(answer)?;
        }
        Ok(())
    }

    fn request(&self, token: &str, number: u64) -> Result<Request<()>> {
        let mut id = HeaderValue::from_maybe_shared(Bytes::from(load::apns_id(number)))?;
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

fn check(answer: Result<Response<RecvStream>, h2::Error>) -> Result<()> {
    let status = answer?.status();
    ensure!(status == 200, "a push was answered by {status}");
    Ok(())
}
