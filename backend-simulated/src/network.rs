use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use crate::pipe::{Pipe, Wakers};
use crate::timers::Waiter;
use crate::world::World;
use crate::{Cable, Conditions, Dial, Listener};

/// The network of a simulation: who listens where, what becomes of dials, and which hosts can be
/// reached. Cheap to clone, and may be used from tasks of the simulation.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) world: Arc<World>,
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The one that dialled.
    Client,
    /// The one that accepted.
    Server,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl Network {
    /// Listens. Connections to this very host and port arrive here, until the listener is dropped.
    ///
    /// # Panics
    /// When somebody listens there already.
    pub fn listen(&self, host: &str, port: u16) -> Listener {
        let mut state = self.world.lock();
        state.net.host(host);
        let place = state.net.port(host, port);
        let taken = std::mem::replace(&mut place.listening, true);
        drop(state);
        assert!(!taken, "somebody listens on {host}:{port} already");
        Listener::new(self.world.clone(), host.to_owned(), port)
    }

    /// How connections are that are made from now on.
    pub fn set_conditions(&self, conditions: Conditions) {
        self.world.lock().net.conditions = conditions;
    }

    /// What becomes of dials to this host and port, from now on.
    pub fn set_dial(&self, host: &str, port: u16, dial: Dial) {
        let mut state = self.world.lock();
        state.net.host(host);
        state.net.port(host, port).dial = dial;
    }

    /// What becomes of the next dials to this host and port, one after the other; those after them
    /// go as [`set_dial`](Self::set_dial) has it.
    pub fn next_dials(&self, host: &str, port: u16, dials: impl IntoIterator<Item = Dial>) {
        let dials: Vec<_> = dials.into_iter().collect();
        let mut state = self.world.lock();
        state.net.host(host);
        state.net.port(host, port).next_dials.extend(dials);
    }

    /// When this host and port were dialled, since the beginning of the simulation.
    pub fn dials(&self, host: &str, port: u16) -> Vec<Duration> {
        self.world.lock().net.port(host, port).dialled.clone()
    }

    /// The address that a host's name resolves to. Default: 127.0.0.1 for `localhost`, and for
    /// others some address that is public.
    pub fn set_address(&self, host: &str, address: IpAddr) {
        self.world.lock().net.host(host).address = address;
    }

    /// Cuts a host off: nothing arrives there or from there, new dials wait, and nobody is told.
    pub fn partition(&self, host: &str) {
        let mut state = self.world.lock();
        state.net.host(host).cut_off = true;
        drop(state);
        for cable in self.cables_of(host) {
            cable.cut();
        }
    }

    /// Ends the partition: what was held up arrives, as TCP would send it again.
    pub fn heal(&self, host: &str) {
        let mut state = self.world.lock();
        state.net.host(host).cut_off = false;
        let waiting = std::mem::take(&mut state.net.held_up);
        drop(state);
        for cable in self.cables_of(host) {
            cable.heal();
        }
        let waiting = waiting.into_values();
        waiting.for_each(|(_, waiter)| waiter.waker.wake());
    }

    /// The connections that are there, oldest first: those of which one end is still held.
    pub fn cables(&self) -> Vec<Cable> {
        let state = self.world.lock();
        let ids = state.net.wires.keys().copied();
        ids.map(|id| Cable::new(self.world.clone(), id)).collect()
    }

    fn cables_of(&self, host: &str) -> Vec<Cable> {
        let state = self.world.lock();
        let wires = state.net.wires.iter();
        wires
            .filter(|(_, wire)| wire.host == host)
            .map(|(id, _)| Cable::new(self.world.clone(), *id))
            .collect()
    }

    /// How many connections the dialling side holds open.
    pub fn open_connections(&self) -> usize {
        let state = self.world.lock();
        let wires = state.net.wires.values();
        wires.filter(|wire| wire.is_held(Side::Client)).count()
    }
}

pub(crate) struct Net {
    rng: Rng,
    pub(crate) conditions: Conditions,
    hosts: BTreeMap<String, Host>,
    ports: BTreeMap<String, BTreeMap<u16, Port>>,
    pub(crate) wires: BTreeMap<u64, Wire>,
    wires_made: u64,
    /// Dials that wait: those that stall, and those to hosts that are cut off.
    pub(crate) held_up: BTreeMap<u64, (String, Waiter)>,
    pub(crate) dials_made: u64,
}

pub(crate) struct Host {
    pub(crate) address: IpAddr,
    pub(crate) cut_off: bool,
}

/// What is known of a host's port.
pub(crate) struct Port {
    pub(crate) listening: bool,
    pub(crate) backlog: VecDeque<u64>,
    pub(crate) acceptors: Vec<Waiter>,
    pub(crate) protocols: Option<Vec<Vec<u8>>>,
    pub(crate) dial: Dial,
    pub(crate) next_dials: VecDeque<Dial>,
    pub(crate) dialled: Vec<Duration>,
}

