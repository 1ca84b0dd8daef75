//! Who the client is: certificates loaded, shown, missed and refused.

use std::fmt::Debug;
use std::io;
use std::sync::OnceLock;

use push_core::{Certificate, ErrorKind, Identity};

use super::exchange::{echoes, handshake, read, refused_as, versions};
use crate::failure::{Checked, Failure, Over, ensure};
use crate::peer::{
    Authority, ClientCertificates, Cut, KeyForm, Peer, TlsSettings, Versions, certificate_pem,
    scripts,
};
use crate::subject::Subject;

fn server(version: Versions, what: ClientCertificates) -> Peer {
    let settings = TlsSettings::new(&Authority::new())
        .versions(version)
        .client_certificates(what);
    Peer::tls(&settings, scripts::echo)
}

pub(crate) fn the_certificate_is_shown_where_it_is_asked_for(subject: &mut Subject) -> Checked {
    // With an intermediate, which the server needs to get to the root.
    let identity = Authority::new().client_with(KeyForm::Pkcs8, 1);
    let certificate = subject.backend().load_certificate(&identity)?;
    for version in versions(subject) {
        for what in [ClientCertificates::Required, ClientCertificates::Optional] {
            let peer = server(version, what);
            let check = || {
                let mut connection = subject.connect_with(&peer.target(), Some(&*certificate))?;
                echoes(subject, &mut connection)?;
                let shown = handshake(subject, &peer, 1)?.client_chain;
                ensure!(
                    shown == identity.chain_der(),
                    "expected the server to see the chain of {} certificates that was loaded, the \
                     client's own first; it saw {} others",
                    identity.chain_der().len(),
                    shown.len()
                );
                Ok(())
            };
            check().over(format!("{what:?} over {version:?}"))?;
        }
    }
    Ok(())
}

pub(crate) fn a_certificate_that_is_missing_is_told(subject: &mut Subject) -> Checked {
    for version in versions(subject) {
        let peer = server(version, ClientCertificates::Required);
        is_turned_away(subject, &peer, None, version)?;
    }
    Ok(())
}

pub(crate) fn a_certificate_that_is_refused_is_told(subject: &mut Subject) -> Checked {
    let identity = Authority::new().client();
    let certificate = subject.backend().load_certificate(&identity)?;
    for version in versions(subject) {
        let peer = server(version, ClientCertificates::Refused);
        is_turned_away(subject, &peer, Some(&*certificate), version)?;
    }
    Ok(())
}

/// The server ends it for the client's certificate or the lack of one. TLS 1.2 tells in the
/// handshake; with TLS 1.3 it may be over on the client's side by then, and the next read tells.
fn is_turned_away(
    subject: &Subject,
    peer: &Peer,
    certificate: Option<&dyn Certificate>,
    version: Versions,
) -> Checked {
    let target = peer.target();
    let dial = subject.backend().connect(&target, certificate);
    match subject.block_on("connect", dial)? {
        Err(error) => {
            ensure!(
                error.kind() == ErrorKind::Tls,
                "expected an error of kind Tls over {version:?}, got {:?}: {}",
                error.kind(),
                error.report()
            );
            Ok(())
        }
        Ok(_) if version == Versions::Tls12 => Err(Failure::new(
            "expected the handshake of TLS 1.2 to fail, got a connection",
        )),
        Ok(mut connection) => {
            let outcome = read(subject, &mut connection)?;
            let told = outcome.as_ref().err().map(io::Error::kind);
            ensure!(
                told == Some(io::ErrorKind::PermissionDenied),
                "expected the first read over TLS 1.3 to fail with PermissionDenied, got {outcome:?}"
            );
            Ok(())
        }
    }
}

pub(crate) fn a_server_that_can_do_without_a_certificate_is_spoken_to(
    subject: &mut Subject,
) -> Checked {
    for version in versions(subject) {
        let peer = server(version, ClientCertificates::Optional);
        let mut connection = subject.connect(&peer.target())?;
        echoes(subject, &mut connection).over(format!("over {version:?}"))?;
        shows(subject, &peer, 1, None)?;
    }
    Ok(())
}

pub(crate) fn a_certificate_that_nobody_asks_for_does_no_harm(subject: &mut Subject) -> Checked {
    let identity = Authority::new().client();
    let certificate = subject.backend().load_certificate(&identity)?;
    for version in versions(subject) {
        let peer = server(version, ClientCertificates::Ignored);
        let mut connection = subject.connect_with(&peer.target(), Some(&*certificate))?;
        echoes(subject, &mut connection).over(format!("over {version:?}"))?;
    }
    Ok(())
}

