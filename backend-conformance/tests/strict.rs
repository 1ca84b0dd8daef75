//! What is skipped, and what `strict` says to it.

#![allow(clippy::unwrap_used)]

use backend_conformance::{Capability, Case, Environment, Outcome, cases};
use backend_smol::SmolBackend;

/// No end was given.
fn environment() -> Environment {
    Environment::new(SmolBackend::new())
}

fn case(name: &str) -> &'static Case {
    cases().iter().find(|case| case.name() == name).unwrap()
}

#[test]
fn what_is_absent_by_itself_is_skipped() {
    let outcome = case("tasks_end_with_the_environment").run(&environment);
    assert_eq!(outcome.unwrap(), Outcome::Skipped(Capability::Ending));
}

#[test]
fn what_is_absent_by_itself_fails_a_strict_environment() {
    let outcome = case("tasks_end_with_the_environment").run(&|| environment().strict());
    let failure = outcome.unwrap_err().to_string();
    assert!(failure.contains("without(Capability::Ending)"), "{failure}");
}

#[test]
fn what_is_declared_absent_is_skipped_in_a_strict_environment_too() {
    let make = || environment().without(Capability::Ending).strict();
    let outcome = case("tasks_end_with_the_environment").run(&make);
    assert_eq!(outcome.unwrap(), Outcome::Skipped(Capability::Ending));
    // One of several needs is declared: whether the other is there does not matter.
    let make = || environment().without(Capability::Tls).strict();
    let outcome = case("an_ipv6_address_is_verified").run(&make);
    assert_eq!(outcome.unwrap(), Outcome::Skipped(Capability::Tls));
}

#[test]
fn what_is_there_is_checked_in_a_strict_environment() {
    let outcome = case("jitter_varies").run(&|| environment().strict());
    assert_eq!(outcome.unwrap(), Outcome::Passed);
}
