use std::any::Any;
use std::fmt;

use push_core::{Certificate, Error, ErrorKind, Identity, Result};

/// A client certificate of the simulation: shown to the server, and never checked.
pub(crate) struct SimulatedCertificate {
    chain: Vec<Vec<u8>>,
}

impl SimulatedCertificate {
    pub(crate) fn new(identity: &Identity) -> Self {
        Self {
            chain: identity.chain_der().to_vec(),
        }
    }
}

impl Certificate for SimulatedCertificate {
    fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }
}

impl fmt::Debug for SimulatedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedCertificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// What the server gets to see of a certificate.
pub(crate) fn shown(certificate: Option<&dyn Certificate>) -> Result<Vec<Vec<u8>>> {
    let Some(certificate) = certificate else {
        return Ok(Vec::new());
    };
    let own = (certificate as &dyn Any).downcast_ref::<SimulatedCertificate>();
    own.map(|own| own.chain.clone()).ok_or_else(|| {
        Error::new(
            ErrorKind::ForeignCertificate,
            "the certificate was loaded by another backend: load it with the simulated one",
        )
    })
}
