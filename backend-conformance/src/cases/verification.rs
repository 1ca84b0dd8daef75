//! Who the server is: every certificate that must be refused, and those that must not.

use push_core::{Connection, ErrorKind, Roots, Target};

use super::exchange::{echoes, refused_as, versions};
use crate::failure::{Checked, Over, ensure};
use crate::peer::{Authority, Leaf, Peer, ServerIdentity, TlsSettings, scripts};
use crate::subject::Subject;

/// A server with this certificate, trusted as far as the authority goes.
fn server(authority: &Authority, identity: ServerIdentity) -> Peer {
    let settings = TlsSettings::new(authority).identity(identity);
    Peer::tls(&settings, scripts::listen)
}

/// The certificate is refused, and nothing is said to such a server.
#[track_caller]
fn refuses(subject: &Subject, authority: &Authority, identity: ServerIdentity) -> Checked {
    let peer = server(authority, identity);
    refuses_target(subject, &peer, &peer.target())
}

#[track_caller]
fn refuses_target(subject: &Subject, peer: &Peer, target: &Target) -> Checked {
    refused_as(subject, target, None, ErrorKind::Tls)?;
    ensure!(
        peer.received().is_empty(),
        "expected nothing to be said to a server that is refused, it received {:?}",
        peer.received()
    );
    subject.wait_until("the socket of a refused server to close", || {
        peer.open() == 0
    })
}

#[track_caller]
fn accepts(subject: &Subject, target: &Target) -> Checked<Box<dyn Connection>> {
    subject.connect(target)
}

pub(crate) fn a_certificate_for_another_name_is_refused(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let identity = authority.server(&Leaf::new(["other.test", "localhost.test"]));
    for version in versions(subject) {
        let settings = TlsSettings::new(&authority)
            .versions(version)
            .identity(identity.clone());
        let peer = Peer::tls(&settings, scripts::listen);
        refuses_target(subject, &peer, &peer.target()).over(format!("over {version:?}"))?;
    }
    Ok(())
}

pub(crate) fn a_certificate_of_another_root_is_refused(subject: &mut Subject) -> Checked {
    // Both roots have the same name: only the signature tells them apart.
    let (trusted, other) = (Authority::new(), Authority::new());
    refuses(subject, &trusted, other.server(&Leaf::default()))
}

pub(crate) fn a_server_without_its_certificates_key_is_refused(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let stolen = authority.server(&Leaf::default()).with_another_key();
    for version in versions(subject) {
        let settings = TlsSettings::new(&authority)
            .versions(version)
            .identity(stolen.clone());
        let peer = Peer::tls(&settings, scripts::listen);
        refuses_target(subject, &peer, &peer.target()).over(format!("over {version:?}"))?;
    }
    Ok(())
}

pub(crate) fn a_self_signed_certificate_is_refused(subject: &mut Subject) -> Checked {
    refuses(subject, &Authority::new(), Leaf::default().self_signed())
}

pub(crate) fn a_certificate_issued_by_a_server_is_refused(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let identity = authority.server_under_server(&Leaf::default());
    refuses(subject, &authority, identity)
}

pub(crate) fn a_certificate_for_clients_is_refused_as_a_servers(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let identity = authority.server(&Leaf::default().for_clients());
    refuses(subject, &authority, identity)
}

pub(crate) fn an_expired_certificate_is_refused(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let identity = authority.server(&Leaf::default().expired());
    refuses(subject, &authority, identity)
}

pub(crate) fn a_certificate_that_is_not_valid_yet_is_refused(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let identity = authority.server(&Leaf::default().not_yet_valid());
    refuses(subject, &authority, identity)
}

pub(crate) fn a_common_name_is_no_name_of_the_server(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    for leaf in [
        Leaf::new::<&str>([]).common_name("localhost"),
        Leaf::new(["other.test"]).common_name("localhost"),
    ] {
        refuses(subject, &authority, authority.server(&leaf)).over(format!("of {leaf:?}"))?;
    }
    Ok(())
}

