//! Which way packets go: asked of the kernel, which knows every table and rule.
//!
//! One question for each address would take longer than a scan. The kernel's answer changes only where some
//! route or rule begins or ends, so targets are cut there and one address of each piece is asked
//! (rtnetlink(7)).

use std::io::{self, Read, Write};
use std::net::IpAddr;

use ipnetwork::IpNetwork;
use socket2::{Domain, Protocol, Socket, Type};

use crate::plan::{Range, address, number};

/// Addresses that packets reach in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) range: Range,
    /// `None` where the kernel has no route, or one that must not be used: broadcast.
    pub(crate) via: Option<Via>,
}

/// How to get to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Via {
    /// Index of the interface.
    pub(crate) interface: u32,
    /// Our own address on that way.
    pub(crate) source: IpAddr,
    /// The router, unless the address is on the link itself.
    pub(crate) gateway: Option<IpAddr>,
    /// Whether the address is our own.
    pub(crate) own: bool,
}

/// Routes and rules of which account is taken. A sensor with more (a full table of the Internet has a million
/// prefixes) is refused rather than read half.
const MOST_ROUTES: usize = 100_000;
/// How long the kernel is waited for; it answers at once.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// Finds the way to every address, in the order of the ranges.
pub(crate) fn ways(ranges: &[Range]) -> io::Result<Vec<Way>> {
    let mut kernel = Kernel::new()?;
    let mut cuts = Vec::new();
    for v4 in [true, false] {
        if ranges.iter().any(|r| r.0.is_ipv4() == v4) {
            kernel.boundaries(v4, GET_ROUTE, &mut cuts)?;
            kernel.boundaries(v4, GET_RULE, &mut cuts)?;
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    let mut ways: Vec<Way> = Vec::new();
    for range in ranges.iter().flat_map(|range| pieces(*range, &cuts)) {
        let via = kernel.via(range.0)?;
        match ways.last_mut() {
            Some(last) if last.via == via && adjoin(last.range, range) => last.range.1 = range.1,
            _ => ways.push(Way { range, via }),
        }
    }
    Ok(ways)
}

/// Hands over each hardware address that somebody has written into the kernel's table, with its interface:
/// such a host need not answer questions (ip-neighbour(8), `permanent`).
pub(crate) fn fixed_neighbours(each: &mut dyn FnMut(u32, IpAddr, [u8; 6])) -> io::Result<()> {
    let mut kernel = Kernel::new()?;
    for v4 in [true, false] {
        kernel.ask(GET_NEIGHBOUR, REQUEST | DUMP, &header(v4, 0), &[], &mut |message| {
            if let Some((interface, address, mac)) = fixed_neighbour(message, v4) {
                each(interface, address, mac);
            }
        })?;
    }
    Ok(())
}

/// `struct ndmsg` has the length of `struct rtmsg`: interface at 4, state at 8.
fn fixed_neighbour(message: &[u8], v4: bool) -> Option<(u32, IpAddr, [u8; 6])> {
    if half_or_word(message, 8, 2) & PERMANENT == 0 {
        return None;
    }
    let address = attribute(message, DESTINATION).and_then(|bytes| from_octets(bytes, v4))?;
    let mac = attribute(message, HARDWARE)?.try_into().ok()?;
    Some((half_or_word(message, 4, 4), address, mac))
}

fn adjoin(a: Range, b: Range) -> bool {
    a.1.is_ipv4() == b.0.is_ipv4() && number(a.1).checked_add(1) == Some(number(b.0))
}

/// Cuts a range in front of each address of `cuts`, which is sorted.
fn pieces(range: Range, cuts: &[IpAddr]) -> Vec<Range> {
    let (from, to) =
        (cuts.partition_point(|c| *c <= range.0), cuts.partition_point(|c| *c <= range.1));
    let within = || cuts[from.min(to)..to].iter().filter(|c| c.is_ipv4() == range.0.is_ipv4());
    let starts = std::iter::once(range.0).chain(within().copied());
    let ends = within().map(|c| address(number(*c) - 1, c.is_ipv4())).chain([range.1]);
    starts.zip(ends).collect()
}

// Numbers of `linux/rtnetlink.h`, `linux/netlink.h`, `linux/fib_rules.h` and `linux/neighbour.h`.
const GET_ROUTE: u16 = 26;
const GET_NEIGHBOUR: u16 = 30;
const GET_RULE: u16 = 34;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const DESTINATION: u16 = 1;
const INTERFACE: u16 = 4;
const GATEWAY: u16 = 5;
const SOURCE: u16 = 7;
const GATEWAY_VIA: u16 = 18;
const HARDWARE: u16 = 2;
const PERMANENT: u32 = 0x80;
const UNICAST: u8 = 1;
const LOCAL: u8 = 2;
/// Lengths of the headers of messages, routes and attributes.
const MESSAGE: usize = 16;
const ROUTE: usize = 12;
const ATTRIBUTE: usize = 4;

struct Kernel {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Kernel {
    fn new() -> io::Result<Self> {
        let netlink = Domain::from(libc::AF_NETLINK);
        let socket = Socket::new(netlink, Type::RAW, Some(Protocol::from(libc::NETLINK_ROUTE)))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { socket, sequence: 0, buffer: vec![0; 64 << 10] })
    }

    /// Adds where prefixes of routes or rules begin, and where they have ended.
    fn boundaries(&mut self, v4: bool, kind: u16, cuts: &mut Vec<IpAddr>) -> io::Result<()> {
        let mut too_many = false;
        let found = &mut *cuts;
        self.ask(kind, REQUEST | DUMP, &header(v4, 0), &[], &mut |message| {
            too_many |= found.len() > 2 * MOST_ROUTES;
            let prefix = prefix(message, v4).filter(|_| !too_many);
            let Some(prefix) = prefix else { return };
            let after = number(prefix.broadcast()).checked_add(1);
            let after = after.filter(|a| !v4 || u32::try_from(*a).is_ok());
            found.push(prefix.network());
            found.extend(after.map(|a| address(a, v4)));
        })?;
        if too_many {
            return Err(io::Error::other(format!("more than {MOST_ROUTES} routes")));
        }
        Ok(())
    }

    /// Asks the way to one address.
    fn via(&mut self, to: IpAddr) -> io::Result<Option<Via>> {
        let v4 = to.is_ipv4();
        let octets = octets(to);
        let mut attribute = ((ATTRIBUTE + octets.len()) as u16).to_ne_bytes().to_vec();
        attribute.extend(DESTINATION.to_ne_bytes());
        attribute.extend(octets);
        let mut via = None;
        let head = header(v4, if v4 { 32 } else { 128 });
        let asked = self.ask(GET_ROUTE, REQUEST, &head, &attribute, &mut |message| {
            via = understood(message, v4);
        });
        match asked {
            Ok(()) => Ok(via),
            // "Network unreachable", "No route to host", "Permission denied", "Invalid argument": routes
            // that say no (ip-route(8): unreachable, prohibit, blackhole).
            Err(error) if is_refusal(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends one question and hands each message of the answer, without its header, to `each`.
    fn ask(
        &mut self,
        kind: u16,
        flags: u16,
        header: &[u8; ROUTE],
        attributes: &[u8],
        each: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        self.sequence += 1;
        let mut question = Vec::with_capacity(64);
        question.extend(((MESSAGE + ROUTE + attributes.len()) as u32).to_ne_bytes());
        question.extend(kind.to_ne_bytes());
        question.extend(flags.to_ne_bytes());
        question.extend(self.sequence.to_ne_bytes());
        question.extend([0; 4]);
        question.extend(header);
        question.extend(attributes);
        self.socket.write_all(&question)?;
        while !self.answered(flags & DUMP == DUMP, each)? {}
        Ok(())
    }

    /// Reads one datagram of the answer; says whether it was the last.
    fn answered(&mut self, dump: bool, each: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        let length = self.socket.read(&mut self.buffer)?;
        let mut rest = &self.buffer[..length];
        let mut last = false;
        while let Some((message, after)) = cut(rest, half_or_word(rest, 0, 4) as usize) {
            rest = after;
            let kind = half_or_word(message, 4, 2) as u16;
            if message.len() < MESSAGE || half_or_word(message, 8, 4) != self.sequence {
                continue;
            }
            match kind {
                DONE => return Ok(true),
                ERROR => {
                    let code = half_or_word(message, MESSAGE, 4).cast_signed();
                    return if code == 0 {
                        Ok(true)
                    } else {
                        Err(io::Error::from_raw_os_error(-code))
                    };
                }
                _ => {
                    each(&message[MESSAGE..]);
                    last = !dump;
                }
            }
        }
        Ok(last)
    }
}

fn is_refusal(error: &io::Error) -> bool {
    let refusals =
        [libc::ENETUNREACH, libc::EHOSTUNREACH, libc::EACCES, libc::EINVAL, libc::ENETDOWN];
    error.raw_os_error().is_some_and(|code| refusals.contains(&code))
}

/// `struct rtmsg`: family, length of the destination; all else is left to the kernel.
fn header(v4: bool, length: u8) -> [u8; ROUTE] {
    let family = if v4 { libc::AF_INET } else { libc::AF_INET6 };
    let mut header = [0; ROUTE];
    (header[0], header[1]) = (family.to_le_bytes()[0], length);
    header
}

/// The destination of a route or rule.
fn prefix(message: &[u8], v4: bool) -> Option<IpNetwork> {
    let length = *message.get(1)?;
    let to = attribute(message, DESTINATION).and_then(|bytes| from_octets(bytes, v4))?;
    IpNetwork::new(to, length).ok()
}

fn understood(message: &[u8], v4: bool) -> Option<Via> {
    let kind = *message.get(7)?;
    if kind != UNICAST && kind != LOCAL {
        return None;
    }
    let gateway = attribute(message, GATEWAY).and_then(|bytes| from_octets(bytes, v4));
    // A router of the other family stands behind its family's number (RFC 8950 in routing daemons).
    let other = attribute(message, GATEWAY_VIA).and_then(|bytes| {
        let v4 = half_or_word(bytes, 0, 2) == libc::AF_INET.cast_unsigned();
        from_octets(bytes.get(2..)?, v4)
    });
    Some(Via {
        interface: half_or_word(attribute(message, INTERFACE)?, 0, 4),
        source: attribute(message, SOURCE).and_then(|bytes| from_octets(bytes, v4))?,
        gateway: gateway.or(other),
        own: kind == LOCAL,
    })
}

/// The value of an attribute of a route.
fn attribute(message: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = message.get(ROUTE..)?;
    while let Some((attribute, after)) = cut(rest, half_or_word(rest, 0, 2) as usize) {
        if half_or_word(attribute, 2, 2) as u16 == wanted {
            return attribute.get(ATTRIBUTE..);
        }
        rest = after;
    }
    None
}

/// Cuts off the first part, which is aligned to four octets.
fn cut(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    if length < ATTRIBUTE || length > bytes.len() {
        return None;
    }
    let next = length.next_multiple_of(4).min(bytes.len());
    Some((&bytes[..length], &bytes[next..]))
}

/// A number of two or four octets in the machine's order; 0 past the end.
fn half_or_word(bytes: &[u8], at: usize, size: usize) -> u32 {
    match (size, bytes.get(at..at + size)) {
        (2, Some(&[a, b])) => u32::from(u16::from_ne_bytes([a, b])),
        (4, Some(&[a, b, c, d])) => u32::from_ne_bytes([a, b, c, d]),
        _ => 0,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn from_octets(bytes: &[u8], v4: bool) -> Option<IpAddr> {
    if v4 {
        <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from)
    } else {
        <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: &str, last: &str) -> Range {
        (first.parse().unwrap(), last.parse().unwrap())
    }

    #[test]
    fn ranges_are_cut_where_routes_change() {
        let cuts = ["10.0.0.0", "10.0.1.0", "10.0.2.0", "2001:db8::"].map(|c| c.parse().unwrap());
        let cut = pieces(range("10.0.0.5", "10.0.2.9"), &cuts);
        let want = [
            range("10.0.0.5", "10.0.0.255"),
            range("10.0.1.0", "10.0.1.255"),
            range("10.0.2.0", "10.0.2.9"),
        ];
        assert_eq!(cut, want);
        assert_eq!(pieces(range("10.9.0.0", "10.9.0.9"), &cuts), [range("10.9.0.0", "10.9.0.9")]);
    }

    #[test]
    fn loopback_is_reached_by_loopback() {
        let ways = ways(&[range("127.0.0.0", "127.0.0.9")]).unwrap();
        let Some(via) = ways.last().and_then(|w| w.via) else { panic!("{ways:?}") };
        assert_eq!((via.interface, via.gateway, via.own), (1, None, true));
        assert_eq!(ways.last().unwrap().range.1, range("::", "127.0.0.9").1);
    }

    #[test]
    fn garbage_of_the_kernel_is_no_route() {
        assert_eq!(understood(&[], true), None);
        assert_eq!(understood(&[2, 32, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0, 3, 0, 4, 0], true), None);
        assert_eq!(attribute(&[0; 40], INTERFACE), None);
        assert_eq!(fixed_neighbour(&[], true), None);
        assert_eq!(fixed_neighbour(&[2, 0, 0, 0, 1, 0, 0, 0, 0x80, 0, 0, 0, 10, 0], true), None);
    }
}
