//! Web Push.

use std::process::Command;

use push_sim::webpush::{Flavour, Subscription, Wish};
use push_sim::{Action, Answer, Fault, Service, Sim};

use super::anypush;

pub fn web_sim() -> Sim {
    let builder = Sim::builder().web_any().count_tokens();
    builder.start().expect("a simulator")
}

/// Subscriptions that are bound to the simulator's key.
pub fn subscribed(sim: &Sim, flavour: Flavour, count: usize) -> Vec<Subscription> {
    let key = sim.files().vapid_key().application_server_key();
    let wish = Wish::new(flavour).count(count).application_server_key(key);
    sim.subscribe(&wish).expect("subscriptions")
}

/// One on each line.
pub fn listed(subscriptions: &[Subscription]) -> String {
    let all: Vec<String> = subscriptions.iter().map(Subscription::json).collect();
    all.join("\n")
}

pub fn web_fault(sim: &Sim, id: &str, action: Action) {
    let fault = Fault::new(Service::Web, action).token(id);
    sim.fault(fault).expect("a fault");
}

pub fn web_answer(sim: &Sim, id: &str, answer: Answer) {
    web_fault(sim, id, Action::Answer(answer));
}

/// `anypush send web` to a simulator, with its key.
pub fn send_web(sim: &Sim) -> Command {
    let mut command = web_to(sim);
    command.args(["--body", "Hello"]);
    command
}

/// Likewise, without a message.
pub fn web_to(sim: &Sim) -> Command {
    let mut command = web_as(sim);
    command.arg("--vapid").arg(sim.dir().join("vapid.pem"));
    command.args(["--subject", "mailto:ops@example.org"]);
    command
}

/// Likewise, without a key.
pub fn web_as(sim: &Sim) -> Command {
    let mut command = anypush(["send", "web", "--allow-private"]);
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command
}
