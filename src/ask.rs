//! The language of questions: `src=10.1.0.0/16 dst=10.2.3.4 tcp/443 in=eth0 state=new`.
//!
//! Words in any order, each once. `src=` and `dst=` take addresses, prefixes and ranges, several with commas
//! between, and `!` before them for all others. Services add up; without one every service is
//! meant. What is wrong is told by its column and by what is expected there.

use std::fmt;
use std::net::IpAddr;

use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while1};
use nom::character::complete::{char, digit1, multispace0, multispace1, satisfy};
use nom::combinator::{
    all_consuming, cut, eof, map_opt, not, opt, peek, recognize, success, value,
};
use nom::error::{ErrorKind, ParseError};
use nom::multi::{many0, separated_list0, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{AsChar as _, Err, IResult, Parser};
use portvakt_analysis::query::{Link, Question};
use portvakt_space::{
    AddrSet, AtomSet, Family, ICMP, ICMPV6, SCTP, ServiceBox, ServiceSet, State, StateSet, TCP,
    Traffic, UDP, has_ports,
};

/// What is wrong with a question.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is expected there.
    pub expected: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: expected {}", self.column, self.expected)
    }
}

impl std::error::Error for Wrong {}

/// Reads a question.
pub fn question(text: &str) -> Result<Question, Wrong> {
    read(text, terms)
}

/// Reads the target of "who can reach": a question whose destination needs no `dst=`.
pub fn target(text: &str) -> Result<Question, Wrong> {
    read(text, |input| {
        let first = terminated(addresses, peek(alt((multispace1, eof)))).map(Term::Dst);
        let (input, first) = preceded(multispace0, opt(first)).parse(input)?;
        let (end, mut rest) = terms(input)?;
        if let Some(term) = first {
            rest.insert(0, (input, term));
        }
        Ok((end, rest))
    })
}

/// A term with the text from where it stands on.
type Placed<'a> = (&'a str, Term);

/// A word of a question.
#[derive(Clone, Debug)]
enum Term {
    Src(AddrSet),
    Dst(AddrSet),
    Service(ServiceSet),
    Sport(Vec<(u16, u16)>),
    In(Link),
    Out(Link),
    State(StateSet),
}

/// A failure: the text from where it is, and what was expected.
#[derive(Clone, Debug)]
struct Fail<'a> {
    rest: &'a str,
    expected: &'static str,
}

impl<'a> ParseError<&'a str> for Fail<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        Self { rest, expected: "" }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }

    /// Of several, the one that came furthest.
    fn or(self, other: Self) -> Self {
        if other.rest.len() < self.rest.len() { other } else { self }
    }
}

type Parsed<'a, T> = IResult<&'a str, T, Fail<'a>>;

/// Says what is expected where a parser fails and nothing more particular is known.
fn expected<'a, T>(
    what: &'static str,
    mut parser: impl Parser<&'a str, Output = T, Error = Fail<'a>>,
) -> impl Parser<&'a str, Output = T, Error = Fail<'a>> {
    move |input: &'a str| {
        let named = |fail: Fail<'a>| match fail.expected {
            "" => Fail { expected: what, ..fail },
            _ => fail,
        };
        parser.parse(input).map_err(|e| e.map(named))
    }
}

fn read<'a>(
    text: &'a str,
    parser: impl FnMut(&'a str) -> Parsed<'a, Vec<Placed<'a>>>,
) -> Result<Question, Wrong> {
    let wrong = |rest: &str, what: &str| {
        let column = text[..text.len() - rest.len()].chars().count() + 1;
        Wrong { column, expected: what.to_owned() }
    };
    let found = expected(WORD, all_consuming(terminated(parser, multispace0))).parse(text);
    match found {
        Ok((_, terms)) => assembled(terms).map_err(|(rest, what)| wrong(rest, what)),
        Err(Err::Error(fail) | Err::Failure(fail)) => Err(wrong(fail.rest, fail.expected)),
        Err(Err::Incomplete(_)) => Err(wrong("", WORD)),
    }
}

const WORD: &str = "src=, dst=, sport=, in=, out=, state=, or a service such as tcp/443";
const ADDRESS: &str =
    "an address, a prefix such as 10.1.0.0/16, a range such as 10.1.0.1-10.1.0.9, or any";
const PORT: &str = "a port from 0 to 65535, or a range such as 1024-65535";

fn terms(input: &str) -> Parsed<'_, Vec<Placed<'_>>> {
    preceded(
        multispace0,
        separated_list0(multispace1, |input| {
            let (rest, term) = term(input)?;
            Ok((rest, (input, term)))
        }),
    )
    .parse(input)
}

