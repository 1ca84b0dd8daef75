//! The test suite that every backend of anypush must pass: one named case for each item of the
//! contracts of [`Backend`](push_core::Backend), [`Connection`](push_core::Connection),
//! [`Certificate`](push_core::Certificate), [`Lock`](push_core::Lock),
//! [`Runtime`](push_core::Runtime) and [`Tls`](push_core::Tls).
//!
//! It is for whoever writes a backend, here or elsewhere. It needs this machine and no network
//! beyond loopback, knows no runtime, and drives the backend from threads of its own.
//!
//! # Use
//!
//! In a file of the backend's `tests/`, say how an environment is made, and name it to [`suite!`]:
//!
//! ```
//! # mod conformance {
//! use backend_conformance::{Environment, suite};
//!
//! fn environment() -> Environment {
//!     Environment::new(backend_smol::SmolBackend::new())
//! }
//!
//! suite!(environment);
//! # }
//! ```
//!
//! That makes one `#[test]` of each case, named as the case. Each makes an environment for itself.
//! Several kinds of environment go into a module each, with a `suite!` each.
//!
//! A runtime that can end is given along, so that the suite sees what happens when it is gone:
//!
//! ```
//! use backend_conformance::Environment;
//! use backend_tokio::{TokioBackend, TokioRuntime};
//!
//! fn environment() -> Environment {
//!     let runtime = tokio::runtime::Runtime::new().expect("a runtime");
//!     let backend = TokioBackend::on(TokioRuntime::from_handle(runtime.handle().clone()));
//!     Environment::new(backend).ending_with(runtime)
//! }
//! # drop(environment());
//! ```
//!
//! Whoever writes only a `Runtime` or only a `Tls` puts it together with the other half by
//! [`Compose`](push_core::Compose), and runs the suite over the whole.
//!
//! # What a backend can't do
//!
//! A backend without TLS 1.2, or without proxies, says so by [`Environment::without`]: the cases
//! that need the [`Capability`] are skipped, and their tests print that (`--nocapture` shows it).
//! Some are absent by themselves: IPv6 on a machine that has none, and the end of an environment
//! that nobody gave.
//!
//! A test that was skipped counts as passed. Where that must not go unseen, [`Environment::strict`]
//! makes a failure of every skip that no `without` has named; ask for it where the machine has
//! everything, such as in continuous integration:
//!
//! ```
//! use backend_conformance::{Capability, Environment};
//!
//! fn environment() -> Environment {
//!     let environment = Environment::new(backend_smol::SmolBackend::new())
//!         // smol's own executor has no end.
//!         .without(Capability::Ending);
//!     match std::env::var_os("CI") {
//!         Some(_) => environment.strict(),
//!         None => environment,
//!     }
//! }
//! # drop(environment());
//! ```
//!
//! # One case
//!
//! ```text
//! cargo test --test conformance -- --exact a_deadline_is_not_early
//! cargo test --test conformance -- closing      # all with this in their names
//! ```
//!
//! Without the test harness, [`cases`] lists them and [`Case::run`] runs one: it never panics, and
//! what hangs is a [`Failure`] too.
//!
//! # When a case fails
//!
//! The failure says what was seen and what was expected, under which circumstances (over plain TCP
//! or TLS), which sentence of the contract that breaks, and the line of the suite that looked:
//!
//! ```text
//! closing_plain_tcp_ends_the_writing_half: a FIN at the peer: did not come to pass within 10s, so it hangs, over plain TCP
//!   contract: `poll_close` ends the writing half: the peer reads the end of file.
//!   checked at backend-conformance/src/cases/closing.rs:89:5
//! ```
//!
//! - Something **hangs**: mostly a waker. Either it was not kept, or an older one was, or it is the
//!   other half's. A machine under load can be given time by [`Environment::patience`].
//! - A case **panics**: what is the runtime's own was polled outside it. The suite polls everything
//!   from foreign threads; enter the runtime at each poll.
//! - **Files run out** with a thousand connections: raise the limit (`ulimit -Hn`), or lower
//!   [`Environment::connections`].
//! - The case is **wrong** about your environment: the contract of the trait is what counts. If it
//!   asks for what your environment can't give, say so in an issue.
//!
//! Cases run beside each other, as tests do; those that count threads or open very many sockets
//! run alone in their process.
//!
//! # The cases
//!
//! The table of all cases, with what each checks, stands at [`cases`]; it is made from the list that
//! makes the tests. The contracts of the traits name the cases that check them. Beside the suite
//! stand backends that are broken on purpose (`tests/broken/`), each failing its case.
//!
//! What the suite talks to is in [`peer`]: servers and proxies on threads that misbehave on
//! command. They may be of use for other tests too.

mod case;
mod cases;
mod environment;
mod executor;
mod failure;
mod list;
pub mod peer;
mod subject;

pub use case::{Case, Outcome, check};
pub use environment::{Capability, Environment};
pub use failure::Failure;

for_each_case!(__make_table []);
