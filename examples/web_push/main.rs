//! Web Push, from the button of a page to the notification: a page and a service worker that subscribe, and
//! the server that keeps their subscriptions and pushes to them.
//!
//! ```text
//! cargo run --example web_push -- --subject mailto:you@example.org
//! ```
//!
//! Then open `http://localhost:8000/`. How to try it without any network, with Firefox and the simulator, is
//! in the README.md beside this file.

#![allow(clippy::print_stdout, reason = "it is a program")]

mod options;
mod server;
mod subscribers;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anypush::prelude::*;
use anypush::web::{Client, EndpointPolicy, Vapid, VapidKey};
use options::Options;
use subscribers::Subscribers;
use tokio::net::TcpListener;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = Options::read(std::env::args().skip(1))? else {
        print!("{}", options::HELP);
        return Ok(());
    };
    let key = vapid_key(&options.vapid)?;
    // Endpoints come from browsers, so from anybody.
    let policy = match options.allow_private {
        false => EndpointPolicy::public(),
        true => EndpointPolicy::private(),
    };
    let roots = match &options.ca {
        None => Roots::system(),
        Some(file) => Roots::from_pem_file(file)?,
    };
    let client = Client::builder(Session::new(anypush::TokioBackend::new()?))
        .vapid(Vapid::new(key.clone()).subject(options.subject))
        .endpoints(policy.clone())
        .roots(roots)
        .build()?;

    let listener = TcpListener::bind(options.listen).await?;
    let page = format!("http://localhost:{}/", listener.local_addr()?.port());
    println!("{page}");
    let subscribers = Subscribers::new(client, policy, key.application_server_key(), page);
    server::serve(listener, Arc::new(subscribers)).await
}

/// The key in the file, which is made at the first start: subscriptions belong to it for good.
fn vapid_key(file: &Path) -> Result<VapidKey> {
    if file.exists() {
        return Ok(VapidKey::from_pem_file(file)?);
    }
    let key = VapidKey::generate()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Nobody else reads it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(key.to_pem()?.as_bytes())?;
    println!("made a key: {}", file.display());
    Ok(key)
}
