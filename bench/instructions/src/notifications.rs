use anyhow::Result;
use anypush::Session;
use anypush::apns::gateway::Client;
use anypush::apns::{DeviceToken, Endpoint, Expiration, Notification, Priority};
use futures_util::StreamExt;
use tokio::runtime::Runtime;
use yardstick::{FRAME, alert, devices};

use crate::PUSHES;
use crate::backend::InMemory;
use crate::gateway::Gateway;
use crate::pipe::TokioPipe;
use crate::pushes::{WARM_UP, runtime, tokens};

/// This client over the binary gateway, all its layers on.
#[derive(Debug)]
pub struct AnypushGateway {
    runtime: Runtime,
    client: Client,
    notification: Notification,
    devices: Vec<DeviceToken>,
    /// The list stays with the caller: giving it back is no part of a send.
    kept: Vec<DeviceToken>,
}

impl AnypushGateway {
    /// Warm. The connection comes about with the first notification, since the proof ends it.
    ///
    /// # Errors
    /// The warm-up failed.
    pub fn new(payload_bytes: usize) -> Result<Self> {
        let session = Session::new(InMemory::<Gateway>::default());
        let client = Client::builder(session)
            .endpoint(Endpoint::new("localhost", 2195))
            .build()?;
        let mut this = Self {
            runtime: runtime()?,
            client,
            notification: Notification::alert(alert(payload_bytes, FRAME))
                .expiration(Expiration::In(Expiration::MAX))
                .priority(Priority::Immediate),
            devices: tokens(0..WARM_UP)?,
            kept: tokens(WARM_UP..WARM_UP + PUSHES)?,
        };
        this.send_all()?;
        this.devices = this.kept.clone();
        Ok(this)
    }

    /// Sends to all devices by one fan-out, proof included.
    ///
    /// # Errors
    /// A notification was not taken.
    pub fn send_all(&mut self) -> Result<()> {
        let devices = std::mem::take(&mut self.devices);
        let mut outcomes = self.client.send_all(devices, &self.notification);
        self.runtime.block_on(async {
            while let Some((_, outcome)) = outcomes.next().await {
                outcome?;
            }
            Ok(())
        })
    }
}

/// The bare loop that encodes and writes.
#[derive(Debug)]
pub struct BareGateway {
    runtime: Runtime,
    inner: yardstick::BareGateway,
    tokens: Vec<[u8; 32]>,
}

impl BareGateway {
    /// Warm.
    ///
    /// # Errors
    /// The warm-up failed.
    pub fn new(payload_bytes: usize) -> Result<Self> {
        let this = Self {
            runtime: runtime()?,
            inner: yardstick::BareGateway::new(payload_bytes)?,
            tokens: (0..WARM_UP).map(devices::token).collect(),
        };
        this.send_all()?;
        let counted = WARM_UP..WARM_UP + PUSHES;
        Ok(Self {
            tokens: counted.map(devices::token).collect(),
            ..this
        })
    }

    /// Sends to all devices, proof included.
    ///
    /// # Errors
    /// A notification was not taken.
    pub fn send_all(&self) -> Result<()> {
        let stream = TokioPipe::<Gateway>::default();
        self.runtime.block_on(self.inner.send(stream, &self.tokens))
    }
}
