//! Where messages go: what a browser gives a page that subscribes.

mod endpoint;
mod fault;
mod json;
mod keys;
mod policy;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

pub use self::endpoint::Endpoint;
pub use self::fault::{InvalidEndpoint, InvalidSubscription};
use self::json::Wire;
pub use self::keys::{InvalidKeys, Keys};
pub use self::policy::EndpointPolicy;

/// A push subscription: where its messages go, and what they are encrypted with.
///
/// As JSON it is what `JSON.stringify(subscription)` gives in a browser (W3C Push API,
/// `PushSubscriptionJSON`): `endpoint`, `expirationTime` in milliseconds or null, and `keys` with
/// `p256dh` and `auth`. Other members are ignored. Keys are read in the URL's alphabet of base64 and in
/// the plain one, with padding or without.
///
/// An endpoint comes from a user: [`check`](Subscription::check) it before it is stored. A client checks it
/// again before it sends.
///
/// ```
/// # use push_web::{EndpointPolicy, Subscription};
/// let subscription: Subscription = r#"{
///     "endpoint": "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
///     "expirationTime": null,
///     "keys": {
///         "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
///         "auth": "BTBZMqHH6r4Tts7J_aSIgg"
///     }
/// }"#
/// .parse()?;
/// subscription.check(&EndpointPolicy::public())?;
/// # Ok::<_, push_web::InvalidSubscription>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Subscription {
    endpoint: Endpoint,
    keys: Option<Keys>,
    /// Milliseconds since 1970.
    expiration_time: Option<u64>,
}

impl Subscription {
    /// A subscription of its endpoint and its two keys in base64.
    ///
    /// # Errors
    /// When one of them can't be used; the error says which and why.
    pub fn new(endpoint: &str, p256dh: &str, auth: &str) -> Result<Self, InvalidSubscription> {
        Ok(Self {
            endpoint: endpoint.parse()?,
            keys: Some(Keys::from_texts(p256dh, auth)?),
            expiration_time: None,
        })
    }

    /// A subscription of its endpoint and its keys.
    ///
    /// # Errors
    /// When the endpoint can't be used.
    pub fn with_keys(endpoint: &str, keys: Keys) -> Result<Self, InvalidSubscription> {
        Ok(Self {
            endpoint: endpoint.parse()?,
            keys: Some(keys),
            expiration_time: None,
        })
    }

    /// A subscription without keys: only messages without a payload can go there.
    ///
    /// # Errors
    /// When the endpoint can't be used.
    pub fn without_keys(endpoint: &str) -> Result<Self, InvalidSubscription> {
        Ok(Self {
            endpoint: endpoint.parse()?,
            keys: None,
            expiration_time: None,
        })
    }

    /// Where its messages go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What its messages are encrypted with; `None`: only messages without a payload can go there.
    pub fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// When the browser will let it end; `None`: not known, as with all browsers of today.
    pub fn expiration_time(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.expiration_time?))
    }

    /// Whether its endpoint is taken.
    ///
    /// # Errors
    /// When it is not; see [`EndpointPolicy::check`].
    pub fn check(&self, policy: &EndpointPolicy) -> Result<(), InvalidSubscription> {
        Ok(policy.check(&self.endpoint)?)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("endpoint", &self.endpoint)
            .field("keys", &self.keys)
            .field("expiration_time", &self.expiration_time())
            .finish()
    }
}

impl FromStr for Subscription {
    type Err = InvalidSubscription;

    /// Reads JSON as browsers give it.
    fn from_str(json: &str) -> Result<Self, InvalidSubscription> {
        let wire: Wire = serde_json::from_str(json).map_err(|error| json::fault(&error))?;
        wire.read()
    }
}
