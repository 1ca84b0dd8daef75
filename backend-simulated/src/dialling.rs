use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use push_core::{Error, ErrorKind, Result, Security, Target};

use crate::network::{Side, Wire};
use crate::timers::{Sleep, Waiter};
use crate::trace::Event;
use crate::world::{State, World};
use crate::{Dial, Stream};

/// Connects through the network in memory.
pub(crate) async fn dial(
    world: &Arc<World>,
    target: &Target,
    certificate: Vec<Vec<u8>>,
) -> Result<Stream> {
    let outcome = attempt(world, target, certificate).await;
    if outcome.is_err() {
        let mut state = world.lock();
        state.record(Event::Refused {
            host: target.host.to_string(),
            port: target.port,
        });
    }
    outcome
}

async fn attempt(world: &Arc<World>, target: &Target, certificate: Vec<Vec<u8>>) -> Result<Stream> {
    let plan = begin(world, target)?;
    let held_up = |for_ever| HeldUp {
        world,
        target,
        number: plan.number,
        for_ever,
    };
    held_up(plan.fate == Dial::Stall).await;
    let travel = match plan.fate {
        Dial::Slow(more) => plan.travel.saturating_add(more),
        _ => plan.travel,
    };
    let arrival = world.lock().now.saturating_add(travel);
    Sleep::new(world.clone(), arrival).await;
    held_up(false).await;
    arrive(world, target, certificate, plan.fate)
}

struct Plan {
    fate: Dial,
    travel: Duration,
    number: u64,
}

/// Checks what can be checked before anything is sent, and draws what becomes of the dial.
fn begin(world: &Arc<World>, target: &Target) -> Result<Plan> {
    if target.proxy.is_some() {
        let message = "the simulated network has no proxies: leave the proxy out";
        return Err(Error::new(ErrorKind::Config, message));
    }
    let mut state = world.lock();
    check_alive(&state)?;
    let now = state.now;
    state.record(Event::Dialled {
        host: target.host.to_string(),
        port: target.port,
    });
    let conditions = state.net.conditions.clone();
    // There and back for TCP, and again for TLS.
    let ways = match target.security {
        Security::Plain => 2,
        _ => 4,
    };
    let travel = (0..ways).map(|_| state.net.draw_latency(&conditions)).sum();
    state.net.dials_made += 1;
    let number = state.net.dials_made;
    let place = state.net.port(&target.host, target.port);
    place.dialled.push(now);
    let fate = place.next_dials.pop_front();
    let fate = fate.unwrap_or_else(|| place.dial.clone());
    let address = state.net.known_host(&target.host).map(|host| host.address);
    drop(state);
    let address = address.or_else(|| target.host.parse().ok());
    if fate != Dial::Unresolved && address.is_some_and(|ip| !target.egress.allows(ip)) {
        let message = format!(
            "the address of {} may not be dialled: the egress filter refuses it",
            target.host
        );
        return Err(Error::new(ErrorKind::Egress, message));
    }
    let fate = match address {
        None => Dial::Unresolved,
        Some(_) => fate,
    };
    Ok(Plan {
        fate,
        travel,
        number,
    })
}

fn check_alive(state: &State) -> Result<()> {
    if state.gone {
        let message = "the simulation has ended";
        return Err(Error::new(ErrorKind::RuntimeGone, message));
    }
    Ok(())
}

fn arrive(
    world: &Arc<World>,
    target: &Target,
    certificate: Vec<Vec<u8>>,
    fate: Dial,
) -> Result<Stream> {
    let refused = || {
        let error = Error::new(ErrorKind::Connect, format!("can't connect to {target}"));
        error.with_source(io::Error::from(io::ErrorKind::ConnectionRefused))
    };
    let is_tls = !matches!(target.security, Security::Plain);
    match fate {
        Dial::Accept | Dial::Slow(_) => {}
        Dial::Tls(reason) if is_tls => {
            let message = format!("the TLS handshake with {target} failed: {reason}");
            return Err(Error::new(ErrorKind::Tls, message));
        }
        Dial::Unresolved => {
            let message = format!("can't resolve {}", target.host);
            return Err(Error::new(ErrorKind::Resolve, message));
        }
        Dial::Refuse | Dial::Stall | Dial::Tls(_) => return Err(refused()),
    }
    let mut state = world.lock();
    check_alive(&state)?;
    let address = state.net.host(&target.host).address;
    let place = state.net.port(&target.host, target.port);
    if !place.listening {
        return Err(refused());
    }
    let alpn = agree(target, place.protocols.as_deref());
    let id = state.net.connect(|conditions| {
        let mut wire = Wire::new(target.host.to_string(), target.port, address, conditions);
        wire.alpn = alpn;
        wire.certificate = if is_tls { certificate } else { Vec::new() };
        wire
    });
    state.record(Event::Connected {
        wire: id,
        host: target.host.to_string(),
        port: target.port,
    });
    let place = state.net.port(&target.host, target.port);
    place.backlog.push_back(id);
    let acceptors = std::mem::take(&mut place.acceptors);
    drop(state);
    acceptors.into_iter().for_each(|waiter| waiter.waker.wake());
    Stream::new(world.clone(), id, Side::Client).ok_or_else(refused)
}

/// The protocol that both speak.
fn agree(target: &Target, spoken: Option<&[Vec<u8>]>) -> Option<Vec<u8>> {
    let Security::Tls { alpn: offered, .. } = &target.security else {
        return None;
    };
    match spoken {
        None => offered.first().cloned(),
        Some(spoken) => spoken.iter().find(|one| offered.contains(one)).cloned(),
    }
}

/// Waits while the host is cut off, or for ever.
struct HeldUp<'a> {
    world: &'a Arc<World>,
    target: &'a Target,
    number: u64,
    for_ever: bool,
}

impl Future for HeldUp<'_> {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.world.lock();
        let host = state.net.known_host(&self.target.host);
        let held_up = self.for_ever || host.is_some_and(|host| host.cut_off);
        if state.gone || !held_up {
            return Poll::Ready(());
        }
        let waiter = state.waiter(cx);
        let entry = (self.target.to_string(), waiter);
        let former: Option<(String, Waiter)> = state.net.held_up.insert(self.number, entry);
        drop(state);
        drop(former);
        Poll::Pending
    }
}

impl Drop for HeldUp<'_> {
    fn drop(&mut self) {
        let entry = self.world.lock().net.held_up.remove(&self.number);
        drop(entry);
    }
}
