//! What the tests of HTTP/1.1 in simulated time share: a server that does what it is told, and
//! requests that it knows by number. It speaks a little HTTP/2 too, since a server chooses.

#![allow(dead_code, unreachable_pub)]

mod served;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use backend_simulated::{Cable, SimulatedBackend, Simulation, Task};
use bytes::Bytes;
use push_core::http::{Answer, BaseUrl, Http, HttpClient, Limits, Outgoing};
use push_core::session::SessionBuilder;
use push_core::{Backend, Connection, Error, ErrorKind, Reach, ResendUnknown, Session};

pub const HOST: &str = "push.example";
pub const PORT: u16 = 443;
pub const MILLI: Duration = Duration::from_millis(1);
pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const SEEDS: std::ops::Range<u64> = 0..100;

/// What the server does, one thing after the other.
#[derive(Clone, Debug)]
pub enum Act {
    Wait(Duration),
    /// These bytes; by HTTP/2 an answer of status 200.
    Say(Vec<u8>),
    /// These bytes, one by one, with so much time between them.
    Drip(Vec<u8>, Duration),
    /// FIN.
    Close,
    Reset,
    Cut,
    /// Nothing is read any more.
    StopReading,
}

/// Status 200 and this body.
pub fn ok(body: &str) -> Act {
    let length = body.len();
    say(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

pub fn say(bytes: impl AsRef<[u8]>) -> Act {
    Act::Say(bytes.as_ref().to_vec())
}

/// A request as the server sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub number: usize,
    /// Counts the connections, from 0.
    pub connection: usize,
    /// How many came before it on this connection.
    pub before: usize,
    pub http2: bool,
    /// By HTTP/1.1: the request line and the headers.
    pub head: String,
    pub at: Duration,
}

/// What came to the server.
#[derive(Debug, Default)]
pub struct Log {
    /// Requests that came whole.
    pub requests: Vec<Seen>,
    pub connections: Vec<(Cable, bool)>,
    /// What the client may not do, and did.
    pub wrongs: Vec<String>,
}

impl Log {
    /// How often each request was taken.
    pub fn taken(&self) -> BTreeMap<usize, u32> {
        let mut taken = BTreeMap::new();
        for seen in &self.requests {
            *taken.entry(seen.number).or_default() += 1;
        }
        taken
    }

    /// On which connections the requests came, in their order: counted without those that carried
    /// none.
    pub fn came_on(&self) -> Vec<usize> {
        let mut known = Vec::new();
        let mut place = |connection| {
            let place = known.iter().position(|one| *one == connection);
            place.unwrap_or_else(|| {
                known.push(connection);
                known.len() - 1
            })
        };
        self.requests
            .iter()
            .map(|seen| place(seen.connection))
            .collect()
    }
}

type Behave = Box<dyn FnMut(&Seen) -> Vec<Act> + Send>;
type Asked<T, A> = Box<dyn FnMut(T) -> A + Send>;

/// What the server does, asked of these as things come.
pub struct Script {
    /// What it offers by ALPN to the connection of this number.
    pub protocols: Asked<usize, Vec<&'static str>>,
    /// What it does about a connection, before it reads anything.
    pub greet: Asked<usize, Vec<Act>>,
    /// What it does once it has seen the head of a request on a connection.
    pub interrupt: Asked<usize, Vec<Act>>,
    /// What it does about a request that has come whole.
    pub behave: Behave,
}

impl Script {
    /// HTTP/1.1 and nothing else.
    pub fn new(behave: impl FnMut(&Seen) -> Vec<Act> + Send + 'static) -> Self {
        Self {
            protocols: Box::new(|_| vec!["http/1.1"]),
            greet: Box::new(|_| Vec::new()),
            interrupt: Box::new(|_| Vec::new()),
            behave: Box::new(behave),
        }
    }

    #[must_use]
    pub fn protocols(
        mut self,
        protocols: impl FnMut(usize) -> Vec<&'static str> + Send + 'static,
    ) -> Self {
        self.protocols = Box::new(protocols);
        self
    }

    #[must_use]
    pub fn greet(mut self, greet: impl FnMut(usize) -> Vec<Act> + Send + 'static) -> Self {
        self.greet = Box::new(greet);
        self
    }

    #[must_use]
    pub fn interrupt(mut self, interrupt: impl FnMut(usize) -> Vec<Act> + Send + 'static) -> Self {
        self.interrupt = Box::new(interrupt);
        self
    }
}

#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    backend: SimulatedBackend,
    script: Mutex<Script>,
    log: Mutex<Log>,
}

impl Server {
    /// The tasks of a server that there are while no connection is.
    pub const TASKS: usize = 1;

    /// A server that speaks HTTP/1.1, and asks what to do about each request.
    pub fn start(sim: &Simulation, behave: impl FnMut(&Seen) -> Vec<Act> + Send + 'static) -> Self {
        Self::play(sim, Script::new(behave))
    }

    /// One that answers everything, with the number of the request.
    pub fn kind(sim: &Simulation) -> Self {
        Self::start(sim, |seen| vec![ok(&seen.number.to_string())])
    }