fn term(input: &str) -> Parsed<'_, Term> {
    alt((
        preceded(tag_no_case("src="), cut(addresses)).map(Term::Src),
        preceded(tag_no_case("dst="), cut(addresses)).map(Term::Dst),
        preceded(tag_no_case("sport="), cut(ports)).map(Term::Sport),
        preceded(tag_no_case("in="), cut(link)).map(Term::In),
        preceded(tag_no_case("out="), cut(link)).map(Term::Out),
        preceded(tag_no_case("state="), cut(states)).map(Term::State),
        service.map(Term::Service),
    ))
    .parse(input)
}

fn link(input: &str) -> Parsed<'_, Link> {
    let word = take_while1(|c: char| !c.is_whitespace());
    let link = |name: &str| match name {
        "any" => Link::Any,
        name => Link::Named(name.to_owned()),
    };
    expected("the name of an interface, or any", word.map(link)).parse(input)
}

fn states(input: &str) -> Parsed<'_, StateSet> {
    let word = take_while1(|c: char| c.is_ascii_alphabetic());
    let state = map_opt(word, |word: &str| {
        let named = State::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(word));
        let any = || word.eq_ignore_ascii_case("any").then_some(StateSet::ANY);
        named.map(StateSet::one).or_else(any)
    });
    let list = separated_list1(char(','), state);
    let all = |list: Vec<StateSet>| list.into_iter().fold(StateSet::NONE, StateSet::union);
    let what = "new, established, related, untracked, invalid or any";
    expected(what, terminated(list.map(all), end)).parse(input)
}

/// The end of a word.
fn end(input: &str) -> Parsed<'_, ()> {
    not(satisfy(|c| !c.is_whitespace())).parse(input)
}

fn addresses(input: &str) -> Parsed<'_, AddrSet> {
    let list = separated_list1(char(','), range);
    let all = list.map(|sets: Vec<AddrSet>| sets.into_iter().collect::<AddrSet>());
    let (rest, (negated, set)) =
        expected(ADDRESS, terminated((opt(char('!')), all), end)).parse(input)?;
    // All others are those of the same IP version.
    let family = Family::BOTH.into_iter().filter(|f| set.has(*f));
    let others = || family.map(AddrSet::all).collect::<AddrSet>().minus(&set);
    Ok((rest, if negated.is_some() { others() } else { set }))
}

fn range(input: &str) -> Parsed<'_, AddrSet> {
    if let (rest, Some(any)) = opt(value(AddrSet::ANY, tag_no_case("any"))).parse(input)? {
        return Ok((rest, any));
    }
    let (rest, first) = address(input)?;
    let most = if first.is_ipv4() { 32 } else { 128 };
    let prefix = |len: u8| (len <= most).then(|| AddrSet::prefix(first, len));
    let what = if most == 32 { "a length from 0 to 32" } else { "a length from 0 to 128" };
    let length = preceded(char('/'), cut(expected(what, map_opt(number::<u8>, prefix))));
    let span = |last| Some(AddrSet::range(first, last)).filter(|set| !set.is_empty());
    let what = "the last address, of the same IP version and not below the first";
    let top = preceded(char('-'), cut(expected(what, map_opt(address, span))));
    alt((length, top, success(AddrSet::host(first)))).parse(rest)
}

fn address(input: &str) -> Parsed<'_, IpAddr> {
    let text = take_while1(|c: char| c.is_hex_digit() || c == '.' || c == ':');
    expected(ADDRESS, map_opt(text, |text: &str| text.parse().ok())).parse(input)
}

fn number<T: std::str::FromStr>(input: &str) -> Parsed<'_, T> {
    map_opt(digit1, |text: &str| text.parse().ok()).parse(input)
}

fn ports(input: &str) -> Parsed<'_, Vec<(u16, u16)>> {
    let top = opt(preceded(char('-'), cut(expected(PORT, number::<u16>))));
    let span = map_opt((number::<u16>, top), |(lo, hi)| {
        let hi = hi.unwrap_or(lo);
        (lo <= hi).then_some((lo, hi))
    });
    expected(PORT, terminated(separated_list1(char(','), span), end)).parse(input)
}

