//! The network of a simulation.

#![allow(clippy::unwrap_used)]

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use backend_simulated::{Conditions, Dial, Listener, Side, Simulation, Stream};
use futures_util::future::{Either, join, select};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::{Backend, Connection, Egress, ErrorKind, Identity, Proxy, Target};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const SEEDS: std::ops::Range<u64> = 0..20;

fn target() -> Target {
    Target::tls("server", 443).alpn(["h2", "http/1.1"])
}

async fn pair(sim: &Simulation, listener: &Listener) -> (Box<dyn Connection>, Stream) {
    let backend = sim.backend();
    let target = target();
    let (client, server) = join(backend.connect(&target, None), listener.accept()).await;
    (client.unwrap(), server)
}

#[test]
fn bytes_arrive_whole_and_in_order_through_small_buffers() {
    Simulation::for_seeds(SEEDS, |sim| {
        let slow = Conditions::new()
            .buffer_bytes(1000)
            .bytes_per_second(Some(100_000))
            .fragmentation(0.9);
        sim.network().set_conditions(slow);
        let listener = sim.listen("server", 443);
        sim.block_on(async {
            let (mut client, mut server) = pair(sim, &listener).await;
            let sent: Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
            let writing = async {
                client.write_all(&sent).await.unwrap();
                client.close().await.unwrap();
            };
            let mut read = Vec::new();
            let (_, count) = join(writing, server.read_to_end(&mut read)).await;
            assert_eq!(count.unwrap(), sent.len());
            assert_eq!(read, sent);
            // The other half is open still.
            server.write_all(b"bye").await.unwrap();
            drop(server);
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, b"bye");
        });
        assert!(sim.elapsed() >= 200 * MILLI, "the line has its speed");
        assert_eq!(sim.network().open_connections(), 0);
    });
}

/// A conversation of many tasks; gives what happened.
fn conversation(seed: u64) -> (backend_simulated::Trace, Duration) {
    let sim = Simulation::new(seed);
    let listener = sim.listen("server", 443);
    sim.spawn(async move {
        for _ in 0..5 {
            let mut stream = listener.accept().await;
            let mut buf = [0; 64];
            while let Ok(count @ 1..) = stream.read(&mut buf).await {
                stream.write_all(&buf[..count]).await.unwrap();
            }
        }
    });
    let clients: Vec<_> = (0..5_u8)
        .map(|number| {
            let backend = sim.backend();
            sim.spawn(async move {
                let mut stream = backend.connect(&target(), None).await.unwrap();
                stream.write_all(&[number; 500]).await.unwrap();
                stream.read_exact(&mut [0; 500]).await.unwrap();
            })
        })
        .collect();
    sim.block_on(futures_util::future::join_all(clients));
    (sim.trace(), sim.elapsed())
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_one_another() {
    let traces: std::collections::BTreeSet<_> = SEEDS
        .map(|seed| {
            let (trace, elapsed) = conversation(seed);
            assert_eq!((trace, elapsed), conversation(seed), "seed {seed}");
            (trace.digest, elapsed)
        })
        .collect();
    assert_eq!(traces.len(), SEEDS.count());
}

#[test]
fn latency_is_kept_to() {
    let sim = Simulation::new(1);
    let network = sim.network();
    network.set_conditions(Conditions::ideal().latency(10 * MILLI));
    let listener = sim.listen("server", 443);
    sim.block_on(async {
        let (mut client, mut server) = pair(&sim, &listener).await;
        assert_eq!(sim.elapsed(), 40 * MILLI, "TCP and TLS, there and back");
        client.write_all(b"x").await.unwrap();
        server.read_exact(&mut [0]).await.unwrap();
        assert_eq!(sim.elapsed(), 50 * MILLI);
    });
}

#[test]
fn a_connection_that_is_cut_takes_writes_until_its_buffer_is_full() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen("server", 443);
        sim.network()
            .set_conditions(Conditions::new().buffer_bytes(1000));
        sim.block_on(async {
            let (mut client, mut server) = pair(sim, &listener).await;
            server.cable().cut();
            let backend = sim.backend();
            let (mut read, bytes) = ([0; 2000], [7; 2000]);
            let both = join(client.write_all(&bytes), server.read_exact(&mut read));
            let Either::Right((_, both)) = select(both, backend.sleep(60 * SECOND)).await else {
                panic!("a cut connection carried bytes");
            };
            let cable = sim.network().cables().remove(0);
            assert_eq!(cable.sent_bytes(Side::Client), 1000);
            cable.heal();
            let (wrote, got) = both.await;
            wrote.unwrap();
            got.unwrap();
            assert_eq!(read, bytes);
        });
    });
}

