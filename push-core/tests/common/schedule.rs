//! Random schedules: what the peer and the network do, whatever the client is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backend_simulated::{Dial, Side, Simulation};
use push_core::Backend;

use super::act::{Act, Manner};
use super::frames::*;
use super::peer::{Peer, Script};
use super::{HOST, MILLI, PORT, Random, SECOND};

/// Tells a peer that it is to be good from now on.
#[derive(Clone, Default)]
pub struct Healed(Arc<AtomicBool>);

impl Healed {
    pub fn heal(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_healed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A peer at whose hands everything can happen, until it is healed.
pub fn play(sim: &Simulation, random: &mut Random) -> (Peer, Healed) {
    let healed = Healed::default();
    // How often it does something else than it should.
    let malice = random.below(4);
    let [mut meeting, mut interrupting, mut behaving] = [(); 3].map(|()| random.fork());
    let [met, interrupted, asked] = [(); 3].map(|()| healed.clone());
    let script = Script::new(20, move |seen| {
        match asked.is_healed() || behaving.below(4) > malice {
            true => kindness(&mut behaving),
            false => behaviour(&mut behaving, seen.stream),
        }
    });
    let script = script.meet(
        move |_| match met.is_healed() || meeting.below(4) > malice {
            true => Manner::good(1 + meeting.below(30) as u32),
            false => manner(&mut meeting),
        },
    );
    let script = script.interrupt(move |_, stream| {
        match interrupted.is_healed() || interrupting.below(30) > 0 {
            true => Vec::new(),
            false => interruption(&mut interrupting, stream),
        }
    });
    (Peer::play(sim, script), healed)
}

/// An answer, of one kind or another.
fn kindness(random: &mut Random) -> Vec<Act> {
    let wait = Act::Wait(random.between(Duration::ZERO, 400 * MILLI));
    let body = 1 + random.below(2000) as usize;
    match random.below(14) {
        0..6 => vec![wait, Act::Answer],
        6 | 7 => vec![Act::Answer],
        8 => vec![Act::Hint, wait, Act::Hint, Act::Answer],
        9 => vec![Act::Head, wait, Act::Body(body, true)],
        10 => vec![wait, Act::Head, Act::Body(body, false), Act::Trailers],
        // More pieces than a few are taken for a flood.
        11 => vec![wait, Act::Scattered(16 + random.below(32) as usize)],
        12 => vec![wait, Act::Padded(body)],
        _ => vec![Act::Ignorable, wait, Act::Answer],
    }
}

/// What the peer does about a request that it does not simply answer.
fn behaviour(random: &mut Random, stream: u32) -> Vec<Act> {
    let wait = Act::Wait(random.between(Duration::ZERO, 400 * MILLI));
    match random.below(32) {
        0 | 1 => vec![],
        2 => vec![Act::Wait(20 * SECOND), Act::Answer],
        3 => vec![wait, Act::AnswerHalf],
        4 => vec![Act::Head, Act::Wait(20 * SECOND), Act::Body(5, true)],
        5 => vec![wait, Act::Break(random.below(15) as u32)],
        6..9 => vec![Act::Break(REFUSED_STREAM)],
        9 => vec![wait, Act::Break(REFUSED_STREAM)],
        10 => vec![wait, Act::Break(ENHANCE_YOUR_CALM)],
        11 => vec![wait, Act::Break(NO_ERROR)],
        12 => vec![wait, Act::AnswerHalf, Act::Break(NO_ERROR)],
        13 => vec![Act::Answer, Act::Break(NO_ERROR)],
        14 => vec![Act::Close],
        15 => vec![wait, Act::Close],
        16 => vec![wait, Act::Reset],
        17 => vec![wait, Act::Torn(random.below(26) as usize), end(random)],
        18 => vec![wait.clone(), Act::Answer, wait, end(random)],
        19 => vec![Act::Cut],
        20 => vec![Act::Head, Act::Endless(100_000)],
        21 => vec![wait, Act::Malformed(random.below(MALFORMED)), Act::Answer],
        22 => vec![wait, Act::Answer, farewell(random, stream)],
        23 => vec![farewell(random, stream), wait, Act::Answer],
        24 => vec![farewell(random, stream), Act::Close],
        25 => {
            let mut acts = vec![wait];
            acts.extend(graceful(random, stream));
            acts.push(Act::Answer);
            acts
        }
        26 | 27 => {
            let mut acts = limits(random);
            acts.insert(1, Act::Answer);
            acts
        }
        28 => vec![Act::Answer, Act::Wedge],
        29 => vec![wait, Act::Scattered(1 + random.below(16) as usize)],
        30 => [vec![Act::Hint; 40], vec![Act::Answer]].concat(),
        _ => vec![
            Act::InitialWindow(random.below(9) as u32),
            wait,
            Act::Answer,
        ],
    }
}

fn end(random: &mut Random) -> Act {
    match random.below(3) {
        0 => Act::Close,
        1 => Act::Reset,
        _ => Act::Cut,
    }
}

fn farewell(random: &mut Random, stream: u32) -> Act {
    let last = match random.below(5) {
        0 => 0,
        1 => stream,
        2 => stream.saturating_sub(2 * random.below(8) as u32),
        3 => stream + 2 * random.below(8) as u32,
        _ => 0x7fff_ffff,
    };
    let texts = [
        "",
        "{\"reason\":\"Shutdown\"}",
        "\u{fffd}too_many_internal_resets",
    ];
    Act::GoAway {
        last,
        code: [NO_ERROR, INTERNAL_ERROR, ENHANCE_YOUR_CALM, 0xffff][random.below(4) as usize],
        text: texts[random.below(3) as usize],
    }
}

/// Two farewells: one that takes everything, and the real one.
fn graceful(random: &mut Random, stream: u32) -> Vec<Act> {
    let first = Act::GoAway {
        last: 0x7fff_ffff,
        code: NO_ERROR,
        text: "",
    };
    let wait = Act::Wait(random.between(Duration::ZERO, 2 * SECOND));
    vec![first, wait, farewell(random, stream)]
}

/// A lower limit of streams, and a higher one after a while or never.
fn limits(random: &mut Random) -> Vec<Act> {
    let mut acts = vec![Act::Limit(random.below(3) as u32)];
    if random.below(4) > 0 {
        let wait = random.between(Duration::ZERO, 5 * SECOND);
        acts.extend([Act::Wait(wait), Act::Limit(1 + random.below(20) as u32)]);
    }
    acts
}

/// What the peer does between the headers and the body of a request.
fn interruption(random: &mut Random, stream: u32) -> Vec<Act> {
    match random.below(12) {
        0 => vec![Act::Close],
        1 => vec![Act::Reset],
        2 => vec![Act::Cut],
        3 => vec![Act::Wedge],
        4 => vec![Act::StopReading],
        5 => vec![Act::Break(REFUSED_STREAM)],
        6 => vec![Act::Break(random.below(14) as u32)],
        7 => graceful(random, stream),
        8 => vec![farewell(random, stream)],
        9 => vec![Act::Wait(random.between(Duration::ZERO, 3 * SECOND))],
        // The last two kinds would be answers.
        10 => vec![Act::Malformed(random.below(MALFORMED - 2))],
        _ => limits(random),
    }
}

/// How the peer is on a connection where it is not as it should be.
fn manner(random: &mut Random) -> Manner {
    let mut manner = Manner::good(match random.below(12) {
        0 => 0,
        1..4 => 1,
        4 => u32::MAX,
        _ => 1 + random.below(30) as u32,
    });
    match random.below(12) {
        0 => manner.settings_after = None,
        1 => manner.settings_after = Some(random.between(Duration::ZERO, 12 * SECOND)),
        2 => manner.settings = Vec::new(),
        3 => manner.pong_after = random.between(Duration::ZERO, 8 * SECOND),
        4 | 5 => {
            let window = [0, 0, 1, 5, 7, 100][random.below(6) as usize];
            manner.settings.push((INITIAL_WINDOW_SIZE, window));
            manner.window = 0;
            manner.restores_windows = random.below(3) > 0;
        }
        _ => {}
    }
    // From before its SETTINGS on.
    let wait = random.below(3) * random.below(10_000);
    let mut acts = vec![Act::Wait(Duration::from_millis(wait))];
    match random.below(24) {
        0 => acts.push(Act::Close),
        1 => acts.push(Act::Reset),
        2 => acts.push(Act::Cut),
        3 => acts.push(Act::Wedge),
        4 => acts.push(Act::Deaf),
        5 => acts.push(Act::StopReading),
        6 => acts.push(Act::Malformed(random.below(MALFORMED - 2))),
        7 => acts.push(Act::Ignorable),
        8 | 9 => acts.extend(graceful(random, 1)),
        10 => acts.extend([farewell(random, 1), Act::Close]),
        11 => acts.push(farewell(random, 1)),
        12..16 => acts.extend(limits(random)),
        16 | 17 => acts.extend([
            Act::InitialWindow(random.below(9) as u32),
            Act::Wait(random.between(Duration::ZERO, 5 * SECOND)),
            Act::InitialWindow(8 + random.below(1000) as u32),
        ]),
        18 => acts.push(Act::Window(8)),
        _ => {}
    }
    manner.acts = acts;
    manner
}

/// What the network does to dials and connections, whatever they carry.
pub async fn weather(sim: &Simulation, peer: &Peer, random: &mut Random) {
    let network = sim.network();
    let rough = random.below(3) > 0;
    for _ in 0..15 {
        let wait = random.between(Duration::ZERO, 2 * SECOND);
        sim.backend().sleep(wait).await;
        network.set_dial(
            HOST,
            PORT,
            match rough {
                true => dial(random),
                false => Dial::Accept,
            },
        );
        let cables = network.cables();
        if cables.is_empty() || !rough {
            continue;
        }
        let cable = &cables[random.below(cables.len() as u64) as usize];
        match random.below(13) {
            0 => cable.reset(),
            1 => cable.close(Side::Server),
            2 => cable.cut(),
            3 => cable.cut_from(Side::Client),
            4 => cable.cut_from(Side::Server),
            5 => cable.heal(),
            6 => network.partition(HOST),
            7 => peer.on_all(&limits(random)),
            8 => peer.on_all(&[farewell(random, 1)]),
            _ => network.heal(HOST),
        }
    }
}

fn dial(random: &mut Random) -> Dial {
    match random.below(14) {
        0 | 1 => Dial::Refuse,
        2 => Dial::Stall,
        3 => Dial::Tls("bad handshake".into()),
        4 => Dial::Unresolved,
        5 | 6 => Dial::Slow(random.between(SECOND, 12 * SECOND)),
        _ => Dial::Accept,
    }
}
