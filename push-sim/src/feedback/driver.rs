//! Tells one client, and ends the connection.

use std::io;
use std::num::NonZeroU32;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

use super::Shared;
use crate::armed::Whom;
use crate::ending::{closed, drain};
use crate::fault::{Action, Close, Point};
use crate::listener::Connected;

/// How a reading goes wrong.
#[derive(Default)]
struct Trouble {
    delay: Option<Duration>,
    bytes_per_s: Option<NonZeroU32>,
    /// How the connection ends, and where.
    close: Option<(Close, Point)>,
    stall: bool,
}

impl Trouble {
    fn of(actions: impl IntoIterator<Item = Action>) -> Self {
        let mut trouble = Self::default();
        for action in actions {
            match action {
                Action::Close(close) => trouble.close = Some((close, Point::Request)),
                Action::CloseAt(close, point) => trouble.close = Some((close, point)),
                Action::Delay(time) => trouble.delay = Some(time),
                Action::Slow(bytes_per_s) => trouble.bytes_per_s = Some(bytes_per_s),
                // After TLS nothing is said.
                Action::Stall | Action::Handshake(_) => trouble.stall = true,
                _ => {}
            }
        }
        trouble
    }
}

/// Tells what there is to tell.
pub(super) async fn tell(connected: Connected, shared: &Shared) -> io::Result<()> {
    let Connected {
        mut stream,
        action,
        mut orders,
        open: _open,
    } = connected;
    let struck = {
        let mut book = shared.ledger.open();
        book.count_request();
        book.request(Whom::named(&[]), |_| true)
    };
    let trouble = Trouble::of(action.into_iter().chain(struck));
    let ordered = tokio::select! {
        biased;
        action = ordered(&mut orders) => action,
        told = talk(&mut stream, &trouble, shared) => match told? {
            Some(close) => Action::Close(close),
            None => Action::Stall,
        },
    };
    let close = match ordered {
        Action::Close(close) => close,
        // An order to stall can still be followed by one to close.
        _ => tokio::select! {
            () = closed(stream.get_ref().0) => return Ok(()),
            close = ordered_close(&mut orders) => close,
        },
    };
    end(&mut stream, close).await
}

/// The next order that is about to be carried out.
async fn ordered(orders: &mut UnboundedReceiver<Action>) -> Action {
    loop {
        match orders.recv().await {
            Some(action @ (Action::Close(_) | Action::Stall)) => return action,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

async fn ordered_close(orders: &mut UnboundedReceiver<Action>) -> Close {
    loop {
        if let Action::Close(close) = ordered(orders).await {
            return close;
        }
    }
}

/// How the connection is to end; `None`: it stalls.
async fn talk(
    stream: &mut TlsStream<TcpStream>,
    trouble: &Trouble,
    shared: &Shared,
) -> io::Result<Option<Close>> {
    if let Some(delay) = trouble.delay {
        sleep(delay).await;
    }
    let (close, end) = match trouble.close {
        Some((close, Point::AfterAnswer)) => (close, None),
        Some((close, Point::MidAnswer)) => (close, Some(Point::MidAnswer)),
        Some((close, point)) => (close, Some(point)),
        None => (Close::Tls, None),
    };
    let is_cut = end.is_some() || trouble.stall;
    if is_cut && end != Some(Point::MidAnswer) {
        shared.ledger.open().stats.unprocessed += 1;
        return Ok((!trouble.stall).then_some(close));
    }
    let reading = shared.list.read();
    if is_cut {
        write(
            stream,
            &reading.octets[..reading.middle],
            trouble.bytes_per_s,
        )
        .await?;
        shared.ledger.open().stats.unprocessed += 1;
        return Ok((!trouble.stall).then_some(close));
    }
    write(stream, &reading.octets, trouble.bytes_per_s).await?;
    shared.list.told(&reading);
    let mut book = shared.ledger.open();
    book.stats.accepted += reading.tuples;
    book.stats.bytes += reading.octets.len() as u64;
    Ok(Some(close))
}

async fn write(
    stream: &mut TlsStream<TcpStream>,
    octets: &[u8],
    bytes_per_s: Option<NonZeroU32>,
) -> io::Result<()> {
    let Some(rate) = bytes_per_s else {
        stream.write_all(octets).await?;
        return stream.flush().await;
    };
    let most = (rate.get() / 1000).max(1) as usize;
    for piece in octets.chunks(most) {
        stream.write_all(piece).await?;
        stream.flush().await?;
        sleep(Duration::from_secs(piece.len() as u64) / rate.get()).await;
    }
    Ok(())
}

async fn end(stream: &mut TlsStream<TcpStream>, close: Close) -> io::Result<()> {
    match close {
        Close::Rst => stream.get_ref().0.set_zero_linger(),
        Close::Fin => {
            let tcp = stream.get_mut().0;
            tcp.shutdown().await?;
            drain(tcp).await
        }
        Close::Tls => {
            stream.shutdown().await?;
            drain(stream.get_mut().0).await
        }
    }
}