#[test]
fn a_partition_holds_up_dials_and_bytes_until_it_is_healed() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen("server", 443);
        let (backend, network) = (sim.backend(), sim.network());
        sim.block_on(async {
            let (mut client, mut server) = pair(sim, &listener).await;
            network.partition("server");
            client.write_all(b"x").await.unwrap();
            let second = sim.spawn(async move { backend.connect(&target(), None).await });
            let backend = sim.backend();
            backend.sleep(60 * SECOND).await;
            assert!(!second.is_finished());
            network.heal("server");
            server.read_exact(&mut [0]).await.unwrap();
            let (second, _) = join(second, listener.accept()).await;
            second.unwrap();
        });
    });
}

#[test]
fn an_end_that_is_dropped_is_an_end_to_reads_and_an_error_to_writes() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen("server", 443);
        sim.block_on(async {
            let (mut client, server) = pair(sim, &listener).await;
            let begun = sim.elapsed();
            drop(server);
            // It is not known here yet.
            client.write_all(b"lost").await.unwrap();
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
            assert!(sim.elapsed() > begun);
            sim.backend().sleep(SECOND).await;
            let error = client.write_all(b"late").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn a_reset_is_told_once_to_both_and_nothing_hangs() {
    let sim = Simulation::new(1);
    let listener = sim.listen("server", 443);
    sim.block_on(async {
        let (mut client, mut server) = pair(&sim, &listener).await;
        server.write_all(b"lost").await.unwrap();
        server.cable().reset();
        for stream in [&mut client as &mut dyn Connection, &mut server] {
            let error = stream.read(&mut [0]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
            assert!(stream.write(b"x").await.is_err());
        }
    });
}

#[test]
fn a_certificate_that_is_refused_is_told_at_the_next_read() {
    let sim = Simulation::new(1);
    let listener = sim.listen("server", 443);
    sim.block_on(async {
        let (mut client, server) = pair(&sim, &listener).await;
        assert!(server.certificate().is_empty());
        server.cable().refuse_certificate();
        let error = client.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    });
}

#[test]
fn dials_go_as_the_test_has_it() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _listener = sim.listen("server", 443);
        let (backend, network) = (sim.backend(), sim.network());
        network.next_dials(
            "server",
            443,
            [
                Dial::Refuse,
                Dial::Unresolved,
                Dial::Tls("bad certificate".into()),
                Dial::Slow(60 * SECOND),
                Dial::Stall,
            ],
        );
        sim.block_on(async {
            let kinds = [ErrorKind::Connect, ErrorKind::Resolve, ErrorKind::Tls];
            for kind in kinds {
                let error = backend.connect(&target(), None).await.unwrap_err();
                assert_eq!(error.kind(), kind, "{error}");
            }
            let begun = sim.elapsed();
            drop(backend.connect(&target(), None).await.unwrap());
            assert!(sim.elapsed() - begun >= 60 * SECOND);
            let target = target();
            let stalled = backend.connect(&target, None);
            assert!(matches!(
                select(stalled, backend.sleep(3600 * SECOND)).await,
                Either::Right(_)
            ));
            backend.connect(&target, None).await.unwrap();
        });
        assert_eq!(network.dials("server", 443).len(), 6);
        assert_eq!(network.dials("server", 443)[0], Duration::ZERO);
        assert_eq!((sim.armed_timers(), network.open_connections()), (0, 0));
    });
}

#[test]
fn nobody_listens_at_other_hosts_and_ports() {
    let sim = Simulation::new(1);
    let listener = sim.listen("server", 443);
    let backend = sim.backend();
    let dial = |target: Target| sim.block_on(backend.connect(&target, None)).map(drop);
    assert!(dial(Target::tls("server", 443)).is_ok());
    let kind = |target| dial(target).unwrap_err().kind();
    assert_eq!(kind(Target::tls("server", 444)), ErrorKind::Connect);
    assert_eq!(kind(Target::tls("other", 443)), ErrorKind::Resolve);
    drop(listener);
    assert_eq!(kind(Target::tls("server", 443)), ErrorKind::Connect);
}

