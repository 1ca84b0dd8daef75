use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, Guarded, TryFanOut, TryGuarded};

use super::Outcome;

/// The outcomes of [`Client::send_all`](super::Client::send_all): a stream of each item as it was given and
/// what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. Poll it steadily: time passes for
/// the pushes that it has taken, polled or not. Others on the same connections are not held up by one that
/// nobody polls.
///
/// # Push services that are slow, or silent
/// A push under way for longer than two seconds leaves its place to others. To each push service go as many
/// as keep its connections busy, and to one that is not known two before its first answer; all of those leave
/// a quarter of the session's connections to others. What is not let through waits, and its time has not
/// begun. A push service that let pass the whole time of a push
/// ([`timeout`](super::ClientBuilder::timeout)) without an answer to anything is left alone for 30 seconds:
/// pushes for it are told at once as not sent, with the verdict
/// [`RetryAfter`](push_core::Verdict::RetryAfter). So are those for one that is not known and slow, where
/// as many wait for it as may be under way ([`in_flight`](super::ClientBuilder::in_flight)) and others were
/// sent to. What waits is bounded all the same, so the intake can come to wait for push services that answer,
/// and answer late, where most of the subscriptions are theirs.
///
/// # Subscriptions that are gone
/// 410 says so for certain. 404 means the same by the standard, but push services have answered so for hours
/// to all that was sent (FCM, on 26 June 2024). So 404 is held back until the same push service has accepted
/// another push of this send, and judged by what comes of those:
///
/// - An acceptance shows that the push service knows its subscriptions. Those held back come right before
///   it, and every later one as it comes, all with the verdict
///   [`RemoveToken`](push_core::Verdict::RemoveToken).
/// - The hundredth without an acceptance, or the end of the subscriptions with five or more, makes a fault of
///   the push service likely: the verdict is [`RetryAfter`](push_core::Verdict::RetryAfter) an hour, and the
///   error says so. Nothing is to be removed for it. So it goes on after the hundredth, until an acceptance
///   comes after all; what was told before stays as it was told.
/// - The same where nothing is under way and no subscription comes for as long as one attempt may take
///   ([`timeout`](super::ClientBuilder::timeout)): whoever gives the subscriptions may be waiting for the
///   outcomes.
///
/// Each push service is judged for itself; of those that are not known, some are judged together.
/// [`Rejection::judgement`](super::Rejection) has what was made of it. All else is told in order of
/// completion. Up to 99 are held back for each push service.
pub type SendAll<S> = Guarded<FanOut<S, (<S as Stream>::Item, Outcome)>>;

/// The outcomes of [`Client::send_each`](super::Client::send_each): a stream of each subscription as it was
/// given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. What is made of slow push services,
/// and of subscriptions that seem gone, [`SendAll`] says.
pub type SendEach<S, D> = Guarded<FanOut<S, (D, Outcome)>>;

/// The outcomes of [`Client::try_send_all`](super::Client::try_send_all): as [`SendAll`], with the source's
/// error last, if it had one.
pub type TrySendAll<S, D, E> = TryGuarded<TryFanOut<S, D, E, (D, Outcome)>>;
