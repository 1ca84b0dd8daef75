use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, Guarded, TryFanOut, TryGuarded};

use super::Outcome;

/// The outcomes of [`Client::send_all`](super::Client::send_all): a stream of each item as it was
/// given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. Poll it steadily: time
/// passes for the pushes that it has taken, polled or not. Others on the same connections are not held
/// up by one that nobody polls.
///
/// # Devices that are gone
/// Sent with the credentials of another project, or with a message that no device takes, a whole
/// registry can seem dead. So answers that speak of a dead device (`UNREGISTERED`, APNs' `Unregistered`
/// and its like), or of a token that is not valid (`INVALID_ARGUMENT` that names no field), are held back
/// until there is an acceptance, and judged by what comes of the others:
///
/// - An acceptance shows that project and message are right. Those held back come right before it, and
///   every later one as it comes, all with the verdict
///   [`RemoveToken`](push_core::Verdict::RemoveToken).
/// - The hundredth without an acceptance, or the end of the devices with five or more, makes a wrong
///   project likely: the verdict of those that are gone is
///   [`FixCredentials`](push_core::Verdict::FixCredentials), and the error says so. Nothing is to be
///   removed for it. A token that is not valid stays [`FixMessage`](push_core::Verdict::FixMessage). So
///   it goes on after the hundredth, until an acceptance comes after all; what was told before stays as
///   it was told.
/// - The same where nothing is under way and no device comes for as long as one attempt may take
///   ([`timeout`](super::ClientBuilder::timeout)): whoever gives the devices may be waiting for the
///   outcomes.
///
/// An acceptance says nothing of the other platforms, which FCM does not tell apart: a message or a
/// project that APNs knows no device of (`DeviceTokenNotForTopic`) makes dead tokens of Apple's devices as
/// soon as an Android device takes it. Where that can be, send to them apart.
///
/// [`Rejection::judgement`](super::Rejection) has what was made of it. All else is told in order of
/// completion. Those held back count as under way, up to 99 of them, and leave room for at least one
/// push.
pub type SendAll<S> = Guarded<FanOut<S, (<S as Stream>::Item, Outcome)>>;

/// The outcomes of [`Client::send_each`](super::Client::send_each): a stream of each device as it
/// was given and what became of it, in order of completion.
///
/// Dropping it takes back the pushes that were not handed to a connection. What is made of devices that
/// seem gone, [`SendAll`] says; but a token that is not valid is never held to be dead, since each
/// message is another.
pub type SendEach<S, D> = Guarded<FanOut<S, (D, Outcome)>>;

/// The outcomes of [`Client::try_send_all`](super::Client::try_send_all): as
/// [`SendAll`], with the source's error last, if it had one.
pub type TrySendAll<S, D, E> = TryGuarded<TryFanOut<S, D, E, (D, Outcome)>>;
