//! Pieces that cells of services are made of.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, one_of, satisfy, space0};
use nom::combinator::{map, map_opt, recognize, value};
use nom::multi::many0;
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};

/// A piece of a cell, its letters in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A word: letters first, then letters, digits and inner hyphens.
    Word(&'a str),
    /// One port or a range of ports, both included.
    Ports(u16, u16),
    /// A comma, *och*, `+` or `&`: what governs goes on.
    Comma,
    /// A semicolon or a line end: what governs ends.
    Stop,
    /// A blank, a slash, a colon, a bracket.
    Blank,
}

/// Splits a cell in lower case; `None` when some character has no place in it.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let (rest, all) = many0(token).parse(text).ok()?;
    rest.is_empty().then_some(all)
}

fn token(input: &str) -> IResult<&str, Token<'_>> {
    alt((ports, glued, word, stop, comma, dash, blank)).parse(input)
}

/// `443`, `8000-8010`, `8000 – 8010`, `8000:8010`, `8000..8010`, `8000 till 8010`.
fn ports(input: &str) -> IResult<&str, Token<'_>> {
    let to = alt((
        value((), delimited(space0, one_of("-–—"), space0)),
        value((), tag("..")),
        value((), char(':')),
        value((), alt((tag(" till "), tag(" to ")))),
    ));
    let range = map_opt((number, to, number), |(lo, (), hi)| (lo <= hi).then_some((lo, hi)));
    let one = map(number, |n| (n, n));
    let (rest, (lo, hi)) = alt((range, one)).parse(input)?;
    // `3des`, `443.5`, a descending range and three numbers in a row are no ports.
    let more = preceded(space0, dash).parse(rest).is_ok_and(|(r, _)| r.starts_with(digit));
    let ends = !more && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '.' || c == '_');
    if ends && (lo, hi) != (0, 0) { Ok((rest, Token::Ports(lo, hi))) } else { Err(miss(input)) }
}

fn number(input: &str) -> IResult<&str, u16> {
    map_opt(take_while1(digit), |d: &str| d.parse().ok()).parse(input)
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// `tcp` of `tcp443`.
fn glued(input: &str) -> IResult<&str, Token<'_>> {
    let (rest, word) = take_while1(|c: char| c.is_ascii_alphabetic())(input)?;
    let splits = matches!(word, "tcp" | "udp") && rest.starts_with(digit);
    if splits { Ok((rest, Token::Word(word))) } else { Err(miss(input)) }
}

/// `*`, `https`, `ms-sql`, `snmp_trap`, `http3`, `tacacs+`; a hyphen before a digit ends it.
fn word(input: &str) -> IResult<&str, Token<'_>> {
    let letters = |c: char| c.is_alphanumeric();
    let start = pair(satisfy(char::is_alphabetic), take_while(letters));
    let more = pair(one_of("-_"), pair(satisfy(char::is_alphabetic), take_while(letters)));
    let plain = recognize(pair(start, many0(more)));
    let star = recognize(char('*'));
    let plus = tag("tacacs+");
    map(alt((plus, star, plain)), Token::Word).parse(input)
}

fn stop(input: &str) -> IResult<&str, Token<'_>> {
    value(Token::Stop, one_of(";\n\r")).parse(input)
}

fn comma(input: &str) -> IResult<&str, Token<'_>> {
    value(Token::Comma, one_of(",+&")).parse(input)
}

/// A hyphen between two words or a word and a number. One that leads nowhere (`1024-`) has a
/// meaning that is lost if it is passed over.
fn dash(input: &str) -> IResult<&str, Token<'_>> {
    let (rest, _) = preceded(one_of("-–—"), space0).parse(input)?;
    let leads = rest.starts_with(char::is_alphanumeric);
    if leads { Ok((rest, Token::Blank)) } else { Err(miss(input)) }
}

fn blank(input: &str) -> IResult<&str, Token<'_>> {
    value(Token::Blank, one_of(" \t\u{a0}/:()[].\"'")).parse(input)
}

fn miss(input: &str) -> nom::Err<nom::error::Error<&str>> {
    nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify))
}
