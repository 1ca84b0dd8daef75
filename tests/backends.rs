//! All backends beside each other in one process.

#![allow(clippy::unwrap_used)]

mod common;

use anypush::apns::Notification;
use anypush::prelude::*;
use anypush::{ErrorKind, Target, blocking};
use common::{accepted, builder, roots, sim, standalone, token};

#[test]
fn all_backends_send_at_once_in_one_process() {
    let sim = sim();
    std::thread::scope(|scope| {
        for (number, (name, backend)) in standalone().into_iter().enumerate() {
            let session = Session::builder(backend).max_connections_per_destination(2);
            let client = builder(session.build(), &sim).build().unwrap();
            scope.spawn(move || {
                let client = blocking::apns::Client::from(client);
                let tokens = (0..500).map(|device| token(number * 1000 + device));
                let outcomes = client.send_all(tokens, &Notification::alert("Hello"));
                for (device, outcome) in outcomes {
                    assert!(outcome.is_ok(), "{name}: {device}: {outcome:?}");
                }
            });
        }
    });
    assert_eq!(accepted(&sim), 6 * 500);
}

#[test]
fn a_certificate_serves_the_stack_that_loaded_it_and_no_other() {
    let sim = sim();
    let issued = sim
        .authority()
        .issue_client(&push_sim::ClientProfile::new("com.example.app"));
    let identity = Identity::from_pem(issued.unwrap().pem()).unwrap();
    let target = Target::tls("localhost", sim.apns_addr().unwrap().port())
        .roots(roots(&sim))
        .alpn(["h2"]);
    let stack = |name: &'static str| name.rsplit(", ").next();
    for (loader, loading) in standalone() {
        let certificate = loading.load_certificate(&identity).unwrap();
        for (user, using) in standalone() {
            let connecting = using.connect(&target, Some(certificate.as_ref()));
            let connected = blocking::block_on(connecting);
            match stack(loader) == stack(user) {
                true => assert!(connected.is_ok(), "{loader} for {user}: {connected:?}"),
                false => assert_eq!(
                    connected.unwrap_err().kind(),
                    ErrorKind::ForeignCertificate,
                    "{loader} for {user}"
                ),
            }
        }
    }
}
