use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, Guarded, TryFanOut, TryGuarded};

use super::Outcome;

/// The outcomes of [`Client::send_all`](super::Client::send_all): a stream of each item as it was
/// given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. Poll it steadily: time passes
/// for the pushes that it has taken, polled or not. Others on the same connections are not held up by one
/// that nobody polls.
///
/// # Slow servers, and too many pushes
/// A push under way for longer than two seconds leaves its place to others, so that channels at a server that
/// answers late do not hold up those at others. To each server go as many as keep its connections busy; what
/// is not let through waits, and its time has not begun. When WNS says that there are too many (406, 429,
/// 503), half as many are under way from then on, and more again while it says something else.
///
/// # Channels that are gone
/// 410 says so for certain, unless it came without the phrase that tells "Gone" from "Domain Blocked", as
/// over [another HTTP client](super::ClientBuilder::transport). 404 means the same, but a server at fault could
/// say so of every channel: so these are held back until WNS has accepted another push of this send, and judged by what comes of those:
///
/// - An acceptance shows that WNS knows its channels. Those held back come right before it, and every later
///   one as it comes, all with the verdict [`RemoveToken`](push_core::Verdict::RemoveToken).
/// - The hundredth without an acceptance, or the end of the devices with five or more, makes a fault of WNS
///   likely: the verdict is [`RetryAfter`](push_core::Verdict::RetryAfter) an hour, and the error says so.
///   Nothing is to be removed for it. So it goes on after the hundredth, until an acceptance comes after all;
///   what was told before stays as it was told.
/// - The same where nothing is under way and no device comes for as long as one attempt may take
///   ([`timeout`](super::ClientBuilder::timeout)): whoever gives the devices may be waiting for the outcomes.
///
/// [`Rejection::judgement`](super::Rejection) has what was made of it. All else is told in order of
/// completion. Up to 99 are held back.
pub type SendAll<S> = Guarded<FanOut<S, (<S as Stream>::Item, Outcome)>>;

/// The outcomes of [`Client::send_each`](super::Client::send_each): a stream of each device as it was
/// given and what became of it, in order of completion; else as [`SendAll`].
pub type SendEach<S, D> = Guarded<FanOut<S, (D, Outcome)>>;

/// The outcomes of [`Client::try_send_all`](super::Client::try_send_all): as [`SendAll`], with the source's
/// error last, if it had one.
pub type TrySendAll<S, D, E> = TryGuarded<TryFanOut<S, D, E, (D, Outcome)>>;
