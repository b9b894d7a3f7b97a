//! Which addresses are public. Everything that is not known to be public is refused.
//!
//! Exceptions that an operator makes are in [`crate::guard`]. Ranges: webhooks.md 5.9 point 4, after
//! the IANA special-purpose registries for IPv4 and IPv6 and RFC 6890.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const V4: [(Ipv4Net, &str); 17] = [
    (v4([0, 0, 0, 0], 8), "an address of this network"),
    (v4([10, 0, 0, 0], 8), "a private address"),
    (v4([100, 64, 0, 0], 10), "a carrier's shared address"),
    (v4([127, 0, 0, 0], 8), "a loopback address"),
    (v4([168, 63, 129, 16], 32), "a cloud metadata address"),
    (v4([169, 254, 0, 0], 16), "a link-local address"),
    (v4([172, 16, 0, 0], 12), "a private address"),
    (v4([192, 0, 0, 0], 24), "a protocol assignment"),
    (v4([192, 0, 2, 0], 24), "a documentation address"),
    (v4([192, 88, 99, 0], 24), "a 6to4 relay address"),
    (v4([192, 168, 0, 0], 16), "a private address"),
    (v4([198, 18, 0, 0], 15), "a benchmarking address"),
    (v4([198, 51, 100, 0], 24), "a documentation address"),
    (v4([203, 0, 113, 0], 24), "a documentation address"),
    (v4([224, 0, 0, 0], 4), "a multicast address"),
    (v4([255, 255, 255, 255], 32), "the broadcast address"),
    (v4([240, 0, 0, 0], 4), "a reserved address"),
];

/// The only part of IPv6 that IANA hands out as global unicast; all else is refused unseen.
const V6_GLOBAL: Ipv6Net = v6([0x2000, 0, 0], 3);

const V6: [(Ipv6Net, &str); 17] = [
    (v6([0x2001, 0, 0], 32), "a Teredo address"),
    (v6([0x2001, 0, 0], 23), "a protocol assignment"),
    (v6([0x2001, 0xdb8, 0], 32), "a documentation address"),
    (v6([0x2002, 0, 0], 16), "a 6to4 address"),
    (v6([0x3fff, 0, 0], 20), "a documentation address"),
    (v6([0x64, 0xff9b, 1], 48), "a local translation address"),
    (v6([0x100, 0, 0], 64), "a discard address"),
    (v6([0x5f00, 0, 0], 16), "a segment routing address"),
    (v6([0xfc00, 0, 0], 7), "a private address"),
    (v6([0xfe80, 0, 0], 10), "a link-local address"),
    (v6([0xfec0, 0, 0], 10), "a site-local address"),
    (v6([0xff00, 0, 0], 8), "a multicast address"),
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128), "the unspecified address"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "a loopback address"),
    (v6([0, 0, 0], 96), "an IPv4-compatible address"),
    (v6([0, 0, 0], 8), "a reserved address"),
    (v6([0x4000, 0, 0], 2), "an unassigned address"),
];

/// Translation of IPv4 by a gateway (RFC 6052): as public as the address inside.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0], 96);

/// Where clouds hand out credentials. No allow list opens these: nobody receives webhooks there.
const METADATA: [IpAddr; 7] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

