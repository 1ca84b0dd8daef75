//! The peers, as their documentation says. They make the JSON of each message anew.

use anyhow::{Result, anyhow};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use harness::{Sample, Stopwatch};
use yardstick::fcm::{TITLE, access_token, text};

use crate::load::Load;
use crate::place::{PROJECT, Place};

/// firebae-cm sends many by one call.
pub(crate) async fn firebae_cm(load: &Load) -> Result<Sample> {
    use firebae_cm::{Client, Error, Message, MessageBody, Notification, Receiver};

    let message = |token: String, text: &str| {
        let notification = Notification::new().title(TITLE).body(text);
        let body = MessageBody::new(Receiver::token(token)).notification(notification);
        Message::new(PROJECT, access_token(), body)
    };
    let frame = serde_json::to_vec(&message(String::new(), ""))?;
    let text = text(load.body_bytes, frame.len());
    let client = Client::new()?;
    let [before, timed] = load.devices().map(super::registrations);
    let send = async |tokens: Vec<String>| {
        let messages = tokens.into_iter().map(|token| message(token, &text));
        let mut refused = 0;
        for outcome in client.send_all(messages, load.in_flight()).await {
            match outcome {
                Err(Error::FcmError(_)) => refused += 1,
                outcome => drop(outcome?),
            }
        }
        Ok::<u64, Error>(refused)
    };
    // One alone, so that the others find a connection.
    let mut first = before;
    let rest = first.split_off(first.len().min(1));
    let refused = send(first).await? + send(rest).await?;
    let watch = Stopwatch::start();
    let refused = refused + send(timed).await?;
    let sample = watch.stop(load.messages());
    super::check_refused(load, refused)?;
    Ok(sample)
}

/// fcm-service has no call for many, and makes a client and gets an access token for each message.
pub(crate) async fn fcm_service(place: &Place, load: &Load) -> Result<Sample> {
    use fcm_service::{FcmMessage, FcmNotification, FcmPayload, FcmService, Target};

    let message = |token: String, text: &str| {
        let mut notification = FcmNotification::new();
        notification.set_title(TITLE.to_owned());
        notification.set_body(text.to_owned());
        let mut message = FcmMessage::new();
        message.set_notification(Some(notification));
        message.set_target(Target::Token(token));
        message
    };
    let empty = message(String::new(), "");
    let frame = serde_json::to_vec(&FcmPayload { message: empty })?;
    let text = text(load.body_bytes, frame.len());
    let service = FcmService::new(place.service_account());
    let send = async |tokens: Vec<String>| {
        let mut under_way = FuturesUnordered::new();
        let mut refused = 0;
        let is_refused = |outcome: Result<(), Box<dyn std::error::Error>>| match outcome {
            Ok(()) => Ok(0),
            Err(error) if error.to_string().starts_with("Failed to send") => Ok(1),
            Err(error) => Err(anyhow!("{error:?}")),
        };
        for token in tokens {
            if under_way.len() >= load.in_flight()
                && let Some(outcome) = under_way.next().await
            {
                refused += is_refused(outcome)?;
            }
            under_way.push(service.send_notification(message(token, &text)));
        }
        while let Some(outcome) = under_way.next().await {
            refused += is_refused(outcome)?;
        }
        Ok::<u64, anyhow::Error>(refused)
    };
    let [before, timed] = load.devices().map(super::registrations);
    let refused = send(before).await?;
    let watch = Stopwatch::start();
    let refused = refused + send(timed).await?;
    let sample = watch.stop(load.messages());
    super::check_refused(load, refused)?;
    Ok(sample)
}
