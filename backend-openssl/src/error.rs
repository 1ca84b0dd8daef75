use std::error::Error as StdError;
use std::{fmt, io};

use openssl::error::ErrorStack;
use openssl::ssl;
use openssl::x509::X509VerifyResult;
use push_core::{Error, ErrorKind, Security, Target};

/// What OpenSSL had to say, on one line.
#[derive(Debug)]
pub(crate) struct Explained(String);

/// `ERR_LIB_SSL`: the part of OpenSSL whose reason codes are told apart here.
const LIB_SSL: i32 = 20;

/// Alerts of the peer are reasons: their number (RFC 8446, section 6) above this one.
const ALERT: i32 = 1000;

/// What OpenSSL makes of bytes that are no TLS.
const NOT_TLS: [i32; 8] = [
    146, // DATA_LENGTH_TOO_LONG
    150, // ENCRYPTED_LENGTH_TOO_LONG
    155, // HTTPS_PROXY_REQUEST
    156, // HTTP_REQUEST
    198, // PACKET_LENGTH_TOO_LONG
    267, // WRONG_VERSION_NUMBER
    293, // NOT_TLS_RECORD
    443, // BAD_RECORD_TYPE
];

/// `CERTIFICATE_VERIFY_FAILED`: the verification says why.
const NOT_VERIFIED: i32 = 134;

/// `UNEXPECTED_EOF_WHILE_READING`, of OpenSSL 3.
const CUT_SHORT: i32 = 294;

impl Explained {
    /// The reasons, each once, and the code of the first.
    pub(crate) fn stack(stack: &ErrorStack) -> Self {
        Self::with(stack, None)
    }