const fn v4(octets: [u8; 4], bits: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(start: [u16; 3], bits: u8) -> Ipv6Net {
    let [a, b, c] = start;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// The address that packets end up at: the inner one of a mapped or translated address.
pub(crate) fn effective(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(outer) = ip else { return ip };
    if let Some(inner) = outer.to_ipv4_mapped() {
        return inner.into();
    }
    if NAT64.contains(&outer) {
        let [.., a, b, c, d] = outer.octets();
        return Ipv4Addr::new(a, b, c, d).into();
    }
    ip
}

pub(crate) fn is_metadata(ip: IpAddr) -> bool {
    METADATA.contains(&effective(ip))
}

/// What is wrong with an address, in words that follow "is"; `None` for a public one.
pub fn refusal(ip: IpAddr) -> Option<&'static str> {
    match effective(ip) {
        ip if METADATA.contains(&ip) => Some("a cloud metadata address"),
        IpAddr::V4(ip) => V4.iter().find(|(net, _)| net.contains(&ip)).map(|(_, why)| *why),
        IpAddr::V6(ip) => {
            let known = V6.iter().find(|(net, _)| net.contains(&ip)).map(|(_, why)| *why);
            known.or_else(|| (!V6_GLOBAL.contains(&ip)).then_some("not a global unicast address"))
        }
    }
}

#[cfg(test)]
mod tests {
    use ip_network::IpNetwork;
    use ipnet::IpNet;
    use proptest::prelude::*;

    use super::*;

    const REFUSED: [&str; 32] = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
        "::/128",
        "::1/128",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "4000::/2",
        "8000::/1",
    ];

    /// The address at this place of a network, counted by the bits outside its prefix.
    fn inside(net: IpNet, place: u128) -> IpAddr {
        match net {
            IpNet::V4(net) => {
                let bits = u32::from(net.network())
                    | ((place & 0xffff_ffff) as u32 & u32::from(net.hostmask()));
                Ipv4Addr::from(bits).into()
            }
            IpNet::V6(net) => {
                Ipv6Addr::from(u128::from(net.network()) | (place & u128::from(net.hostmask())))
                    .into()
            }
        }
    }

    /// The address that many places from this one, around the end of all addresses.
    fn beside(ip: IpAddr, places: i8) -> IpAddr {
        match ip {
            IpAddr::V4(ip) => {
                Ipv4Addr::from(u32::from(ip).wrapping_add_signed(places.into())).into()
            }
            IpAddr::V6(ip) => {
                Ipv6Addr::from(u128::from(ip).wrapping_add_signed(places.into())).into()
            }
        }
    }

    /// Nobody receives webhooks at a multicast address, a relay or a cloud's own services, and of IPv6 only
    /// what is handed out can be anybody's.
    const STRICTER: [&str; 9] = [
        "168.63.129.16/32",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "::/3",
        "4000::/2",
        "8000::/1",
    ];

    fn refused(text: &str) -> Option<&'static str> {
        refusal(text.parse().unwrap())
    }

    #[test]
    fn case_41_public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001:80e::200e",
            "2001:200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }

    #[test]
    fn case_41_an_address_inside_another_is_judged_by_the_inner_one() {
        assert_eq!(refused("::ffff:10.0.0.1"), Some("a private address"));
        assert_eq!(refused("64:ff9b::127.0.0.1"), Some("a loopback address"));
        assert_eq!(refused("::ffff:169.254.169.254"), Some("a cloud metadata address"));
        assert_eq!(refused("64:ff9b::a9fe:a9fe"), Some("a cloud metadata address"));
        assert_eq!(refused("::8.8.8.8"), Some("an IPv4-compatible address"));
        assert_eq!(refused("2002:808:808::1"), Some("a 6to4 address"));
    }

    proptest! {
        #[test]
        fn case_41_no_address_of_a_special_range_passes(range in 0..REFUSED.len(), place in any::<u128>()) {
            let net: IpNet = REFUSED[range].parse().unwrap();
            for place in [0, place, u128::MAX] {
                let ip = inside(net, place);
                prop_assert!(refusal(ip).is_some(), "{ip} of {net}");
                if let IpAddr::V4(ip) = ip {
                    prop_assert!(refusal(ip.to_ipv6_mapped().into()).is_some());
                }
            }
        }

        /// Another library, after the same registries: what it refuses, we refuse. What it lets pass and
        /// we do not is listed, with the reason.
        #[test]
        fn case_41_another_classifier_finds_nothing_that_should_have_been_refused(
            range in 0..REFUSED.len(), place in any::<u128>(), near in -2..=2_i8, anywhere in any::<bool>(),
        ) {
            let net: IpNet = REFUSED[range].parse().unwrap();
            let all: IpNet = if net.addr().is_ipv4() { "0.0.0.0/0" } else { "::/0" }.parse().unwrap();
            let edge = if place.is_multiple_of(2) { net.network() } else { net.broadcast() };
            let ip = if anywhere { inside(all, place) } else { beside(edge, near) };
            let theirs = IpNetwork::from(ip).is_global();
            let stricter = |net: &&str| net.parse::<IpNet>().unwrap().contains(&ip);
            match refusal(ip) {
                None if effective(ip) == ip => prop_assert!(theirs, "{ip}"),
                None => {}
                Some(_) if STRICTER.iter().any(stricter) => {}
                Some(_) => prop_assert!(!theirs, "{ip}"),
            }
        }

        #[test]
        fn ipv6_outside_global_unicast_passes_only_as_public_ipv4(bits in any::<u128>()) {
            let ip = Ipv6Addr::from(bits);
            if refusal(ip.into()).is_none() {
                prop_assert!(V6_GLOBAL.contains(&ip) || effective(ip.into()).is_ipv4());
            }
        }
    }
}
