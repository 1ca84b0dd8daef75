//! WNS on tokio: a toast, a tile, a badge and raw bytes, to one channel and to many.
//!
//! `cargo run --example wns`
//!
//! The simulator stands in for Microsoft here. For the real service take the credentials of your own app,
//! `Credentials::package` for UWP or `Credentials::entra` for the Windows App SDK, and leave out
//! `token_url`, `trusted_origins` and `roots`. Against a simulator in a process of its own:
//!
//! ```text
//! anypush sim --dir /tmp/sim --wns 127.0.0.1:8447 --control 127.0.0.1:8080
//! cargo run --example wns -- https://localhost:8447 /tmp/sim
//! ```

#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Duration;

use anypush::prelude::*;
use anypush::wns::{
    Badge, Button, Client, Credentials, Glyph, Notification, Scenario, Text, TextStyle, Tile,
    TileBinding, Toast, TrustedOrigins,
};
use push_sim::{Action, Answer, Fault, Service, Sim};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().wns_any().start()?;
    // One device has removed the app, and one is offline.
    for (token, answer) in [
        ("device-7", Answer::new(410)),
        ("device-8", Answer::new(200).reason("dropped")),
    ] {
        sim.fault(Fault::new(Service::Wns, Action::Answer(answer)).token(token))?;
    }
    let mut given = std::env::args().skip(1);
    let url = given.next().or_else(|| sim.wns_url());
    let url = url.ok_or("no WNS simulator")?;
    let dir = given
        .next()
        .map_or_else(|| sim.dir().to_owned(), PathBuf::from);

    let credentials =
        Credentials::package("ms-app://S-1-15-2-1004590123", "secret-of-the-package")?;
    let client = Client::builder(Session::new(anypush::TokioBackend::new()?))
        .credentials(credentials.token_url(&format!("{url}/accesstoken.srf"))?)
        // The access token goes to WNS's own hosts, and to the simulator.
        .trusted_origins(TrustedOrigins::windows().also(&url)?)
        .roots(Roots::from_pem_file(dir.join("ca.pem"))?)
        .build()?;

    // One channel, by the URI that the app has got and handed on.
    let channel = format!("{url}/?token=device-1");
    let toast = Toast::new("Goal")
        .text("1:0 in the 89th minute")
        .launch("match=4711")
        .scenario(Scenario::Urgent)
        .button(Button::new("Watch", "watch=4711"));
    let tile = TileBinding::medium()
        .text(Text::new("1:0").style(TextStyle::Title))
        .text(Text::new("89th minute").style(TextStyle::CaptionSubtle));
    for (what, notification) in [
        (
            "toast",
            Notification::toast(toast).ttl(Duration::from_secs(600)),
        ),
        ("tile", Notification::tile(Tile::new(tile)).tag("match4711")),
        (
            "badge",
            Notification::badge(Badge::glyph(Glyph::NewMessage)),
        ),
        ("raw", Notification::raw(r#"{"match":4711,"score":"1:0"}"#)),
    ] {
        match client.send(&channel, &notification).await {
            Ok(receipt) => println!(
                "{what}: taken as {}",
                receipt.message_id.unwrap_or_default()
            ),
            Err(error) => println!("{what}: {}: {}", error.verdict().name(), error.report()),
        }
    }

    // Any number of channels, from an iterator or a stream; each comes back with its outcome.
    let channels = (1..=1000).map(|number| (format!("{url}/?token=device-{number}"), number));
    let channels: Vec<_> = channels.collect();
    let score = Notification::badge(Badge::number(1));
    let mut outcomes = client.send_all(channels, &score);
    let mut taken = 0;
    while let Some(((_, number), outcome)) = outcomes.next().await {
        match outcome.verdict() {
            Verdict::Accepted => taken += 1,
            Verdict::RemoveToken { .. } => println!("device {number}: remove its channel"),
            Verdict::RetryAfter(wait) => println!("device {number}: again in {wait:?}"),
            other => println!("device {number}: {}: {outcome:?}", other.name()),
        }
    }
    println!("{taken} taken");
    Ok(())
}
