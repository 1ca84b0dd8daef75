//! What WNS has to say, and in which words.

use std::borrow::Cow;

use super::config::StatusHeader;
use crate::fault::Answer;
use crate::random;
use crate::web::{Asked, Phrase, Told};

/// Why a notification is not taken. A fault's `reason` can be any of these by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    BadRequest,
    Unauthorized,
    OtherApp,
    NotAllowedApp,
    ChannelNotFound,
    MethodNotAllowed,
    Throttled,
    ChannelExpired,
    ChannelRevoked,
    DomainBlocked,
    LengthRequired,
    TooLarge,
    ServerError,
    Unavailable,
    /// Thrown away, with status 200.
    Dropped,
    /// Too many for its channel, with status 200.
    ChannelThrottled,
}

/// How a reason is told.
struct Words {
    reason: Reason,
    /// In faults and in the statistics.
    name: &'static str,
    status: u16,
    /// What became of the notification.
    fate: &'static str,
    description: &'static str,
}

const fn words(
    reason: Reason,
    name: &'static str,
    status: u16,
    fate: &'static str,
    description: &'static str,
) -> Words {
    Words {
        reason,
        name,
        status,
        fate,
        description,
    }
}

/// Both forms of 403, `Revoked channel URL` with its fate, and the words of 429 were seen on the wire
/// (tjanczuk/wns#4, windows-dev-docs#5027 and #5238, WindowsAppSDK#4446); the rest is chosen here.
const ALL: [Words; 16] = [
    words(
        Reason::BadRequest,
        "BadRequest",
        400,
        "dropped",
        "A header is wrong, or conflicts with another.",
    ),
    words(
        Reason::Unauthorized,
        "Unauthorized",
        401,
        "dropped",
        "The access token is missing, not valid, or expired.",
    ),
    words(
        Reason::OtherApp,
        "OtherApp",
        403,
        "dropped",
        "Channel URL incompatible with caller app",
    ),
    words(
        Reason::NotAllowedApp,
        "NotAllowedApp",
        403,
        "dropped",
        "Request targets an app that is not in allowed receiving apps list by WNS",
    ),
    words(
        Reason::ChannelNotFound,
        "ChannelNotFound",
        404,
        "dropped",
        "The channel URI is not valid, or not known.",
    ),
    words(
        Reason::MethodNotAllowed,
        "MethodNotAllowed",
        405,
        "dropped",
        "Only POST is supported, and DELETE by phones.",
    ),
    words(
        Reason::Throttled,
        "Throttled",
        406,
        "dropped",
        "The throttle limit is exceeded.",
    ),
    words(
        Reason::ChannelExpired,
        "ChannelExpired",
        410,
        "dropped",
        "Expired channel URL",
    ),
    words(
        Reason::ChannelRevoked,
        "ChannelRevoked",
        410,
        "revoked",
        "Revoked channel URL",
    ),
    words(
        Reason::DomainBlocked,
        "DomainBlocked",
        410,
        "dropped",
        "Domain Blocked",
    ),
    words(
        Reason::LengthRequired,
        "LengthRequired",
        411,
        "dropped",
        "Content-Length is missing; chunks are not supported.",
    ),
    words(
        Reason::TooLarge,
        "TooLarge",
        413,
        "dropped",
        "The payload is longer than 5000 bytes.",
    ),
    words(
        Reason::ServerError,
        "ServerError",
        500,
        "dropped",
        "An internal failure has occurred.",
    ),
    words(
        Reason::Unavailable,
        "Unavailable",
        503,
        "dropped",
        "The server is unavailable.",
    ),
    words(
        Reason::Dropped,
        "dropped",
        200,
        "dropped",
        "The notification was dropped.",
    ),
    words(
        Reason::ChannelThrottled,
        "channelthrottled",
        200,
        "channelthrottled",
        "The throttle limit of the channel is exceeded.",
    ),
];

impl Reason {
    fn words(self) -> &'static Words {
        let found = ALL.iter().find(|words| words.reason == self);
        found.unwrap_or(&ALL[0])
    }

    /// In faults and in the statistics.
    pub(super) fn name(self) -> &'static str {
        self.words().name
    }

    fn named(name: &str) -> Option<Self> {
        let mut all = ALL.iter();
        let found = all.find(|words| words.name.eq_ignore_ascii_case(name))?;
        Some(found.reason)
    }

    /// What an answer of this status says where nothing else is known.
    fn of(status: u16) -> Option<Self> {
        match status {
            429 => Some(Self::Throttled),
            status => Some(ALL.iter().find(|words| words.status == status)?.reason),
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) reason: Reason,
    /// In place of the reason's own.
    pub(super) description: Option<Cow<'static, str>>,
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            description: None,
        }
    }
}

impl Problem {
    /// The request is wrong, as the description says.
    pub(super) fn bad(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::BadRequest, description)
    }

    pub(super) fn new(reason: Reason, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            description: Some(description.into()),
        }
    }

    pub(super) fn told(&self, asked: &Asked, header: StatusHeader) -> Told {
        let words = self.reason.words();
        let description = self.description.as_deref().unwrap_or(words.description);
        refused(asked, header, words.status, words, description).rejected(self.reason.name())
    }
}

