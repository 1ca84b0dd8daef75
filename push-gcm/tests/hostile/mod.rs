//! Google's credentials against servers that answer anything, in simulated time: a target of `fuzz/`,
//! too.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backend_simulated::{SimulatedBackend, Simulation};
use bytes::Bytes;
use http::{Request, Response};
use push_core::http::{HttpClient, HttpTransport};
use push_core::{Error, ErrorKind, Session, async_trait};
use push_gcm::v1::oauth::{Credentials, Environment};

/// The time that a token may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// All that is secret has this in it, and no answer has it but by repeating what was sent.
const SECRET: &str = "s3cret";

/// Stands in an answer for what was sent.
const ECHO: u8 = 1;

/// The answers of token endpoints and metadata servers: the token is one that they gave and can stand
/// in a header, or the error is said on a line and repeats nothing secret; both by the deadline, after
/// few requests.
///
/// The first byte is the kind of credentials. The answers have zero bytes between them, and the last
/// one is given from then on. Each is the status in three digits, lines of headers, an empty line and
/// the body, where a byte 1 is replaced by what was sent; one that begins otherwise is no answer at all.
pub(crate) fn google_token(input: &[u8]) {
    let Some((kind, script)) = input.split_first() else {
        return;
    };
    if has(script, SECRET.as_bytes()) {
        return;
    }
    let sim = Simulation::new(7).max_steps(100_000);
    let server = Arc::new(Server {
        backend: sim.backend(),
        answers: script
            .split(|byte| *byte == 0)
            .map(<[u8]>::to_vec)
            .collect(),
        asked: Mutex::default(),
    });
    let http = HttpClient::over(Session::new(sim.backend()), server.clone());
    let credentials = credentials(kind % 4).environment(Arc::new(Files));
    let bearer = credentials.bearer(&http);
    let deadline = sim.now() + TIMEOUT;
    let token = sim.block_on(bearer.token(deadline));
    assert!(sim.now() <= deadline, "too late");
    is_fit(token.map(|token| token.header()), script);

    if kind % 4 == 3 {
        let deadline = sim.now() + TIMEOUT;
        let project = sim.block_on(credentials.find_project(&http, deadline));
        match project {
            Ok(project) => {
                let is_written = has(script, project.as_bytes()) || has(script, &[ECHO]);
                assert!(is_written, "{project} from nowhere");
            }
            Err(error) => is_said_fitly(&error),
        }
    }
    let asked = *server.asked.lock().expect("nobody panicked");
    assert!(asked <= 20, "asked {asked} times");
    drop((bearer, http, credentials));
}

fn is_fit(token: Result<http::HeaderValue, Error>, script: &[u8]) {
    match token {
        Ok(header) => {
            assert!(header.is_sensitive());
            let token = header.as_bytes().strip_prefix(b"Bearer ");
            let token = token.expect("it is a bearer token");
            assert!(!token.is_empty() && token.iter().all(u8::is_ascii_graphic));
            // With escapes it is written otherwise than it is.
            assert!(
                has(script, token) || has(script, b"\\"),
                "{header:?} from nowhere"
            );
        }
        Err(error) => {
            is_said_fitly(&error);
            assert!(!error.may_have_been_taken(), "no request was made: {error}");
        }
    }
}

fn is_said_fitly(error: &Error) {
    let report = error.report();
    assert!(!report.chars().any(char::is_control), "{report:?}");
    assert!(report.len() < 4096, "{} bytes", report.len());
    let all = format!("{error:?} {report}");
    assert!(!all.contains(SECRET), "{all}");
}

fn has(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|it| it == part)
}

fn credentials(kind: u8) -> Credentials {
    const EXTERNAL: &str = r#""type":"external_account","audience":"//iam.googleapis.com/x",
        "subject_token_type":"urn:ietf:params:oauth:token-type:jwt","client_id":"c",
        "client_secret":"s3cret-client","token_url":"https://sts.googleapis.com/v1/token""#;
    const ACTS_FOR: &str = r#""service_account_impersonation_url":
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b:generateAccessToken""#;
    const URL: &str = r#""credential_source":{"url":"https://subject.example/t",
        "headers":{"x-key":"s3cret-header"},"format":{"type":"json","subject_token_field_name":"t"}}"#;
    let read = match kind {
        0 => Credentials::authorized_user(
            r#"{"type":"authorized_user","client_id":"c","client_secret":"s3cret-client",
                "refresh_token":"1//s3cret-refresh"}"#,
        ),
        1 => Credentials::external_account(format!(
            r#"{{{EXTERNAL},"credential_source":{{"file":"/token"}},{ACTS_FOR}}}"#
        )),
        2 => Credentials::external_account(format!("{{{EXTERNAL},{URL}}}")),
        _ => Ok(Credentials::metadata_server()),
    };
    read.expect("the credentials are good")
}

/// Servers of any name, which give the answers in their order.
struct Server {
    backend: SimulatedBackend,
    answers: Vec<Vec<u8>>,
    asked: Mutex<usize>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

#[async_trait]
impl HttpTransport for Server {
    async fn send(
        &self,
        request: Request<Bytes>,
        max_body_bytes: usize,
    ) -> push_core::Result<Response<Bytes>> {
        let answer = {
            let mut asked = self.asked.lock().expect("nobody panicked");
            *asked += 1;
            let at = (*asked - 1).min(self.answers.len() - 1);
            read(&self.answers[at], &request)
        };
        self.backend.sleep(Duration::from_millis(10)).await;
        match answer {
            Some(answer) if answer.body().len() <= max_body_bytes => Ok(answer),
            _ => Err(Error::new(ErrorKind::Lost, "no answer")),
        }
    }
}

fn read(text: &[u8], request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let end = text.windows(2).position(|it| it == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&text[..end], &text[end + 2..]),
        None => (text, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let status = str::from_utf8(lines.next()?).ok()?.parse::<u16>().ok()?;
    let mut answer = Response::builder().status(status);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        answer = answer.header(name, value);
    }
    let sent = sent(request);
    let body = body.split(|byte| *byte == ECHO).collect::<Vec<_>>();
    answer.body(body.join(sent.as_bytes()).into()).ok()
}

/// What is secret in a request, fit to stand in a JSON text.
fn sent(request: &Request<Bytes>) -> String {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let headers = [header("authorization"), header("x-key")];
    let body = String::from_utf8_lossy(request.body()).replace("%2F", "/");
    let secrets = headers.into_iter().flatten().chain(body.split('&'));
    secrets.collect::<Vec<_>>().join(" ").replace('"', "'")
}

/// A file system with one file, the token of the other provider.
#[derive(Debug)]
struct Files;

impl Environment for Files {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some("/token") => Ok(b"s3cret-subject".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}
