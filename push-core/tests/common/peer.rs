//! An HTTP/2 peer of raw frames, which does what no server library does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use backend_simulated::{SimulatedBackend, Simulation};
use push_core::Backend;

pub use super::act::{Act, Log, Manner, Seen};
use super::served::Served;
use super::{HOST, PORT};

/// What the peer does, asked of these as things come.
pub struct Script {
    /// How it is on a connection that was accepted.
    pub meet: Box<dyn FnMut(u64) -> Manner + Send>,
    /// What it does between the headers and the body of a request: of a connection and a stream.
    pub interrupt: Box<dyn FnMut(u64, u32) -> Vec<Act> + Send>,
    /// What it does about a request that has come whole.
    pub behave: Behave,
}

type Behave = Box<dyn FnMut(&Seen) -> Vec<Act> + Send>;

impl Script {
    /// Good manners with this limit of streams, and whatever is to be done about requests.
    pub fn new(max_streams: u32, behave: impl FnMut(&Seen) -> Vec<Act> + Send + 'static) -> Self {
        Self {
            meet: Box::new(move |_| Manner::good(max_streams)),
            interrupt: Box::new(|_, _| Vec::new()),
            behave: Box::new(behave),
        }
    }

    #[must_use]
    pub fn meet(mut self, meet: impl FnMut(u64) -> Manner + Send + 'static) -> Self {
        self.meet = Box::new(meet);
        self
    }

    #[must_use]
    pub fn interrupt(
        mut self,
        interrupt: impl FnMut(u64, u32) -> Vec<Act> + Send + 'static,
    ) -> Self {
        self.interrupt = Box::new(interrupt);
        self
    }
}

#[derive(Clone)]
pub struct Peer {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) backend: SimulatedBackend,
    pub(super) script: Mutex<Script>,
    log: Mutex<Log>,
    live: Mutex<BTreeMap<u64, Served>>,
}

impl Peer {
    /// A peer that allows so many streams, and asks what to do about each request.
    pub fn start(
        sim: &Simulation,
        max_streams: u32,
        behave: impl FnMut(&Seen) -> Vec<Act> + Send + 'static,
    ) -> Self {
        Self::play(sim, Script::new(max_streams, behave))
    }

    /// A peer that does what the script says.
    pub fn play(sim: &Simulation, script: Script) -> Self {
        let shared = Arc::new(Shared {
            backend: sim.backend(),
            script: Mutex::new(script),
            log: Mutex::default(),
            live: Mutex::default(),
        });
        let listener = sim.listen(HOST, PORT).protocols(["h2"]);
        let serving = shared.clone();
        sim.spawn(async move {
            loop {
                let stream = listener.accept().await;
                let shared = serving.clone();
                let task = async move {
                    let id = stream.cable().id();
                    shared
                        .log()
                        .connections
                        .push((id, shared.backend.elapsed()));
                    let manner = (shared.script().meet)(id);
                    let (served, reader) = Served::new(shared.clone(), stream, manner);
                    shared.live().insert(id, served.clone());
                    // An error is an end like any other.
                    let _ = served.run(reader).await;
                    shared.live().remove(&id);
                    shared.log().ended.push((id, shared.backend.elapsed()));
                };
                serving.backend.spawn(Box::pin(task));
            }
        });
        Self { shared }
    }

    /// A peer that answers everything.
    pub fn kind(sim: &Simulation) -> Self {
        Self::start(sim, 100, |_| vec![Act::Answer])
    }

    /// What came so far.
    pub fn log(&self) -> Log {
        self.shared.log().clone()
    }

    /// Does this on each connection that is there now.
    pub fn on_all(&self, acts: &[Act]) {
        let live: Vec<_> = self.shared.live().values().cloned().collect();
        live.iter()
            .for_each(|served| served.begin(0, acts.to_vec()));
    }

    /// How many streams are open on connections that both ends still hold, as the peer sees it.
    pub fn open_streams(&self) -> usize {
        let live = self.shared.live();
        live.values().map(Served::open_streams).sum()
    }

    /// Ends the connections that answer PINGs and carry no request.
    pub fn end_useless(&self) {
        let live: Vec<_> = self.shared.live().values().cloned().collect();
        for served in live.iter().filter(|served| served.is_useless()) {
            served.cable.reset();
        }
    }

    /// The tasks of the peer that there are while no connection is.
    pub const TASKS: usize = 1;
}

impl Shared {
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn live(&self) -> MutexGuard<'_, BTreeMap<u64, Served>> {
        self.live.lock().unwrap()
    }
}
