//! Addresses as decisions write them: prefixes, masks, wildcards, ranges, lists, names beside them.
//!
//! A name is not looked up: what it pointed to when the decision was made is not what it points to
//! now. A name beside an address is a label.

use std::net::{IpAddr, Ipv4Addr};

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, one_of, space0};
use nom::combinator::{map_opt, opt, value, verify};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};
use portvakt_space::AddrSet;

use super::Why;
use super::words::{among, fold, is_everywhere};
use crate::net;

/// What a cell of addresses says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tables) struct Addresses {
    /// The addresses.
    pub(in crate::tables) set: AddrSet,
    /// Why something beside them is not among them.
    pub(in crate::tables) rest: Option<Why>,
}

/// Reads a cell of addresses. Names that stand without an address are left to `rest`, unless there
/// is nothing else.
pub(in crate::tables) fn read(text: &str) -> Result<Addresses, Why> {
    let (mut sets, mut named) = (Vec::new(), false);
    let pieces = text.split([',', ';', '\n', '\r', '+', '&']).map(str::trim);
    for piece in pieces.filter(|p| !p.is_empty()) {
        let found = self::piece(piece)?;
        named |= found.is_none();
        sets.extend(found);
    }
    match (sets.is_empty(), named) {
        (true, true) => Err(unresolved()),
        (true, false) => Err(unreadable()),
        (false, _) => {
            Ok(Addresses { set: AddrSet::union_all(&sets), rest: named.then(unresolved) })
        }
    }
}

/// What stands between separators: an address form, addresses with words beside them, or words
/// alone (`None`).
fn piece(text: &str) -> Result<Option<AddrSet>, Why> {
    if is_everywhere(text) {
        return Ok(Some(AddrSet::ANY));
    }
    let plain = text.replace(['(', ')', '"', '\'', '=', '\u{a0}', '\t'], " ");
    let words = plain.replace(" och ", " ").replace(" and ", " ");
    let mut rest = words.trim();
    let (mut sets, mut labels) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        if let Ok((after, set)) = address(rest) {
            sets.push(set?);
            rest = after.trim_start();
        } else {
            let end = rest.find(' ').unwrap_or(rest.len());
            labels.push(&rest[..end]);
            rest = rest[end..].trim_start();
        }
    }
    if labels.iter().any(|l| is_restricting(l) || looks_numeric(l)) {
        return Err(unreadable());
    }
    Ok((!sets.is_empty()).then(|| AddrSet::union_all(&sets)))
}

/// Words after which an address is left out, or that tie it to something else.
fn is_restricting(label: &str) -> bool {
    const WORDS: &str = "utom ej inte icke forutom exkl exklusive undantag undantaget minus except not \
         excluding without port portar ports till to fran from endast bara enbart vissa nagra \
         delar del only some part";
    among(&fold(label), WORDS)
}

/// A misspelt address or a lone number is no label.
fn looks_numeric(label: &str) -> bool {
    let label = label.trim_end_matches([':', '.']);
    let numeric = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/' | '-' | '–');
    label.starts_with(|c: char| c.is_ascii_digit() || c == ':') && label.chars().all(numeric)
        || label.matches(':').count() > 1
        || label.matches('.').count() == 3 && label.starts_with(|c: char| c.is_ascii_digit())
        || label.chars().all(|c| !c.is_alphanumeric())
}

type Read = Result<AddrSet, Why>;

fn address(input: &str) -> IResult<&str, Read> {
    let form = alt((range, masked, starred, prefix));
    let (rest, set) = preceded(opt(char('[')), form).parse(input)?;
    let rest = rest.strip_prefix(']').unwrap_or(rest);
    let ends = rest.is_empty() || rest.starts_with([' ', ':']);
    if ends { Ok((rest.trim_start_matches(':'), set)) } else { Err(miss(input)) }
}

/// `10.1.2.3-10.1.2.9`, `10.1.2.3 – 10.1.2.9`, `10.1.2.3-9`, `2001:db8::1-2001:db8::9`.
fn range(input: &str) -> IResult<&str, Read> {
    let dash = alt((
        value((), delimited(space0, one_of("-–—"), space0)),
        value((), alt((tag(" till "), tag(" to ")))),
    ));
    let (rest, (lo, (), hi)) = (ip, dash, upper).parse(input)?;
    let hi = match (lo, hi) {
        (_, Upper::Whole(hi)) => Some(hi),
        (IpAddr::V4(lo), Upper::Last(last)) => {
            let [a, b, c, _] = lo.octets();
            Some(Ipv4Addr::new(a, b, c, last).into())
        }
        (IpAddr::V6(_), Upper::Last(_)) => None,
    };
    let set = hi.map_or(AddrSet::NONE, |hi| AddrSet::range(lo, hi));
    Ok((rest, if set.is_empty() { Err(backwards()) } else { Ok(set) }))
}