/// The answer to a notification that was taken.
pub(super) fn received(asked: &Asked, header: StatusHeader) -> Told {
    noted(asked, header, 200, "received")
}

/// The answer that a fault orders: its reason is one by its name, what became of the notification, or
/// else a description. It is counted for the fault's reason.
pub(super) fn ordered(asked: &Asked, header: StatusHeader, answer: &Answer) -> Told {
    let name = answer.reason.as_deref();
    let reason = name.and_then(Reason::named);
    let usual = Reason::of(answer.status).unwrap_or(Reason::Dropped);
    let words = reason.unwrap_or(usual).words();
    let of_reason = name.filter(|_| reason.is_none());
    let usual = match (reason, answer.status) {
        (None | Some(Reason::Throttled), 429) => {
            "App is throttled. Wait for the seconds of the value in Retry-After header"
        }
        _ => words.description,
    };
    let description = answer.message.as_deref().or(of_reason).unwrap_or(usual);
    refused(asked, header, answer.status, words, description)
}

fn refused(
    asked: &Asked,
    header: StatusHeader,
    status: u16,
    words: &Words,
    description: &str,
) -> Told {
    let told = noted(asked, header, status, words.fate)
        .header("x-wns-error-description", visible(description));
    let mut told = match status {
        // HTTP wants these two, whatever WNS does.
        401 => told.header("www-authenticate", "Bearer"),
        405 => told.header("allow", "POST"),
        _ => told,
    };
    if words.reason == Reason::DomainBlocked {
        told.phrase = Phrase::DomainBlocked;
    }
    told
}

/// An answer with the headers that all of them have.
fn noted(asked: &Asked, header: StatusHeader, status: u16, fate: &str) -> Told {
    let mut told = Told {
        status,
        ..Told::default()
    };
    if header != StatusHeader::NotificationStatus {
        told = told.header("x-wns-status", fate);
    }
    if header != StatusHeader::Status {
        told = told.header("x-wns-notificationstatus", fate);
    }
    let vector = asked.header("ms-cv").filter(|it| is_vector(it));
    let vector = vector.map_or_else(|| format!("{}.0", random::hex(8)), str::to_owned);
    told.header("x-wns-msg-id", random::hex(8).to_ascii_uppercase())
        .header("x-wns-debug-trace", "SIM1PEPF00000001")
        .header("ms-cv", vector)
}

fn is_vector(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
}

/// What a header can hold of a text, and no more than is read.
fn visible(text: &str) -> String {
    /// Longer ones end in dots.
    const MOST: usize = 600;

    let show = |it: char| match it {
        ' '..='~' => it,
        _ => '?',
    };
    let mut shown: String = text.chars().take(MOST).map(show).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(answer: &Answer) -> Told {
        super::ordered(&Asked::default(), StatusHeader::Both, answer)
    }

    fn header<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
        let found = told.headers.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    #[test]
    fn every_reason_is_told_by_its_name_and_by_its_status() {
        for words in &ALL {
            assert_eq!(words.reason.words().name, words.name);
            let told = ordered(&Answer::new(words.status).reason(words.name));
            assert_eq!(told.status, words.status);
            assert_eq!(header(&told, "x-wns-status"), Some(words.fate));
            let description = header(&told, "x-wns-error-description");
            assert_eq!(description, Some(words.description), "{}", words.name);
            let told = ordered(&Answer::new(words.status));
            assert!(header(&told, "x-wns-error-description").is_some());
        }
        assert_eq!(Reason::named("domainblocked"), Some(Reason::DomainBlocked));
    }

    #[test]
    fn a_fault_says_how_it_is_meant() {
        let told = ordered(&Answer::new(200).reason("channelthrottled"));
        assert_eq!(
            header(&told, "x-wns-notificationstatus"),
            Some("channelthrottled")
        );
        let told = ordered(&Answer::new(410).reason("DomainBlocked").message("go away"));
        assert_eq!(told.phrase, Phrase::DomainBlocked);
        assert_eq!(header(&told, "x-wns-error-description"), Some("go away"));
        let told = ordered(&Answer::new(429));
        assert!(
            header(&told, "x-wns-error-description")
                .unwrap()
                .contains("Retry-After")
        );
        let told = ordered(&Answer::new(418).reason("what\nis\u{e9}"));
        assert_eq!(header(&told, "x-wns-error-description"), Some("what?is?"));
    }

    #[test]
    fn either_name_of_the_status_is_told_or_both() {
        let names = |header| {
            let told = received(&Asked::default(), header);
            let named = told.headers.into_iter().map(|(name, _)| name);
            named
                .filter(|it| it.ends_with("status"))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(StatusHeader::Status), ["x-wns-status"]);
        let older = ["x-wns-notificationstatus"];
        assert_eq!(names(StatusHeader::NotificationStatus), older);
        assert_eq!(names(StatusHeader::Both).len(), 2);
    }

    #[test]
    fn a_correlation_vector_is_given_back() {
        let mut asked = Asked::default();
        asked.headers.push(("ms-cv".to_owned(), b"abc.1".to_vec()));
        let told = received(&asked, StatusHeader::Both);
        assert_eq!(header(&told, "ms-cv"), Some("abc.1"));
        let told = received(&Asked::default(), StatusHeader::Both);
        assert!(header(&told, "ms-cv").unwrap().ends_with(".0"));
    }
}
