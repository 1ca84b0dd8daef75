use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

type Filter = dyn Fn(IpAddr) -> bool + Send + Sync;

/// Which addresses may be dialled: a filter over the resolved addresses, applied to the very
/// address that is dialled, so that a name can't resolve to one thing for the check and to another
/// for the connection.
///
/// Two filters are equal when they are clones of one; the built-in ones are equal to themselves.
#[derive(Clone, Default)]
pub struct Egress(Rule);

#[derive(Clone, Default)]
enum Rule {
    #[default]
    Any,
    Public,
    Custom(Arc<Filter>),
}

impl Egress {
    /// Every address may be dialled. The default.
    pub const fn any() -> Self {
        Self(Rule::Any)
    }

    /// Only addresses of the public Internet: not private, loopback, link-local, multicast,
    /// documentation, benchmark or reserved ones, in neither IPv4, IPv6, nor in the IPv6 forms
    /// that carry an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo).
    pub const fn public() -> Self {
        Self(Rule::Public)
    }

    /// A filter of one's own: `true` lets an address be dialled.
    pub fn filter(filter: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Rule::Custom(Arc::new(filter)))
    }

    /// Whether this address may be dialled.
    pub fn allows(&self, address: IpAddr) -> bool {
        match &self.0 {
            Rule::Any => true,
            Rule::Public => is_public(address),
            Rule::Custom(filter) => filter(address),
        }
    }

    /// Whether it lets every address pass without being asked.
    pub fn is_any(&self) -> bool {
        matches!(self.0, Rule::Any)
    }

    /// What identifies this filter in a pool's key.
    #[cfg(feature = "http2")]
    pub(crate) fn identity(&self) -> usize {
        match &self.0 {
            Rule::Any => 0,
            Rule::Public => 1,
            Rule::Custom(filter) => Arc::as_ptr(filter).cast::<()>() as usize,
        }
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Rule::Any => "Egress::any",
            Rule::Public => "Egress::public",
            Rule::Custom(_) => "Egress::filter",
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// The special-purpose registry of RFC 6890, as far as it is not globally reachable.
fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(a == 0
        || v4.is_private()
        || (a == 100 && (64..128).contains(&b))
        || v4.is_loopback()
        || v4.is_link_local()
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let segments = v6.segments();
    let [a, b, ..] = segments;
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let tail = v4(segments[6], segments[7]);
    match segments {
        // Mapped (::ffff:0:0/96) and compatible (::/96), the unspecified address and loopback.
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] => segments[5] == 0xffff && is_public_v4(tail),
        // Translated, RFC 2765.
        [0, 0, 0, 0, 0xffff, 0, _, _] => false,
        // NAT64, RFC 6052; its local-use prefix, RFC 8215, is not public.
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_public_v4(tail),
        [0x64, 0xff9b, ..] => false,
        // 6to4, RFC 3056.
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Teredo and the rest of the IETF's block, documentation.
        [0x2001, b, ..] if b < 0x200 => false,
        [0x2001, 0xdb8, ..] => false,
        [0x3fff, b, ..] if b < 0x1000 => false,
        // Everything else that is global lies in 2000::/3.
        _ => (a & 0xe000) == 0x2000 && (a != 0x3ffe || b != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_refuses_every_form_of_an_inner_address() {
        for inner in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:1::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "::ffff:0:127.0.0.1",
        ] {
            assert!(!Egress::public().allows(inner.parse().unwrap()), "{inner}");
        }
    }

    #[test]
    fn public_lets_the_internet_through() {
        for outer in [
            "17.188.143.34",
            "8.8.8.8",
            "2620:149:208:4306::5",
            "::ffff:8.8.8.8",
        ] {
            assert!(Egress::public().allows(outer.parse().unwrap()), "{outer}");
        }
    }

    #[test]
    fn a_filter_of_ones_own_decides() {
        let only_loopback = Egress::filter(|address| address.is_loopback());
        assert!(only_loopback.allows("::1".parse().unwrap()));
        assert!(!only_loopback.allows("8.8.8.8".parse().unwrap()));
    }
}