/// The end of a range: an address or its last number.
enum Upper {
    Whole(IpAddr),
    Last(u8),
}

fn upper(input: &str) -> IResult<&str, Upper> {
    let digits = take_while1(|c: char| c.is_ascii_digit());
    let last = map_opt(digits, |d: &str| d.parse().ok().map(Upper::Last));
    alt((map_opt(ip, |ip| Some(Upper::Whole(ip))), last)).parse(input)
}

/// `10.1.2.0 255.255.255.0`, `10.1.2.0/255.255.255.0`, `10.1.2.0 0.0.0.255`.
///
/// The second of two addresses is a mask when it can be no host: it begins with 255 or 0.
fn masked(input: &str) -> IResult<&str, Read> {
    let between = alt((tag(" / "), tag("/"), tag(" mask "), tag(" ")));
    let mask = verify(ipv4, |m| matches!(m.octets()[0], 0 | 255));
    let (rest, (addr, _, mask)) = (ipv4, between, mask).parse(input)?;
    let set = match mask.octets()[0] {
        255 => net::mask_len(mask).map(|len| exact(addr.into(), len)),
        _ if mask.is_unspecified() && addr.is_unspecified() => Some(exact(addr.into(), 0)),
        _ if mask.is_unspecified() => Some(exact(addr.into(), 32)),
        _ if u32::from(addr) & u32::from(mask) != 0 => Some(Err(host_bits())),
        _ => net::wildcard(addr, mask).map(Ok),
    };
    Ok((rest, set.unwrap_or_else(|| Err(unreadable()))))
}

/// `10.1.2.*`, `10.1.x.x`, `10.1.*.25`: any number in the place of a star.
fn starred(input: &str) -> IResult<&str, Read> {
    let (rest, word) = take_while1(|c: char| c.is_ascii_digit() || "*x.".contains(c))(input)?;
    let free = |part: &str| matches!(part, "*" | "x");
    let parts: Vec<&str> = word.split('.').collect();
    if parts.len() != 4 || free(parts[0]) || !parts.iter().any(|p| free(p)) {
        return Err(miss(input));
    }
    let with = |star: &str, fixed: Option<&str>| -> Option<Ipv4Addr> {
        let parts = parts.iter().map(|p| if free(p) { star } else { fixed.unwrap_or(p) });
        parts.collect::<Vec<_>>().join(".").parse().ok()
    };
    let set = with("0", None).zip(with("255", Some("0")));
    let set = set.and_then(|(addr, mask)| net::wildcard(addr, mask));
    set.map(|set| (rest, Ok(set))).ok_or_else(|| miss(input))
}

/// `10.1.2.3`, `10.1.2.0/24`, `2001:db8::/32`.
fn prefix(input: &str) -> IResult<&str, Read> {
    let digits = take_while1(|c: char| c.is_ascii_digit());
    let len = map_opt(preceded(char('/'), digits), |d: &str| d.parse::<u8>().ok());
    let (rest, (addr, len)) = (ip, opt(len)).parse(input)?;
    let width = if addr.is_ipv4() { 32 } else { 128 };
    let len = len.unwrap_or(width);
    Ok((rest, if len > width { Err(unreadable()) } else { exact(addr, len) }))
}

/// A network. One with host bits may mean the host or its network, so it is refused.
fn exact(addr: IpAddr, len: u8) -> Read {
    let set = AddrSet::prefix(addr, len);
    let first = set.ranges().first().is_some_and(|(lo, _)| *lo == addr);
    if first { Ok(set) } else { Err(host_bits()) }
}

fn ip(input: &str) -> IResult<&str, IpAddr> {
    let shape = take_while1(|c: char| c.is_ascii_hexdigit() || c == '.' || c == ':');
    map_opt(shape, |text: &str| text.parse().ok()).parse(input)
}

