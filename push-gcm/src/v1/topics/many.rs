//! The same change for any number of devices.

use futures_util::future::FutureExt;
use futures_util::stream::Stream;
use push_core::BoxFuture;
use push_core::fan_out::{FanOut, Guarded, TryFanOut, TryGuarded};

use super::{Subscription, Topics, below};
use crate::v1::{Device, Error, Topic};

/// The outcomes of [`Topics::subscribe_all`] and [`Topics::unsubscribe_all`]: a stream of each item as
/// it was given and what became of it, in order of completion.
///
/// Dropping it takes back the requests that were not handed to a connection. What is made of devices
/// that seem gone, [`SendAll`](crate::v1::SendAll) says.
pub type SubscribeAll<S> = Guarded<FanOut<S, Changed<<S as Stream>::Item>>>;

/// The outcomes of [`Topics::try_subscribe_all`] and [`Topics::try_unsubscribe_all`]: as
/// [`SubscribeAll`], with the source's error last, if it had one.
pub type TrySubscribeAll<S, D, E> = TryGuarded<TryFanOut<S, D, E, Changed<D>>>;

/// A device, and what became of the change.
type Changed<D> = (D, Result<Subscription, Error>);

/// What is done for each device.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Subscribe,
    Unsubscribe,
}

pub(super) fn all<S>(topics: &Topics, devices: S, change: Change, topic: &Topic) -> SubscribeAll<S>
where
    S: Stream,
    S::Item: Device + Send + 'static,
{
    let begin = one(topics, change, topic);
    topics
        .client
        .guarded(|room| FanOut::new(devices, room, begin))
}

pub(super) fn try_all<S, D, E>(
    topics: &Topics,
    devices: S,
    change: Change,
    topic: &Topic,
) -> TrySubscribeAll<S, D, E>
where
    S: Stream<Item = Result<D, E>>,
    D: Device + Send + 'static,
{
    let begin = one(topics, change, topic);
    TryGuarded::new(
        topics
            .client
            .guarded(|room| TryFanOut::new(devices, room, begin)),
    )
}

fn one<D: Device + Send + 'static>(
    topics: &Topics,
    change: Change,
    topic: &Topic,
) -> impl Fn(D) -> BoxFuture<'static, Changed<D>> + Send + 'static + use<D> {
    let (topics, topic) = (topics.clone(), topic.clone());
    move |device| {
        let (topics, topic) = (topics.clone(), topic.clone());
        let changing = async move {
            let outcome = match below(&device) {
                Ok(below) => topics.change(change, below, topic).await,
                Err(error) => Err(error),
            };
            (device, outcome)
        };
        changing.boxed()
    }
}