pub(crate) fn an_address_must_stand_among_the_addresses(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let named = server(&authority, authority.server(&Leaf::new(["localhost"])));
    refuses_target(subject, &named, &named.target_by_address())
        .over("with a certificate for names alone")?;
    let elsewhere = Leaf::new(["localhost", "127.0.0.2", "::1"]);
    let elsewhere = server(&authority, authority.server(&elsewhere));
    refuses_target(subject, &elsewhere, &elsewhere.target_by_address())
        .over("with a certificate for other addresses")?;
    let here = server(&authority, authority.server(&Leaf::new(["127.0.0.1"])));
    accepts(subject, &here.target_by_address())?;
    refuses_target(subject, &here, &here.target()).over("with a certificate for an address alone")
}

pub(crate) fn an_ipv6_address_is_verified(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    for (name, good) in [("::1", true), ("::2", false)] {
        let settings = TlsSettings::new(&authority).identity(authority.server(&Leaf::new([name])));
        let address = std::net::Ipv6Addr::LOCALHOST.into();
        let peer = Peer::tls_at(address, &settings, scripts::listen)?;
        let target = peer.target_by_address();
        if good {
            accepts(subject, &target)?;
        } else {
            refuses_target(subject, &peer, &target)?;
        }
    }
    Ok(())
}

pub(crate) fn the_server_name_counts_and_not_the_host(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let pushes = server(&authority, authority.server(&Leaf::new(["push.test"])));
    accepts(subject, &pushes.target().server_name("push.test"))?;
    accepts(
        subject,
        &pushes.target_by_address().server_name("PUSH.test"),
    )?;
    let local = server(&authority, authority.server(&Leaf::default()));
    refuses_target(subject, &local, &local.target().server_name("push.test"))
}

pub(crate) fn a_wildcard_stands_for_one_label(subject: &mut Subject) -> Checked {
    let authority = Authority::new();
    let peer = server(&authority, authority.server(&Leaf::new(["*.push.test"])));
    accepts(subject, &peer.target().server_name("api.push.test"))?;
    for other in ["push.test", "a.b.push.test", "api.push.test.org"] {
        refuses_target(subject, &peer, &peer.target().server_name(other))
            .over(format!("for {other}"))?;
    }
    Ok(())
}

pub(crate) fn the_roots_of_each_target_count(subject: &mut Subject) -> Checked {
    let (one, other) = (Authority::new(), Authority::new());
    let peer = server(&one, one.server(&Leaf::default()));
    accepts(subject, &peer.target())?;
    refuses_target(subject, &peer, &peer.target().roots(other.roots())).over("of other roots")?;
    accepts(subject, &peer.target())?;
    let error = subject.refused(&peer.target().roots(Roots::system()), None)?;
    ensure!(
        // A machine may have no roots of its own.
        matches!(error.kind(), ErrorKind::Tls | ErrorKind::Config),
        "expected the system's roots not to trust the server, got {:?}: {}",
        error.kind(),
        error.report()
    );
    Ok(())
}

pub(crate) fn a_session_is_not_resumed_past_verification(subject: &mut Subject) -> Checked {
    let (authority, other) = (Authority::new(), Authority::new());
    for version in versions(subject) {
        let settings = TlsSettings::new(&authority).versions(version);
        let peer = Peer::tls(&settings, scripts::echo);
        // With an exchange, so that the server's tickets are taken.
        let mut connection = accepts(subject, &peer.target())?;
        echoes(subject, &mut connection)?;
        drop(connection);
        let check = || {
            let target = peer.target().roots(other.roots());
            refused_as(subject, &target, None, ErrorKind::Tls).over("under other roots")?;
            let target = peer.target().server_name("push.test");
            refused_as(subject, &target, None, ErrorKind::Tls).over("under another name")
        };
        check().over(format!("over {version:?}"))?;
    }
    Ok(())
}
