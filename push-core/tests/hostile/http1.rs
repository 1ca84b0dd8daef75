//! A client against a server that answers any bytes by HTTP/1.1, in simulated time: a target of
//! `fuzz/`, too.

use std::time::Duration;

use backend_simulated::{Conditions, Simulation};
use push_core::ErrorKind;

use crate::http1::{
    Act, Client, MILLI, MINUTE, Numbered, SECOND, Server, assert_nothing_is_left, ok,
};

/// The time that a request has. What comes, comes within a second.
const TIMEOUT: Duration = MINUTE;

/// Whatever comes for an answer, the request has one outcome by its deadline, which is no answer that
/// the bytes don't hold; the next request hears nothing of it, none is sent twice, and nothing is left
/// behind.
///
/// The first byte is the method (2 bits), whether the server closes or resets in the end, whether it
/// pauses between its pieces, and whether the network cuts and delays; the second how long the pieces
/// are; the third is the seed; the fourth how long an answer may be. The rest is the answer.
pub(crate) fn http1_answer(input: &[u8]) {
    let [flags, piece, seed, limit, answer @ ..] = input else {
        return;
    };
    let sim = &Simulation::new(u64::from(*seed)).max_steps(1_000_000);
    if flags & 32 == 0 {
        sim.network().set_conditions(Conditions::ideal());
    }
    let acts = acts(*flags, usize::from(*piece), answer);
    let server = Server::start(sim, move |seen| match seen.number {
        0 => acts.clone(),
        number => vec![ok(&number.to_string())],
    });
    let client = Client::new(sim);
    let mut request = Numbered::new(0);
    let methods = [
        http::Method::POST,
        http::Method::GET,
        http::Method::HEAD,
        http::Method::DELETE,
    ];
    request.method = methods[usize::from(flags & 3)].clone();
    let limit = 16 * usize::from(*limit);
    request.limit = Some(limit);
    let is_head = request.method == http::Method::HEAD;

    let ended = client.put(request, TIMEOUT);
    assert!(ended.at <= ended.deadline, "ended at {:?}", ended.at);
    match &ended.outcome {
        Ok(came) => {
            assert!(came.body.len() <= limit);
            assert!(!is_head || came.body.is_empty());
            assert!(!came.may_have_been_taken_before && came.attempts == 1);
            let status = came.status.as_u16();
            assert!((200..1000).contains(&status) || status == 101, "{status}");
            let says = format!(" {status}");
            assert!(has(answer, says.as_bytes()), "nobody said {status}");
            for (name, value) in &came.headers {
                assert!(has(answer, value.as_bytes()), "{name} came from nowhere");
            }
            assert!(is_made_of(&came.body, answer), "the body came from nowhere");
        }
        Err(error) => {
            let report = error.report();
            assert!(!report.chars().any(char::is_control), "{report:?}");
            assert!(report.len() < 1000, "{} bytes", report.len());
            assert!(error.may_have_been_taken(), "it was taken: {report}");
            let kinds = [ErrorKind::Lost, ErrorKind::Unanswered, ErrorKind::Protocol];
            assert!(kinds.contains(&error.kind()), "{error:?}");
        }
    }

    // All that is on its way has come.
    sim.advance(10 * SECOND);
    let ended = client.ask(1, MINUTE);
    assert_eq!(ended.answer(), (200, &b"1"[..], true));
    let taken = server.log().taken();
    assert!(taken.values().all(|times| *times == 1), "{taken:?}");
    assert!(server.log().wrongs.is_empty(), "{:?}", server.log().wrongs);
    sim.block_on(client.session.shutdown(SECOND));
    sim.advance(MINUTE);
    assert_nothing_is_left(sim);
}

fn acts(flags: u8, piece: usize, answer: &[u8]) -> Vec<Act> {
    // So that there are few, however long the answer is.
    let length = piece.max(answer.len() / 64).max(1);
    let mut acts = Vec::new();
    for piece in answer.chunks(length) {
        acts.push(Act::Say(piece.to_vec()));
        if flags & 16 != 0 {
            acts.push(Act::Wait(10 * MILLI));
        }
    }
    match flags & 12 {
        4 => acts.push(Act::Close),
        8 => acts.push(Act::Reset),
        _ => {}
    }
    acts
}

fn has(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|it| it == part)
}

/// Whether these bytes stand in the others in this order, with gaps between them: those of the chunks.
fn is_made_of(body: &[u8], answer: &[u8]) -> bool {
    let mut answer = answer.iter();
    body.iter().all(|byte| answer.any(|it| it == byte))
}