fn ipv4(input: &str) -> IResult<&str, Ipv4Addr> {
    let shape = take_while1(|c: char| c.is_ascii_digit() || c == '.');
    map_opt(shape, |text: &str| text.parse().ok()).parse(input)
}

fn miss(input: &str) -> nom::Err<nom::error::Error<&str>> {
    nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify))
}

fn unreadable() -> Why {
    Why::new(
        "adressen förstås inte; skriv till exempel 10.1.2.3, 10.1.2.0/24, 10.1.2.3-10.1.2.9 eller \
         ”alla”, flera åtskilda med komma",
        "the address is not understood; write for example 10.1.2.3, 10.1.2.0/24, \
         10.1.2.3-10.1.2.9 or \"any\", several with commas between",
    )
}

fn unresolved() -> Why {
    Why::new(
        "ett namn slås inte upp; skriv adressen bredvid, till exempel ”srv-web1 (10.1.2.3)”",
        "a name is not looked up; write the address beside it, for example \"srv-web1 (10.1.2.3)\"",
    )
}

fn host_bits() -> Why {
    Why::new(
        "adressen är inte nätets första; skriv nätet (10.1.2.0/24) eller datorn (10.1.2.3)",
        "the address is not the first of its network; write the network (10.1.2.0/24) or the host \
         (10.1.2.3)",
    )
}

