//! Where turrets reach this machine: the addresses that are offered for voice.
//!
//! Law: an address is offered only when a turret can send to it at the bound socket. What serves this machine alone comes
//! last, so a turret elsewhere tries what can answer first.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Addresses that are offered at most: a machine with many virtual networks would fill every answer.
const OFFERED_MAX: usize = 16;

/// The addresses to offer for a socket that is bound to `bound`: the named ones, or the bound one, or, when it is bound to
/// every address, those of this machine. None when no other machine could reach any of these.
pub fn candidates(bound: SocketAddr, advertise: &[IpAddr], of_machine: &[IpAddr]) -> Vec<SocketAddr> {
    let hosts = if !advertise.is_empty() {
        advertise.to_vec()
    } else if bound.ip().is_unspecified() {
        reachable(bound.is_ipv6(), of_machine)
    } else {
        vec![bound.ip()]
    };
    hosts.into_iter().map(|host| SocketAddr::new(host, bound.port())).collect()
}

/// The global addresses first, loopback last; an IPv6 socket that is bound to every address takes IPv4 too.
fn reachable(ipv6: bool, of_machine: &[IpAddr]) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in of_machine {
        let global = match address {
            IpAddr::V4(v4) => !v4.is_link_local() && !v4.is_multicast() && !v4.is_broadcast(),
            IpAddr::V6(v6) => ipv6 && !v6.is_unicast_link_local() && !v6.is_multicast(),
        };
        let offered = global && !address.is_loopback() && !address.is_unspecified();
        if offered && !found.contains(address) && found.len() < OFFERED_MAX {
            found.push(*address);
        }
    }
    if !found.is_empty() {
        found.push(Ipv4Addr::LOCALHOST.into());
        found.extend(ipv6.then_some(IpAddr::from(Ipv6Addr::LOCALHOST)));
    }
    found
}

/// At which of these a datagram from `source` came in, as far as its address tells.
pub fn likely(candidates: &[SocketAddr], source: SocketAddr) -> Option<SocketAddr> {
    let alike = |c: &&SocketAddr| c.is_ipv4() == source.is_ipv4();
    let near = |c: &&SocketAddr| c.ip().is_loopback() == source.ip().is_loopback();
    let found = candidates.iter().find(|c| alike(c) && near(c));
    found.or_else(|| candidates.iter().find(alike)).or(candidates.first()).copied()
}

/// The addresses of all interfaces that are up, in the system's order.
///
/// # Errors
/// The system does not tell.
pub fn of_this_machine() -> io::Result<Vec<IpAddr>> {
    let mut first: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: getifaddrs(3) writes a list into the pointer, or fails and leaves it.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut next = first;
    // SAFETY: every entry, and the address in it, lives until the list is freed below; the last one's next is null.
    while let Some(entry) = unsafe { next.as_ref() } {
        next = entry.ifa_next;
        if entry.ifa_flags & libc::IFF_UP.cast_unsigned() != 0 {
            // SAFETY: as above.
            found.extend(unsafe { ip_of(entry.ifa_addr) });
        }
    }
    // SAFETY: the list came from getifaddrs(3) and is not used any more.
    unsafe { libc::freeifaddrs(first) };
    Ok(found)
}

/// # Safety
/// `address` is null, or points at an address as long as its family says.
unsafe fn ip_of(address: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: the caller's promise.
    let family = i32::from(unsafe { address.as_ref() }?.sa_family);
    match family {
        libc::AF_INET => {
            // SAFETY: of this family it is as long as this; it may stand unaligned.
            let raw = unsafe { address.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(IpAddr::from(raw.sin_addr.s_addr.to_ne_bytes()))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let raw = unsafe { address.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(IpAddr::from(raw.sin6_addr.s6_addr))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MACHINE: [&str; 6] = ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7", "fe80::7", "169.254.3.4"];

    fn offered(bound: &str, advertise: &[&str], of_machine: &[&str]) -> Vec<String> {
        let ips = |words: &[&str]| words.iter().map(|word| word.parse().unwrap()).collect::<Vec<IpAddr>>();
        let all = candidates(bound.parse().unwrap(), &ips(advertise), &ips(of_machine));
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_switch_that_listens_everywhere_offers_the_machines_addresses_and_loopback_last() {
        assert_eq!(offered("0.0.0.0:7443", &[], &MACHINE), ["192.0.2.7:7443", "127.0.0.1:7443"]);
        let both = ["192.0.2.7:7443", "[2001:db8::7]:7443", "127.0.0.1:7443", "[::1]:7443"];
        assert_eq!(offered("[::]:7443", &[], &MACHINE), both);
    }

    #[test]
    fn a_named_address_wins_and_a_bound_one_is_the_only_one() {
        assert_eq!(offered("0.0.0.0:7443", &["198.51.100.1"], &MACHINE), ["198.51.100.1:7443"]);
        assert_eq!(offered("127.0.0.1:7443", &[], &MACHINE), ["127.0.0.1:7443"]);
    }

    #[test]
    fn a_machine_without_a_network_offers_nothing_when_everybody_was_to_reach_it() {
        assert!(offered("0.0.0.0:7443", &[], &["127.0.0.1", "::1", "fe80::7"]).is_empty());
    }

    #[test]
    fn a_machine_with_very_many_addresses_offers_sixteen_and_loopback() {
        let many: Vec<String> = (1..=40).map(|n| format!("10.0.0.{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let offered = offered("0.0.0.0:7443", &[], &many);
        assert_eq!((offered.len(), offered[16].as_str()), (17, "127.0.0.1:7443"));
    }

    #[test]
    fn this_machine_has_the_loopback_address() {
        assert!(of_this_machine().unwrap().contains(&Ipv4Addr::LOCALHOST.into()));
    }
}
