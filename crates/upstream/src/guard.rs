//! Which addresses a supplier's name may resolve to.
//!
//! A public name that resolves to a link-local address is how cloud metadata services are reached by trickery
//! (`169.254.169.254`); no supplier lives there. Private ranges stay allowed: own models do live there. An address
//! that the configuration spells out as a number is the operator's own word and is not second-guessed.

use std::net::IpAddr;

/// Whether a name may lead to `address`.
pub(crate) fn may_dial(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast())
        }
        IpAddr::V6(v6) => !(v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast()),
    }
}

#[cfg(test)]
mod tests {
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
}
