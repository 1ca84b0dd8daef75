//! FCM and the protocol before it.

use std::path::{Path, PathBuf};
use std::process::Command;

use push_sim::{Action, Answer, Fault, Service, Sim};

use super::anypush;

/// The only key that the simulator of GCM takes.
pub const API_KEY: &str = "AIzaSy-a-key-of-these-tests";

pub fn fcm_sim() -> Sim {
    let builder = Sim::builder().fcm_any().count_tokens();
    builder.start().expect("a simulator")
}

pub fn gcm_sim() -> Sim {
    let config = push_sim::gcm::Config::default().api_key(API_KEY);
    let builder = Sim::builder().gcm_any().gcm_config(config).count_tokens();
    builder.start().expect("a simulator")
}

/// A registration token of its own for each number.
pub fn registration(number: usize) -> String {
    format!("d{number:09}:APA91bH{}", format!("{number:08x}").repeat(4))
}

pub fn registrations(count: usize) -> String {
    let all: Vec<String> = (0..count).map(registration).collect();
    all.join("\n")
}

pub fn fcm_fault(sim: &Sim, token: &str, action: Action) {
    let fault = Fault::new(Service::Fcm, action).token(token);
    sim.fault(fault).expect("a fault");
}

pub fn fcm_answer(sim: &Sim, token: &str, status: u16, reason: &str) {
    let answer = Answer::new(status).reason(reason);
    fcm_fault(sim, token, Action::Answer(answer));
}

pub fn gcm_answer(sim: &Sim, id: &str, answer: Answer) {
    let fault = Fault::new(Service::Gcm, Action::Answer(answer)).token(id);
    sim.fault(fault).expect("a fault");
}

pub fn taken(sim: &Sim, service: Service) -> u64 {
    sim.stats()[&service].accepted
}

/// `anypush send fcm` to a simulator, with its service account.
pub fn send_fcm(sim: &Sim) -> Command {
    let mut command = fcm_to(sim, &["send", "fcm"]);
    command.args(["--title", "Hello"]);
    command
}

/// Any command for FCM, to a simulator, with its service account.
pub fn fcm_to(sim: &Sim, command: &[&str]) -> Command {
    let mut command = at_fcm(sim, command);
    command.arg("--service-account").arg(account_of(sim));
    command
}

/// Any command for FCM, to a simulator, without credentials: the environment has none.
pub fn at_fcm(sim: &Sim, command: &[&str]) -> Command {
    let mut command = alone(command, sim.dir());
    let url = sim.fcm_url().expect("the service runs");
    command.args(["--endpoint", &url]);
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command
}

pub fn account_of(sim: &Sim) -> PathBuf {
    sim.dir().join("service-account.json")
}

/// A command in an environment that has nothing of Google's.
pub fn alone(command: &[&str], home: &Path) -> Command {
    let mut command = anypush(command);
    command.env("HOME", home).env("NO_GCE_CHECK", "true");
    for name in [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_PROJECT",
        "GCLOUD_PROJECT",
        "FIREBASE_CONFIG",
        "CLOUDSDK_CONFIG",
        "CLOUDSDK_CORE_PROJECT",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "GCE_METADATA_HOST",
        "GCM_API_KEY",
    ] {
        command.env_remove(name);
    }
    command
}

/// `anypush send gcm` to a simulator, with its API key.
pub fn send_gcm(sim: &Sim) -> Command {
    let mut command = gcm_at(sim, &sim.gcm_url().expect("the service runs"));
    command.args(["--data", "message=Hello"]);
    command
}

/// `anypush send gcm` to any server, without a message.
pub fn gcm_at(sim: &Sim, url: &str) -> Command {
    let mut command = alone(&["send", "gcm", "--endpoint", url], sim.dir());
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command.env("GCM_API_KEY", API_KEY);
    command
}
