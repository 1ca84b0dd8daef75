use std::sync::Arc;

use futures_util::future::FutureExt;
use futures_util::stream::Stream;
use push_core::fan_out::{FanOut, Guarded, IntoSource};

use super::{Subscription, below};
use crate::v1::{Client, Device, Error};

/// The outcomes of [`Topics::subscribe_all`](super::Topics::subscribe_all) and
/// [`unsubscribe_all`](super::Topics::unsubscribe_all): a stream of each item as it was given and what
/// became of it, in order of completion.
///
/// Dropping it takes back the requests that were not handed to a connection. What is made of devices
/// that seem gone, [`SendAll`](crate::v1::SendAll) says.
pub type SubscribeAll<S> = Guarded<FanOut<S, (<S as Stream>::Item, Result<Subscription, Error>)>>;

/// Does the same for each device.
pub(super) fn all<M, I, F>(
    client: &Client,
    devices: I,
    work: impl Fn(String) -> F + Send + Sync + 'static,
) -> SubscribeAll<I::Source>
where
    I: IntoSource<M>,
    I::Item: Device + Send + 'static,
    F: Future<Output = Result<Subscription, Error>> + Send + 'static,
{
    let work = Arc::new(work);
    let begin = move |device: I::Item| {
        let work = work.clone();
        let working = async move {
            let outcome = match below(&device) {
                Ok(below) => work(below).await,
                Err(error) => Err(error),
            };
            (device, outcome)
        };
        working.boxed()
    };
    client.guarded(|room| FanOut::new(devices.into_source(), room, begin))
}
