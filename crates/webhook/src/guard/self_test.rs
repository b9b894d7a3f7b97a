//! Whether the guard in force judges as it should, on one address of each kind. Asked before a server is ready
//! and by `postroom doctor`. Source: webhooks.md 5.18.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::Guard;
use crate::address;

/// Refused, unless the operator listed them. The last three are IPv4 in other clothes.
const REFUSED: [IpAddr; 14] = [
    v4([0, 0, 0, 0]),
    v4([10, 0, 0, 1]),
    v4([100, 64, 0, 1]),
    v4([127, 0, 0, 1]),
    v4([169, 254, 0, 1]),
    v4([172, 16, 0, 1]),
    v4([192, 168, 0, 1]),
    v4([224, 0, 0, 1]),
    v6([0, 0, 0, 0, 0, 0, 0, 1]),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 1]),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 1]),
    v6([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1]),
    v6([0, 0, 0, 0, 0, 0xffff, 0xa00, 1]),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0xa00, 1]),
];
/// Refused whatever is listed: where clouds hand out credentials.
const METADATA: [IpAddr; 3] = [
    v4([169, 254, 169, 254]),
    v6([0, 0, 0, 0, 0, 0xffff, 0xa9fe, 0xa9fe]),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]),
];
/// Public, and taken.
const TAKEN: [IpAddr; 2] = [v4([1, 1, 1, 1]), v6([0x2606, 0x4700, 0, 0, 0, 0, 0, 0x1111])];

const fn v4(octets: [u8; 4]) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_octets(octets))
}

const fn v6(segments: [u16; 8]) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from_segments(segments))
}

impl Guard {
    /// Tries what decides over every connection; `listed` is what the configuration allows beside public
    /// addresses. The error names the first address that is judged otherwise than that says.
    pub fn self_test(&self, listed: &[IpNet]) -> Result<(), String> {
        try_out(|ip| self.judge(ip).is_ok(), listed)
    }
}

fn try_out(takes: impl Fn(IpAddr) -> bool, listed: &[IpNet]) -> Result<(), String> {
    let is_listed = |ip| listed.iter().any(|net| net.contains(&address::effective(ip)));
    let expected = METADATA.map(|ip| (ip, false)).into_iter();
    let expected = expected.chain(REFUSED.map(|ip| (ip, is_listed(ip))));
    for (ip, is_taken) in expected.chain(TAKEN.map(|ip| (ip, true))) {
        match (takes(ip), is_taken) {
            (true, false) => return Err(format!("lets {ip} through")),
            (false, true) => return Err(format!("refuses {ip}")),
            (true, true) | (false, false) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|net| net.parse().unwrap()).collect()
    }

    #[test]
    fn every_guard_passes_by_what_is_listed_for_it_be_it_nothing_a_part_or_all() {
        for texts in [&[][..], &["127.0.0.0/8", "10.0.0.0/8", "fc00::/7"], &["0.0.0.0/0", "::/0"]] {
            let listed = nets(texts);
            assert_eq!(Guard::new(listed.clone()).self_test(&listed), Ok(()), "{texts:?}");
        }
    }

    #[test]
    fn a_guard_that_takes_what_is_not_listed_or_refuses_what_is_fails() {
        let private = nets(&["10.0.0.0/8"]);
        let refused = |what: &str| Err(what.to_owned());
        assert_eq!(Guard::new(private.clone()).self_test(&[]), refused("lets 10.0.0.1 through"));
        assert_eq!(Guard::new([]).self_test(&private), refused("refuses 10.0.0.1"));
    }

    #[test]
    fn each_single_address_that_is_judged_wrongly_fails_it() {
        let right = |ip| address::refusal(ip).is_none();
        assert_eq!(try_out(right, &[]), Ok(()));
        for wrong in METADATA.iter().chain(&REFUSED).chain(&TAKEN) {
            let found = try_out(|ip| right(ip) != (ip == *wrong), &[]).unwrap_err();
            assert!(found.contains(&wrong.to_string()), "{wrong}: {found}");
        }
        let all = nets(&["0.0.0.0/0", "::/0"]);
        assert_eq!(try_out(|_| true, &all), Err("lets 169.254.169.254 through".to_owned()));
    }
}
