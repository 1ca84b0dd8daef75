//! WNS.

use std::process::Command;

use push_sim::wns::{Channel, Config, Wish};
use push_sim::{Action, Answer, Fault, Service, Sim};

use super::anypush;

/// The only package that the simulator knows, and its secret.
pub const SID: &str = "ms-app://S-1-15-2-2972962901-2322836549-3722629029";
pub const SECRET: &str = "Vex8L9WOFZuj95euaLrvSH7XyoDhLJc7";

/// An application of the Windows App SDK.
pub const APP: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
pub const TENANT: &str = "contoso.onmicrosoft.com";

pub fn wns_sim() -> Sim {
    let config = Config::default().package(SID, SECRET);
    let builder = Sim::builder().wns_any().wns_config(config).count_tokens();
    builder.start().expect("a simulator")
}

/// Channels that were made there.
pub fn channels(sim: &Sim, count: usize) -> Vec<Channel> {
    let wish = Wish::default().count(count);
    sim.open_channels(&[wish]).expect("channels")
}

/// One on each line.
pub fn listed(channels: &[Channel]) -> String {
    let all: Vec<&str> = channels
        .iter()
        .map(|channel| channel.uri.as_str())
        .collect();
    all.join("\n")
}

/// A channel that nobody has made.
pub fn channel(sim: &Sim, id: &str) -> String {
    format!("{}/?token={id}", sim.wns_url().expect("the service runs"))
}

pub fn wns_fault(sim: &Sim, id: &str, action: Action) {
    let fault = Fault::new(Service::Wns, action).token(id);
    sim.fault(fault).expect("a fault");
}

pub fn wns_answer(sim: &Sim, id: &str, status: u16, reason: &str) {
    let answer = Answer::new(status).reason(reason);
    wns_fault(sim, id, Action::Answer(answer));
}

/// `anypush send wns` to a simulator, as its package.
pub fn send_wns(sim: &Sim) -> Command {
    let mut command = wns_to(sim);
    command.args(["--toast", "Hello"]);
    command
}

/// Likewise, without a message.
pub fn wns_to(sim: &Sim) -> Command {
    let mut command = wns_at(sim);
    command.args(["--client-id", SID]);
    command
}

/// Likewise, without credentials.
pub fn wns_at(sim: &Sim) -> Command {
    let url = sim.wns_url().expect("the service runs");
    let mut command = anypush(["send", "wns", "--endpoint", &url, "--auth-url", &url]);
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command.env("WNS_CLIENT_SECRET", SECRET);
    command
}
