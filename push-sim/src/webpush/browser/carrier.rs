//! Carries a session over its websocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::body::Bytes;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Result};

use super::message::Outgoing;
use super::session::Session;
use crate::ending::LINGER;
use crate::web::Duplex;

/// A longer message ends the session. Those of browsers are far shorter.
const MOST_BYTES: usize = 64 << 10;
/// Time to say hello.
const GREETING: Duration = Duration::from_secs(60);
/// Time to take a message.
const PATIENCE: Duration = Duration::from_secs(60);

type Socket<'a> = WebSocketStream<&'a mut dyn Duplex>;

/// Carries a session until one of both ends it.
pub(super) async fn carry(stream: &mut dyn Duplex, early: Bytes, mut session: Session) {
    let config = WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        .max_message_size(Some(MOST_BYTES))
        .max_frame_size(Some(MOST_BYTES));
    let early = Vec::from(early);
    let mut socket =
        WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
    match converse(&mut socket, &mut session).await {
        Ok(frame) => part(&mut socket, frame).await,
        Err(error) => {
            tracing::debug!(%error, "a browser's websocket broke");
            if let Some(frame) = blame(&error) {
                part(&mut socket, frame).await;
            }
        }
    }
}

/// Until it is over: with what words, if it is not the browser who ends it.
async fn converse(socket: &mut Socket<'_>, session: &mut Session) -> Result<CloseFrame> {
    let greeting = sleep(GREETING);
    tokio::pin!(greeting);
    loop {
        let outgoing = tokio::select! {
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) => match session.hear(&text) {
                    Ok(outgoing) => outgoing,
                    Err(refusal) => return Ok(frame(CloseCode::Error, refusal.to_string())),
                },
                Some(Ok(Message::Binary(_))) => {
                    let line = "only text messages are spoken";
                    return Ok(frame(CloseCode::Unsupported, line.to_owned()));
                }
                // It is answered by the library, as soon as somebody writes or reads.
                Some(Ok(_)) => None,
                Some(Err(error)) => return Err(error),
                None => return Err(Error::ConnectionClosed),
            },
            outgoing = session.next() => match outgoing {
                Some(outgoing) => Some(outgoing),
                None => {
                    let line = "the user agent has connected again, or was forgotten";
                    return Ok(frame(CloseCode::Normal, line.to_owned()));
                }
            },
            () = &mut greeting, if !session.is_greeted() => {
                return Ok(frame(CloseCode::Policy, "no hello was said".to_owned()));
            }
        };
        if let Some(outgoing) = outgoing {
            say(socket, &outgoing).await?;
        }
    }
}

async fn say(socket: &mut Socket<'_>, outgoing: &Outgoing) -> Result<()> {
    let sending = socket.send(Message::text(outgoing.to_text()));
    let in_time = timeout(PATIENCE, sending).await;
    in_time.unwrap_or_else(|elapsed| Err(Error::Io(elapsed.into())))
}

/// Says goodbye, and waits for the same word.
async fn part(socket: &mut Socket<'_>, frame: CloseFrame) {
    let parting = async {
        socket.close(Some(frame)).await?;
        while let Some(heard) = socket.next().await {
            heard?;
        }
        Ok::<(), Error>(())
    };
    let _ = timeout(LINGER, parting).await;
}

/// What is told to a browser whose frames can't be read; `None`: it hears nothing any more.
fn blame(error: &Error) -> Option<CloseFrame> {
    match error {
        Error::Capacity(_) => Some(frame(
            CloseCode::Size,
            format!("a message has more than {MOST_BYTES} bytes"),
        )),
        Error::Utf8(_) => Some(frame(CloseCode::Invalid, "text is not UTF-8".to_owned())),
        Error::Protocol(_) => Some(frame(CloseCode::Protocol, "a frame is wrong".to_owned())),
        _ => None,
    }
}

fn frame(code: CloseCode, reason: String) -> CloseFrame {
    CloseFrame {
        code,
        reason: reason.into(),
    }
}
