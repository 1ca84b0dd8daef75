//! What a service makes of one connection of HTTP/2.

use std::sync::Arc;

use super::http2::Serve;
use super::reply::Reply;
use super::shared::{MOST_BODY_BYTES, Shared, Struck, TooLong};
use super::site::Asked;
use crate::fault::Action;
use crate::http2::{Limits, Request};
use crate::ledger::{Book, Ledger};
use crate::now::Now;

/// Tokens of OAuth are long.
const HEADER_LIST_BYTES: u32 = 32 << 10;

pub(super) struct ClientConnection {
    shared: Arc<Shared>,
    /// The request that is about to be served.
    struck: Option<Struck>,
}

impl ClientConnection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            struck: None,
        }
    }

    fn asked(&self, request: &Request) -> Asked {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let mut asked = Asked {
            body: request.body().to_vec(),
            scheme: self.shared.scheme(),
            ..Asked::default()
        };
        for (name, value) in request.fields().iter() {
            match name {
                b":method" => asked.method = text(value),
                b":path" => {
                    let target = text(value);
                    (asked.path, asked.query) = match target.split_once('?') {
                        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
                        None => (target, None),
                    };
                }
                b":authority" => asked.host = Some(text(value)),
                // Some clients send `https:`; it is what it is.
                b":scheme" => {}
                b"host" if asked.host.is_none() => asked.host = Some(text(value)),
                _ => asked.headers.push((text(name), value.to_vec())),
            }
        }
        asked
    }
}

impl Serve for ClientConnection {
    type Reply = Reply;

    fn ledger(&self) -> &Arc<Ledger> {
        &self.shared.ledger
    }

    fn limits(&self) -> Limits {
        Limits {
            max_streams: self.max_streams(),
            header_list_bytes: HEADER_LIST_BYTES,
            body_bytes: MOST_BODY_BYTES,
            ..Limits::default()
        }
    }

    fn max_streams(&self) -> u32 {
        self.shared.site.max_streams()
    }

    fn strike_head(&mut self, request: &Request, book: &mut Book) -> Option<Action> {
        self.shared.strike_head(&self.asked(request), book)
    }

    fn strike(
        &mut self,
        request: &Request,
        early: Option<Action>,
        book: &mut Book,
    ) -> Option<Action> {
        let struck = self.shared.strike(self.asked(request), early, book);
        let action = struck.action.clone();
        self.struck = Some(struck);
        action
    }

    fn serve(
        &mut self,
        request: &Request,
        action: Option<&Action>,
        book: &mut Book,
        _: Now,
    ) -> Reply {
        let struck = self.struck.take().unwrap_or_else(|| {
            let (asked, early) = (self.asked(request), action.cloned());
            self.shared.strike(asked, early, book)
        });
        let too_long = if request.too_many_fields() {
            Some(TooLong::Fields)
        } else if request.body_len() > request.body().len() as u64 {
            Some(TooLong::Body)
        } else {
            None
        };
        self.shared.serve(struck, too_long, request.fields(), book)
    }
}
