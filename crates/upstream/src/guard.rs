//! Which addresses a supplier's name may resolve to, and which a client may point at.
//!
//! A public name that resolves to a link-local address is how cloud metadata services are reached by trickery
//! (`169.254.169.254`); no supplier lives there. Private ranges stay allowed: own models do live there. An address
//! that the configuration spells out as a number is the operator's own word and is not second-guessed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a name may lead to `address`.
pub(crate) fn may_dial(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast())
        }
        IpAddr::V6(v6) => !(v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast()),
    }
}

/// IPv4 networks that are nobody's place on the public Internet. Source: IANA's IPv4 Special-Purpose Address Registry, as of
/// 2026-11-28, multicast and what is reserved; and `168.63.129.16`, Azure's wire server, which looks public.
const INTERNAL_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// IPv6 networks within `2000::/3` that are no plain host's: IETF protocols (Teredo among them), documentation, 6to4.
const INTERNAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The network in which a translator says IPv4 addresses (RFC 6052).
const NAT64: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// Whether `address` is a plain host's on the public Internet: what a client points at may be nothing else.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !INTERNAL_V4.iter().any(|(network, length)| {
            let rest = 32 - length;
            u32::from(v4) >> rest == u32::from(*network) >> rest
        }),
        IpAddr::V6(v6) => {
            let bits = u128::from(v6);
            if bits >> 32 == u128::from(NAT64) >> 32 {
                let [.., a, b, c, d] = v6.octets();
                return is_public(IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
            }
            let within = |network: Ipv6Addr, length: u32| {
                bits >> (128 - length) == u128::from(network) >> (128 - length)
            };
            within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !INTERNAL_V6.iter().any(|(network, length)| within(*network, *length))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn g25_names_never_lead_to_metadata_services() {
        for refused in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!may_dial(refused.parse().unwrap()), "{refused}");
        }
        for allowed in ["127.0.0.1", "10.1.2.3", "192.168.1.1", "8.8.8.8", "::1", "2606:4700::1"] {
            assert!(may_dial(allowed.parse().unwrap()), "{allowed}");
        }
    }

    #[test]
    fn g25_clients_point_at_the_public_internet_alone() {
        for refused in [
            "0.0.0.0",
            "10.1.2.3",
            "100.100.100.200",
            "127.0.0.1",
            "127.8.8.8",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.0.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "fd00:ec2::254",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
        ] {
            assert!(!is_public(refused.parse().unwrap()), "{refused}");
        }
        for allowed in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "64:ff9b::808:808", "2a00:1450::1"]
        {
            assert!(is_public(allowed.parse().unwrap()), "{allowed}");
        }
    }

    proptest! {
        /// However an internal IPv4 address is dressed up as an IPv6 one, it stays internal.
        #[test]
        fn g25_internal_addresses_have_no_disguise(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from(bits);
            let [a, b, c, d] = v4.octets().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            let dressed = [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ];
            let is_internal = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_unspecified() || v4.is_documentation();
            if is_internal {
                prop_assert!(!is_public(IpAddr::V4(v4)));
            }
            for v6 in dressed {
                prop_assert!(!is_public(IpAddr::V6(v6)) || is_public(IpAddr::V4(v4)), "{}", v6);
            }
        }
    }
}
