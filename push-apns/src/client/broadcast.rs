//! Pushes to channels.

use http::{HeaderValue, Method};
use push_core::http::Answer;

use super::access::Way;
use super::request::{EXPIRATION, PRIORITY, PUSH_TYPE};
use super::{Client, deliver};
use crate::app::{AppRequest, REQUEST_ID};
use crate::{ApnsId, ChannelId, Channels, Error, Notification, Outcome, PushType, Receipt};

impl Client {
    /// Sends one notification to a channel, and so to every device that listens there.
    ///
    /// It has to be an update or the end of a Live Activity, with a priority and an expiration; a
    /// channel that stores nothing takes one attempt only ([`Expiration::Once`](crate::Expiration)).
    /// At most 5,120 bytes. The app is that of the notification's topic, or of the client's.
    ///
    /// It goes out under an `apns-request-id`, the notification's id if it has one, which the receipt
    /// names. What the service may have taken is not sent again: then the verdict is
    /// [`Unknown`](push_core::Verdict::Unknown).
    ///
    /// # Errors
    /// What is wrong with the notification, all of it, before anything is sent; what the service
    /// answered, such as [`Reason::ChannelNotRegistered`](crate::Reason::ChannelNotRegistered); or why
    /// there is no answer. [`Error::verdict`] says what to do.
    ///
    /// # Cancel safety
    /// Dropping the future takes the push back unless it was handed to a connection.
    pub async fn broadcast(&self, channel: &ChannelId, notification: &Notification) -> Outcome {
        let inner = &self.inner;
        let now = inner.session.backend().system_time();
        let access = inner.access();
        let encoded = notification.encode_broadcast(&inner.context(&access, now))?;
        drop(access);
        let id = encoded.id.unwrap_or_else(|| inner.ids.next());
        let push_type = PushType::LiveActivity.as_str();
        let priority = encoded.priority.as_str();
        let request = AppRequest::new(Way::Broadcasts, Method::POST, id, taken)
            .to(
                &inner.places.of(Way::Broadcasts).authority,
                format!("/4/broadcasts/apps/{}", encoded.bundle_id),
            )
            .channel(channel)
            .header(&PUSH_TYPE, HeaderValue::from_static(push_type))
            .header(&PRIORITY, HeaderValue::from_static(priority))
            .header(&EXPIRATION, encoded.expiration.header_secs(now))
            .body(encoded.payload);
        deliver::deliver(inner, request).await
    }

    /// Says all that is wrong with a notification as one that goes to a channel, and sends nothing.
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong.
    pub fn check_broadcast(&self, notification: &Notification) -> Result<(), Error> {
        let inner = &self.inner;
        let now = inner.session.backend().system_time();
        let access = inner.access();
        notification.encode_broadcast(&inner.context(&access, now))?;
        Ok(())
    }

    /// The channels of the client's app: creates, shows, lists and deletes them.
    pub fn channels(&self) -> Channels {
        Channels::new(self.clone())
    }
}

fn taken(answer: &Answer, id: ApnsId, attempts: u32) -> Result<Receipt, Error> {
    Ok(Receipt::of(&answer.headers, &REQUEST_ID, id, attempts))
}
