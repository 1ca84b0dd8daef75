//! The push services as the carrier sees them.

use std::collections::HashMap;
use std::sync::Arc;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

use super::config::Config;
use super::delivery::{Delivery, State, Tracked};
use super::problem::Problem;
use super::push::{Encoding, Push, field};
use super::route::Route;
use super::store::{Message, Store, Target, expiry};
use super::vapid::{Expected, Flaw, Sender, Verifier};
use super::{Flavour, browser, words};
use crate::fault::Answer;
use crate::fcm::Ids;
use crate::journal;
use crate::now::Now;
use crate::random::hex as random_hex;
use crate::web::form::canonical;
use crate::web::{Asked, Site, Told, Upgrade};

/// All of the services: their settings, and what is subscribed.
#[derive(Debug)]
pub(crate) struct Shared {
    config: Config,
    store: Arc<Store>,
    verifier: Verifier,
    ids: Ids,
}

/// A subscription's endpoint, as a request names it.
#[derive(Clone, Copy)]
struct Endpoint<'a> {
    flavour: Flavour,
    id: &'a str,
    has_key: Option<bool>,
}

impl Shared {
    pub(crate) fn new(config: Config, store: Arc<Store>) -> Self {
        Self {
            config,
            store,
            verifier: Verifier::default(),
            ids: Ids::new(),
        }
    }

    /// Takes a push, or says what is wrong with it.
    fn push(&self, asked: &Asked, endpoint: Endpoint<'_>, is_new: &mut bool) -> Answered {
        let target = self.store.target(endpoint.id);
        if let Some(target) = &target {
            self.admit(target, endpoint)?;
        }
        let sender = self.sender(asked, endpoint, target.as_ref(), is_new)?;
        let push = Push::read(asked, endpoint.flavour)?;
        if endpoint.flavour == Flavour::Rfc8030
            && let Some(sender) = sender
            && push.encrypts_with(&sender.key, &asked.body)
        {
            return Err(Problem::Vapid(Flaw::KeyReuse));
        }
        Ok(self.take(asked, endpoint, target, push))
    }

    /// Whether the subscription is there, and may still get something.
    fn admit(&self, target: &Target, endpoint: Endpoint<'_>) -> Result<(), Problem> {
        let has_key = target.application_server_key.is_some();
        let is_other =
            target.flavour != endpoint.flavour || endpoint.has_key.is_some_and(|it| it != has_key);
        if is_other {
            return Err(Problem::NotFound);
        }
        if target.unsubscribed {
            return Err(Problem::Gone);
        }
        match self.config.pushes_per_subscription {
            Some(most) if target.accepted >= most => Err(Problem::TooMany),
            _ => Ok(()),
        }
    }

    /// Who sends, and whether they may.
    fn sender(
        &self,
        asked: &Asked,
        endpoint: Endpoint<'_>,
        target: Option<&Target>,
        is_new: &mut bool,
    ) -> Result<Option<Sender>, Problem> {
        let now = Now::read().since_epoch.as_secs_f64() + self.config.clock_offset_seconds as f64;
        let expected = Expected {
            flavour: endpoint.flavour,
            origin: &origin(asked),
            now,
        };
        let sender = self.verifier.sender(asked, &expected);
        let sender = sender.map_err(Problem::Vapid)?;
        *is_new = sender.as_ref().is_some_and(|sender| sender.is_new);
        let bound_to = target.and_then(|target| target.application_server_key.as_deref());
        // Those two have no subscription without a key.
        let is_needed = bound_to.is_some()
            || endpoint.has_key == Some(true)
            || matches!(endpoint.flavour, Flavour::Fcm | Flavour::Apple);
        match (&sender, bound_to) {
            (None, _) if is_needed => Err(Problem::Vapid(Flaw::Missing)),
            (Some(sender), Some(key)) if sender.key != key => Err(Problem::Vapid(Flaw::OtherKey)),
            _ => Ok(sender),
        }
    }

    fn take(
        &self,
        asked: &Asked,
        endpoint: Endpoint<'_>,
        target: Option<Target>,
        push: Push,
    ) -> Told {
        let read = read(asked, target.as_ref(), push.encoding.as_ref());
        let tracked = Arc::new(Tracked::new(Delivery {
            flavour: endpoint.flavour,
            decrypted: read.decrypted,
            error: read.error.map(str::to_owned),
            payload_base64: read.is_base64,
            ttl: push.ttl,
            urgency: push.urgency.clone(),
            topic: push.topic.clone(),
            state: State::Stored,
            ack: None,
        }));
        let version = random_hex(16);
        let told = self.created(asked, endpoint.flavour, &push, &version);
        let is_browsers = target.is_some_and(|target| target.is_browsers);
        self.store.put(Message {
            subscription: endpoint.id.to_owned(),
            channel: None,
            version,
            ttl: push.ttl,
            expires_at: expiry(push.ttl),
            topic: push.topic,
            data: match is_browsers {
                true => asked.body.clone(),
                false => Vec::new(),
            },
            encoding: push.encoding.map(|encoding| encoding.as_str().to_owned()),
            encryption: push.encryption,
            crypto_key: push.crypto_key,
            tracked: Arc::clone(&tracked),
        });
        told.pushed(endpoint.id, read.payload, journal::Shown::Web(tracked))
    }