fn service(input: &str) -> Parsed<'_, ServiceSet> {
    let (rest, name) = expected(WORD, protocol_name).parse(input)?;
    let (proto, detail) = match name.to_ascii_lowercase().as_str() {
        "any" | "ip" => (None, opt(preceded(char('/'), number::<u8>)).parse(rest)),
        other => match protocol(other) {
            Some(proto) => (Some(proto), Ok((rest, None))),
            None => return Err(Err::Error(Fail { rest: input, expected: WORD })),
        },
    };
    let Some(proto) = proto else {
        let (rest, number) = terminated(|_| detail.clone(), end).parse(rest)?;
        return Ok((rest, number.map_or(ServiceSet::ANY, |n| ServiceBox::proto(n).into())));
    };
    let (rest, slash) = opt(char('/')).parse(rest)?;
    if slash.is_none() {
        let (rest, ()) = expected("/ or the end of the word", end).parse(rest)?;
        return Ok((rest, ServiceBox::proto(proto).into()));
    }
    if has_ports(proto) {
        let (rest, list) = cut(ports).parse(rest)?;
        return Ok((rest, list.into_iter().map(|(a, b)| ServiceBox::to(proto, a, b)).collect()));
    }
    if !matches!(proto, ICMP | ICMPV6) {
        return Err(Err::Failure(Fail { rest, expected: "no port: this protocol has none" }));
    }
    let (rest, (kind, code)) = cut(|input| message(input, proto)).parse(rest)?;
    Ok((rest, ServiceBox::icmp(proto, kind, code).into()))
}

fn protocol_name(input: &str) -> Parsed<'_, &str> {
    recognize((satisfy(|c| c.is_ascii_alphabetic()), many0(satisfy(|c| c.is_ascii_alphanumeric()))))
        .parse(input)
}

fn protocol(name: &str) -> Option<u8> {
    Some(match name {
        "tcp" => TCP,
        "udp" => UDP,
        "sctp" => SCTP,
        "icmp" => ICMP,
        "icmpv6" | "icmp6" => ICMPV6,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "ospf" => 89,
        _ => return None,
    })
}

/// Messages by name, with their types in ICMP and ICMPv6 (IANA).
const MESSAGES: [(&str, u8, u8); 4] = [
    ("echo-request", 8, 128),
    ("echo-reply", 0, 129),
    ("destination-unreachable", 3, 1),
    ("time-exceeded", 11, 3),
];

/// A type by name or number, and a code.
fn message(input: &str, proto: u8) -> Parsed<'_, (u8, Option<u8>)> {
    let word = take_while1(|c: char| c.is_ascii_alphanumeric() || c == '-');
    let kind = map_opt(word, |word: &str| {
        let named = MESSAGES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word));
        let named = named.map(|(_, v4, v6)| if proto == ICMP { *v4 } else { *v6 });
        named.or_else(|| word.parse().ok())
    });
    let code = opt(preceded(char('/'), cut(expected("a code from 0 to 255", number::<u8>))));
    let what = "echo-request, echo-reply, destination-unreachable, time-exceeded, or type/code";
    expected(what, delimited(success(()), (kind, code), end)).parse(input)
}

