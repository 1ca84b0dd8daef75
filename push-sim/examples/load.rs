//! How many pushes a simulator takes for each second of one core.
//!
//! ```text
//! cargo run --release -p push-sim --example load -- 400000 1000
//! ```
//! The arguments are pushes and bytes of payload. The client is the `h2` crate
//! over TLS, on a thread of its own; what counts is the time that the
//! simulator's thread was on a core, which Linux alone tells.

use std::io::Write;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use push_sim::{Service, Sim};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let pushes: u64 = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let payload_bytes: usize = arguments.next().map_or(Ok(1000), |text| text.parse())?;

    let sim = Sim::builder().apns_any().start()?;
    let address = sim.apns_addr().ok_or("the service does not run")?;
    let mut roots = RootCertStore::empty();
    roots.add(sim.authority().certificate_der().clone())?;
    let mut tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let stream = TlsConnector::from(Arc::new(tls))
        .connect("localhost".try_into()?, tcp)
        .await?;
    let (client, connection) = h2::client::Builder::new()
        .initial_max_send_streams(1)
        .handshake::<_, Bytes>(stream)
        .await?;
    tokio::spawn(connection);

    let token = sim.files().provider_key().token(SystemTime::now())?;
    let mut authorization = http::HeaderValue::try_from(format!("bearer {token}"))?;
    authorization.set_sensitive(true);
    let padding = "x".repeat(payload_bytes.saturating_sub(20));
    let payload = Bytes::from(format!(r#"{{"aps":{{"alert":"{padding}"}}}}"#));

    let started = Instant::now();
    let busy_before = simulator_seconds()?;
    let next = std::cell::Cell::new(0);
    let worker = || async {
        let mut client = client.clone();
        while next.get() < pushes {
            let number = next.replace(next.get() + 1);
            client = client.ready().await?;
            let request = http::Request::post(format!("https://localhost/3/device/{number:064x}"))
                .header("authorization", authorization.clone())
                .header("apns-topic", "com.example.app")
                .header("apns-push-type", "alert")
                .header(
                    "apns-id",
                    format!("{number:08x}-0000-4000-8000-000000000000"),
                )
                .body(())?;
            let (answer, mut body) = client.send_request(request, false)?;
            body.send_data(payload.clone(), true)?;
            let answer = answer.await?;
            if answer.status() != 200 {
                return Err(answer.status().to_string().into());
            }
        }
        Ok::<(), Failure>(())
    };
    worker_set(500, worker).await?;

    let seconds = started.elapsed().as_secs_f64();
    let busy = simulator_seconds()? - busy_before;
    let stats = sim.stats();
    let accepted = stats.get(&Service::Apns).map_or(0, |stats| stats.accepted);
    writeln!(
        std::io::stdout(),
        "{accepted} pushes of {} bytes in {seconds:.2} s, {:.0} per second; \
         the simulator took {:.2} µs for each, {:.0} per second of one core",
        payload.len(),
        accepted as f64 / seconds,
        busy / accepted as f64 * 1e6,
        accepted as f64 / busy,
    )?;
    Ok(())
}

/// Polls so many futures together.
async fn worker_set<F: Future<Output = Result<(), Failure>>>(
    count: usize,
    worker: impl Fn() -> F,
) -> Result<(), Failure> {
    let mut workers = futures_util::stream::FuturesUnordered::new();
    for _ in 0..count {
        workers.push(worker());
    }
    while let Some(done) = futures_util::StreamExt::next(&mut workers).await {
        done?;
    }
    Ok(())
}

/// How long the simulator's thread was on a core.
fn simulator_seconds() -> Result<f64, Failure> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() == "push-sim" {
            let schedstat = std::fs::read_to_string(task.join("schedstat"))?;
            let nanoseconds = schedstat.split(' ').next().ok_or("an empty schedstat")?;
            return Ok(nanoseconds.parse::<f64>()? / 1e9);
        }
    }
    Err("there is no simulator's thread".into())
}
