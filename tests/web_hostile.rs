//! Endpoints come from users: what they can lead to, and what they can't, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anypush::prelude::*;
use anypush::web::{Client, EndpointPolicy, Receiver, Subscription};
use anypush::{Egress, ErrorKind};
use common::web::*;
use common::{Shared, wait_until};
use push_sim::webpush::{Flavour, Wish};

on_every_backend! {
    a_name_that_leads_inside_is_not_dialled,
    an_endpoint_that_the_policy_refuses_costs_nothing,
    a_redirect_is_not_followed,
    an_endless_answer_is_cut,
    an_answer_that_drips_ends_with_the_deadline,
    a_silent_push_service_holds_up_no_other,
    a_push_service_that_stays_silent_is_left_alone,
    a_send_that_nobody_polls_holds_up_no_other,
    what_is_held_back_holds_up_no_other,
    silent_strangers_leave_connections_to_those_that_are_known,
    silent_strangers_hold_up_no_stranger_that_answers,
    strangers_that_answer_late_hold_up_no_other,
    a_wait_without_end_is_not_waited_for,
    thousands_of_hosts_share_the_connections_that_there_may_be,
    connections_that_idle_are_closed,
    nothing_secret_is_in_what_is_shown,
}

/// A server that is no push service: it reads a request and does something else on each connection.
struct Hostile {
    addr: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Hostile {
    fn start(act: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let (counter, act) = (connections.clone(), Arc::new(act));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                counter.fetch_add(1, Ordering::SeqCst);
                let act = act.clone();
                std::thread::spawn(move || act(stream));
            }
        });
        Self { addr, connections }
    }

    fn silent() -> Self {
        Self::start(|mut stream| {
            // Until the client goes.
            while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
        })
    }

    fn subscription(&self, number: usize) -> Subscription {
        let receiver = Receiver::generate().unwrap();
        let endpoint = format!("http://{}/push/{number}", self.addr);
        Subscription::with_keys(&endpoint, receiver.keys()).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads a request up to its end.
fn read_request(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    drop(stream.read_exact(&mut body));
}

fn builder(backend: Shared) -> anypush::web::ClientBuilder {
    Client::builder(Session::new(backend))
        .without_vapid()
        .endpoints(EndpointPolicy::private())
}

async fn a_name_that_leads_inside_is_not_dialled(backend: Shared) {
    let sim = web_sim();
    let port = sim.web_addr().unwrap().port();
    let wish = Wish::new(Flavour::Rfc8030).origin(format!("https://a.push.example:{port}"));
    let inside = subscribe(&sim, &wish).remove(0);
    let session = Session::new(Everywhere(backend));
    let client = |policy: EndpointPolicy| {
        let client = web_builder(session.clone(), &sim).endpoints(policy);
        client.build().unwrap()
    };
    let public = client(EndpointPolicy::public().any_port());
    let error = public.send(&inside, &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Egress, "{error:?}");
    assert_eq!(error.verdict(), Verdict::FixMessage);
    assert_eq!(web_stats(&sim).connections, 0);
    // The very same where that is allowed.
    let private = client(EndpointPolicy::private());
    private.send(&inside, &hello()).await.unwrap();
    // A connection that is there for another client is none for this one.
    let error = public.send(&inside, &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Egress, "{error:?}");
    let own = web_builder(session.clone(), &sim)
        .egress(Egress::filter(|address| !address.is_loopback()))
        .build()
        .unwrap();
    let error = own.send(&inside, &hello()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Egress, "{error:?}");
}

async fn an_endpoint_that_the_policy_refuses_costs_nothing(backend: Shared) {
    let hostile = Hostile::silent();
    let client = builder(backend)
        .endpoints(EndpointPolicy::public())
        .build()
        .unwrap();
    let port = hostile.addr.port();
    let keys = Receiver::generate().unwrap().keys();
    for endpoint in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        "https://127.1/".to_owned(),
        "https://2130706433/".to_owned(),
        "https://0x7f.1/".to_owned(),
        "https://[::1]/".to_owned(),
        "https://[::ffff:127.0.0.1]/".to_owned(),
        "https://localhost/".to_owned(),
        "https://printer.local/".to_owned(),
        "https://metadata.google.internal/".to_owned(),
        format!("https://push.example:{port}/"),
    ] {
        let subscription = Subscription::with_keys(&endpoint, keys).unwrap();
        let error = client.send(&subscription, &hello()).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidMessage,
            "{endpoint}: {error}"
        );
        assert_eq!(error.verdict(), Verdict::FixMessage, "{endpoint}");
        assert_eq!(error.attempts(), 0);
    }
    assert_eq!(hostile.connections(), 0);
    assert_eq!(client.session().stats().connections, 0);
}

