//! Requests over another HTTP client: deadlines, what is sent again, and futures that are dropped.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backend_simulated::{SimulatedBackend, Simulation};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use push_core::http::{HttpClient, HttpTransport, Outgoing};
use push_core::{Error, ErrorKind, ResendUnknown, Session, async_trait};

const SECOND: Duration = Duration::from_secs(1);

/// What the other client does about one request, after a while.
type Course = (Duration, Result<u16, ErrorKind>);

#[derive(Debug)]
struct Other {
    backend: SimulatedBackend,
    /// The last one goes on for ever.
    courses: Mutex<Vec<Course>>,
    came: Mutex<Vec<Request<Bytes>>>,
    limits: Mutex<Vec<usize>>,
    dropped: AtomicUsize,
}

/// Counts the requests that were given up.
struct UnderWay<'a>(&'a AtomicUsize, bool);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl HttpTransport for Other {
    async fn send(
        &self,
        request: Request<Bytes>,
        max_body_bytes: usize,
    ) -> push_core::Result<Response<Bytes>> {
        self.came.lock().unwrap().push(request);
        self.limits.lock().unwrap().push(max_body_bytes);
        let course = {
            let mut courses = self.courses.lock().unwrap();
            match courses.len() {
                1 => courses[0],
                _ => courses.remove(0),
            }
        };
        let mut under_way = UnderWay(&self.dropped, false);
        self.backend.sleep(course.0).await;
        under_way.1 = true;
        match course.1 {
            Ok(status) => {
                let response = Response::builder().status(status).header("x-a", "b");
                Ok(response.body(Bytes::from_static(b"body")).unwrap())
            }
            Err(kind) => Err(Error::new(kind, "no answer")),
        }
    }
}

struct Post(ResendUnknown, Option<usize>);

impl Outgoing for Post {
    fn request(&self) -> Request<()> {
        let request =
            Request::post("https://push.example/v1/x").header("authorization", "Bearer t");
        request.body(()).unwrap()
    }

    fn body(&self) -> Bytes {
        Bytes::from_static(b"{}")
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.0
    }

    fn max_answer_bytes(&self) -> Option<usize> {
        self.1
    }
}

struct Setting<'a> {
    sim: &'a Simulation,
    other: Arc<Other>,
    http: HttpClient,
}

impl<'a> Setting<'a> {
    fn new(sim: &'a Simulation, courses: &[Course]) -> Self {
        let other = Arc::new(Other {
            backend: sim.backend(),
            courses: Mutex::new(courses.to_vec()),
            came: Mutex::default(),
            limits: Mutex::default(),
            dropped: AtomicUsize::new(0),
        });
        let session = Session::new(sim.backend());
        let http = HttpClient::over(session, other.clone());
        Self { sim, other, http }
    }

    fn exchange(
        &self,
        post: Post,
        timeout: Duration,
    ) -> impl Future<Output = push_core::Result<push_core::http::Answer>> + use<> {
        let uri = "https://push.example".parse().unwrap();
        let way = self.http.way(&uri).unwrap();
        let deadline = self.http.session().deadline(timeout);
        async move { way.exchange(&post, deadline).await }
    }

    fn ask(&self, again: u32, timeout: Duration) -> push_core::Result<push_core::http::Answer> {
        let post = Post(ResendUnknown::Times(again), None);
        self.sim.block_on(self.exchange(post, timeout))
    }

    fn came(&self) -> usize {
        self.other.came.lock().unwrap().len()
    }
}

#[test]
fn the_other_client_gets_the_request_whole_and_its_answer_is_told() {
    let sim = &Simulation::new(0);
    let setting = Setting::new(sim, &[(SECOND, Ok(503))]);
    let answer = sim.block_on(setting.exchange(Post(ResendUnknown::Never, Some(7)), 9 * SECOND));
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.complete), (503, true));
    assert_eq!(answer.body, "body");
    assert_eq!(answer.headers["x-a"], "b");
    assert_eq!(
        (answer.attempts, answer.may_have_been_taken_before),
        (1, false)
    );
    let came = setting.other.came.lock().unwrap();
    assert_eq!(came[0].uri(), "https://push.example/v1/x");
    assert_eq!(came[0].body(), "{}");
    let credential: &HeaderValue = &came[0].headers()["authorization"];
    assert!(credential == "Bearer t" && credential.is_sensitive());
    assert_eq!(*setting.other.limits.lock().unwrap(), [7]);
    assert_eq!(sim.network().open_connections(), 0);
    assert!(
        setting
            .http
            .way(&"http://a.example".parse().unwrap())
            .unwrap()
            .capacity()
            .is_none()
    );
}