/// What the server saw in its n-th handshake.
fn shows(subject: &Subject, peer: &Peer, nth: usize, expected: Option<&Identity>) -> Checked {
    let shown = handshake(subject, peer, nth)?.client_chain;
    let chain = expected.map_or(&[][..], Identity::chain_der);
    let what = if expected.is_some() { "its own" } else { "no" };
    ensure!(
        shown == chain,
        "expected connection {nth} to show {what} certificate, the server saw {}",
        if shown.is_empty() { "none" } else { "another" }
    );
    Ok(())
}

pub(crate) fn each_connection_shows_its_own_certificate(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let (ada, bob) = (authority.client(), authority.client());
    let adas = subject.backend().load_certificate(&ada)?;
    let bobs = subject.backend().load_certificate(&bob)?;
    for version in versions(subject) {
        let peer = server(version, ClientCertificates::Optional);
        // Each with an exchange, so that there are sessions which could be taken for the next.
        let turns = [
            (Some((&ada, &adas)), 1),
            (Some((&bob, &bobs)), 2),
            (None, 3),
            (Some((&ada, &adas)), 4),
        ];
        for (who, nth) in turns {
            let check = || {
                let certificate = who.map(|(_, certificate)| &**certificate);
                let mut connection = subject.connect_with(&peer.target(), certificate)?;
                echoes(subject, &mut connection)?;
                shows(subject, &peer, nth, who.map(|(identity, _)| identity))
            };
            check().over(format!("over {version:?}"))?;
        }
    }
    Ok(())
}

/// A certificate of nobody's: good for every question of the core, and no backend made it.
#[derive(Debug)]
struct Foreign(Vec<Vec<u8>>);

impl Certificate for Foreign {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.0
    }
}

pub(crate) fn a_certificate_of_another_backend_is_an_error(subject: &mut Subject) -> Checked {
    let foreign = Foreign(Authority::new().client().chain_der().to_vec());
    let peer = server(Versions::Both, ClientCertificates::Optional);
    let kind = ErrorKind::ForeignCertificate;
    refused_as(subject, &peer.target(), Some(&foreign), kind)?;
    subject.wait_until("the socket to close", || peer.open() == 0)
}

pub(crate) fn a_certificate_of_another_instance_works_or_is_foreign(
    subject: &mut Subject,
) -> Checked {
    let other = subject.another()?;
    let identity = Authority::new().client();
    let certificate = other.backend().load_certificate(&identity)?;
    let peer = server(Versions::Both, ClientCertificates::Optional);
    let target = peer.target();
    let dial = subject.backend().connect(&target, Some(&*certificate));
    match subject.block_on("connect", dial)? {
        Ok(mut connection) => {
            echoes(subject, &mut connection)?;
            shows(subject, &peer, 1, Some(&identity))
        }
        Err(error) => {
            ensure!(
                error.kind() == ErrorKind::ForeignCertificate,
                "expected a connection, or an error of kind ForeignCertificate, got {:?}: {}",
                error.kind(),
                error.report()
            );
            subject.wait_until("the socket to close", || peer.open() == 0)
        }
    }
}

pub(crate) fn the_chain_is_given_back_as_it_was_loaded(subject: &mut Subject) -> Checked {
    for intermediates in [0, 2] {
        let identity = Authority::new().client_with(KeyForm::Pkcs8, intermediates);
        let certificate = subject.backend().load_certificate(&identity)?;
        ensure!(
            certificate.chain_der() == identity.chain_der(),
            "expected the {} certificates in the order of the identity, got {}",
            identity.chain_der().len(),
            certificate.chain_der().len()
        );
    }
    Ok(())
}

pub(crate) fn a_key_of_another_certificate_is_refused(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let chain = authority.client_pem(KeyForm::Pkcs8, 0);
    for other in [KeyForm::Pkcs8, KeyForm::RsaPkcs8] {
        let key = authority.client_pem(other, 0);
        must_not_load(subject, &Identity::from_pem_pair(&chain, &key)?)
            .over(format!("with a key in the form {other:?}"))?;
    }
    Ok(())
}

pub(crate) fn a_key_that_is_none_is_refused(subject: &mut Subject) -> Checked {
    let chain = certificate_pem(&Authority::new().client().chain_der()[0]);
    for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
        let key = format!("-----BEGIN {label}-----\nbm9uZQ==\n-----END {label}-----\n");
        must_not_load(subject, &Identity::from_pem_pair(&chain, &key)?)
            .over(format!("of a section {label:?}"))?;
    }
    Ok(())
}