async fn a_redirect_is_not_followed(backend: Shared) {
    let inside = Hostile::silent();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://{}/secret", inside.addr);
        let server = Hostile::start(move |mut stream| {
            read_request(&mut stream);
            let answer = format!(
                "HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"
            );
            drop(stream.write_all(answer.as_bytes()));
        });
        let client = builder(backend.clone()).build().unwrap();
        let error = client
            .send(server.subscription(1), &hello())
            .await
            .unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixMessage, "{error}");
        assert_eq!(error.rejection().unwrap().status, status);
    }
    assert_eq!(inside.connections(), 0);
}

async fn an_endless_answer_is_cut(backend: Shared) {
    let heads: [&'static str; 3] = [
        "HTTP/1.1 410 Gone\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 410 Gone\r\ncontent-length: 99999999999\r\n\r\n",
        "HTTP/1.1 410 Gone\r\n\r\n",
    ];
    let client = builder(backend).build().unwrap();
    for head in heads {
        let written = Arc::<AtomicUsize>::default();
        let counter = written.clone();
        let server = Hostile::start(move |mut stream| {
            read_request(&mut stream);
            drop(stream.write_all(head.as_bytes()));
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
            while stream.write_all(chunk.as_bytes()).is_ok() {
                counter.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        });
        let error = client
            .send(server.subscription(1), &hello())
            .await
            .unwrap_err();
        // What the status says is enough.
        assert_eq!(
            error.verdict(),
            Verdict::remove_token(None),
            "{head:?}: {error}"
        );
        // The connection is closed, and the rest not read.
        let last = AtomicUsize::new(usize::MAX);
        wait_until(|| {
            let now = written.load(Ordering::SeqCst);
            last.swap(now, Ordering::SeqCst) == now
        })
        .await;
    }
    // Headers without an end, and answers that announce the answer for ever.
    for line in ["x-a: b\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
        let server = Hostile::start(move |mut stream| {
            read_request(&mut stream);
            if line.starts_with('x') {
                drop(stream.write_all(b"HTTP/1.1 201 Created\r\n"));
            }
            while stream.write_all(line.as_bytes()).is_ok() {}
        });
        let client = builder(client.session().backend().clone())
            .timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        let error = client
            .send(server.subscription(1), &hello())
            .await
            .unwrap_err();
        assert_eq!(error.verdict(), Verdict::Unknown, "{line:?}: {error:?}");
    }
}

async fn an_answer_that_drips_ends_with_the_deadline(backend: Shared) {
    let server = Hostile::start(|mut stream| {
        read_request(&mut stream);
        let (tell, told) = std::sync::mpsc::channel::<()>();
        for byte in b"HTTP/1.1 201 Created\r\nlocation: /x\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            // Nobody tells: it waits.
            let _ = told.recv_timeout(Duration::from_millis(20));
        }
        drop(tell);
    });
    let client = builder(backend)
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    let error = client
        .send(server.subscription(1), &hello())
        .await
        .unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown, "{error:?}");
}

async fn a_silent_push_service_holds_up_no_other(backend: Shared) {
    let sim = web_sim();
    let silent = Hostile::silent();
    let client = web_builder(Session::new(backend), &sim)
        .in_flight(50)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let living = subscribe(&sim, &wish(&sim, Flavour::Mozilla).count(1000));
    // More of the silent one than may be under way.
    let devices: Vec<_> = living
        .into_iter()
        .enumerate()
        .flat_map(|(number, living)| {
            let dead = (number % 10 == 0).then(|| (silent.subscription(number), false));
            dead.into_iter().chain([(living, true)])
        })
        .collect();
    assert_eq!(devices.len(), 1100);
    let begun = Instant::now();
    let mut outcomes = client.send_all(devices, &hello());
    let mut accepted = 0;
    while accepted < 1000 {
        let ((_, is_living), outcome) = outcomes.next().await.unwrap();
        if is_living {
            outcome.unwrap();
            accepted += 1;
        } else {
            // More than may wait for one of many.
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::QueueFull);
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(18));
    // Their turn is not waited for here.
    drop(outcomes);
}