    fn created(&self, asked: &Asked, flavour: Flavour, push: &Push, version: &str) -> Told {
        let origin = origin(asked);
        let created = Told {
            status: 201,
            ..Told::default()
        };
        match flavour {
            Flavour::Mozilla => created
                .header("location", format!("{origin}/m/{version}"))
                .header("ttl", push.ttl.to_string()),
            Flavour::Fcm => created.header("location", format!("{origin}/{}", self.ids.message())),
            Flavour::Apple => created.header("apns-id", uuid(version)),
            Flavour::Edge => words::noted(201, "received"),
            Flavour::Rfc8030 => {
                let told = created
                    .header("location", format!("{origin}/message/{version}"))
                    .header("ttl", push.ttl.to_string());
                let prefer = field(asked, "prefer").unwrap_or_default();
                let wants_receipt = prefer
                    .split([',', ';'])
                    .any(|it| it.trim().eq_ignore_ascii_case("respond-async"));
                match wants_receipt {
                    true => Told {
                        status: 202,
                        ..told.header(
                            "link",
                            format!("<{origin}/receipt/{version}>; rel=\"{RECEIPT}\""),
                        )
                    },
                    false => told,
                }
            }
        }
    }

    /// A request about a message that was taken.
    fn message(&self, asked: &Asked, flavour: Flavour, version: &str) -> Told {
        if asked.method != "DELETE" {
            return Told {
                status: 405,
                ..Told::default()
            }
            .header("allow", "DELETE");
        }
        let was_there = self.store.withdraw(version);
        // Mozilla's service does not say whether there was one.
        if !was_there && flavour == Flavour::Rfc8030 {
            return words::problem(flavour, &Problem::NotFound);
        }
        let told = Told {
            status: 204,
            ..Told::default()
        };
        told.managed()
    }
}

type Answered = Result<Told, Problem>;

/// RFC 8030, section 5.1.
const RECEIPT: &str = "urn:ietf:params:push:receipt";

/// By which the client has reached the service.
fn origin(asked: &Asked) -> String {
    let host = asked.host.as_deref().unwrap_or_default();
    format!("{}://{host}", asked.scheme)
}

fn uuid(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
    .to_ascii_uppercase()
}

/// What `/received` shows as payload.
struct Shown {
    payload: Vec<u8>,
    is_base64: bool,
    decrypted: bool,
    error: Option<&'static str>,
}

fn read(asked: &Asked, target: Option<&Target>, encoding: Option<&Encoding>) -> Shown {
    let body = asked.body.as_slice();
    let receiver = target.and_then(|target| target.receiver.as_ref());
    let decrypted = receiver.map(|receiver| match encoding {
        None => Ok(Vec::new()),
        Some(Encoding::Aes128Gcm) => receiver.aes128gcm(body),
        Some(Encoding::AesGcm {
            salt,
            record_size,
            sender,
        }) => receiver.aesgcm(body, salt, *record_size, sender),
    });
    let base64 = |octets: &[u8]| STANDARD.encode(octets).into_bytes();
    match decrypted {
        Some(Ok(plaintext)) => {
            let is_base64 = str::from_utf8(&plaintext).is_err();
            Shown {
                payload: match is_base64 {
                    true => base64(&plaintext),
                    false => plaintext,
                },
                is_base64,
                decrypted: true,
                error: None,
            }
        }
        other => Shown {
            payload: base64(body),
            is_base64: true,
            decrypted: false,
            error: other.and_then(Result::err),
        },
    }
}

impl Site for Shared {
    /// The endpoint's last part, and all that comes after the host, and the whole of it.
    fn tokens(&self, asked: &Asked) -> Vec<String> {
        let Some(Route::Endpoint { id, .. }) = Route::of(asked) else {
            return Vec::new();
        };
        let query = asked.query.as_deref();
        let target = match query {
            Some(query) => format!("{}?{query}", asked.path),
            None => asked.path.clone(),
        };
        let whole = format!("{}{target}", origin(asked));
        vec![canonical(id), target, whole]
    }

    fn is_aside(&self, asked: &Asked) -> bool {
        Route::of(asked).is_none()
    }

    fn answer(&self, asked: &Asked, _: &HashMap<String, Answer>) -> Told {
        let endpoint = match Route::of(asked) {
            Some(Route::Endpoint {
                flavour,
                id,
                has_key,
            }) => Endpoint {
                flavour,
                id: &canonical(id),
                has_key,
            },
            Some(Route::Message { flavour, version }) => {
                return self.message(asked, flavour, version);
            }
            None => return nowhere(),
        };
        if asked.method != "POST" {
            return words::problem(endpoint.flavour, &Problem::Method);
        }
        let mut is_new = false;
        let answered = self.push(asked, endpoint, &mut is_new);
        let mut told =
            answered.unwrap_or_else(|problem| words::problem(endpoint.flavour, &problem));
        told.counted.vapid_tokens = u64::from(is_new);
        told
    }

    fn refuse(&self, asked: &Asked, answer: &Answer) -> Told {
        match Route::of(asked) {
            Some(route) => words::ordered(route.flavour(), answer),
            None => words::ordered(Flavour::Rfc8030, answer),
        }
    }

    fn grants(&self, status: u16) -> bool {
        (200..=204).contains(&status)
    }

    fn max_streams(&self) -> u32 {
        self.config.max_streams
    }

    fn has_upgrades(&self) -> bool {
        true
    }

    fn upgrade(&self, asked: &Asked) -> Option<Result<Upgrade, Told>> {
        browser::upgrade(asked, &self.store)
    }

    fn reset(&self) {
        self.store.reset();
        self.verifier.forget();
    }
}

fn nowhere() -> Told {
    let line = "no endpoint here; there are /wpush/v1/ID, /wpush/v2/ID, /fcm/send/ID, /wp/ID, \
                /apple/ID, /w/?token=ID, /push/ID and /any/other/ID\n";
    Told::new(404, "text/plain; charset=utf-8", line)
}

#[cfg(test)]
mod tests;
