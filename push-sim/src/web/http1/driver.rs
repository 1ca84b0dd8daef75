//! Serves one connection, and ends it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::answer::{Doom, Exits, answer};
use crate::ending::LINGER;
use crate::fault::{Action, Close};
use crate::listener::Connected;
use crate::web::farewell::{Ending, Stream, end};
use crate::web::shared::Shared;
use crate::web::upgrade::Speaking;

/// Serves a connection until it ends, perhaps at once.
pub(in crate::web) async fn talk(connected: Connected<Stream>, shared: Arc<Shared>) {
    let Connected {
        stream,
        action,
        mut orders,
        open: _open,
    } = connected;
    let first = action.as_ref().and_then(ending);
    let ended = match first {
        Some(ending) => end(stream, ending, &mut orders).await,
        None => serve(stream, shared, &mut orders).await,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn serve(
    stream: Stream,
    shared: Arc<Shared>,
    orders: &mut UnboundedReceiver<Action>,
) -> io::Result<()> {
    let (sentence, mut doom) = unbounded_channel();
    let (agree, mut agreed) = unbounded_channel();
    let exits = Exits {
        sentence,
        agree,
        // Without TLS where there should be.
        upgrades_only: matches!(stream, Stream::Plain(_)) && !shared.is_plain,
    };
    let service = service_fn(|request| Box::pin(answer(request, &shared, &exits)));
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    let doom = loop {
        let action = tokio::select! {
            // An order comes before what the client sent after it was given.
            biased;
            Some(doom) = doom.recv() => break doom,
            Some(action) = orders.recv() => action,
            served = poll_fn(|cx| connection.poll_without_shutdown(cx)) => {
                served.map_err(io::Error::other)?;
                let parts = connection.into_parts();
                let mut stream = parts.io.into_inner();
                let Ok(speak) = agreed.try_recv() else {
                    return stream.shutdown().await;
                };
                let ending = hear(speak.speak(&mut stream, parts.read_buf), orders).await;
                return end(stream, ending, orders).await;
            }
        };
        if let Some(ending) = ending(&action) {
            break Doom::silent(ending);
        }
        if matches!(action, Action::GoAway(_)) {
            Pin::new(&mut connection).graceful_shutdown();
        }
    };
    let mut stream = connection.into_parts().io.into_inner();
    let spoken = timeout(LINGER, async {
        stream.write_all(&doom.words).await?;
        stream.flush().await
    });
    if !doom.words.is_empty() && !matches!(spoken.await, Ok(Ok(()))) {
        tracing::debug!("a client did not take its last answer");
    }
    end(stream, doom.ending, orders).await
}

/// Lets another protocol be spoken until it is over, or is ended from outside.
async fn hear(mut speaking: Speaking<'_>, orders: &mut UnboundedReceiver<Action>) -> Ending {
    loop {
        let action = tokio::select! {
            biased;
            Some(action) = orders.recv() => action,
            () = &mut speaking => return Ending::Close(Close::Tls),
        };
        match action {
            Action::GoAway(_) => return Ending::Close(Close::Tls),
            action => {
                if let Some(ending) = ending(&action) {
                    return ending;
                }
            }
        }
    }
}

/// What an action on a connection without a request makes of it.
fn ending(action: &Action) -> Option<Ending> {
    match action {
        Action::Close(close) | Action::CloseAt(close, _) => Some(Ending::Close(*close)),
        Action::Stall => Some(Ending::Stall),
        Action::StopReading(None) => Some(Ending::Stall),
        // After TLS nothing is said.
        Action::Wedge | Action::Handshake(_) => Some(Ending::Wedge),
        _ => None,
    }
}
