//! The binary gateway, which Apple switched off on 2021-03-31: it serves gateways, simulators and
//! tests that still speak its protocol, and those who come from libraries made for it.
//!
//! For Apple's own service use the [`Client`](crate::Client) of the provider API.
//!
//! Success is silent in this protocol: a notification that is refused is answered with a [`Status`]
//! and its identifier, and what was sent behind it on that connection is thrown away. What the bytes
//! look like, [`codec`] says.

mod builder;
mod channel;
mod client;
pub mod codec;
mod command;
mod feedback;
mod intake;
mod multicast;
mod outcome;
mod pipeline;
mod send_all;
mod sender;
mod settings;
mod status;
mod template;
mod window;

pub use self::builder::ClientBuilder;
pub use self::client::Client;
pub use self::command::{Command, InvalidCommand};
pub use self::feedback::{Feedback, Inactive};
pub use self::multicast::{Multicast, Report};
pub use self::outcome::{Error, Outcome, Receipt};
pub use self::send_all::{SendAll, SendEach, TrySendAll};
pub use self::sender::{Sender, Totals};
pub use self::status::Status;
pub use self::template::{BadgeTemplate, Template};