    fn with(stack: &ErrorStack, detail: Option<&str>) -> Self {
        let mut reasons: Vec<String> = Vec::new();
        for error in stack.errors() {
            let reason = match error.reason() {
                Some(reason) => reason.to_owned(),
                None => format!("reason {}", error.reason_code()),
            };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons.extend(detail.map(str::to_owned));
        let mut line = reasons.join(": ");
        if line.is_empty() {
            line.push_str("OpenSSL gives no reason");
        }
        if let Some(first) = stack.errors().first() {
            line.push_str(&format!(" (OpenSSL {:08X})", first.code()));
        }
        Self(line)
    }

    /// An error of a stream, its text on one line where it is OpenSSL's.
    pub(crate) fn io(error: io::Error) -> io::Error {
        match of_openssl(&error) {
            Some(cause) => match cause.ssl_error() {
                Some(stack) => io::Error::new(io::ErrorKind::InvalidData, Self::stack(stack)),
                None => io::Error::new(
                    io::ErrorKind::BrokenPipe,
                    "the TLS connection has failed already",
                ),
            },
            None => error,
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Explained {}

fn of_openssl(error: &io::Error) -> Option<&ssl::Error> {
    error.get_ref()?.downcast_ref()
}

fn reasons(stack: &ErrorStack) -> impl Iterator<Item = i32> {
    let errors = stack.errors().iter();
    errors
        .filter(|error| error.library_code() == LIB_SSL)
        .map(openssl::error::Error::reason_code)
}

/// Whether an error of the stream is but its end.
pub(crate) fn is_end(error: &io::Error) -> bool {
    let stack = of_openssl(error).and_then(ssl::Error::ssl_error);
    error.kind() == io::ErrorKind::UnexpectedEof
        || stack.is_some_and(|stack| reasons(stack).any(|reason| reason == CUT_SHORT))
}

/// Under TLS 1.3 the server judges our certificate after the handshake, and says so to the first
/// read: as what it is, and not as a connection that broke.
pub(crate) fn about_certificate(error: io::Error) -> io::Error {
    let stack = of_openssl(&error).and_then(ssl::Error::ssl_error);
    match stack.and_then(judged) {
        Some(what) => {
            let error = Explained::io(error);
            io::Error::new(io::ErrorKind::PermissionDenied, format!("{what}: {error}"))
        }
        None => Explained::io(error),
    }
}

/// What the server holds against our certificate.
fn judged(stack: &ErrorStack) -> Option<&'static str> {
    reasons(stack).find_map(|reason| match reason - ALERT {
        116 => Some("the server asks for a client certificate"),
        // All that speak of certificates, and `access_denied` and `decrypt_error`.
        42..=46 | 48 | 49 | 51 => Some("the server refused the client certificate"),
        _ => None,
    })
}

/// What ended a handshake.
#[derive(Debug)]
pub(crate) enum Failure {
    Openssl(ssl::Error),
    Stream(io::Error),
}

/// A handshake that failed, as [`ErrorKind::Connect`] where the stream broke off, since that can
/// pass. `shown` says whether there was a client certificate to show.
pub(crate) fn handshake_failed(
    target: &Target,
    name: &str,
    shown: bool,
    failure: Failure,
    verified: X509VerifyResult,
) -> Error {
    let told = |kind, what: &str| {
        let message = format!("the TLS handshake with {target} failed{what}");
        Error::new(kind, message)
    };
    let stack = match &failure {
        Failure::Openssl(error) => match error.ssl_error() {
            Some(stack) => stack,
            None => {
                let message = "the server ended the connection";
                let error = io::Error::new(io::ErrorKind::UnexpectedEof, message);
                return told(ErrorKind::Connect, "").with_source(error);
            }
        },
        Failure::Stream(error) => {
            let error = io::Error::new(error.kind(), error.to_string());
            return told(ErrorKind::Connect, "").with_source(error);
        }
    };
    let has = |wanted: i32| reasons(stack).any(|reason| reason == wanted);
    if has(CUT_SHORT) {
        return told(ErrorKind::Connect, "").with_source(Explained::stack(stack));
    }
    if has(NOT_VERIFIED) && verified != X509VerifyResult::OK {
        let (what, detail) = of_certificate(verified, name);
        let source = Explained::with(stack, Some(&detail));
        return told(ErrorKind::Tls, what).with_source(source);
    }
    let source = Explained::stack(stack);
    // `no_application_protocol`
    if has(ALERT + 120) {
        return no_common_protocol(target).with_source(source);
    }
    let what = if reasons(stack).any(|reason| NOT_TLS.contains(&reason)) {
        ": it does not speak TLS".to_owned()
    } else if has(ALERT + 70) {
        ": it speaks neither TLS 1.2 nor 1.3".to_owned()
    } else if has(ALERT + 40) && !shown {
        ": it asks for a client certificate, or has no cipher in common with us".to_owned()
    } else {
        judged(stack).map_or_else(String::new, |what| format!(": {what}"))
    };
    told(ErrorKind::Tls, &what).with_source(source)
}

/// The error of a server that speaks none of the protocols that were offered.
fn no_common_protocol(target: &Target) -> Error {
    let message = format!(
        "{target} speaks none of the protocols offered: {}",
        offer(target)
    );
    Error::new(ErrorKind::Protocol, message)
}

fn offer(target: &Target) -> String {
    let Security::Tls { alpn, .. } = &target.security else {
        return String::new();
    };
    let names = alpn.iter().map(|name| String::from_utf8_lossy(name));
    names.collect::<Vec<_>>().join(", ")
}

/// What is wrong with the server's certificate, for people and in OpenSSL's words.
fn of_certificate(verified: X509VerifyResult, name: &str) -> (&'static str, String) {
    let words = verified.error_string().to_owned();
    let what = match verified.as_raw() {
        // A signature that is wrong; issuers not known, or not there; self-signed, as a leaf or
        // as a root that nobody trusts; no authority at all.
        2 | 7 | 18..=21 | 24 | 27 => ": its certificate was not issued by a trusted root",
        9 => ": its certificate is not valid yet",
        10 => ": its certificate has expired",
        // By name and by address.
        62 | 64 => {
            let detail = format!("{words}: the certificate is not for {name}");
            return (": its certificate is for another name", detail);
        }
        _ => ": its certificate can't be trusted",
    };
    (what, words)
}
