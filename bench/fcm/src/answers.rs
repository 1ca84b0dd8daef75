//! What the server says: FCM's answers, as Google's front end writes them.

use yardstick::fcm::access_token;

use crate::place::PROJECT;

/// What Google's front end says of an answer besides its status. The compression table holds all of
/// it after the first answer of a connection.
const HEADERS: [(&str, &str); 9] = [
    ("content-type", "application/json; charset=UTF-8"),
    ("vary", "Origin, X-Origin, Referer"),
    ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
    ("server", "scaffolding on HTTPServer2"),
    ("cache-control", "private"),
    ("x-xss-protection", "0"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-content-type-options", "nosniff"),
    (
        "alt-svc",
        "h3=\":443\"; ma=2592000,h3-29=\":443\"; ma=2592000",
    ),
];

/// The first place of the compression table that is not HTTP/2's own.
const FIRST_DYNAMIC: u8 = 62;

/// The refusals, in the order in which they take turns: status, its name, FCM's error code.
const REFUSALS: [(u16, &str, &str, &str); 4] = [
    (
        404,
        "NOT_FOUND",
        "UNREGISTERED",
        "Requested entity was not found.",
    ),
    (
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
    ),
    (
        429,
        "RESOURCE_EXHAUSTED",
        "QUOTA_EXCEEDED",
        "Quota exceeded.",
    ),
    (
        503,
        "UNAVAILABLE",
        "UNAVAILABLE",
        "The service is currently unavailable.",
    ),
];

/// An answer but for the stream that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The block of header fields of the first answer on a connection.
    pub(crate) first: Vec<u8>,
    /// That of the later ones.
    pub(crate) later: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// All that the server can say.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) taken: Answer,
    pub(crate) refused: Vec<Answer>,
    /// What a token endpoint says.
    pub(crate) token: Answer,
}

impl Answers {
    pub(crate) fn new() -> Self {
        let name = format!("projects/{PROJECT}/messages/0:1500415314455276%31bd1c9631bd1c96");
        let taken = format!("{{\n  \"name\": \"{name}\"\n}}\n");
        let token = format!(
            r#"{{"access_token":"{}","expires_in":3599,"token_type":"Bearer"}}"#,
            access_token()
        );
        let refused = REFUSALS.map(|(code, status, error_code, text)| {
            let body = format!(
                r#"{{
  "error": {{
    "code": {code},
    "message": "{text}",
    "status": "{status}",
    "details": [
      {{
        "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
        "errorCode": "{error_code}"
      }}
    ]
  }}
}}
"#
            );
            Answer::new(code, body)
        });
        Self {
            taken: Answer::new(200, taken),
            refused: refused.into(),
            token: Answer::new(200, token),
        }
    }
}

impl Answer {
    fn new(status: u16, body: String) -> Self {
        let mut first = status_field(status);
        let mut later = first.clone();
        for (index, (name, value)) in (FIRST_DYNAMIC..).zip(HEADERS.iter().rev()) {
            // What is added last is found first.
            debug_assert!(index < 127, "{name}: {value} needs a longer number");
            later.push(0x80 | index);
        }
        for (name, value) in HEADERS {
            first.push(0x40);
            put_text(name, &mut first);
            put_text(value, &mut first);
        }
        Self {
            first,
            later,
            body: body.into(),
        }
    }
}

/// `:status`, which HTTP/2's own table has for some.
fn status_field(status: u16) -> Vec<u8> {
    match status {
        200 => vec![0x88],
        400 => vec![0x8c],
        404 => vec![0x8d],
        _ => {
            let mut field = vec![0x08];
            put_text(&status.to_string(), &mut field);
            field
        }
    }
}

/// A text of less than 127 bytes, as it is.
fn put_text(text: &str, to: &mut Vec<u8>) {
    to.push(text.len() as u8);
    to.extend_from_slice(text.as_bytes());
}
