//! What becomes of one request.

use std::sync::Arc;
use std::time::SystemTime;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Request, Response, StatusCode};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::body::Padded;
use super::raw;
use crate::fault::{Action, Close, Malformed, Point};
use crate::http2::Fields;
use crate::ledger::Ledger;
use crate::web::farewell::Ending;
use crate::web::reply::Reply;
use crate::web::shared::{MOST_BODY_BYTES, Shared, TooLong};
use crate::web::site::{Asked, Told};
use crate::web::upgrade::Speak;

/// How a connection ends in the middle of it all.
#[derive(Debug)]
pub(super) struct Doom {
    /// What is said before.
    pub(super) words: Vec<u8>,
    pub(super) ending: Ending,
}

impl Doom {
    pub(super) fn silent(ending: Ending) -> Self {
        Self {
            words: Vec::new(),
            ending,
        }
    }

    fn close(words: Vec<u8>, close: Close) -> Self {
        Self {
            words,
            ending: Ending::Close(close),
        }
    }
}

/// How a connection can cease to speak HTTP.
pub(super) struct Exits {
    /// It ends.
    pub(super) sentence: UnboundedSender<Doom>,
    /// It speaks something else.
    pub(super) agree: UnboundedSender<Box<dyn Speak>>,
    /// No other requests are served.
    pub(super) upgrades_only: bool,
}

impl Exits {
    /// The answer to a request that is none to the service.
    fn apart(&self, asked: &Asked, shared: &Shared) -> Option<Told> {
        match shared.site.upgrade(asked) {
            Some(Ok(upgrade)) => {
                // The connection is there to hear it, or is gone.
                let _ = self.agree.send(upgrade.speak);
                Some(upgrade.told)
            }
            Some(Err(told)) => Some(told),
            None if self.upgrades_only => Some(Told::new(
                400,
                "text/plain; charset=utf-8",
                "this port speaks TLS: write https://; without it only a browser's websocket is served\n",
            )),
            None => None,
        }
    }
}

/// Answers a request; one that the connection does not survive passes `sentence`, and is never
/// answered.
pub(super) async fn answer(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    exits: &Exits,
) -> hyper::Result<Response<Padded>> {
    let sentence = &exits.sentence;
    let (head, body) = request.into_parts();
    let mut asked = asked(&head, shared.scheme());
    if let Some(told) = exits.apart(&asked, shared) {
        let reply = Reply::new(told, 0, asked.method == "HEAD", SystemTime::now());
        let is_last = exits.upgrades_only && reply.status != 101;
        return Ok(response(reply, Some(0), is_last));
    }
    if let Some(doom) = strike_head(shared, &asked) {
        return doomed(doom, sentence).await;
    }
    let too_long = read(body, &mut asked.body).await?;
    let fields = fields(&head, &asked);
    match serve(shared, asked, too_long, &fields) {
        Ok((reply, action)) => tell(reply, action, shared, sentence).await,
        Err(doom) => doomed(doom, sentence).await,
    }
}

/// The answer, and the fault with which it comes; or what ends the connection in its place.
fn serve(
    shared: &Shared,
    asked: Asked,
    too_long: Option<TooLong>,
    fields: &Fields,
) -> Result<(Reply, Option<Action>), Doom> {
    let mut book = shared.ledger.open();
    let struck = shared.strike(asked, None, &mut book);
    let action = struck.action.clone();
    if let Some(doom) = action.as_ref().and_then(unserved) {
        book.stats.unprocessed += 1;
        return Err(doom);
    }
    Ok((shared.serve(struck, too_long, fields, &mut book), action))
}

/// Reads a body to its end; what is beyond the limit is not kept.
async fn read(mut body: Incoming, kept: &mut Vec<u8>) -> hyper::Result<Option<TooLong>> {
    let mut too_long = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if kept.len() + data.len() > MOST_BODY_BYTES {
            too_long = Some(TooLong::Body);
        } else {
            kept.extend_from_slice(&data);
        }
    }
    Ok(too_long)
}

/// What ends the connection before the body of a request is read.
fn strike_head(shared: &Shared, asked: &Asked) -> Option<Doom> {
    let mut book = shared.ledger.open();
    if !book.watches_heads() {
        return None;
    }
    let doom = shared
        .strike_head(asked, &mut book)
        .as_ref()
        .and_then(unserved)?;
    book.stats.unprocessed += 1;
    Some(doom)
}

