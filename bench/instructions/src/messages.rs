use anyhow::Result;
use anypush::Session;
use anypush::fcm::{Client, Credentials, Message};
use futures_util::StreamExt;
use tokio::runtime::Runtime;
use yardstick::fcm::{FRAME, TITLE, access_token, text};
use yardstick::{Messaging, devices};

use crate::PUSHES;
use crate::backend::InMemory;
use crate::http2::{Google, Http2};
use crate::pipe::TokioPipe;
use crate::pushes::{WARM_UP, runtime};

const PROJECT: &str = "anypush-sim";

/// How many are under way at a time.
const IN_FLIGHT: usize = 100;

/// This client over FCM HTTP v1, all its layers on.
#[derive(Debug)]
pub struct AnypushFcm {
    runtime: Runtime,
    client: Client,
    message: Message,
    /// The list stays with the caller: giving it back is no part of a send.
    tokens: &'static [String],
}

impl AnypushFcm {
    /// Connected and warm.
    ///
    /// # Errors
    /// The warm-up failed.
    pub fn new(body_bytes: usize) -> Result<Self> {
        let session = Session::builder(InMemory::<Http2<Google>>::default())
            .max_connections_per_destination(1)
            .build();
        let client = Client::builder(session)
            .endpoint("https://localhost")
            .credentials(Credentials::access_token(access_token()))
            .project(PROJECT)
            .in_flight(IN_FLIGHT)
            .build()?;
        let mut this = Self {
            runtime: runtime()?,
            client,
            message: Message::with_notification(TITLE, text(body_bytes, FRAME.len())),
            tokens: tokens(0..WARM_UP),
        };
        this.send_all()?;
        this.tokens = tokens(WARM_UP..WARM_UP + PUSHES);
        Ok(this)
    }

    /// Sends to all registrations by one fan-out.
    ///
    /// # Errors
    /// A message was not taken.
    pub fn send_all(&mut self) -> Result<()> {
        let mut outcomes = self.client.send_all(self.tokens, &self.message);
        self.runtime.block_on(async {
            while let Some((_, outcome)) = outcomes.next().await {
                outcome?;
            }
            Ok(())
        })
    }
}

fn tokens(numbers: std::ops::Range<u64>) -> &'static [String] {
    let tokens: Vec<_> = numbers.map(devices::registration).collect();
    tokens.leak()
}

/// The bare loop on the `h2` crate.
#[derive(Debug)]
pub struct BareFcm {
    runtime: Runtime,
    inner: yardstick::BareFcm,
    tokens: &'static [String],
}

impl BareFcm {
    /// Connected and warm.
    ///
    /// # Errors
    /// The warm-up failed.
    pub fn new(body_bytes: usize) -> Result<Self> {
        let mut this = Self {
            runtime: runtime()?,
            inner: yardstick::BareFcm::new(Messaging {
                authority: "localhost".parse()?,
                project: PROJECT,
                agent: "anypush/0.1.0".to_owned(),
                body_bytes,
                in_flight: IN_FLIGHT,
            })?,
            tokens: tokens(0..WARM_UP),
        };
        let add = this.inner.add(TokioPipe::<Http2<Google>>::default());
        this.runtime.block_on(add)?;
        this.send_all()?;
        this.tokens = tokens(WARM_UP..WARM_UP + PUSHES);
        Ok(this)
    }

    /// Sends to all registrations.
    ///
    /// # Errors
    /// A message was not taken.
    pub fn send_all(&mut self) -> Result<()> {
        let send = self.inner.send(self.tokens);
        self.runtime.block_on(send).map(drop)
    }
}
