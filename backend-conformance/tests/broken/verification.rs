//! Flaws of knowing who the server is.

use std::sync::Mutex;

use backend_conformance::Environment;
use push_core::{Error, ErrorKind, Roots, Security, Target};
use rustls::{CertificateError as Fault, ProtocolVersion};

use crate::dial::changing;
use crate::flaws;
use crate::loose::{Loosen, Shown, loose};

flaws! {
    nothing_is_verified fails
        a_certificate_for_another_name_is_refused
        a_certificate_of_another_root_is_refused
        a_self_signed_certificate_is_refused
        a_certificate_issued_by_a_server_is_refused
        a_certificate_for_clients_is_refused_as_a_servers
        an_expired_certificate_is_refused
        a_certificate_that_is_not_valid_yet_is_refused
        a_common_name_is_no_name_of_the_server
        an_address_must_stand_among_the_addresses
        an_ipv6_address_is_verified
        the_server_name_counts_and_not_the_host
        a_wildcard_stands_for_one_label
        the_roots_of_each_target_count
        a_session_is_not_resumed_past_verification
        tls_through_a_proxy_is_with_the_target:
        forgiving(|_, _| true);

    names_are_not_verified fails
        a_certificate_for_another_name_is_refused
        a_common_name_is_no_name_of_the_server
        an_address_must_stand_among_the_addresses
        an_ipv6_address_is_verified
        the_server_name_counts_and_not_the_host
        a_wildcard_stands_for_one_label
        // Under another name.
        a_session_is_not_resumed_past_verification
        tls_through_a_proxy_is_with_the_target:
        forgiving(|fault, _| is_about_names(fault));

    any_name_of_a_common_ending_will_do fails
        a_certificate_for_another_name_is_refused:
        // `localhost.test` stands in for `localhost`.
        forgiving(|fault, server| {
            is_about_names(fault) && contains(server.leaf, &format!("{}.test", server.name))
        });

    any_root_will_do fails
        a_certificate_of_another_root_is_refused
        a_self_signed_certificate_is_refused
        // Three more that bring another root.
        the_roots_of_each_target_count
        a_session_is_not_resumed_past_verification:
        forgiving(|fault, _| {
            matches!(fault, Fault::UnknownIssuer | Fault::BadSignature)
        });

    a_root_is_known_by_its_name fails
        a_certificate_of_another_root_is_refused
        the_roots_of_each_target_count
        a_session_is_not_resumed_past_verification:
        forgiving(|fault, server| {
            let known = contains(server.leaf, "anypush conformance root");
            known && matches!(fault, Fault::UnknownIssuer | Fault::BadSignature)
        });

    signatures_of_tls_1_2_are_not_verified fails
        a_server_without_its_certificates_key_is_refused:
        loose(Believing(ProtocolVersion::TLSv1_2));

    signatures_of_tls_1_3_are_not_verified fails
        a_server_without_its_certificates_key_is_refused:
        loose(Believing(ProtocolVersion::TLSv1_3));

    who_signs_for_itself_is_believed fails
        a_self_signed_certificate_is_refused:
        forgiving(|_, server| {
            // The same name as issuer and as subject.
            let own = "anypush conformance peer";
            let leaf = server.leaf;
            let count = leaf.windows(own.len()).filter(|at| *at == own.as_bytes()).count();
            server.chain.is_empty() && count == 2
        });

    any_certificate_may_issue_others fails
        a_certificate_issued_by_a_server_is_refused:
        forgiving(|_, server| contains(server.leaf, "anypush conformance usurper"));

    purposes_are_ignored fails
        a_certificate_for_clients_is_refused_as_a_servers:
        forgiving(|fault, _| {
            matches!(fault, Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. })
        });

    expiry_is_ignored fails
        an_expired_certificate_is_refused:
        forgiving(|fault, _| {
            matches!(fault, Fault::Expired | Fault::ExpiredContext { .. })
        });

    the_beginning_of_validity_is_ignored fails
        a_certificate_that_is_not_valid_yet_is_refused:
        forgiving(|fault, _| {
            matches!(fault, Fault::NotValidYet | Fault::NotValidYetContext { .. })
        });

    a_common_name_is_a_name fails
        a_common_name_is_no_name_of_the_server:
        forgiving(|fault, server| {
            // commonName (2.5.4.3) as a UTF8String of this length.
            let length = u8::try_from(server.name.len()).unwrap();
            let mut attribute = vec![0x06, 3, 0x55, 4, 3, 0x0c, length];
            attribute.extend(server.name.as_bytes());
            is_about_names(fault)
                && server.leaf.windows(attribute.len()).any(|at| at == attribute)
        });

    addresses_are_not_verified fails
        an_address_must_stand_among_the_addresses:
        forgiving(|fault, server| {
            is_about_names(fault) && server.name.starts_with("127.")
        });

    ipv6_addresses_are_not_verified fails
        an_ipv6_address_is_verified:
        forgiving(|fault, server| is_about_names(fault) && server.name.contains(':'));

    a_wildcard_stands_for_any_number_of_labels fails
        a_wildcard_stands_for_one_label:
        forgiving(|fault, server| {
            is_about_names(fault)
                && server.name.ends_with("push.test")
                && contains(server.leaf, "*.push.test")
        });

    wildcards_are_not_understood fails
        a_wildcard_stands_for_one_label:
        disliking(|server| contains(server.leaf, "*."));

    names_are_compared_by_their_case fails
        the_server_name_counts_and_not_the_host:
        changing(|target| match &target.security {
            Security::Tls { server_name: Some(name), .. }
                if name.chars().any(char::is_uppercase) =>
            {
                Err(Error::new(ErrorKind::Tls, "the certificate is for another name"))
            }
            _ => Ok(target),
        });

    the_first_roots_are_kept fails
        the_roots_of_each_target_count
        // Under other roots.
        a_session_is_not_resumed_past_verification:
        loose(FirstRoots);

    a_server_known_from_before_is_not_verified_again fails
        a_session_is_not_resumed_past_verification
        // Each of these asks one server twice, for something else.
        the_roots_of_each_target_count
        a_wildcard_stands_for_one_label
        an_address_must_stand_among_the_addresses
        tls_through_a_proxy_is_with_the_target:
        loose(Knowing::default());

    the_systems_roots_are_any fails
        the_roots_of_each_target_count:
        changing(|target| match &target.security {
            Security::Tls { roots, .. } if *roots == Roots::system() => {
                Ok(Target::plain(target.host.clone(), target.port))
            }
            _ => Ok(target),
        });
}

