//! FCM HTTP v1: messages, Google's credentials, the client, and topics.

mod answer;
mod message;
pub mod oauth;
mod target;
