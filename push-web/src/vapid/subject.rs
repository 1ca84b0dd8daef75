use super::error::Fault;

/// Whether push services take a contact. All take what Apple takes: an address of mail or a URL, proper and
/// bare, and not of the sender's own machine.
pub(super) fn check(subject: &str) -> Result<(), Fault> {
    let fault = |expected| Fault::Subject { expected };
    if !subject.bytes().all(|byte| byte.is_ascii_graphic()) || subject.contains(['<', '>']) {
        return Err(fault(
            "without spaces, angle brackets and what is not ASCII",
        ));
    }
    if let Some(address) = subject.strip_prefix("mailto:") {
        return check_address(address);
    }
    if subject.starts_with("https:") {
        let uri: http::Uri = subject.parse().map_err(|_| fault("a proper URL"))?;
        let host = uri.host().unwrap_or_default();
        if host.is_empty() || uri.scheme() != Some(&http::uri::Scheme::HTTPS) {
            return Err(fault("a proper URL"));
        }
        return check_host(host);
    }
    Err(fault(
        "mailto: and an address, or an https URL, such as mailto:ops@example.org",
    ))
}

fn check_address(address: &str) -> Result<(), Fault> {
    let fault = || Fault::Subject {
        expected: "one address behind mailto:, such as mailto:ops@example.org",
    };
    let (name, domain) = address.rsplit_once('@').ok_or_else(fault)?;
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_name =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) || !domain.split('.').all(is_label) {
        return Err(fault());
    }
    check_host(domain)
}

fn check_host(host: &str) -> Result<(), Fault> {
    let host = host.to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") {
        return Err(Fault::Subject {
            expected: "a host others can reach: Apple refuses localhost",
        });
    }
    Ok(())
}
