use push_core::{CertificateInfo, Error, ErrorKind, Result, Session};

/// Refuses a certificate that has expired, before a server does so with fewer words.
pub(crate) fn check(info: &CertificateInfo, session: &Session) -> Result<()> {
    let now = session.backend().system_time();
    let Ok(ago) = now.duration_since(info.not_after) else {
        return Ok(());
    };
    let days = ago.as_secs() / (24 * 60 * 60);
    let message = format!(
        "the certificate expired {}: get a new one from Apple, or set this machine's clock",
        match days {
            0 => "less than a day ago".to_owned(),
            1 => "a day ago".to_owned(),
            _ => format!("{days} days ago"),
        }
    );
    Err(Error::new(ErrorKind::Identity, message))
}
