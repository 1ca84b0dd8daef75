//! The browser's side of Mozilla's push service: a websocket over which a user agent subscribes and
//! gets what was pushed to it.
//!
//! An unmodified Firefox speaks it with whatever its preference `dom.push.serverURL` names, such as
//! `ws://127.0.0.1:8443/`. That works on a TLS port too, where everything else wants TLS. What is answered
//! is what Mozilla's autoconnect answers, except that:
//! - pings may come as often as they like;
//! - no broadcasts are known, and none are complained about;
//! - the sub-protocol `push-notification` is agreed to where it is offered, and not asked for.

mod carrier;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod handshake;
mod message;
mod session;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use hyper::body::Bytes;

use super::store::Store;
use crate::web::{Asked, Duplex, Speak, Speaking, Told, Upgrade};
use session::Session;

/// A request for the websocket; `None`: it is another one.
pub(super) fn upgrade(asked: &Asked, store: &Arc<Store>) -> Option<Result<Upgrade, Told>> {
    let told = match handshake::answer(asked)? {
        Ok(told) => told,
        Err(told) => return Some(Err(told)),
    };
    let host = asked.host.as_deref().unwrap_or("localhost");
    let base = format!("{}://{host}", asked.scheme);
    let session = Session::new(Arc::clone(store), base);
    Some(Ok(Upgrade {
        told,
        speak: Box::new(Browser(session)),
    }))
}

/// A browser that is about to talk.
struct Browser(Session);

impl Speak for Browser {
    fn speak<'a>(self: Box<Self>, stream: &'a mut dyn Duplex, early: Bytes) -> Speaking<'a> {
        Box::pin(carrier::carry(stream, early, self.0))
    }
}
