//! The binary gateway, which Apple switched off on 2021-03-31: it serves gateways, simulators and
//! tests that still speak its protocol, and those who come from libraries made for it.
//!
//! For Apple's own service use the [`Client`](crate::Client) of the provider API. The notification is
//! the same type for both.
//!
//! ```no_run
//! # use push_apns::{Endpoint, Notification, gateway};
//! # use push_core::{Identity, Outcome, Session, Verdict};
//! # use futures_util::StreamExt;
//! # async fn example(
//! #     backend: impl push_core::Backend, tokens: Vec<String>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let client = gateway::Client::builder(Session::new(backend))
//!     .endpoint(Endpoint::new("gateway.example.com", 2195))
//!     .certificate(Identity::from_pem_files("push.pem", "push.key")?)
//!     .build()?;
//! let mut outcomes = client.send_all(tokens, &Notification::alert("Hello"));
//! while let Some((token, outcome)) = outcomes.next().await {
//!     match outcome.verdict() {
//!         Verdict::Accepted => {}
//!         Verdict::RemoveToken { .. } => println!("{token} is dead"),
//!         Verdict::RetryAfter(wait) => println!("{token} did not get it: again in {wait:?}"),
//!         Verdict::Unknown => println!("{token} may have got it"),
//!         _ => println!("{token}: {outcome:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Success is silent in this protocol: a notification that is refused is answered with a [`Status`]
//! and its identifier, and what was sent behind it on that connection is thrown away. So what was
//! written was not yet taken. How each notification comes to a proven verdict all the same,
//! [`Client`] says.
//!
//! # Three ways to send
//! - [`Client::send_all`] and its siblings: a stream of outcomes, for any number of devices.
//! - [`Client::send_multicast`]: a [`Report`] when all is done, and a [`Multicast`] of just what may be
//!   sent again, which can be put on a queue as JSON.
//! - [`Client::sender`]: a [`Sender`] for as long as the program runs, with a listener for failures.
//!
//! # Answers and verdicts
//!
//! | answer | verdict |
//! |---|---|
//! | 1, 255, undocumented | [`RetryAfter`](push_core::Verdict::RetryAfter): the gateway failed at it |
//! | 2, 4, 5, 7, 128 | [`FixMessage`](push_core::Verdict::FixMessage) |
//! | 3, 6 | [`FixCredentials`](push_core::Verdict::FixCredentials): the topic is the certificate's |
//! | 8 | [`RemoveToken`](push_core::Verdict::RemoveToken) in a bulk send of which something was taken; without that [`FixCredentials`](push_core::Verdict::FixCredentials), for the environment is likely the wrong one; of a single send [`FixMessage`](push_core::Verdict::FixMessage) |
//! | 10 | none: the named one was taken, what came behind it is sent again |
//! | 0 | [`Unknown`](push_core::Verdict::Unknown): "no error" that ends a connection says nothing |
//! | no word | [`Unknown`](push_core::Verdict::Unknown) |
//!
//! # Feedback
//! [`Client::feedback`] asks the feedback service, daily: [`Feedback`].
//!
//! What the bytes look like, [`codec`] says.

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
