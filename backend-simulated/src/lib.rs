//! A [backend](push_core::Backend) of anypush in simulated time, for deterministic tests.
//!
//! A [`Simulation`] is a world of its own on one thread: an executor, a clock and a network in
//! memory. Everything that is random in it comes from one seed: the order in which tasks run that
//! are ready, how long bytes travel and in which pieces they arrive, the backend's jitter. The
//! same program with the same seed does the same, event by event; another seed is another
//! interleaving. An hour of waiting costs microseconds.
//!
//! ```
//! use std::time::Duration;
//!
//! use backend_simulated::Simulation;
//! use futures_util::{AsyncReadExt, AsyncWriteExt};
//! use push_core::{Backend, Target};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = Simulation::new(17);
//!
//! // A server, in a task of the simulation.
//! let listener = sim.listen("push.example", 443).protocols(["h2"]);
//! let backend = sim.backend();
//! sim.spawn(async move {
//!     let mut stream = listener.accept().await;
//!     backend.sleep(Duration::from_secs(3600)).await;
//!     // The other end may be gone by now.
//!     let _ = stream.write_all(b"hello").await;
//! });
//!
//! // The program under test uses the backend as it uses any other.
//! let backend = sim.backend();
//! let text = sim.block_on(async {
//!     let target = Target::tls("push.example", 443).alpn(["h2"]);
//!     let mut connection = backend.connect(&target, None).await?;
//!     assert_eq!(connection.alpn(), Some(&b"h2"[..]));
//!     let mut text = String::new();
//!     connection.read_to_string(&mut text).await?;
//!     Ok::<_, Box<dyn std::error::Error>>(text)
//! })?;
//! assert_eq!(text, "hello");
//! assert!(sim.elapsed() > Duration::from_secs(3600));
//!
//! // Nothing was left behind.
//! assert_eq!(sim.network().open_connections(), 0);
//! assert_eq!((sim.live_tasks(), sim.armed_timers()), (0, 0));
//! # Ok(())
//! # }
//! ```
//!
//! A client of anypush takes the backend in its session: `Session::new(sim.backend())`.
//!
//! # Time
//!
//! Time passes only when nothing is ready. [`Simulation::block_on`] runs until its future is done,
//! and jumps to the next point in time that somebody waits for whenever nothing is ready. A test
//! that would rather move the clock itself spawns what it tests ([`Simulation::spawn`]), and then
//! calls [`advance`](Simulation::advance) and [`run_until_idle`](Simulation::run_until_idle). The
//! wall clock is another one: [`set_system_time`](Simulation::set_system_time) sets it forward or
//! back while no deadline moves.
//!
//! Where nothing is ready and nobody waits for a point in time, nothing would ever happen: that is
//! a deadlock, and [`block_on`](Simulation::block_on) panics with the [report](Stall) of what each
//! task waits for, rather than hang. So it does past a bound of [polls](Simulation::max_steps) and
//! of [simulated time](Simulation::max_time), and where a task asks for a million things in one
//! poll.
//!
//! # The network
//!
//! Connections are pipes of bytes with bounded buffers. [`Conditions`] say how long bytes travel,
//! how fast the line is and how much of what is read and written goes through in pieces; [`Dial`]
//! what becomes of dials; a [`Cable`] does to one connection what networks and machines do to them:
//! cut and healed, reset, half closed. [`Network::partition`] cuts off a whole host.
//!
//! Bytes that were cut off arrive after the cut is healed, as TCP sends them again; a black hole is
//! a cut that nobody heals. Neither end is told of a cut.
//!
//! # Seeds
//!
//! [`Simulation::for_seeds`] runs a test through many seeds. One that fails says its seed, and
//! `SIMULATION_SEED=17 cargo test the_name_of_the_test` replays it; `SIMULATION_SEED=0..5000`
//! searches through more. [`Simulation::trace`] digests all that happened, to be compared between
//! two runs.
//!
//! A run is repeated only as far as the program itself is: whoever reads the clock of `std`, draws
//! random numbers of the operating system, iterates over a `HashMap` of `std` or starts threads
//! brings in what no seed decides. Where random bytes have a fixed length (such as those of an id
//! or a signature) they seldom change the course of things: nothing is drawn by the number of
//! bytes. But HTTP/2 compresses headers, so that lengths follow contents, and the
//! [trace](Simulation::trace) holds the lengths.
//!
//! # What is not simulated
//!
//! - TLS: nothing is encrypted, no certificate, name or root is checked, and a client's identity is
//!   taken as it is. What the server would refuse is said by the test: [`Dial::Tls`],
//!   [`Cable::refuse_certificate`]. Whether a target is plain or not makes no difference to
//!   whoever listens.
//! - Proxies: a target with one is an error, rather than a connection past it.
//! - Resolvers: a name has one [address](Network::set_address), which the egress filter of the
//!   target is asked about.
//! - TCP's own affairs: windows, congestion, retries of SYN, the limit of a backlog. An end that is
//!   dropped with bytes unread does not reset the connection; a reset is seen by both ends at once.
//! - Threads. Wakers may be called from other threads, but a simulation does not wait for that; and
//!   a mutex of `std` that is locked twice hangs as it does elsewhere.
//! - The clocks of libraries: `h2` forgets the streams that it has reset after 30 real seconds, and
//!   mutexes of `async-lock` turn fair after 500 real microseconds (those of
//!   [`create_lock`](push_core::Backend::create_lock) here are fair always).

mod backend;
mod cable;
mod certificate;
mod conditions;
mod dialling;
mod listener;
mod lock;
mod network;
mod pipe;
mod simulation;
mod stall;
mod stream;
mod task;
mod timers;
mod trace;
mod world;

pub use backend::SimulatedBackend;
pub use cable::Cable;
pub use conditions::{Conditions, Dial};
pub use listener::Listener;
pub use network::{Network, Side};
pub use simulation::Simulation;
pub use stall::{Stall, StallKind};
pub use stream::Stream;
pub use task::Task;
pub use trace::Trace;
