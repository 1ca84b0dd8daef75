//! Who gets the messages: subscriptions with keys of their own, made anew in each process.

use anyhow::Result;
use anypush::web::{Keys, Receiver, Subscription};
use yardstick::devices;

/// The push service of the subscriptions that nothing is sent to.
pub(crate) const ORIGIN: &str = "https://push.example";

/// One subscription, with what its browser keeps.
#[derive(Debug)]
pub(crate) struct Browser {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the tests read what was made for it")
    )]
    pub(crate) receiver: Receiver,
    pub(crate) keys: Keys,
    pub(crate) subscription: Subscription,
}

/// The URL of a number: no two alike, as long as real ones.
pub(crate) fn endpoint(origin: &str, number: u64) -> String {
    format!("{origin}/push/{}", devices::registration(number))
}

/// So many browsers that subscribed there.
pub(crate) fn browsers(origin: &str, count: u64) -> Result<Vec<Browser>> {
    let browser = |number| {
        let receiver = Receiver::generate()?;
        let keys = receiver.keys();
        Ok(Browser {
            subscription: Subscription::with_keys(&endpoint(origin, number), keys)?,
            receiver,
            keys,
        })
    };
    (0..count).map(browser).collect()
}