    pub fn play(sim: &Simulation, mut script: Script) -> Self {
        let mut listener = sim.listen(HOST, PORT).protocols((script.protocols)(0));
        let shared = Arc::new(Shared {
            backend: sim.backend(),
            script: Mutex::new(script),
            log: Mutex::default(),
        });
        let server = Self {
            shared: shared.clone(),
        };
        sim.spawn(async move {
            for number in 0.. {
                let stream = listener.accept().await;
                let protocols = (shared.script().protocols)(number + 1);
                listener = listener.protocols(protocols);
                let http2 = stream.alpn() == Some(b"h2");
                shared.log().connections.push((stream.cable(), http2));
                let serving = served::serve(shared.clone(), number, stream);
                shared.backend.spawn(Box::pin(serving));
            }
        });
        server
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log()
    }

    /// From now on, it does this.
    pub fn change(&self, script: Script) {
        *self.shared.script() = script;
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }
}

/// A request, and the number by which the server knows it: the body begins with it.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub number: usize,
    pub method: http::Method,
    /// How long the body is at least.
    pub bytes: usize,
    pub resend: ResendUnknown,
    pub patient: bool,
    pub limit: Option<usize>,
}

impl Numbered {
    pub fn new(number: usize) -> Self {
        Self {
            number,
            method: http::Method::POST,
            bytes: 0,
            resend: ResendUnknown::Never,
            patient: false,
            limit: None,
        }
    }
}

impl Outgoing for Numbered {
    fn request(&self) -> http::Request<()> {
        let uri = format!("https://{HOST}/v1/{}?x=%2F", self.number);
        let request = http::Request::builder()
            .method(self.method.clone())
            .uri(uri);
        request.body(()).expect("a request that is well-formed")
    }

    fn body(&self) -> Bytes {
        let mut body = format!("{} ", self.number).into_bytes();
        body.resize(body.len().max(self.bytes), b'x');
        body.into()
    }

    fn is_patient(&self) -> bool {
        self.patient
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        self.limit
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend
    }
}

/// How a request ended, and when.
#[derive(Debug)]
pub struct Ended {
    pub number: usize,
    pub outcome: Result<Answer, Error>,
    pub at: Duration,
    pub deadline: Duration,
}

impl Ended {
    pub fn kind(&self) -> Option<ErrorKind> {
        self.outcome.as_ref().err().map(Error::kind)
    }

    /// Status, body, and whether it is whole.
    pub fn answer(&self) -> (u16, &[u8], bool) {
        let answer = self.outcome.as_ref().unwrap();
        (answer.status.as_u16(), &answer.body, answer.complete)
    }
}

/// A session in a simulation, with its way to the server.
pub struct Client<'a> {
    pub sim: &'a Simulation,
    pub session: Session,
    pub way: Http,
}

impl<'a> Client<'a> {
    pub fn new(sim: &'a Simulation) -> Self {
        Self::with(sim, |limits| limits)
    }

    pub fn with(
        sim: &'a Simulation,
        limits: impl FnOnce(SessionBuilder) -> SessionBuilder,
    ) -> Self {
        let session = limits(Session::builder(sim.backend())).build();
        let http = HttpClient::new(session.clone(), Reach::default());
        let url: BaseUrl = format!("https://{HOST}").parse().unwrap();
        let way = http.service(&url, Limits::default()).unwrap();
        Self { sim, session, way }
    }

    /// One that speaks HTTP/1.1 alone, with limits of its own.
    pub fn of_http1(
        sim: &'a Simulation,
        session: impl FnOnce(SessionBuilder) -> SessionBuilder,
        limits: Limits,
    ) -> Self {
        let session = session(Session::builder(sim.backend())).build();
        let http = HttpClient::new(session.clone(), Reach::default());
        let url: BaseUrl = format!("https://{HOST}").parse().unwrap();
        let way = http.http1_service(&url, limits).unwrap();
        Self { sim, session, way }
    }

    /// A request that its sender can drop.
    pub fn exchange(
        &self,
        request: Numbered,
        timeout: Duration,
    ) -> impl Future<Output = Ended> + Send + use<> {
        let (way, session) = (self.way.clone(), self.session.clone());
        let backend = self.sim.backend();
        async move {
            let deadline = backend.elapsed() + timeout;
            let outcome = way.exchange(&request, session.deadline(timeout)).await;
            Ended {
                number: request.number,
                outcome,
                at: backend.elapsed(),
                deadline,
            }
        }
    }

    /// Sends a request in a task of its own.
    pub fn send(&self, number: usize, timeout: Duration) -> Task<Ended> {
        let request = Numbered::new(number);
        self.sim.spawn(self.exchange(request, timeout))
    }

    /// Sends a request and waits for its end.
    pub fn ask(&self, number: usize, timeout: Duration) -> Ended {
        self.sim.block_on(self.send(number, timeout))
    }

    /// Ditto, of any request.
    pub fn put(&self, request: Numbered, timeout: Duration) -> Ended {
        self.sim.block_on(self.exchange(request, timeout))
    }

    pub fn open_connections(&self) -> usize {
        self.sim.network().open_connections()
    }
}

/// Nothing runs and nothing is armed but the server's own.
pub fn assert_nothing_is_left(sim: &Simulation) {
    assert_eq!(sim.network().open_connections(), 0);
    let left = (sim.live_tasks(), sim.armed_timers());
    assert_eq!(left, (Server::TASKS, 0), "{:#?}", sim.pending_tasks());
}
