use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, Guarded, TryFanOut, TryGuarded};

use crate::Outcome;

/// The outcomes of [`Client::send_all`](crate::Client::send_all): a stream of each item as it was
/// given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. Poll it steadily: time
/// passes for the pushes that it has taken, polled or not. Others on the same connections are not held
/// up by one that nobody polls.
///
/// # The wrong environment
/// `BadDeviceToken` is what the service says of a dead token, and of every token of the other
/// environment: sent to the wrong endpoint, a whole registry seems dead. So those that come before the
/// first acceptance are held back, and judged by what comes of the others:
///
/// - An acceptance shows that the endpoint is right. Those held back come right before it, and every
///   later one as it comes, all with the verdict [`RemoveToken`](push_core::Verdict::RemoveToken).
/// - The hundredth without an acceptance, or the end of the devices, makes the wrong environment
///   likely: the verdict is [`FixCredentials`](push_core::Verdict::FixCredentials), and the error says
///   so. Nothing is to be removed for it. So it goes on after the hundredth, until an acceptance comes
///   after all; what was told before stays as it was told.
/// - The same where nothing is under way and no device comes for as long as one push may take
///   ([`timeout`](crate::ClientBuilder::timeout)): whoever gives the devices may be waiting for the
///   outcomes.
///
/// [`Rejection::judgement`](crate::Rejection) has what was made of it. All else is told in order of
/// completion, a 410 too, which is about its token alone. Those held back count as under way, up to 99
/// of them, and leave room for at least one push.
pub type SendAll<S> = Guarded<FanOut<S, (<S as Stream>::Item, Outcome)>>;

/// The outcomes of [`Client::send_each`](crate::Client::send_each): a stream of each device as it
/// was given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. What is made of a
/// `BadDeviceToken`, [`SendAll`] says.
pub type SendEach<S, D> = Guarded<FanOut<S, (D, Outcome)>>;

/// The outcomes of [`Client::try_send_all`](crate::Client::try_send_all): as
/// [`SendAll`], with the source's error last, if it had one.
pub type TrySendAll<S, D, E> = TryGuarded<TryFanOut<S, D, E, (D, Outcome)>>;