#[test]
fn the_egress_filter_sees_the_address_that_is_dialled() {
    let sim = Simulation::new(1);
    let _listener = sim.listen("server", 443);
    let backend = sim.backend();
    let public = target().egress(Egress::public());
    assert!(sim.block_on(backend.connect(&public, None)).is_ok());
    let inner: IpAddr = "10.0.0.1".parse().unwrap();
    sim.network().set_address("server", inner);
    let error = sim.block_on(backend.connect(&public, None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Egress);
    let any = sim.block_on(backend.connect(&target(), None)).unwrap();
    assert_eq!(any.peer_addr().unwrap().ip(), inner);
}

#[test]
fn a_proxy_is_refused_and_not_passed_by() {
    let sim = Simulation::new(1);
    let _listener = sim.listen("server", 443);
    let target = target().proxy(Proxy::new("proxy", 8080));
    let error = sim
        .block_on(sim.backend().connect(&target, None))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[test]
fn the_protocol_is_agreed_between_what_is_offered_and_what_is_spoken() {
    for (spoken, agreed) in [
        (&["http/1.1"][..], Some(&b"http/1.1"[..])),
        (&["http/1.1", "h2"], Some(b"http/1.1")),
        (&["spdy"], None),
    ] {
        let sim = Simulation::new(1);
        let listener = sim.listen("server", 443).protocols(spoken.iter().copied());
        sim.block_on(async {
            let (client, server) = pair(&sim, &listener).await;
            assert_eq!((client.alpn(), server.alpn()), (agreed, agreed));
            let plain = Target::plain("server", 443);
            let backend = sim.backend();
            let (client, _) = join(backend.connect(&plain, None), listener.accept()).await;
            assert_eq!(client.unwrap().alpn(), None);
        });
    }
}

#[derive(Debug)]
struct Foreign;

impl push_core::Certificate for Foreign {
    fn chain_der(&self) -> &[Vec<u8>] {
        &[]
    }
}

#[test]
fn a_certificate_of_another_backend_is_an_error() {
    let sim = Simulation::new(1);
    let _listener = sim.listen("server", 443);
    let error = sim
        .block_on(sim.backend().connect(&target(), Some(&Foreign)))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignCertificate);
}

#[test]
fn a_dial_that_is_dropped_leaves_nothing_behind() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _listener = sim.listen("server", 443);
        let backend = sim.backend();
        sim.block_on(async {
            for wait in 0..100 {
                let target = target();
                let dial = backend.connect(&target, None);
                drop(select(dial, backend.sleep(MILLI * wait)).await);
            }
        });
        assert_eq!(sim.network().open_connections(), 0);
        assert_eq!((sim.live_tasks(), sim.armed_timers()), (0, 0));
    });
}

#[test]
fn connections_break_when_the_simulation_is_gone() {
    let sim = Simulation::new(1);
    let listener = sim.listen("server", 443);
    let (mut client, _server) = sim.block_on(pair(&sim, &listener));
    let backend = sim.backend();
    drop(sim);
    let rest = Simulation::new(2);
    rest.block_on(async {
        assert!(client.read(&mut [0]).await.is_err());
        assert!(client.write(b"x").await.is_err());
        let error = backend.connect(&target(), None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RuntimeGone);
    });
}

/// A certificate that says `client`, and its key.
const CLIENT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUIROrpHF8gEze0GTz9HgtsVaN4hUwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGY2xpZW50MCAXDTI2MTEyMjAyMTM0NVoYDzIxMjYxMDI5MDIx
MzQ1WjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQ7q3HH0Rv2sIJcYkxgdetN9UXDjk6j6/RPMhUVSF/9M9u1OIP2Z0cUe2Ug3sn8
J3the+F/w2FqdwgFYNpQfbfXo1MwUTAdBgNVHQ4EFgQUusMfMcyTERFRs6FYGjZ+
ZkE4joowHwYDVR0jBBgwFoAUusMfMcyTERFRs6FYGjZ+ZkE4joowDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAzfl8u3qWzGBO8Wf+eycm9JVXD6EQ
ZTJpfP0g4xn91JYCIDuKL7F6w3un8TbdM3bcx5HZ1mow9ahNC+Eg/VduiOnL
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNF6xXswboHHp85Wo
KP/Srm2Fg1Qhtiqi4WdJsZ6BEqqhRANCAAQ7q3HH0Rv2sIJcYkxgdetN9UXDjk6j
6/RPMhUVSF/9M9u1OIP2Z0cUe2Ug3sn8J3the+F/w2FqdwgFYNpQfbfX
-----END PRIVATE KEY-----
";

#[test]
fn the_server_sees_the_certificate_that_the_client_shows() {
    let sim = Simulation::new(1);
    let listener = sim.listen("server", 443);
    let (backend, identity) = (sim.backend(), Identity::from_pem(CLIENT).unwrap());
    let certificate = backend.load_certificate(&identity).unwrap();
    assert_eq!(certificate.chain_der(), identity.chain_der());
    sim.block_on(async {
        for (target, shown) in [
            (target(), identity.chain_der()),
            (Target::plain("server", 443), &[]),
        ] {
            let dial = backend.connect(&target, Some(certificate.as_ref()));
            let (client, server) = join(dial, listener.accept()).await;
            client.unwrap();
            assert_eq!(server.certificate(), shown);
        }
    });
}

#[test]
fn what_was_on_its_way_when_the_cable_was_cut_does_not_arrive() {
    Simulation::for_seeds(SEEDS, |sim| {
        let listener = sim.listen("server", 443);
        sim.block_on(async {
            let (mut client, mut server) = pair(sim, &listener).await;
            client.write_all(b"x").await.unwrap();
            server.cable().cut_from(Side::Client);
            sim.backend().sleep(SECOND).await;
            let mut read = [0];
            let reading = server.read(&mut read);
            let limit = sim.backend().sleep(SECOND);
            assert!(matches!(select(reading, limit).await, Either::Right(_)));
            // The other direction goes on.
            server.write_all(b"y").await.unwrap();
            assert_eq!(client.read(&mut [0]).await.unwrap(), 1);
        });
    });
}
