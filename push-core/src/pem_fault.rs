use std::fmt;

use rustls_pki_types::pem;

/// What is wrong with a PEM text. It shows nothing of the text itself, as the parser's own error does:
/// a line that can't be read may be a key's.
#[derive(Debug)]
pub(crate) struct PemFault(&'static str);

impl From<pem::Error> for PemFault {
    fn from(error: pem::Error) -> Self {
        Self(match error {
            pem::Error::MissingSectionEnd { .. } => "an END line is missing",
            pem::Error::IllegalSectionStart { .. } => "a BEGIN line is broken",
            pem::Error::Base64Decode(_) => {
                "what stands between the BEGIN and END lines is no base64"
            }
            pem::Error::NoItemsFound => "no such section found",
            pem::Error::SectionTooLarge => "a section is too large",
            _ => "it can't be read",
        })
    }
}

impl fmt::Display for PemFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for PemFault {}

#[cfg(test)]
mod tests {
    use crate::sign::{Es256Key, Rs256Key};
    use crate::{Identity, Result, Roots};

    fn report<T: std::fmt::Debug>(read: Result<T>) -> String {
        let error = read.unwrap_err();
        format!("{error:?} {}", error.report())
    }

    #[test]
    fn what_is_wrong_with_a_key_is_told_without_the_key() {
        let secret = "MIGHAgEAMBMGByqGSM49";
        for label in [
            "PRIVATE KEY",
            "EC PRIVATE KEY",
            "RSA PRIVATE KEY",
            "CERTIFICATE",
        ] {
            for pem in [
                format!("-----BEGIN {label}---- {secret}"),
                format!("-----BEGIN {label}-----{secret}\n-----END {label}-----\n"),
                format!("-----BEGIN {label}-----\n{secret}!\n-----END {label}-----\n"),
                format!("-----BEGIN {label}-----\n{secret}\n-----END {label}----\n"),
            ] {
                let reports = [
                    report(Identity::from_pem(&pem)),
                    report(Roots::from_pem(&pem)),
                    report(Es256Key::from_pem(&pem)),
                    report(Rs256Key::from_pem(&pem)),
                ];
                let bytes = format!("{:?}", secret.as_bytes());
                for report in reports {
                    assert!(!report.contains(secret), "{report}");
                    assert!(!report.contains(bytes.trim_matches(['[', ']'])), "{report}");
                }
            }
        }
    }
}
