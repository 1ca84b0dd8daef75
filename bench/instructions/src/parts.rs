//! Parts of a push: what is done for each, or for each notification.

use std::hint::black_box;
use std::time::SystemTime;

use anyhow::Result;
use anypush::apns::{DeviceToken, EncodeContext, Notification, parse_body};
use anypush::http::{Authorize, ConnectionCredential};
use yardstick::{TOPIC, devices};

use crate::PUSHES;
use crate::pushes::provider_token;

/// Encodes a notification for each of so many pushes.
///
/// # Errors
/// It is not valid.
pub fn encode(notification: &Notification) -> Result<()> {
    let context = EncodeContext::new(SystemTime::UNIX_EPOCH).default_topic(Some(TOPIC));
    for _ in 0..PUSHES {
        black_box(notification.encode(&context)?);
    }
    Ok(())
}

/// One with the fields that most have.
pub fn notification() -> Notification {
    Notification::alert("Your table is ready")
        .title("Restaurant")
        .badge(3)
}

/// Asks for the provider token's header for each of so many pushes.
///
/// # Errors
/// It can't be signed.
pub fn authorize(credential: &mut dyn ConnectionCredential) -> Result<()> {
    for _ in 0..PUSHES {
        black_box(credential.header(SystemTime::UNIX_EPOCH)?);
    }
    Ok(())
}

/// A connection's credential whose token is signed already.
///
/// # Errors
/// There is no randomness.
pub fn credential() -> Result<Box<dyn ConnectionCredential>> {
    let mut credential = provider_token()?.attach();
    credential.header(SystemTime::UNIX_EPOCH)?;
    Ok(credential)
}

/// Reads device tokens.
///
/// # Errors
/// One is none.
pub fn read_tokens(texts: &[String]) -> Result<()> {
    for text in texts {
        black_box(text.parse::<DeviceToken>()?);
    }
    Ok(())
}

/// So many texts of device tokens.
#[must_use]
pub fn token_texts() -> Vec<String> {
    (0..PUSHES).map(devices::token_text).collect()
}

/// Reads what Apple says of a device that is gone, for each of so many pushes.
pub fn read_refusals(body: &[u8]) {
    for _ in 0..PUSHES {
        black_box(parse_body(black_box(body)));
    }
}
