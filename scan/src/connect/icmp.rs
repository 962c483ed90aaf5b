//! ICMP errors that belong to a connection, from the socket's error queue (ip(7) and ipv6(7),
//! `IP_RECVERR`, `IPV6_RECVERR`). They need no privileges: the kernel has checked that each quotes a
//! packet of this socket.

use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use portvakt_model::PortState;
use socket2::Socket;

use super::outcome::Outcome;

/// Asks the kernel to keep ICMP errors. Without them a state is told by the error number alone, which
/// is coarser and still right.
pub(crate) fn listen(socket: &Socket, to: SocketAddr) {
    let _ = if to.is_ipv6() {
        setsockopt(socket, sockopt::Ipv6RecvErr, &true)
    } else {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)
    };
}

/// Most errors read for one connection; the kernel's queue is bounded too, by the receive buffer.
const MOST_ERRORS: usize = 8;

/// The first error in the queue that says something of the port.
pub(crate) fn queued(socket: &Socket) -> Option<Outcome> {
    (0..MOST_ERRORS).map_while(|_| one(socket).ok()).flatten().next()
}

/// What the next error of the queue means here; fails when it is empty.
fn one(socket: &Socket) -> nix::Result<Option<Outcome>> {
    // The kernel hands back the packet that was refused; not a byte of it is needed.
    let mut quoted = [0; 1];
    let mut quoted = [IoSliceMut::new(&mut quoted)];
    let mut space = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let read =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut quoted, Some(&mut space), flags)?;
    let own = socket.local_addr().ok().and_then(|a| a.as_socket()).map(|a| a.ip());
    let to = read.address.and_then(ip);
    let errors = read.cmsgs()?.filter_map(|message| {
        let (outcome, from) = match message {
            ControlMessageOwned::Ipv4RecvErr(e, from) if e.ee_origin == libc::SO_EE_ORIGIN_ICMP => {
                let from = from.map(|a| IpAddr::from(a.sin_addr.s_addr.to_ne_bytes()));
                (v4(e.ee_type, e.ee_code)?, from)
            }
            ControlMessageOwned::Ipv6RecvErr(e, from)
                if e.ee_origin == libc::SO_EE_ORIGIN_ICMP6 =>
            {
                (v6(e.ee_type, e.ee_code)?, from.map(|a| IpAddr::from(a.sin6_addr.s6_addr)))
            }
            _ => return None,
        };
        let is_ours = from.is_some() && from == own && from != to;
        Some(if is_ours { by_ourselves(outcome) } else { outcome })
    });
    Ok(errors.last())
}

fn ip(address: SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|a| IpAddr::from(a.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::from(a.ip())))
}

/// What an error means that our own kernel sends itself: nobody on the link answers for the address, or
/// our own filter refuses what we send.
fn by_ourselves(outcome: Outcome) -> Outcome {
    match outcome.state() {
        Some(PortState::Unreachable) => Outcome::NoRoute,
        _ => Outcome::NotSent,
    }
}

/// RFC 792 and RFC 1812, 5.2.7.1: destination unreachable is type 3.
fn v4(kind: u8, code: u8) -> Option<Outcome> {
    Some(match (kind, code) {
        (3, 0 | 6 | 11) => Outcome::NetUnreachable,
        (3, 1 | 5 | 7 | 8 | 12) => Outcome::HostUnreachable,
        (3, 2) => Outcome::ProtocolUnreachable,
        (3, 3) => Outcome::PortUnreachable,
        (3, 9) => Outcome::NetProhibited,
        (3, 10) => Outcome::HostProhibited,
        (3, 13) => Outcome::AdminProhibited,
        _ => return None,
    })
}

/// RFC 4443, 3.1: destination unreachable is type 1.
fn v6(kind: u8, code: u8) -> Option<Outcome> {
    Some(match (kind, code) {
        (1, 0) => Outcome::NetUnreachable,
        (1, 2 | 3) => Outcome::HostUnreachable,
        (1, 1 | 5 | 6) => Outcome::AdminProhibited,
        (1, 4) => Outcome::PortUnreachable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prohibitions_are_told_from_what_cannot_be_reached() {
        let said =
            |outcome: Option<Outcome>| outcome.map(|o| (o.state().unwrap().name(), o.reason()));
        assert_eq!(said(v4(3, 1)), Some(("unreachable", "host-unreach")));
        assert_eq!(said(v4(3, 3)), Some(("filtered", "port-unreach")));
        assert_eq!(said(v4(3, 13)), Some(("filtered", "admin-prohibited")));
        assert_eq!(v4(3, 4), None, "a packet that is too big says nothing of the port");
        assert_eq!(v4(11, 0), None, "nor does one that went round in circles");
        assert_eq!(said(v6(1, 0)), Some(("unreachable", "net-unreach")));
        assert_eq!(said(v6(1, 1)), Some(("filtered", "admin-prohibited")));
        assert_eq!(said(v6(1, 4)), Some(("filtered", "port-unreach")));
    }
}