#[test]
fn the_deadline_is_ours_and_gives_the_request_up() {
    let sim = &Simulation::new(0);
    let setting = Setting::new(sim, &[(60 * SECOND, Ok(200))]);
    let begun = sim.elapsed();
    let error = setting.ask(3, 5 * SECOND).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unanswered, 1));
    assert_eq!(sim.elapsed() - begun, 5 * SECOND);
    assert_eq!(setting.other.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(setting.came(), 1);
}

#[test]
fn nothing_is_sent_after_the_deadline_or_a_shutdown() {
    let sim = &Simulation::new(0);
    let setting = Setting::new(sim, &[(SECOND, Ok(200))]);
    let error = setting.ask(0, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.may_have_been_taken());
    let exchange = setting.exchange(Post(ResendUnknown::Never, None), SECOND);
    sim.block_on(setting.http.session().shutdown(SECOND));
    let error = sim.block_on(exchange).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(setting.came(), 0);
}

#[test]
fn what_may_have_been_taken_is_sent_again_only_as_often_as_allowed() {
    let lost = (SECOND, Err(ErrorKind::Lost));
    for (again, came) in [(0, 1), (2, 3)] {
        let sim = &Simulation::new(0);
        let setting = Setting::new(sim, &[lost]);
        let error = setting.ask(again, 60 * SECOND).unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Lost, came));
        assert_eq!(setting.came(), came as usize);
    }
    let sim = &Simulation::new(0);
    let setting = Setting::new(sim, &[lost, (SECOND, Ok(200))]);
    let answer = setting.ask(1, 60 * SECOND).unwrap();
    assert_eq!(
        (answer.attempts, answer.may_have_been_taken_before),
        (2, true)
    );
}

#[test]
fn what_was_lost_once_is_never_told_as_not_sent() {
    for second in [
        ErrorKind::Connect,
        ErrorKind::Refused,
        ErrorKind::InvalidMessage,
    ] {
        let sim = &Simulation::new(0);
        let lost = (SECOND, Err(ErrorKind::Lost));
        let setting = Setting::new(sim, &[lost, (SECOND, Err(second))]);
        let error = setting.ask(5, 60 * SECOND).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost);
        assert_eq!(setting.came(), 2);
    }
    // The deadline passes between the two.
    let sim = &Simulation::new(0);
    let setting = Setting::new(sim, &[(SECOND, Err(ErrorKind::Lost))]);
    let error = setting.ask(100, 3 * SECOND / 2).unwrap_err();
    assert!(error.may_have_been_taken(), "{error}");
}

#[test]
fn what_is_not_lost_is_told_as_it_is_and_not_sent_again() {
    for kind in [
        ErrorKind::Resolve,
        ErrorKind::Connect,
        ErrorKind::Tls,
        ErrorKind::Timeout,
        ErrorKind::Refused,
        ErrorKind::Unanswered,
        ErrorKind::InvalidMessage,
    ] {
        let sim = &Simulation::new(0);
        let setting = Setting::new(sim, &[(SECOND, Err(kind))]);
        let error = setting.ask(5, 60 * SECOND).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(setting.came(), 1);
    }
}

#[test]
fn a_future_that_is_dropped_gives_the_request_up() {
    let sim = &Simulation::new(0);
    let setting = Setting::new(sim, &[(60 * SECOND, Ok(200))]);
    let exchange = Box::pin(setting.exchange(Post(ResendUnknown::Never, None), 60 * SECOND));
    let patience = sim.backend().sleep(SECOND);
    drop(sim.block_on(futures_util::future::select(exchange, patience)));
    assert_eq!(setting.other.dropped.load(Ordering::SeqCst), 1);
    sim.advance(SECOND);
    assert_eq!((sim.live_tasks(), sim.armed_timers()), (0, 0));
}
