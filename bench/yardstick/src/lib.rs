//! What the clients are compared with: bare loops, on the `h2` crate and for the binary gateway,
//! which send what this project's clients send; the bare operations of Web Push; and the devices that
//! everybody sends to.

mod bare;
mod connections;
pub mod devices;
pub mod fcm;
mod gateway;
mod gathered;
mod web;

pub use bare::{Bare, Pushing};
pub use fcm::{BareFcm, Messaging};
pub use gateway::BareGateway;
pub use gathered::Gathered;
pub use web::BareWebPush;

/// The bundle id that everybody sends to.
pub const TOPIC: &str = "com.example.app";

/// What an alert is within, in the JSON that this client and the bare loops send.
pub const FRAME: &str = r#"{"aps":{"alert":""}}"#;

/// The text of an alert that makes the payload as long as was asked for, within the JSON that
/// goes around it. It has no letters that JSON escapes.
#[must_use]
pub fn alert(payload_bytes: usize, frame: &str) -> String {
    "x".repeat(payload_bytes.saturating_sub(frame.len()))
}
