//! Windows Push Notification Services, and the two endpoints where clients get access tokens.
//!
//! All of them share one address; a request is told by its path, whatever its host is:
//! - `POST /accesstoken.srf`, for packages of the Partner Center;
//! - `POST /TENANT/oauth2/v2.0/token`, for applications of the Windows App SDK (Entra ID);
//! - any other is a channel. Channels are made on request
//!   ([`Sim::open_channels`](crate::Sim::open_channels), or `POST /channels` on the control address),
//!   as `/?token=ID`. One that nobody has made here is taken, too: it is one of Windows, of no
//!   particular app, and both kinds of tokens serve it.
//!
//! A channel is named in faults and in `/received` by what its path ends in, or by the token of its
//! query where that is nothing; as it was sent, so not percent-decoded, but for the digits of
//! percent-encodings, whose case makes no difference. Faults find it by path and query, and by the
//! whole URL, too.
//!
//! An answer fault's `reason` names what is meant: `BadRequest`, `Unauthorized`, `OtherApp`,
//! `NotAllowedApp` (403: the app is not in the list of those allowed), `ChannelNotFound`,
//! `MethodNotAllowed`, `Throttled` (406 or 429), `ChannelExpired`, `ChannelRevoked`, `DomainBlocked`
//! (410 with that reason phrase, and that description), `LengthRequired`, `TooLarge`, `ServerError`,
//! `Unavailable`; with status 200 `dropped`, `channelthrottled` or `received`. Any other text is the
//! description. Both names of the status header are in every answer, unless the [`Config`] or the
//! fault's `headers` say otherwise: `{"status":200,"reason":"dropped","headers":{"x-wns-status":null}}`
//! has only the older one. Of a token endpoint it is an error of OAuth, or a number of Entra ID's such
//! as `AADSTS7000222`; its fault names the path: `{"token":"/accesstoken.srf"}`.
//!
//! Where Microsoft's pages are silent, the choices are:
//! - a request is looked at in this order: method, access token, channel, app, length, headers, what
//!   conflicts among them, the channel's tile, and the XML;
//! - a request without a length gets 411, as HTTP has it (RFC 9110, section 15.5.12): Microsoft says no
//!   more than that chunks are not supported;
//! - 401 has `WWW-Authenticate: Bearer`, which HTTP wants, and Microsoft does not mention;
//! - a TTL of 0 conflicts with `X-WNS-Cache-Policy: cache`, and `X-WNS-Match` with POST;
//! - a popup can't be suppressed on Windows: that is dropped, with status 200;
//! - values of headers are taken in either case, but for `X-WNS-Type`;
//! - a group and a tag are taken on every channel;
//! - XML that Windows would not show is refused with 400, which says why, though the real service takes
//!   it ([`Config::refuses_bad_xml`]); what senders are known to get wrong without harm (`<img>`, a word
//!   in another case, a missing id) is taken, and told in the `notes` of `/received`;
//! - an old template has exactly its number of texts and images; empty ones count;
//! - HTTP/2 is offered, too, though nobody says that WNS does; only a connection of HTTP/1.1 tells the
//!   reason phrase `Domain Blocked`;
//! - channels are forgotten on [`reset`](crate::Sim::reset), access tokens are not.

mod channel;
mod channels;
mod config;
mod delivery;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod oauth;
mod reason;
mod request;
mod route;
mod site;
mod xml;

pub use channel::{Channel, Kind, Known, State, Wish};
pub use config::{Application, Config, ExpiresIn, StatusHeader};
pub use delivery::Delivery;
pub use request::Type;

pub(crate) use channels::Channels;
pub(crate) use site::Shared;

#[cfg(test)]
mod tests;