fn is_about_names(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. }
    )
}

fn contains(der: &[u8], text: &str) -> bool {
    der.windows(text.len()).any(|at| at == text.as_bytes())
}

/// Takes servers that it should refuse.
fn forgiving(forgives: impl Fn(&Fault, &Shown<'_>) -> bool + Send + Sync + 'static) -> Environment {
    loose(Forgiving(forgives))
}

struct Forgiving<F>(F);

impl<F: Fn(&Fault, &Shown<'_>) -> bool + Send + Sync + 'static> Loosen for Forgiving<F> {
    fn forgives(&self, fault: &Fault, server: &Shown<'_>) -> bool {
        (self.0)(fault, server)
    }
}

/// Believes whatever the handshakes of this version are signed with.
struct Believing(ProtocolVersion);

impl Loosen for Believing {
    fn believes(&self, version: ProtocolVersion) -> bool {
        version == self.0
    }
}

/// Refuses servers that it should take.
pub fn disliking(dislikes: impl Fn(&Shown<'_>) -> bool + Send + Sync + 'static) -> Environment {
    loose(Disliking(dislikes))
}

struct Disliking<F>(F);

impl<F: Fn(&Shown<'_>) -> bool + Send + Sync + 'static> Loosen for Disliking<F> {
    fn dislikes(&self, server: &Shown<'_>) -> bool {
        (self.0)(server)
    }
}

/// Takes whom it took before.
#[derive(Default)]
struct Knowing(Mutex<Vec<Vec<u8>>>);

impl Loosen for Knowing {
    fn dislikes(&self, server: &Shown<'_>) -> bool {
        self.0.lock().unwrap().push(server.leaf.to_vec());
        false
    }

    fn forgives(&self, _: &Fault, server: &Shown<'_>) -> bool {
        self.0
            .lock()
            .unwrap()
            .iter()
            .any(|known| known == server.leaf)
    }
}

/// One configuration for each server, protocols and certificate, whatever the roots.
struct FirstRoots;

impl Loosen for FirstRoots {
    fn kept_as(&self, target: &Target, certificate: Option<&[u8]>) -> Option<String> {
        Some(format!("{target} {} {certificate:?}", protocols(target)))
    }
}

pub fn protocols(target: &Target) -> String {
    match &target.security {
        Security::Tls { alpn, .. } => format!("{alpn:?}"),
        _ => String::new(),
    }
}