fn backwards() -> Why {
    Why::new(
        "intervallet slutar före sin början eller blandar IP-versioner",
        "the range ends before it begins or mixes IP versions",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> AddrSet {
        net::network(text).unwrap()
    }

    fn ok(text: &str, expected: &[&str]) {
        let set: AddrSet = expected.iter().map(|t| net(t)).collect();
        assert_eq!(read(text), Ok(Addresses { set, rest: None }), "{text}");
    }

    fn only(text: &str) -> Option<AddrSet> {
        read(text).ok().filter(|found| found.rest.is_none()).map(|found| found.set)
    }

    #[test]
    fn one_network_in_every_spelling() {
        for text in [
            "10.1.2.0/24",
            " 10.1.2.0/24 ",
            "10.1.2.0 255.255.255.0",
            "10.1.2.0/255.255.255.0",
            "10.1.2.0 mask 255.255.255.0",
            "10.1.2.0 0.0.0.255",
            "10.1.2.*",
            "10.1.2.x",
            "10.1.2.0-10.1.2.255",
            "10.1.2.0-255",
            "servernät (10.1.2.0/24)",
            "servernät: 10.1.2.0/24",
        ] {
            ok(text, &["10.1.2.0/24"]);
        }
        ok("10.1.0.0 0.0.255.255", &["10.1.0.0/16"]);
        ok("10.1.*.*", &["10.1.0.0/16"]);
        ok("0.0.0.0/0", &["0.0.0.0/0"]);
        assert_eq!(only("0.0.0.0/0, ::/0"), Some(AddrSet::ANY));
        ok("0.0.0.0 0.0.0.0", &["0.0.0.0/0"]);
        ok("10.1.2.3 0.0.0.0", &["10.1.2.3"]);
        ok("10.1.2.3 255.255.255.255", &["10.1.2.3"]);
    }

    #[test]
    fn hosts_ranges_and_lists() {
        ok("10.1.2.3", &["10.1.2.3"]);
        ok("10.1.2.3/32", &["10.1.2.3"]);
        ok("2001:db8::1", &["2001:db8::1"]);
        ok("[2001:db8::1]", &["2001:db8::1"]);
        ok("2001:db8:1::/48", &["2001:db8:1::/48"]);
        let six = AddrSet::range("2001:db8::1".parse().unwrap(), "2001:db8::9".parse().unwrap());
        assert_eq!(only("2001:db8::1-2001:db8::9"), Some(six));
        let nine = AddrSet::range("10.1.2.3".parse().unwrap(), "10.1.2.9".parse().unwrap());
        for text in
            ["10.1.2.3-10.1.2.9", "10.1.2.3-9", "10.1.2.3 – 10.1.2.9", "10.1.2.3 till 10.1.2.9"]
        {
            assert_eq!(only(text), Some(nine.clone()), "{text}");
        }
        for text in [
            "10.1.2.3, 10.1.2.5",
            "10.1.2.3;10.1.2.5",
            "10.1.2.3\n10.1.2.5",
            "10.1.2.3\r\n10.1.2.5",
            "10.1.2.3 10.1.2.5",
            "10.1.2.3 och 10.1.2.5",
            "10.1.2.3 & 10.1.2.5",
            "srv-a (10.1.2.3), srv-b (10.1.2.5)",
            "srv-a 10.1.2.3\nsrv-b 10.1.2.5",
            "srv-a=10.1.2.3; 10.1.2.5 srv-b",
            "srv-a: 10.1.2.3, srv-b: 10.1.2.5",
        ] {
            ok(text, &["10.1.2.3", "10.1.2.5"]);
        }
        ok("10.1.2.3, 2001:db8::1", &["10.1.2.3", "2001:db8::1"]);
        ok("www.exempel.se (192.0.2.1)", &["192.0.2.1"]);
    }

    #[test]
    fn a_star_may_stand_inside() {
        let set = only("10.69.*.25").unwrap();
        assert_eq!(set.ranges().len(), 256);
        assert!(set.contains("10.69.200.25".parse().unwrap()));
        assert!(!set.contains("10.69.200.26".parse().unwrap()));
    }

    #[test]
    fn names_leave_a_rest_beside_addresses() {
        for text in ["192.0.2.64/28, uppdatering.exempel.se", "192.0.2.64/28; enligt bilaga"] {
            let found = read(text).unwrap();
            assert_eq!((found.set, found.rest), (net("192.0.2.64/28"), Some(unresolved())));
        }
    }

    #[test]
    fn everywhere_is_every_address_of_both_versions() {
        for text in ["alla", "any", "ANY", "*", "Internet", "hela internet", "alla, 10.1.2.3"] {
            assert_eq!(only(text), Some(AddrSet::ANY), "{text}");
        }
    }

    #[test]
    fn what_has_two_meanings_or_none_is_refused() {
        for text in [
            "",
            "-",
            "srv-web1",
            "www.exempel.se",
            "10.1.2.3/24",
            "10.1.2.3 255.255.255.0",
            "10.1.2.3 0.0.0.255",
            "10.1.2.300",
            "10.1.2.3 10.1.2.300",
            "10.1.2",
            "10.1.2.3/33",
            "10.1.2.9-3",
            "10.1.2.9-10.1.2.3",
            "10.1.2.3-2001:db8::1",
            "10.1.2.0/24 utom 10.1.2.5",
            "10.1.2.3 port 443",
            "10.1.2.3:443",
            "10.1.2.0 255.0.255.0",
            "fe80::1%eth0",
            "02:00:5e:10:00:01 10.1.2.3",
            "10.1.2.3 - ",
            "x.x.x.x",
            "DMZ",
            "010.1.2.3",
            "10.1.2.0/24, utom 10.1.2.5",
            "10.1.2.3, ej DMZ",
            "10.1.2.0/24 endast skrivare",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    /// A network's first address, its prefix length and its host bits.
    type Base = (Ipv4Addr, u8, u32);

    proptest::proptest! {
        #[test]
        fn networks_read_as_they_were_written(
            nets in proptest::collection::vec((proptest::prelude::any::<u32>(), 8u8..=32), 1..5),
        ) {
            let bases: Vec<Base> = nets
                .iter()
                .map(|&(bits, len)| {
                    let host = u32::MAX.checked_shr(len.into()).unwrap_or(0);
                    // Neither the net of this host (RFC 1122) nor a mask is a network's address.
                    let bits = bits & 0x7fff_ffff | 0x0100_0000;
                    (Ipv4Addr::from(bits & !host), len, host)
                })
                .collect();
            let want: AddrSet =
                bases.iter().map(|(a, len, _)| AddrSet::prefix((*a).into(), *len)).collect();
            let forms: [&dyn Fn(&Base) -> String; 5] = [
                &|(a, len, _)| format!("{a}/{len}"),
                &|(a, _, host)| format!("{a} {}", Ipv4Addr::from(!host)),
                &|(a, _, host)| format!("{a} {}", Ipv4Addr::from(*host)),
                &|(a, _, host)| format!("{a}-{}", Ipv4Addr::from(u32::from(*a) | host)),
                &|(a, len, _)| format!("srv-x ({a}/{len})"),
            ];
            for form in forms {
                let text = bases.iter().map(form).collect::<Vec<_>>().join(", ");
                proptest::prop_assert_eq!(only(&text), Some(want.clone()), "{}", text);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(\\PC|[0-9]{1,3}|[.:/, -]|255\\.){0,20}") {
            let _ = read(&text);
        }
    }
}
