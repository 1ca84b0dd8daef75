use push_core::{Egress, Proxy, Roots, Target};

/// How the servers of a client are reached.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) roots: Roots,
    pub(crate) egress: Egress,
    pub(crate) proxy: Option<Proxy>,
}

impl Reach {
    /// A server that speaks TLS.
    pub(crate) fn target(&self, host: &str, port: u16) -> Target {
        let target = Target::tls(host, port)
            .roots(self.roots.clone())
            .egress(self.egress.clone());
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
