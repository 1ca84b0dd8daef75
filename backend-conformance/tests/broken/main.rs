//! Backends that are broken on purpose: each fails its case, and no other.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod cancel;
mod certificates;
mod closing;
mod dial;
mod ending;
mod harness;
mod locks;
mod loose;
mod outcome;
mod proxy;
mod stream;
mod tasks;
mod time;
mod tls;
mod verification;
mod wakers;

use std::collections::BTreeSet;

#[test]
fn the_backend_that_the_flaws_are_put_into_has_none() {
    harness::fails_exactly(&[], &|| {
        harness::environment(backend_tokio::TokioBackend::on)
    });
}

#[test]
fn every_case_has_a_flaw_that_fails_it() {
    let failed = [
        cancel::FAILED,
        certificates::FAILED,
        closing::FAILED,
        dial::FAILED,
        ending::FAILED,
        locks::FAILED,
        proxy::FAILED,
        stream::FAILED,
        tasks::FAILED,
        time::FAILED,
        tls::FAILED,
        verification::FAILED,
        wakers::FAILED,
    ]
    .concat();
    let failed = failed.into_iter().collect::<BTreeSet<_>>();
    let all = backend_conformance::cases().iter().map(|case| case.name());
    let never = all
        .filter(|name| !failed.contains(name))
        .collect::<Vec<_>>();
    assert!(never.is_empty(), "no flaw fails {never:#?}");
}