async fn a_push_service_that_stays_silent_is_left_alone(backend: Shared) {
    let silent = Hostile::silent();
    let client = builder(backend)
        .in_flight(8)
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    let devices: Vec<_> = (0..1000)
        .map(|number| silent.subscription(number))
        .collect();
    let begun = Instant::now();
    let outcomes: Vec<_> = client.send_all(devices, &hello()).collect().await;
    assert_eq!(outcomes.len(), 1000);
    let unknown = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.verdict() == Verdict::Unknown)
        .count();
    // Those that were written, and all others at once.
    assert!((1..=64).contains(&unknown), "{unknown}");
    for (_, outcome) in &outcomes {
        let verdict = outcome.verdict();
        let is_later = matches!(verdict, Verdict::RetryAfter(_));
        assert!(is_later || verdict == Verdict::Unknown, "{outcome:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
    // One by itself is sent all the same.
    let error = client.send(silent.subscription(1), &hello()).await;
    assert_eq!(error.verdict(), Verdict::Unknown);
}

async fn a_send_that_nobody_polls_holds_up_no_other(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let devices = subscribe(&sim, &wish(&sim, Flavour::Mozilla).count(200));
    // As many are begun as are let through, and one outcome is fetched.
    let mut left = client.send_all(devices.clone(), &hello());
    left.next().await.unwrap().1.unwrap();
    let outcomes: Vec<_> = client.send_all(devices, &hello()).collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    let rest: Vec<_> = left.collect().await;
    assert_eq!(rest.len(), 199);
}

async fn what_is_held_back_holds_up_no_other(backend: Shared) {
    let sim = web_sim();
    let port = sim.web_addr().unwrap().port();
    let client = web_builder(Session::new(Everywhere(backend)), &sim)
        .in_flight(20)
        .build()
        .unwrap();
    let unknown = subscribe(&sim, &Wish::new(Flavour::Rfc8030).count(60));
    for subscription in &unknown {
        let id = subscription.endpoint().url().rsplit('/').next().unwrap();
        answer_web(&sim, id, push_sim::Answer::new(404));
    }
    let origin = format!("https://updates.push.services.mozilla.com:{port}");
    let known = wish(&sim, Flavour::Mozilla).origin(origin);
    let known = subscribe(&sim, &known.count(20));
    // Each of these takes a while, and all of them together no longer.
    let late = push_sim::Action::Delay(Duration::from_millis(500));
    let fault = push_sim::Fault::new(push_sim::Service::Web, late);
    for subscription in &known {
        let id = subscription.endpoint().url().rsplit('/').next().unwrap();
        sim.fault(fault.clone().token(id)).unwrap();
    }
    let begun = Instant::now();
    let outcomes: Vec<_> = client
        .send_all(unknown.into_iter().chain(known), &hello())
        .collect()
        .await;
    assert_eq!(outcomes.len(), 80);
    // One after the other they would take ten seconds.
    assert!(begun.elapsed() < Duration::from_secs(8));
}

async fn silent_strangers_leave_connections_to_those_that_are_known(backend: Shared) {
    let sim = web_sim();
    let port = sim.web_addr().unwrap().port();
    let session = Session::builder(Everywhere(backend))
        .max_connections(8)
        .build();
    let client = web_builder(session, &sim)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let strangers: Vec<_> = (0..20).map(|_| Hostile::silent()).collect();
    let origin = format!("https://updates.push.services.mozilla.com:{port}");
    let known = wish(&sim, Flavour::Mozilla).origin(origin);
    let known = subscribe(&sim, &known.count(50));
    let strange = strangers.iter().map(|it| it.subscription(1));
    let devices = strange.map(|it| (it, false)).collect::<Vec<_>>();
    let devices = devices
        .into_iter()
        .chain(known.into_iter().map(|it| (it, true)));
    let mut outcomes = client.send_all(devices, &hello());
    for _ in 0..50 {
        let ((_, is_known), outcome) = outcomes.next().await.unwrap();
        assert!(is_known, "{outcome:?}");
        outcome.unwrap();
    }
}

async fn silent_strangers_hold_up_no_stranger_that_answers(backend: Shared) {
    let sim = web_sim();
    let client = web_builder(Session::new(backend), &sim)
        .in_flight(200)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let strangers: Vec<_> = (0..20).map(|_| Hostile::silent()).collect();
    let living = subscribe(&sim, &wish(&sim, Flavour::Rfc8030).count(300));
    let silent = (0..400).map(|number| (strangers[number % 20].subscription(number), false));
    let silent: Vec<_> = silent.collect();
    let devices = silent
        .into_iter()
        .chain(living.into_iter().map(|it| (it, true)));
    let begun = Instant::now();
    let mut outcomes = client.send_all(devices, &hello());
    for _ in 0..300 {
        let ((_, is_living), outcome) = outcomes.next().await.unwrap();
        assert!(is_living, "{outcome:?}");
        outcome.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(18));
}

/// Answers each push a second later.
fn late(mut stream: TcpStream) {
    let (_tell, told) = std::sync::mpsc::channel::<()>();
    loop {
        read_request(&mut stream);
        // Nobody tells: it takes its time.
        let _ = told.recv_timeout(Duration::from_secs(1));
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

async fn strangers_that_answer_late_hold_up_no_other(backend: Shared) {
    for strangers in [1, 12] {
        some_strangers_answer_late(backend.clone(), strangers).await;
    }
}

async fn some_strangers_answer_late(backend: Shared, strangers: usize) {
    let sim = web_sim();
    let port = sim.web_addr().unwrap().port();
    let late: Vec<_> = (0..strangers).map(|_| Hostile::start(late)).collect();
    let backend = Arc::new(Everywhere(backend)) as Shared;
    let client = web_builder(Session::new(backend), &sim)
        .in_flight(20)
        .build()
        .unwrap();
    let origin = format!("https://updates.push.services.mozilla.com:{port}");
    let known = wish(&sim, Flavour::Mozilla).origin(origin);
    let living = subscribe(&sim, &known.count(300));
    let devices: Vec<_> = living
        .into_iter()
        .enumerate()
        .flat_map(|(number, living)| {
            let late = &late[number % strangers];
            [(late.subscription(number), false), (living, true)]
        })
        .collect();
    let begun = Instant::now();
    let mut outcomes = client.send_all(devices, &hello());
    let (mut accepted, mut not_sent) = (0, 0);
    while accepted < 300 {
        let ((_, is_living), outcome) = outcomes.next().await.unwrap();
        match outcome {
            Ok(_) if is_living => accepted += 1,
            Ok(_) => {}
            Err(error) => {
                assert!(!is_living, "{error:?}");
                assert_eq!(error.kind(), ErrorKind::QueueFull);
                assert_eq!(
                    error.verdict(),
                    Verdict::RetryAfter(Duration::from_secs(60))
                );
                not_sent += 1;
            }
        }
    }
    // Four at a time they would take more than a minute.
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert!(strangers > 1 || not_sent > 0);
}

async fn a_wait_without_end_is_not_waited_for(backend: Shared) {
    let sim = web_sim();
    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
    let client = web_builder(Session::new(backend), &sim)
        .retry(policy)
        .build()
        .unwrap();
    let one = subscription(&sim, "one");
    for wait in ["31536000", "18446744073709551615"] {
        answer_web(&sim, "one", push_sim::Answer::new(503).retry_after(wait));
        let error = client.send(&one, &hello()).await.unwrap_err();
        assert_eq!(error.attempts(), 1);
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        assert_eq!(error.verdict(), Verdict::RetryAfter(week));
    }
}

async fn thousands_of_hosts_share_the_connections_that_there_may_be(backend: Shared) {
    let sim = web_sim();
    let port = sim.web_addr().unwrap().port();
    let session = Session::builder(Everywhere(backend))
        .max_connections(8)
        .build();
    let client = web_builder(session.clone(), &sim).build().unwrap();
    let devices: Vec<_> = (0..60)
        .flat_map(|host| {
            let origin = format!("https://h{host}.push.example:{port}");
            subscribe(&sim, &Wish::new(Flavour::Rfc8030).origin(origin).count(3))
        })
        .collect();
    let mut outcomes = client.send_all(devices, &hello());
    let mut accepted = 0;
    while let Some((_, outcome)) = outcomes.next().await {
        outcome.unwrap();
        accepted += 1;
        assert!(session.stats().connections <= 8);
    }
    assert_eq!(accepted, 180);
    assert!(web_stats(&sim).connections >= 60);
}

async fn connections_that_idle_are_closed(backend: Shared) {
    let sim = web_sim();
    let plain = push_sim::Sim::builder().web_plain_any().start().unwrap();
    let port = sim.web_addr().unwrap().port();
    let session = Session::new(Everywhere(backend));
    let client = web_builder(session.clone(), &sim)
        .idle_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let free = Wish::new(Flavour::Rfc8030);
    let mut devices: Vec<_> = (0..5)
        .flat_map(|host| {
            let origin = format!("https://h{host}.push.example:{port}");
            subscribe(&sim, &free.clone().origin(origin))
        })
        .collect();
    devices.extend(subscribe(&plain, &free));
    let outcomes: Vec<_> = client.send_all(devices, &hello()).collect().await;
    assert!(
        outcomes.iter().all(|(_, outcome)| outcome.is_ok()),
        "{outcomes:?}"
    );
    wait_until(|| session.stats().connections == 0).await;
}

async fn nothing_secret_is_in_what_is_shown(backend: Shared) {
    let sim = web_sim();
    let client = web_client(backend, &sim);
    let secret = subscription(&sim, "capability-of-somebody");
    answer_web(&sim, "capability-of-somebody", push_sim::Answer::new(403));
    let outcome = client.send(&secret, &hello()).await;
    let keys = serde_json::to_value(&secret).unwrap();
    let auth = keys["keys"]["auth"].as_str().unwrap().to_owned();
    let error = outcome.unwrap_err();
    for shown in [
        format!("{secret:?} {} {client:?}", secret.endpoint()),
        format!("{error:?} {error} {}", error.report()),
        format!("{:?}", vapid(&sim)),
        format!("{:?}", hello()),
    ] {
        for secret in ["capability-of-somebody", &auth, "Hello"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