/// What ends the connection in place of serving the request.
fn unserved(action: &Action) -> Option<Doom> {
    let early = |point: &Point| {
        !matches!(
            point,
            Point::BeforeAnswer | Point::MidAnswer | Point::AfterAnswer
        )
    };
    Some(match action {
        Action::Close(close) => Doom::close(Vec::new(), *close),
        Action::CloseAt(close, point) if early(point) => Doom::close(Vec::new(), *close),
        Action::Reset(_) => Doom::close(Vec::new(), Close::Rst),
        Action::ResetAt(_, point) if early(point) => Doom::close(Vec::new(), Close::Rst),
        Action::Stall => Doom::silent(Ending::Stall),
        Action::Wedge => Doom::silent(Ending::Wedge),
        _ => return None,
    })
}

/// Sends the answer to a request that was served, as the fault wants it.
async fn tell(
    reply: Reply,
    action: Option<Action>,
    shared: &Shared,
    sentence: &UnboundedSender<Doom>,
) -> hyper::Result<Response<Padded>> {
    // Counted when this is dropped, unless it is answered.
    let unanswered = Unanswered {
        ledger: &shared.ledger,
        notifications: reply.accepted,
    };
    let close = match &action {
        Some(Action::CloseAt(close, point)) => Some((*close, *point)),
        Some(Action::ResetAt(_, point)) => Some((Close::Rst, *point)),
        _ => None,
    };
    if let Some((close, point)) = close {
        let words = match point {
            Point::MidAnswer => raw::half(&reply),
            Point::AfterAnswer => raw::answer(&reply),
            _ => Vec::new(),
        };
        match point {
            Point::AfterAnswer => unanswered.was_answered(),
            _ => drop(unanswered),
        }
        return doomed(Doom::close(words, close), sentence).await;
    }
    let mut is_last = false;
    match action {
        Some(Action::DropAnswer) => {
            drop(unanswered);
            return std::future::pending().await;
        }
        Some(Action::Malformed(kind)) if !kind.is_harmless() => {
            drop(unanswered);
            let doom = match kind {
                Malformed::ContentLength => Doom::close(raw::cut_short(&reply), Close::Tls),
                _ => Doom {
                    words: raw::GARBAGE.to_vec(),
                    ending: Ending::Wedge,
                },
            };
            return doomed(doom, sentence).await;
        }
        Some(Action::StopReading(None)) => {
            unanswered.was_answered();
            let doom = Doom {
                words: raw::answer(&reply),
                ending: Ending::Stall,
            };
            return doomed(doom, sentence).await;
        }
        Some(Action::Body(body)) if body.status == reply.status => {
            match body.bytes {
                Some(_) => unanswered.was_answered(),
                None => drop(unanswered),
            }
            return Ok(response(reply, body.bytes, is_last));
        }
        Some(Action::Delay(delay)) => sleep(delay).await,
        Some(Action::GoAway(_)) => is_last = true,
        _ => {}
    }
    unanswered.was_answered();
    Ok(response(reply, Some(0), is_last))
}

/// Waits for the connection to be ended.
async fn doomed<T>(doom: Doom, sentence: &UnboundedSender<Doom>) -> T {
    let _ = sentence.send(doom);
    std::future::pending().await
}

fn response(reply: Reply, padding: Option<u64>, is_last: bool) -> Response<Padded> {
    let body = match padding {
        Some(0) => Padded::plain(reply.body),
        padding => Padded::new(reply.body, padding),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(phrase) = reply.reason_phrase {
        let phrase = ReasonPhrase::from_static(phrase.as_bytes());
        response.extensions_mut().insert(phrase);
    }
    let headers = response.headers_mut();
    for (name, value) in reply.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            headers.append(name, value);
        }
    }
    if is_last {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn asked(head: &Parts, scheme: &'static str) -> Asked {
    let host = head.headers.get("host").and_then(|host| host.to_str().ok());
    let authority = || head.uri.authority().map(Authority::as_str);
    let headers = head.headers.iter().filter(|(name, _)| *name != "host");
    Asked {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        host: host.or_else(authority).map(str::to_owned),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: Vec::new(),
        scheme,
    }
}

/// The fields as `/received` shows them.
fn fields(head: &Parts, asked: &Asked) -> Fields {
    let mut fields = Fields::default();
    let target = head.uri.path_and_query();
    let target = target.map_or_else(|| head.uri.path(), |target| target.as_str());
    fields.push(b":method", asked.method.as_bytes());
    fields.push(b":path", target.as_bytes());
    for (name, value) in &asked.headers {
        fields.push(name.as_bytes(), value);
    }
    fields
}

/// Counts notifications that were taken as unanswered when it is dropped.
struct Unanswered<'a> {
    ledger: &'a Ledger,
    notifications: u64,
}

impl Unanswered<'_> {
    fn was_answered(mut self) {
        self.notifications = 0;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.notifications > 0 {
            self.ledger.open().stats.unanswered += self.notifications;
        }
    }
}