fn must_not_load(subject: &Subject, identity: &Identity) -> Checked {
    match subject.backend().load_certificate(identity) {
        Err(error) if error.kind() == ErrorKind::Identity => Ok(()),
        Err(error) => Err(Failure::new(format!(
            "expected an error of kind Identity, got {:?}: {}",
            error.kind(),
            error.report()
        ))),
        Ok(_) => Err(Failure::new(
            "expected an error of kind Identity, got a certificate",
        )),
    }
}

pub(crate) fn keys_are_taken_in_every_form(subject: &mut Subject) -> Checked {
    // RSA keys take their time to be made: once for the process.
    static IDENTITIES: OnceLock<Vec<Identity>> = OnceLock::new();
    let identities = IDENTITIES.get_or_init(|| {
        let authority = Authority::new();
        let forms = KeyForm::ALL.into_iter();
        forms.map(|form| authority.client_with(form, 0)).collect()
    });
    for version in versions(subject) {
        let peer = server(version, ClientCertificates::Required);
        for ((identity, form), nth) in identities.iter().zip(KeyForm::ALL).zip(1..) {
            let check = || {
                let certificate = subject.backend().load_certificate(identity)?;
                let mut connection = subject.connect_with(&peer.target(), Some(&*certificate))?;
                echoes(subject, &mut connection)?;
                shows(subject, &peer, nth, Some(identity))
            };
            check().over(format!("with a key in the form {form:?} over {version:?}"))?;
        }
    }
    Ok(())
}

pub(crate) fn nothing_shows_the_private_key(subject: &mut Subject) -> Checked {
    let identity = Authority::new().client();
    let secret = Secret::of(&identity)?;
    let certificate = subject.backend().load_certificate(&identity)?;
    let peer = server(Versions::Both, ClientCertificates::Optional);
    let connection = subject.connect_with(&peer.target(), Some(&*certificate))?;
    secret.hides_in("the certificate", &certificate)?;
    secret.hides_in("the connection", &connection)?;
    secret.hides_in("the backend", &**subject.backend())?;
    let settings = TlsSettings::new(&Authority::new()).cut_after(0, Cut::Fin);
    let ending = Peer::tls(&settings, scripts::hold);
    let error = subject.refused(&ending.target(), Some(&*certificate))?;
    secret.hides_in("an error", &error)
}

/// The private number of a P-256 key, in every form in which it could be shown.
struct Secret {
    shown: Vec<(&'static str, String)>,
}

impl Secret {
    fn of(identity: &Identity) -> Checked<Self> {
        let der = identity.key_der();
        // `INTEGER 1, OCTET STRING of 32 bytes`: how an ECPrivateKey begins.
        let at = der
            .windows(5)
            .position(|window| window == [2, 1, 1, 4, 32])
            .ok_or_else(|| Failure::new("the suite's own key has another form"))?
            + 5;
        let piece = &der[at + 8..at + 24];
        let list: Vec<_> = piece.iter().map(u8::to_string).collect();
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        let shown = vec![
            ("hexadecimal", hex(piece)),
            ("a list of bytes", list.join(",")),
            // Well within the number, whatever stands before it.
            ("PEM", text[(at + 8) * 4 / 3..(at + 22) * 4 / 3].to_owned()),
        ];
        Ok(Self { shown })
    }

    #[track_caller]
    fn hides_in(&self, what: &str, value: &(impl Debug + ?Sized)) -> Checked {
        let text: String = format!("{value:#?}").split_whitespace().collect();
        for (form, secret) in &self.shown {
            let found = if *form == "hexadecimal" {
                text.to_ascii_lowercase().contains(secret)
            } else {
                text.contains(secret)
            };
            ensure!(
                !found,
                "expected nothing of the private key in the Debug of {what}, it stands there as \
                 {form}"
            );
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_key_is_found_in_each_form() {
        #[derive(Debug)]
        #[allow(dead_code)]
        struct Bytes(Vec<u8>);

        let authority = Authority::new();
        let pem = authority.client_pem(KeyForm::Pkcs8, 0);
        let identity = Identity::from_pem(&pem).expect("PEM");
        let secret = Secret::of(&identity).expect("a key");
        let key = identity.key_der().to_vec();
        assert!(secret.hides_in("hex", &hex(&key)).is_err());
        assert!(secret.hides_in("HEX", &hex(&key).to_uppercase()).is_err());
        assert!(secret.hides_in("PEM", &pem.replace('\n', "")).is_err());
        assert!(secret.hides_in("bytes", &Bytes(key)).is_err());
        let chain = identity.chain_der().to_vec();
        assert!(secret.hides_in("certificates", &chain).is_ok());
    }
}
