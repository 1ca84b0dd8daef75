//! What each service says of what is wrong, in its own words.
//!
//! Each has two functions: `problem`, for what is found to be wrong, and `ordered`, for what a fault
//! wants.

mod apple;
mod edge;
mod fcm;
mod mozilla;
mod rfc8030;

pub(super) use edge::noted;

use super::Flavour;
use super::problem::Problem;
use crate::fault::Answer;
use crate::web::Told;

/// The answer to a request with which something is wrong.
pub(super) fn problem(flavour: Flavour, problem: &Problem) -> Told {
    match flavour {
        Flavour::Mozilla => mozilla::problem(problem),
        Flavour::Fcm => fcm::problem(problem),
        Flavour::Apple => apple::problem(problem),
        Flavour::Edge => edge::problem(problem),
        Flavour::Rfc8030 => rfc8030::problem(problem),
    }
}

/// The answer that a fault orders; it is counted for the fault's reason.
pub(super) fn ordered(flavour: Flavour, answer: &Answer) -> Told {
    match flavour {
        Flavour::Mozilla => mozilla::ordered(answer),
        Flavour::Fcm => fcm::ordered(answer),
        Flavour::Apple => apple::ordered(answer),
        Flavour::Edge => edge::ordered(answer),
        Flavour::Rfc8030 => rfc8030::ordered(answer),
    }
}

/// The name of a status.
fn name(status: u16) -> &'static str {
    let status = hyper::StatusCode::from_u16(status).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown")
}

#[cfg(test)]
mod tests;
