//! What has no answer.

use anypush::{Error, ErrorKind, Verdict, apns, fcm, gcm, web};

use crate::page::Section;

pub fn section() -> Section {
    let mut section = Section::new(
        "no answer",
        "No answer",
        "The same at all services, but where web is named: anybody can name a host there. `error.kind()` says which it is. \
         Where an attempt before the last one may have been taken, as `resend_unknown` allows, `RetryAfter` becomes \
         `Unknown`, and so it does for answers.",
    );
    for (kind, answer) in [
        (
            ErrorKind::InvalidMessage,
            "`InvalidMessage`: the notification, or the device's address, can't be sent",
        ),
        (
            ErrorKind::Egress,
            "`Egress`: all addresses of the host are refused",
        ),
        (
            ErrorKind::Config,
            "`Config`: a setting can't be used, or the token server refuses the credentials",
        ),
        (
            ErrorKind::Identity,
            "`Identity`: a certificate or key can't be used, or has expired",
        ),
        (
            ErrorKind::ForeignCertificate,
            "`ForeignCertificate`: it was loaded by another backend",
        ),
        (
            ErrorKind::Tls,
            "`Tls`: the server's certificate, or ours, was not accepted",
        ),
        (ErrorKind::Resolve, "`Resolve`: the name is not found"),
        (ErrorKind::Connect, "`Connect`: no connection came about"),
        (
            ErrorKind::Protocol,
            "`Protocol`: the server speaks another protocol",
        ),
        (
            ErrorKind::Timeout,
            "`Timeout`: the deadline passed before it was written",
        ),
        (
            ErrorKind::Refused,
            "`Refused`: the server did not process it, by its own word, or broke off its no",
        ),
        (ErrorKind::QueueFull, "`QueueFull`: too many wait"),
        (ErrorKind::Closed, "`Closed`: the session was shut down"),
        (
            ErrorKind::RuntimeGone,
            "`RuntimeGone`: the runtime has ended",
        ),
        (ErrorKind::Moved, "`Moved`: its connections were left"),
        (ErrorKind::Ended, "`Ended`: the bulk send ended before"),
        (
            ErrorKind::Unanswered,
            "`Unanswered`: written, and the deadline passed",
        ),
        (ErrorKind::Lost, "`Lost`: written, and the connection ended"),
    ] {
        let error = Error::new(kind, "made by a test");
        let verdict = error.verdict();
        same_everywhere(&error, &verdict);
        let later = error.clone().with_retry_after(crate::page::WAIT);
        let with = later.verdict();
        section.add_both(answer, verdict, &with);
        if let Some(answer) = unknown_host(kind) {
            section.add(answer, web::Error::from(error).verdict());
        }
    }
    section
}

/// What web differs in: anybody can name a host.
fn unknown_host(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Tls => Some("`Tls` of web, at a host that is none of the four push services'"),
        ErrorKind::Connect => Some("`Resolve`, `Connect`, `Protocol` of web, at such a host"),
        _ => None,
    }
}

fn same_everywhere(error: &Error, verdict: &Verdict) {
    let kind = error.kind();
    assert_eq!(
        apns::Error::from(error.clone()).verdict(),
        *verdict,
        "{kind:?}"
    );
    assert_eq!(
        apns::gateway::Error::from(error.clone()).verdict(),
        *verdict,
        "{kind:?}"
    );
    assert_eq!(
        fcm::Error::from(error.clone()).verdict(),
        *verdict,
        "{kind:?}"
    );
    assert_eq!(
        gcm::Error::from(error.clone()).verdict(),
        *verdict,
        "{kind:?}"
    );
    assert_eq!(
        anypush::wns::Error::from(error.clone()).verdict(),
        *verdict,
        "{kind:?}"
    );
    let of_web = web::Error::from(error.clone()).verdict();
    match kind {
        ErrorKind::Tls | ErrorKind::Resolve | ErrorKind::Connect | ErrorKind::Protocol => {}
        _ => assert_eq!(of_web, *verdict, "{kind:?}"),
    }
}
