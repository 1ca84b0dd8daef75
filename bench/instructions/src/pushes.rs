use anyhow::Result;
use anypush::Session;
use anypush::apns::{Client, DeviceToken, Endpoint, Notification, ProviderToken};
use anypush::http::Authorize;
use futures_util::StreamExt;
use tokio::runtime::{Builder, Runtime};
use yardstick::{FRAME, Pushing, TOPIC, alert, devices};

use crate::backend::InMemory;
use crate::http2::{Apple, Http2};
use crate::pipe::TokioPipe;

/// How many pushes are counted together.
pub const PUSHES: u64 = 10_000;

/// How many go before: they fill the compression table and the heap.
pub(crate) const WARM_UP: u64 = 2_000;

/// How many are under way at a time.
const IN_FLIGHT: usize = 900;

/// One thread, and no I/O that the system would have a say in.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_time().build()?)
}

/// Of a key that is made for this run.
pub(crate) fn provider_token() -> Result<ProviderToken> {
    let key = rcgen::KeyPair::generate()?.serialize_pem();
    Ok(ProviderToken::from_p8(key, "ABC123DEFG", "DEF123GHIJ")?)
}

/// This client, all its layers on.
#[derive(Debug)]
pub struct Anypush {
    runtime: Runtime,
    client: Client,
    notification: Notification,
    devices: Vec<DeviceToken>,
}

impl Anypush {
    /// Connected and warm.
    ///
    /// # Errors
    /// The warm-up failed.
    pub fn new(payload_bytes: usize) -> Result<Self> {
        let session = Session::builder(InMemory::<Http2<Apple>>::default())
            .max_connections_per_destination(1)
            .build();
        let client = Client::builder(session)
            .endpoint(Endpoint::new("localhost", 443))
            .provider_token(provider_token()?)
            .topic(TOPIC)
            .in_flight(IN_FLIGHT)
            .build()?;
        let mut this = Self {
            runtime: runtime()?,
            client,
            notification: Notification::alert(alert(payload_bytes, FRAME)),
            devices: tokens(0..WARM_UP)?,
        };
        this.send_all()?;
        this.devices = tokens(WARM_UP..WARM_UP + PUSHES)?;
        Ok(this)
    }

    /// Sends to all devices by one fan-out.
    ///
    /// # Errors
    /// A push was not taken.
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

    /// Sends to each device by a call of its own, one after the other's answer.
    ///
    /// # Errors
    /// A push was not taken.
    pub fn send_each_alone(&mut self) -> Result<()> {
        let Self {
            client,
            notification,
            ..
        } = self;
        let devices = std::mem::take(&mut self.devices);
        self.runtime.block_on(async {
            for device in &devices {
                client.send(device, notification).await?;
            }
            Ok(())
        })
    }
}

pub(crate) fn tokens(numbers: std::ops::Range<u64>) -> Result<Vec<DeviceToken>> {
    let parse = |number| Ok(DeviceToken::from_bytes(&devices::token(number))?);
    numbers.map(parse).collect()
}

/// The bare loop on the `h2` crate.
#[derive(Debug)]
pub struct Bare {
    runtime: Runtime,
    inner: yardstick::Bare,
    tokens: Vec<String>,
}

impl Bare {
    /// Connected and warm; with small writes gathered into larger ones, or as `h2` makes them.
    ///
    /// # Errors
    /// The warm-up failed.
    pub fn new(payload_bytes: usize, gathered: bool) -> Result<Self> {
        let mut this = Self {
            runtime: runtime()?,
            inner: yardstick::Bare::new(Pushing {
                authority: "localhost:443".parse()?,
                authorization: provider_token()?
                    .attach()
                    .header(std::time::SystemTime::now())?,
                payload_bytes,
                in_flight: IN_FLIGHT,
            }),
            tokens: (0..WARM_UP).map(devices::token_text).collect(),
        };
        this.runtime.block_on(async {
            match gathered {
                true => {
                    this.inner
                        .add_gathered(TokioPipe::<Http2<Apple>>::default())
                        .await
                }
                false => this.inner.add(TokioPipe::<Http2<Apple>>::default()).await,
            }
        })?;
        this.send_all()?;
        let counted = WARM_UP..WARM_UP + PUSHES;
        this.tokens = counted.map(devices::token_text).collect();
        Ok(this)
    }

    /// Sends to all devices.
    ///
    /// # Errors
    /// A push was not taken.
    pub fn send_all(&mut self) -> Result<()> {
        let send = self.inner.send(&self.tokens, 0);
        self.runtime.block_on(send)
    }

    /// Sends to each device after the other's answer.
    ///
    /// # Errors
    /// A push was not taken.
    pub fn send_each_alone(&mut self) -> Result<()> {
        let Self { inner, tokens, .. } = self;
        self.runtime.block_on(async {
            for (number, token) in (0..).zip(&*tokens) {
                inner.one(token, number)?.await?;
            }
            Ok(())
        })
    }
}
