//! A protocol of one's own over the session's exclusive connections: lazy, cached, reset before they
//! are used again, and bounded in number.
//!
//! `cargo run --example lease`
//!
//! This is what `Session.get_connection()` and `Session.new_connection()` of apns-client were to those
//! who wrote their own protocols: here `connection()` and `new_connection()`, over any runtime and
//! any TLS stack. The server stands in for a real one and runs in a thread: each line it gets is a
//! question, each line it sends the answer.

#![allow(clippy::print_stdout)]

mod server;

use std::io;
use std::time::Duration;

use anypush::session::Lease;
use anypush::{Session, Target, TokioBackend};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use server::Server;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let server = Server::start()?;
    let session = Session::builder(TokioBackend::new()?)
        .max_connections_per_destination(4)
        .idle_timeout(Some(Duration::from_secs(60)))
        .build();
    // `Target::tls` for a server behind TLS; the second argument below is a client certificate.
    let quotes = Quotes {
        target: Target::plain("127.0.0.1", server.port()),
        session,
    };

    for name in ["ACME", "INIT", "HOOLI"] {
        println!("{name}: {}", quotes.ask(name).await?);
    }
    println!("three questions, {} connection", server.accepted());

    // The server restarts, and the cached connection with it.
    server.end_all();
    println!("ACME: {} after a restart", quotes.ask("ACME").await?);

    // Ten at once, over four connections: the others wait for their turn.
    let names: Vec<_> = (0..10).map(|number| format!("N{number}")).collect();
    let asked = names.iter().map(|name| quotes.ask(name));
    let answers = futures_util::future::try_join_all(asked).await?;
    println!(
        "{} answers, {} connections so far",
        answers.len(),
        server.accepted()
    );

    // A conversation that must not share its connection: whoever logs in stays logged in.
    println!("{}", quotes.ask_alone(&["LOGIN ada", "BALANCE"]).await?);

    let stats = quotes.session.stats();
    println!("{} leased, {} idle", stats.leased, stats.idle_leases);
    let closed = quotes.session.outdate(Duration::ZERO);
    println!("{closed} closed, since they were idle");
    quotes.session.shutdown(Duration::from_secs(5)).await;
    Ok(())
}

/// A client for the protocol of the server.
struct Quotes {
    session: Session,
    target: Target,
}

impl Quotes {
    /// Asks over a cached connection.
    async fn ask(&self, name: &str) -> Result<String, Failure> {
        // Connects to nothing yet. A lease that is dropped by an error closes its connection, so that
        // nobody else reads the answer to this question.
        let mut lease = self.session.connection(self.target.clone(), None)?;
        lease.ready().await?;
        let answer = match exchange(&mut lease, name).await {
            // The server may have ended it just as it was taken: once more, on a new one. Only for
            // questions that may be asked twice.
            Err(_) if lease.is_reused() => {
                lease.reconnect().await?;
                exchange(&mut lease, name).await?
            }
            answer => answer?,
        };
        // Asked and answered: the next one may have it.
        lease.release();
        Ok(answer)
    }

    /// Has a conversation on a connection that nobody used before, and nobody uses after it.
    async fn ask_alone(&self, questions: &[&str]) -> Result<String, Failure> {
        let mut lease = self.session.new_connection(self.target.clone(), None)?;
        let mut answer = String::new();
        for question in questions {
            answer = exchange(&mut lease, question).await?;
            // Nothing may be left over between one question and the next.
            if !lease.reset().await {
                return Err("the server said more than it was asked".into());
            }
        }
        lease.close().await?;
        Ok(answer)
    }
}

/// One line there and one line back.
async fn exchange(lease: &mut Lease, question: &str) -> io::Result<String> {
    lease.write_all(format!("{question}\n").as_bytes()).await?;
    lease.flush().await?;
    let mut answer = Vec::new();
    let mut part = [0; 256];
    while !answer.ends_with(b"\n") {
        let count = lease.read(&mut part).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&part[..count]);
    }
    Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
}
