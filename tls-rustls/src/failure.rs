use std::io;

use push_core::{Error, ErrorKind, Security, Target};
use rustls::{AlertDescription, CertificateError, OtherError};

/// A handshake that failed, as [`ErrorKind::Connect`] where the stream broke off, since that can
/// pass. `shown` says whether there was a client certificate to show.
pub(crate) fn handshake_failed(target: &Target, shown: bool, error: io::Error) -> Error {
    use AlertDescription as Alert;
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    let told = |kind, what: &str| {
        let message = format!("the TLS handshake with {target} failed{what}");
        Error::new(kind, message)
    };
    let failed = match cause {
        None => told(ErrorKind::Connect, ""),
        Some(rustls::Error::InvalidCertificate(fault)) => {
            let (what, detail) = of_certificate(fault);
            let failed = told(ErrorKind::Tls, what);
            // Some faults are told with all their parameters, which nobody can read.
            if let Some(detail) = detail {
                return failed.with_source(io::Error::new(error.kind(), detail));
            }
            failed
        }
        Some(
            rustls::Error::NoApplicationProtocol
            | rustls::Error::AlertReceived(Alert::NoApplicationProtocol),
        ) => {
            let message = format!(
                "{target} speaks none of the protocols offered: {}",
                offer(target)
            );
            Error::new(ErrorKind::Protocol, message)
        }
        Some(rustls::Error::InvalidMessage(_)) => told(ErrorKind::Tls, ": it does not speak TLS"),
        Some(rustls::Error::AlertReceived(Alert::ProtocolVersion)) => {
            told(ErrorKind::Tls, ": it speaks neither TLS 1.2 nor 1.3")
        }
        Some(rustls::Error::AlertReceived(Alert::HandshakeFailure)) if !shown => told(
            ErrorKind::Tls,
            ": it asks for a client certificate, or has no cipher in common with us",
        ),
        Some(rustls::Error::AlertReceived(alert)) => match judged(*alert) {
            Some(what) => told(ErrorKind::Tls, &format!(": {what}")),
            None => told(ErrorKind::Tls, ""),
        },
        Some(_) => told(ErrorKind::Tls, ""),
    };
    failed.with_source(error)
}

/// What is wrong with the server's certificate, and how to say it where rustls is no help.
fn of_certificate(fault: &CertificateError) -> (&'static str, Option<String>) {
    let what = match fault {
        CertificateError::UnknownIssuer => ": its certificate was not issued by a trusted root",
        // Also where a root of the same name has another key.
        CertificateError::BadSignature => {
            ": its certificate was not issued by a trusted root, or its key is too weak"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ": its certificate is for another name"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ": its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ": its certificate is not valid yet"
        }
        CertificateError::Other(OtherError(other)) => {
            let detail = match other.to_string().as_str() {
                "CaUsedAsEndEntity" => {
                    "it is the certificate of an authority: give the server one that an authority \
                     has issued"
                        .to_owned()
                }
                "EndEntityUsedAsCa" => "its issuer is no authority".to_owned(),
                other => other.to_owned(),
            };
            return (": its certificate can't be trusted", Some(detail));
        }
        fault => {
            // With its parameters left out: `UnsupportedSignatureAlgorithmContext { … }`.
            let name = format!("{fault:?}");
            let name = name.split([' ', '(', '{']).next().unwrap_or_default();
            let name = name.trim_end_matches("Context").to_owned();
            return (": its certificate can't be trusted", Some(name));
        }
    };
    (what, None)
}

/// Under TLS 1.3 the server judges our certificate after the handshake, and says so to the first
/// read: as what it is, and not as a connection that broke.
pub(crate) fn about_certificate(error: io::Error) -> io::Error {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    let Some(rustls::Error::AlertReceived(alert)) = cause else {
        return error;
    };
    match judged(*alert) {
        Some(what) => io::Error::new(io::ErrorKind::PermissionDenied, format!("{what}: {error}")),
        None => error,
    }
}

/// What the server holds against our certificate.
fn judged(alert: AlertDescription) -> Option<&'static str> {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => Some("the server asks for a client certificate"),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::DecryptError
        | Alert::AccessDenied => Some("the server refused the client certificate"),
        _ => None,
    }
}

fn offer(target: &Target) -> String {
    let Security::Tls { alpn, .. } = &target.security else {
        return String::new();
    };
    let names = alpn.iter().map(|name| String::from_utf8_lossy(name));
    names.collect::<Vec<_>>().join(", ")
}
