use crate::{Egress, Proxy, Roots, Target};

/// How the servers of a client are reached, whichever they are: for the clients of services.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reach {
    /// Who must have issued the servers' certificates. Default: the system's roots.
    pub roots: Roots,
    /// Which addresses may be dialled. Default: any.
    pub egress: Egress,
    /// The HTTP proxy to go through. Default: none.
    pub proxy: Option<Proxy>,
}

impl Reach {
    /// A server that speaks TLS.
    pub fn target(&self, host: &str, port: u16) -> Target {
        self.lead_to(Target::tls(host, port).roots(self.roots.clone()))
    }

    /// A server without encryption.
    pub fn plain_target(&self, host: &str, port: u16) -> Target {
        self.lead_to(Target::plain(host, port))
    }

    fn lead_to(&self, target: Target) -> Target {
        let target = target.egress(self.egress.clone());
        match &self.proxy {
            Some(proxy) => target.proxy(proxy.clone()),
            None => target,
        }
    }
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            roots: Roots::system(),
            egress: Egress::any(),
            proxy: None,
        }
    }
}
