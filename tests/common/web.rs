//! What the tests of Web Push share: a simulator, subscriptions, clients, and a backend for which every name
//! leads to this machine.

use std::sync::Arc;
use std::time::Instant;

use anypush::web::{self, EndpointPolicy, Message, Subscription, Vapid, VapidKey};
use anypush::{Backend, BoxFuture, Certificate, Connection, Identity, Session, Target};
use push_sim::webpush::{Flavour, Wish};
use push_sim::{Action, Answer, Fault, Service, ServiceStats, Sim};

use super::{Shared, roots};

pub fn web_sim() -> Sim {
    Sim::builder().web_any().count_tokens().start().unwrap()
}

/// The key that the simulator has written down.
pub fn vapid(sim: &Sim) -> Vapid {
    let key = VapidKey::from_pem_file(sim.dir().join("vapid.pem")).unwrap();
    Vapid::new(key).subject("mailto:ops@example.com")
}

/// A client that may reach the simulator, to be changed before it is built.
pub fn web_builder(session: Session, sim: &Sim) -> web::ClientBuilder {
    web::Client::builder(session)
        .vapid(vapid(sim))
        .endpoints(EndpointPolicy::private())
        .roots(roots(sim))
}

pub fn web_client(backend: Shared, sim: &Sim) -> web::Client {
    web_builder(Session::new(backend), sim).build().unwrap()
}

/// A wish for subscriptions that are bound to the simulator's key.
pub fn wish(sim: &Sim, flavour: Flavour) -> Wish {
    let vapid = vapid(sim);
    Wish::new(flavour).application_server_key(vapid.key().application_server_key())
}

pub fn subscribe(sim: &Sim, wish: &Wish) -> Vec<Subscription> {
    let subscriptions = sim.subscribe(wish).unwrap();
    subscriptions
        .iter()
        .map(|subscription| subscription.json().parse().unwrap())
        .collect()
}

pub fn subscription(sim: &Sim, id: &str) -> Subscription {
    let wish = wish(sim, Flavour::Rfc8030).id(id);
    subscribe(sim, &wish).remove(0)
}

pub fn hello() -> Message {
    Message::text("Hello")
}

/// What the simulator gives to this subscription.
pub fn answer_web(sim: &Sim, id: &str, answer: Answer) {
    let fault = Fault::new(Service::Web, Action::Answer(answer)).token(id);
    sim.fault(fault).unwrap();
}

pub fn web_stats(sim: &Sim) -> ServiceStats {
    sim.stats()[&Service::Web].clone()
}

/// The payloads that arrived, as texts, the newest last.
pub fn payloads(sim: &Sim) -> Vec<String> {
    let received = sim.received(Service::Web, 100).unwrap();
    received
        .iter()
        .map(|push| match serde_json::from_str(push.payload.get()) {
            Ok(serde_json::Value::String(text)) => text,
            _ => push.payload.get().to_owned(),
        })
        .collect()
}

/// A backend for which every name leads to this machine; certificates are still asked for by name.
#[derive(Debug)]
pub struct Everywhere(pub Shared);

#[anypush::async_trait]
impl Backend for Everywhere {
    fn load_certificate(&self, identity: &Identity) -> anypush::Result<Arc<dyn Certificate>> {
        self.0.load_certificate(identity)
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> anypush::Result<Box<dyn Connection>> {
        let mut here = target.clone().server_name(&*target.host);
        here.host = "127.0.0.1".into();
        self.0.connect(&here, certificate).await
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.0.sleep_until(deadline)
    }
}
