use x509_cert::Certificate as X509;
use x509_cert::der::{Decode, Encode};

use super::invalid;
use crate::{CertificateInfo, Result};

/// Longer than any chain that a server reads; certificates that issue each other have no end.
const MAX_CHAIN: usize = 16;

/// The own certificate that is valid longest, then those that issued it, as far as they are there.
pub(super) fn in_order(own: &[Vec<u8>], others: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let mut dated = Vec::with_capacity(own.len());
    for der in own {
        let info = CertificateInfo::from_der(der)?;
        // The fingerprint, so that the choice depends on nothing else than the certificates.
        dated.push(((info.not_after, info.fingerprint), der));
    }
    let (_, first) = dated
        .into_iter()
        .max_by_key(|(order, _)| *order)
        .ok_or_else(|| invalid("the certificate chain is empty"))?;
    let others = others
        .iter()
        .map(|der| Names::of(der).map(|names| (names, der)))
        .collect::<Result<Vec<_>>>()?;
    let mut names = Names::of(first)?;
    let mut chain = vec![first.clone()];
    while names.subject != names.issuer && chain.len() < MAX_CHAIN {
        let issuer = others
            .iter()
            .find(|(other, der)| other.subject == names.issuer && !chain.contains(der));
        let Some((issuer, der)) = issuer else { break };
        chain.push((*der).clone());
        names = issuer.clone();
    }
    Ok(chain)
}

#[derive(Clone)]
struct Names {
    subject: Vec<u8>,
    issuer: Vec<u8>,
}

impl Names {
    fn of(der: &[u8]) -> Result<Self> {
        let read = || {
            let tbs = X509::from_der(der)?.tbs_certificate;
            Ok(Self {
                subject: tbs.subject.to_der()?,
                issuer: tbs.issuer.to_der()?,
            })
        };
        read().map_err(|error: x509_cert::der::Error| {
            invalid("a certificate of the chain is not valid X.509").with_source(error)
        })
    }
}