/// Puts the words together. Fails with the text from where the fault is.
fn assembled(terms: Vec<Placed<'_>>) -> Result<Question, (&str, &'static str)> {
    let mut services: Vec<ServiceBox> = Vec::new();
    let mut sport = None;
    let mut question = Question {
        traffic: Traffic { state: StateSet::NEW, ..Traffic::ANY },
        iif: Link::Routed,
        oif: Link::Routed,
    };
    let mut said: Vec<std::mem::Discriminant<Term>> = Vec::new();
    for (rest, term) in terms {
        let word = std::mem::discriminant(&term);
        if said.contains(&word) && !matches!(term, Term::Service(_)) {
            return Err((rest, "each word once; several addresses stand with commas between"));
        }
        said.push(word);
        match term {
            Term::Src(set) => question.traffic.src = set,
            Term::Dst(set) => question.traffic.dst = set,
            Term::Service(set) => services.extend(set.boxes()),
            Term::Sport(ports) => sport = Some((rest, ports)),
            Term::In(link) => question.iif = link,
            Term::Out(link) => question.oif = link,
            Term::State(states) => question.traffic.state = states,
        }
    }
    if !services.is_empty() {
        question.traffic.service = ServiceSet::from_boxes(services);
    }
    if let Some((rest, ports)) = sport {
        let from = |b: &ServiceBox| has_ports(b.proto.0) && b.proto.0 == b.proto.1;
        if !question.traffic.service.boxes().iter().all(from) {
            return Err((rest, "sport= only beside services that have ports, such as tcp/443"));
        }
        let boxes = question.traffic.service.boxes().iter();
        let with = |b: &ServiceBox| {
            let b = *b;
            ports.clone().into_iter().map(move |sport| ServiceBox { sport, ..b })
        };
        question.traffic.service = boxes.flat_map(with).collect();
    }
    question.traffic.iif = AtomSet::ANY;
    let traffic = &question.traffic;
    if !Family::BOTH.into_iter().any(|f| traffic.src.has(f) && traffic.dst.has(f)) {
        return Err(("", "src= and dst= of one IP version"));
    }
    Ok(question)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Question {
        question(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn every_word_is_read() {
        let q = asked("src=10.1.0.0/16 dst=10.2.3.4 tcp/443 sport=1024-65535 in=eth0 out=any");
        assert_eq!(q.traffic.src, AddrSet::prefix("10.1.0.0".parse().unwrap(), 16));
        assert_eq!(q.traffic.dst, AddrSet::host("10.2.3.4".parse().unwrap()));
        let service = ServiceBox::ports(TCP, (1024, 65_535), (443, 443));
        assert_eq!(q.traffic.service, service.into());
        assert_eq!((q.iif, q.oif), (Link::Named("eth0".into()), Link::Any));
        assert_eq!(q.traffic.state, StateSet::NEW);
        let q = asked("");
        assert_eq!(q.traffic, Traffic { state: StateSet::NEW, ..Traffic::ANY });
    }

    #[test]
    fn lists_ranges_and_all_others() {
        let q = asked("dst=10.0.0.1-10.0.0.9,2001:db8::/32 src=!10.0.0.0/8 state=any");
        let v6 = AddrSet::prefix("2001:db8::".parse().unwrap(), 32);
        let v4 = AddrSet::range("10.0.0.1".parse().unwrap(), "10.0.0.9".parse().unwrap());
        assert_eq!(q.traffic.dst, v4.union(&v6));
        let ten = AddrSet::prefix("10.0.0.0".parse().unwrap(), 8);
        assert_eq!(q.traffic.src, AddrSet::all(Family::V4).minus(&ten));
        assert_eq!(q.traffic.state, StateSet::ANY);
    }

    #[test]
    fn services_by_name_and_number() {
        let service = |text| asked(text).traffic.service;
        let ports = |list: &[u16]| list.iter().map(|p| ServiceBox::to(TCP, *p, *p)).collect();
        assert_eq!(service("tcp/80,443"), ports(&[80, 443]));
        assert_eq!(service("tcp"), ServiceBox::proto(TCP).into());
        assert_eq!(service("icmp/echo-request"), ServiceBox::icmp(ICMP, 8, None).into());
        assert_eq!(service("icmp/3/4"), ServiceBox::icmp(ICMP, 3, Some(4)).into());
        assert_eq!(service("icmpv6/echo-reply"), ServiceBox::icmp(ICMPV6, 129, None).into());
        assert_eq!(service("ip/47"), ServiceBox::proto(47).into());
        assert_eq!(service("any"), ServiceSet::ANY);
        let both: ServiceSet =
            [ServiceBox::to(TCP, 53, 53), ServiceBox::to(UDP, 53, 53)].into_iter().collect();
        assert_eq!(service("tcp/53 udp/53"), both);
    }

    #[test]
    fn a_target_needs_no_key() {
        let q = target("10.2.3.4 tcp/443").unwrap();
        assert_eq!(q.traffic.dst, AddrSet::host("10.2.3.4".parse().unwrap()));
        assert_eq!(q.traffic.service, ServiceBox::to(TCP, 443, 443).into());
        assert!(target("dst=10.2.3.4").is_ok() && target("10.2.3.4").is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_by_column() {
        for (text, column, word) in [
            ("src=10.1.0.0/33", 14, "0 to 32"),
            ("src=10.1.0.0/16 dst=nowhere", 21, "address"),
            ("src=10.1.0.0/16 tpc/443", 17, "service"),
            ("tcp/70000", 5, "port"),
            ("tcp/443x", 8, "port"),
            ("state=newish", 7, "new"),
            ("sport=5 icmp", 1, "ports"),
            ("gre/5", 5, "no port"),
            ("icmp/pong", 6, "echo-request"),
            ("in=", 4, "interface"),
            ("dst=10.0.0.9-10.0.0.1", 14, "not below"),
            ("src=10.0.0.1 src=10.0.0.2", 14, "once"),
            ("src=10.0.0.1 dst=2001:db8::1", 29, "one IP version"),
        ] {
            let wrong = question(text).unwrap_err();
            assert_eq!(wrong.column, column, "{text}: {wrong}");
            assert!(wrong.expected.contains(word), "{text}: {wrong}");
        }
    }

    #[test]
    fn nothing_makes_it_panic() {
        for text in ["å", "src=å", "!", "src=!", ",", "tcp/", "tcp/,", "src=1::/129", "\u{0}", "=="]
        {
            assert!(question(text).is_err(), "{text}");
        }
    }
}
