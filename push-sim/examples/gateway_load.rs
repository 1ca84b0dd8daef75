//! How many frames the binary gateway takes for each second of one core.
//!
//! ```text
//! cargo run --release -p push-sim --example gateway_load -- 10000000 100
//! ```
//! The arguments are frames and bytes of payload. The client writes bytes that it has prepared, over
//! TLS, on a thread of its own; what counts is the time that the simulator's thread was on a core,
//! which Linux alone tells.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use push_sim::{Service, Sim};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Failure = Box<dyn std::error::Error>;

/// So many are prepared, and written again and again.
const PREPARED: u32 = 5_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let frames: u64 = arguments
        .next()
        .map_or(Ok(10_000_000), |text| text.parse())?;
    let payload_bytes: usize = arguments.next().map_or(Ok(100), |text| text.parse())?;

    let sim = Sim::builder().apns_gateway_any().start()?;
    let address = sim.apns_gateway_addr().ok_or("the service does not run")?;
    let mut roots = RootCertStore::empty();
    roots.add(sim.authority().certificate_der().clone())?;
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let mut stream = TlsConnector::from(Arc::new(tls))
        .connect("localhost".try_into()?, tcp)
        .await?;

    let payload = vec![b' '; payload_bytes];
    let batch: Vec<u8> = (0..PREPARED).flat_map(|id| frame(id, &payload)).collect();
    let batches = frames.div_ceil(u64::from(PREPARED));

    let started = Instant::now();
    let busy_before = simulator_seconds()?;
    for _ in 0..batches {
        stream.write_all(&batch).await?;
    }
    // A notification without a token is refused when all before it were taken.
    stream.write_all(&[2, 0, 0, 0, 0]).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let seconds = started.elapsed().as_secs_f64();
    let busy = simulator_seconds()? - busy_before;

    let stats = sim.stats();
    let accepted = stats
        .get(&Service::ApnsGateway)
        .map_or(0, |stats| stats.accepted);
    if answer != [8, 2, 0, 0, 0, 0] || accepted != batches * u64::from(PREPARED) {
        return Err(format!("{accepted} were taken, and the answer is {answer:?}").into());
    }
    writeln!(
        std::io::stdout(),
        "{accepted} frames of {} bytes in {seconds:.2} s, {:.0} per second; \
         the simulator took {:.0} ns for each, {:.0} per second of one core",
        batch.len() / PREPARED as usize,
        accepted as f64 / seconds,
        busy / accepted as f64 * 1e9,
        accepted as f64 / busy,
    )?;
    Ok(())
}

/// Command 2, with all that it can say.
fn frame(identifier: u32, payload: &[u8]) -> Vec<u8> {
    let token = [&[0xf0; 28][..], &identifier.to_be_bytes()].concat();
    let items = [
        (1, &token[..]),
        (2, payload),
        (3, &identifier.to_be_bytes()),
        (4, &0_u32.to_be_bytes()),
        (5, &[10]),
    ];
    let mut octets = Vec::new();
    for (number, data) in items {
        octets.push(number);
        octets.extend((data.len() as u16).to_be_bytes());
        octets.extend(data);
    }
    let mut frame = vec![2];
    frame.extend((octets.len() as u32).to_be_bytes());
    frame.extend(octets);
    frame
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