/// A connection.
pub(crate) struct Wire {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) address: IpAddr,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) certificate: Vec<Vec<u8>>,
    pub(crate) conditions: Conditions,
    /// From the client, and from the server.
    pipes: [Pipe; 2],
    held: [bool; 2],
}

impl Wire {
    /// The direction that this side writes into.
    pub(crate) fn pipe_from(&mut self, side: Side) -> &mut Pipe {
        &mut self.pipes[side as usize]
    }

    pub(crate) fn is_held(&self, side: Side) -> bool {
        self.held[side as usize]
    }

    /// Lets an end go; tells whether both are gone.
    pub(crate) fn let_go(&mut self, side: Side) -> bool {
        self.held[side as usize] = false;
        !self.held[side.peer() as usize]
    }

    /// Who waits to read or to write, and at which end.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&'static str, Side, &Waiter)> {
        let ends = [Side::Client, Side::Server];
        ends.into_iter().flat_map(|side| {
            let [reader, writer] = self.pipes[side as usize].waiting();
            let reader = reader.map(|waiter| ("read", side.peer(), waiter));
            reader
                .into_iter()
                .chain(writer.map(|waiter| ("write", side, waiter)))
        })
    }
}

impl Net {
    pub(crate) fn new(rng: Rng) -> Self {
        Self {
            rng,
            conditions: Conditions::new(),
            hosts: BTreeMap::new(),
            ports: BTreeMap::new(),
            wires: BTreeMap::new(),
            wires_made: 0,
            held_up: BTreeMap::new(),
            dials_made: 0,
        }
    }

    pub(crate) fn host(&mut self, name: &str) -> &mut Host {
        let number = self.hosts.len();
        self.hosts.entry(name.to_owned()).or_insert_with(|| Host {
            address: address(name, number),
            cut_off: false,
        })
    }

    pub(crate) fn known_host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name)
    }

    pub(crate) fn port(&mut self, host: &str, port: u16) -> &mut Port {
        let ports = self.ports.entry(host.to_owned()).or_default();
        ports.entry(port).or_insert_with(|| Port {
            listening: false,
            backlog: VecDeque::new(),
            acceptors: Vec::new(),
            protocols: None,
            dial: Dial::Accept,
            next_dials: VecDeque::new(),
            dialled: Vec::new(),
        })
    }

    pub(crate) fn all_ports(&self) -> impl Iterator<Item = (&str, u16, &Port)> {
        self.ports.iter().flat_map(|(host, ports)| {
            let ports = ports.iter();
            ports.map(move |(port, place)| (host.as_str(), *port, place))
        })
    }

    /// Puts a connection into being, both ends held.
    pub(crate) fn connect(&mut self, wire: impl FnOnce(Conditions) -> Wire) -> u64 {
        self.wires_made += 1;
        let wire = wire(self.conditions.clone());
        self.wires.insert(self.wires_made, wire);
        self.wires_made
    }

    /// One way through the network.
    pub(crate) fn draw_latency(&mut self, conditions: &Conditions) -> Duration {
        let (least, most) = (*conditions.latency.start(), *conditions.latency.end());
        least + (most - least).mul_f64(self.rng.f64())
    }

    /// Whether something happens of which this is the share.
    pub(crate) fn draw(&mut self, share: f64) -> bool {
        self.rng.f64() < share
    }

    /// How much of so many bytes goes through: a fraction, so that the number of draws does not
    /// follow the number of bytes.
    pub(crate) fn draw_part(&mut self, bytes: usize, share: f64) -> usize {
        let part = self.rng.f64();
        if self.rng.f64() < share {
            ((bytes as f64 * part) as usize).clamp(1, bytes.max(1))
        } else {
            bytes
        }
    }

    /// Tears everything down, and gives those who are to be told.
    pub(crate) fn end(&mut self) -> Wakers {
        let mut wakers = Wakers::new();
        for wire in self.wires.values() {
            wakers.extend(wire.waiting().map(|(_, _, waiter)| waiter.clone()));
        }
        self.wires.clear();
        let held_up = std::mem::take(&mut self.held_up);
        wakers.extend(held_up.into_values().map(|(_, waiter)| waiter));
        for port in self.ports.values_mut().flat_map(BTreeMap::values_mut) {
            wakers.append(&mut port.acceptors);
        }
        wakers
    }
}

impl Wire {
    pub(crate) fn new(host: String, port: u16, address: IpAddr, conditions: Conditions) -> Self {
        Self {
            host,
            port,
            address,
            alpn: None,
            certificate: Vec::new(),
            conditions,
            pipes: [Pipe::default(), Pipe::default()],
            held: [true, true],
        }
    }
}

fn address(name: &str, number: usize) -> IpAddr {
    match name.parse() {
        Ok(address) => address,
        Err(_) if name == "localhost" => Ipv4Addr::LOCALHOST.into(),
        Err(_) => {
            let [.., high, low] = (number as u32 + 1).to_be_bytes();
            Ipv4Addr::new(23, 0, high, low).into()
        }
    }
}
