//! The real binary against a simulator in this process.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

pub mod google;
pub mod web;
pub mod wns;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use push_sim::{Action, Answer, Fault, Refusal, Service, Sim};
use serde_json::Value;

/// No run takes longer, however wrong things go.
const LIMIT: Duration = Duration::from_secs(60);

/// The options of each backend.
pub const BACKENDS: [[&str; 4]; 6] = [
    ["--runtime", "tokio", "--tls", "rustls"],
    ["--runtime", "tokio", "--tls", "openssl"],
    ["--runtime", "smol", "--tls", "rustls"],
    ["--runtime", "smol", "--tls", "openssl"],
    ["--runtime", "async-std", "--tls", "rustls"],
    ["--runtime", "async-std", "--tls", "openssl"],
];

pub fn sim() -> Sim {
    Sim::builder().apns_any().start().expect("a simulator")
}

/// The binary gateway and its feedback service.
pub fn legacy_sim() -> Sim {
    let builder = Sim::builder().apns_gateway_any().apns_feedback_any();
    builder.start().expect("a simulator")
}

/// A device token of its own for each number.
pub fn token(number: usize) -> String {
    format!("{number:064x}")
}

pub fn fault(sim: &Sim, token: &str, action: Action) {
    sim.fault(Fault::new(Service::Apns, action).token(token))
        .expect("a fault");
}

pub fn answer(sim: &Sim, token: &str, status: u16, reason: &str) {
    fault(
        sim,
        token,
        Action::Answer(Answer::new(status).reason(reason)),
    );
}

/// The gateway refuses this device with this status.
pub fn refuse(sim: &Sim, token: &str, code: u8) {
    on_gateway(sim, token, Action::Code(Refusal::new(code)));
}

pub fn on_gateway(sim: &Sim, token: &str, action: Action) {
    sim.fault(Fault::new(Service::ApnsGateway, action).token(token))
        .expect("a fault");
}

pub fn accepted(sim: &Sim) -> u64 {
    sim.stats()[&Service::Apns].accepted
}

/// `anypush` with these arguments.
pub fn anypush<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anypush"));
    command.args(args).env_remove("RUST_LOG");
    command
}

/// `anypush send apns` to a simulator, with its signing key.
pub fn send(sim: &Sim) -> Command {
    let port = sim.apns_addr().expect("the service runs").port();
    let mut command = send_to(sim, &format!("localhost:{port}"));
    command.args(["--body", "Hello"]);
    command
}

/// `anypush send apns` to any endpoint, without a message.
pub fn send_to(sim: &Sim, endpoint: &str) -> Command {
    to(sim, &["send", "apns"], endpoint)
}

/// `anypush send gateway` to a simulator, with a certificate.
pub fn send_gateway(sim: &Sim) -> Command {
    let mut command = gateway_to(sim, &gateway_at(sim));
    command.args(["--body", "Hello"]);
    command
}

/// `anypush send gateway` to any endpoint, without a message.
pub fn gateway_to(sim: &Sim, endpoint: &str) -> Command {
    let command = anypush(["send", "gateway", "--endpoint", endpoint]);
    with_certificate(command, sim)
}

pub fn gateway_at(sim: &Sim) -> String {
    let address = sim.apns_gateway_addr().expect("the service runs");
    format!("localhost:{}", address.port())
}

/// `anypush feedback` from a simulator, with a certificate.
pub fn feedback(sim: &Sim) -> Command {
    let address = sim.apns_feedback_addr().expect("the service runs");
    let endpoint = format!("localhost:{}", address.port());
    let command = anypush(["feedback", "--endpoint", &endpoint]);
    with_certificate(command, sim)
}

fn with_certificate(mut command: Command, sim: &Sim) -> Command {
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command.arg("--cert").arg(sim.dir().join("client.pem"));
    command
}

/// Any command for Apple's service, to a simulator, with its signing key.
pub fn to_sim(sim: &Sim, command: &[&str]) -> Command {
    let port = sim.apns_addr().expect("the service runs").port();
    to(sim, command, &format!("localhost:{port}"))
}

/// Any command for Apple's service, to any endpoint.
pub fn to(sim: &Sim, command: &[&str], endpoint: &str) -> Command {
    let mut command = anypush(command);
    command.args(["--topic", "com.example.app", "--endpoint", endpoint]);
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    with_key(&mut command, sim);
    command
}

pub fn with_key(command: &mut Command, sim: &Sim) {
    command.arg("--key").arg(sim.dir().join("AuthKey.p8"));
    let key = sim.files().provider_key();
    command.args(["--key-id", key.key_id(), "--team-id", key.team_id()]);
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// All lines of JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(json).collect()
    }

    /// The outcomes and the summary.
    pub fn outcomes(&self) -> (Vec<Value>, Value) {
        let mut lines = self.lines();
        let last = lines
            .pop()
            .unwrap_or_else(|| panic!("no summary: {self:?}"));
        (lines, last["summary"].clone())
    }

    /// The verdict on a device that occurs once.
    pub fn outcome(&self, device: &str) -> Value {
        let (outcomes, _) = self.outcomes();
        let mut found = outcomes.into_iter().filter(|line| line["device"] == device);
        let outcome = found.next();
        assert!(found.next().is_none(), "{device} has two outcomes");
        outcome.unwrap_or_else(|| panic!("{device} has no outcome: {self:?}"))
    }
}

pub fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// One line on standard error, which says this; nothing on standard output.
pub fn complains(command: &mut Command, code: i32, words: &[&str]) {
    let started = Instant::now();
    let ended = run(command);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{ended:?}");
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    for word in words {
        assert!(lines[0].contains(word), "{word}: {}", lines[0]);
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(10), "it took {took:?}");
}

/// Runs to the end, with nothing on standard input.
pub fn run(command: &mut Command) -> Ended {
    run_with(command, "")
}

/// Runs to the end with this on standard input.
pub fn run_with(command: &mut Command, input: &str) -> Ended {
    let mut running = Running::start(command);
    let mut stdin = running.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = thread::spawn(move || {
        // The program may well end before it has read all.
        let _ = stdin.write_all(input.as_bytes());
    });
    let ended = running.end();
    writer.join().expect("the writer");
    ended
}

/// A run under way.
pub struct Running {
    child: Child,
    pub stdin: Option<ChildStdin>,
    pub stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<ChildStderr>,
    ended: Sender<()>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (ended, watched) = mpsc::channel();
        let process = child.id();
        thread::spawn(move || {
            if watched.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                signal(process, "KILL");
            }
        });
        Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(BufReader::new),
            stderr: child.stderr.take(),
            child,
            ended,
        }
    }

    pub fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("an open pipe");
        stdin.write_all(text.as_bytes()).expect("it is read");
        stdin.flush().expect("it is read");
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().expect("an open pipe");
        stdout.read_line(&mut line).expect("a line");
        line
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for the end; closes standard input, if it is still open.
    pub fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let mut stderr = self.stderr.take().expect("a pipe");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text)
        });
        let mut stdout = String::new();
        if let Some(mut pipe) = self.stdout.take() {
            pipe.read_to_string(&mut stdout).expect("text");
        }
        let status = self.child.wait().expect("an end");
        let _ = self.ended.send(());
        Ended {
            code: status.code(),
            stdout,
            stderr: errors.join().expect("the reader").expect("text"),
        }
    }
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

/// Asks the simulator until it is so.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LIMIT, "it never came about");
        thread::yield_now();
    }
}
