//! Protocols in which the server speaks first, and in words.

use super::{Known, databases, http};

/// Whether a peer may say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It may.
    MayCome,
    /// It has ended, fell silent, or said as much as is kept.
    Ended,
}

/// A question after the greeting, which tells whether TLS can be asked for.
pub(super) struct Step {
    pub(super) question: &'static [u8],
    /// Reads the answer; is told what the greeting was.
    pub(super) answer: fn(&[u8], Rest, &Known) -> Option<Known>,
    /// How one takes one's leave.
    pub(super) farewell: &'static [u8],
}

/// What a greeting is.
pub(super) fn recognise(bytes: &[u8], port: u16, rest: Rest) -> Option<Known> {
    if let Some(known) = databases::mysql(bytes).or_else(|| telnet(bytes)) {
        return Some(known);
    }
    if bytes.starts_with(b"HTTP/") {
        return http::answer(bytes, rest);
    }
    let complete = rest == Rest::Ended || bytes.contains(&b'\n');
    let text = String::from_utf8_lossy(bytes);
    if !complete {
        return prompt(&text);
    }
    ssh(&text).or_else(|| line(&text, port)).or_else(|| prompt(&text))
}

/// RFC 4253 §4.2: other lines may come before the one that begins with `SSH-`.
fn ssh(text: &str) -> Option<Known> {
    let line = text.lines().find(|line| line.starts_with("SSH-"))?;
    let software = line.splitn(3, '-').nth(2).unwrap_or_default();
    Some(Known::new("ssh").product(software))
}

/// RFC 854: options are negotiated with IAC WILL, WONT, DO or DONT.
fn telnet(bytes: &[u8]) -> Option<Known> {
    matches!(bytes, [0xff, 0xfb..=0xfe, _, ..]).then(|| Known::new("telnet"))
}

/// A prompt for a name without any negotiation before it.
fn prompt(text: &str) -> Option<Known> {
    let last = text.trim_end().rsplit('\n').next()?.trim().to_ascii_lowercase();
    let asks = ["login:", "username:", "user name:", "password:", "user access verification"];
    asks.iter().any(|ask| last.ends_with(ask)).then(|| Known::new("telnet"))
}

fn line(text: &str, port: u16) -> Option<Known> {
    let first = text.lines().next().unwrap_or_default();
    if let Some(greeting) = first.strip_prefix("220").and_then(|r| r.strip_prefix([' ', '-'])) {
        return Some(greeted(greeting, port));
    }
    if let Some(words) = first.strip_prefix("* OK").or_else(|| first.strip_prefix("* PREAUTH")) {
        return Some(imap(words));
    }
    if let Some(words) = first.strip_prefix("+OK") {
        return Some(Known::new("pop3").product(without_stamp(words)));
    }
    if let Some(version) = first.strip_prefix("RFB ").filter(|v| v.len() == 7) {
        return Some(Known::new("vnc").product(format!("RFB {version}")));
    }
    if let Some(version) = first.strip_prefix("@RSYNCD: ") {
        return Some(Known::new("rsync").product(format!("protocol {}", version.trim())));
    }
    if first.starts_with("200 ") || first.starts_with("201 ") {
        return Some(Known::new("nntp").product(first[4..].trim()));
    }
    if first.starts_with("\"IMPLEMENTATION\"") {
        return Some(sieve(text));
    }
    if first.starts_with("Asterisk Call Manager") {
        return Some(Known::new("asterisk").product(first.trim()));
    }
    None
}

/// FTP (RFC 959), SMTP (RFC 5321) and LMTP (RFC 2033) greet with the same number.
fn greeted(greeting: &str, port: u16) -> Known {
    let upper = greeting.to_ascii_uppercase();
    let (name, doubtful) = if upper.contains("LMTP") {
        ("lmtp", false)
    } else if upper.contains("SMTP") {
        ("smtp", false)
    } else if upper.contains("FTP") || matches!(port, 21 | 990 | 2121) {
        ("ftp", false)
    } else {
        ("smtp", true)
    };
    if name == "ftp" {
        let trimmed = greeting.trim().trim_matches(['(', ')']);
        return Known::new(name).product(trimmed);
    }
    let mut words = greeting.trim().splitn(2, ' ');
    let host = words.next().filter(|host| host.contains('.')).map(str::to_owned);
    let known = Known::new(name).product(words.next().unwrap_or_default().trim());
    Known { title: host, doubtful, ..known }
}

/// RFC 9051 §7.1: a greeting may hold the capabilities.
fn imap(words: &str) -> Known {
    let (code, product) = words.split_once(']').unwrap_or(("", words));
    let known = Known::new("imap").product(product.trim());
    Known { starttls: has_word(code, "STARTTLS"), ..known }
}

/// RFC 5804 §1.7: the capabilities are the greeting.
fn sieve(text: &str) -> Known {
    let first = text.lines().next().unwrap_or_default();
    let product = first.split('"').nth(3).unwrap_or_default();
    let starttls = text.lines().any(|line| line.trim().eq_ignore_ascii_case("\"STARTTLS\""));
    Known { starttls, ..Known::new("sieve").product(product) }
}

/// APOP's time stamp in angle brackets (RFC 1939 §7) says nothing of the product.
fn without_stamp(words: &str) -> &str {
    words.split('<').next().unwrap_or_default().trim()
}

/// What to ask after a greeting.
pub(super) fn follow_up(known: &Known) -> Option<Step> {
    Some(match known.name {
        "smtp" if known.doubtful => Step {
            question: b"EHLO portvakt.invalid\r\nLHLO portvakt.invalid\r\n",
            answer: unclear,
            farewell: b"QUIT\r\n",
        },
        "smtp" => {
            Step { question: b"EHLO portvakt.invalid\r\n", answer: mail, farewell: b"QUIT\r\n" }
        }
        "lmtp" => {
            Step { question: b"LHLO portvakt.invalid\r\n", answer: mail, farewell: b"QUIT\r\n" }
        }
        "ftp" => Step { question: b"FEAT\r\n", answer: ftp, farewell: b"QUIT\r\n" },
        "imap" => {
            Step { question: b"a CAPABILITY\r\n", answer: imap_more, farewell: b"b LOGOUT\r\n" }
        }
        "pop3" => Step { question: b"CAPA\r\n", answer: pop3_more, farewell: b"QUIT\r\n" },
        "nntp" => Step { question: b"CAPABILITIES\r\n", answer: pop3_more, farewell: b"QUIT\r\n" },
        "vnc" => Step { question: b"RFB 003.008\n", answer: vnc, farewell: b"" },
        _ => return None,
    })
}

/// The reply to EHLO (RFC 5321 §4.1.1.1), or that of somebody who does not know it.
fn mail(bytes: &[u8], rest: Rest, known: &Known) -> Option<Known> {
    let text = String::from_utf8_lossy(bytes);
    // A server may end its greeting after we have begun to speak.
    let lines = || text.lines().filter(|line| !line.starts_with("220"));
    let last = lines().any(is_last) && text.ends_with('\n');
    if !last && rest == Rest::MayCome {
        return None;
    }
    Some(Known { starttls: lines().any(offers_starttls), ..known.clone() })
}

/// After a greeting that may be of three protocols: who knows EHLO speaks SMTP, who knows LHLO instead
/// speaks LMTP (RFC 2033 §4.1), and who knows neither speaks FTP.
fn unclear(bytes: &[u8], rest: Rest, known: &Known) -> Option<Known> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("220")).collect();
    let replies: Vec<&[&str]> = lines.split_inclusive(|line| is_last(line)).collect();
    let complete = lines.last().is_some_and(|line| is_last(line)) && text.ends_with('\n');
    let ended = replies.len() >= 2 && complete;
    if !ended && rest == Rest::MayCome || replies.is_empty() {
        return None;
    }
    let accepted = |at: usize| {
        let reply = replies.get(at)?;
        let starttls = reply.iter().any(|line| offers_starttls(line));
        reply.last()?.starts_with("250").then_some(starttls)
    };
    let told = |name, starttls| Known { name, starttls, doubtful: false, ..known.clone() };
    Some(match (accepted(0), accepted(1)) {
        (Some(starttls), _) => told("smtp", starttls),
        (None, Some(starttls)) => told("lmtp", starttls),
        (None, None) => Known { title: None, ..told("ftp", false) },
    })
}

fn offers_starttls(line: &str) -> bool {
    line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))
}

/// A reply's last line has a space after its number.
fn is_last(line: &str) -> bool {
    match line.as_bytes() {
        [a, b, c] | [a, b, c, b' ', ..] => [a, b, c].into_iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// RFC 4217 §4.1: `AUTH TLS` among the features.
fn ftp(bytes: &[u8], rest: Rest, known: &Known) -> Option<Known> {
    let text = String::from_utf8_lossy(bytes);
    let ended = text.lines().any(is_last);
    if !ended && rest == Rest::MayCome {
        return None;
    }
    let offers = |line: &str| {
        let upper = line.trim().to_ascii_uppercase();
        upper.starts_with("AUTH") && (has_word(&upper, "TLS") || upper.contains("TLS-C"))
    };
    Some(Known { starttls: text.lines().any(offers), ..known.clone() })
}

fn imap_more(bytes: &[u8], rest: Rest, known: &Known) -> Option<Known> {
    let text = String::from_utf8_lossy(bytes);
    let ended = text.lines().any(|line| line.starts_with("a "));
    if !ended && rest == Rest::MayCome {
        return None;
    }
    let offered =
        text.lines().any(|line| line.starts_with("* CAPABILITY") && has_word(line, "STARTTLS"));
    Some(Known { starttls: known.starttls || offered, ..known.clone() })
}

/// A list that ends with a dot (RFC 2449 §5, RFC 3977 §5.2).
fn pop3_more(bytes: &[u8], rest: Rest, known: &Known) -> Option<Known> {
    let text = String::from_utf8_lossy(bytes);
    let refused = text.starts_with("-ERR") || text.starts_with('5');
    let ended = text.lines().any(|line| line == ".") || refused && text.ends_with('\n');
    if !ended && rest == Rest::MayCome {
        return None;
    }
    let offers = |line: &str| ["STLS", "STARTTLS"].contains(&line.trim());
    Some(Known { starttls: text.lines().any(offers), ..known.clone() })
}

/// RFC 6143 §7.1.2: the security types, or for version 3.3 the one that the server has chosen.
fn vnc(bytes: &[u8], rest: Rest, known: &Known) -> Option<Known> {
    let types = match bytes {
        [0, 0, 0, one, ..] if *one > 0 => std::slice::from_ref(one),
        [count, types @ ..] if *count > 0 && types.len() >= usize::from(*count) => {
            &types[..usize::from(*count)]
        }
        _ if rest == Rest::Ended => return Some(known.clone()),
        _ => return None,
    };
    // TLS (18) and VeNCrypt (19) encrypt.
    let starttls = types.iter().any(|t| matches!(t, 18 | 19));
    let list: Vec<String> = types.iter().map(u8::to_string).collect();
    let product = format!(
        "{}, security types {}",
        known.product.as_deref().unwrap_or_default(),
        list.join(" ")
    );
    Some(Known { starttls, ..known.clone().product(product) })
}

fn has_word(text: &str, word: &str) -> bool {
    text.split([' ', '[', ']', ';', '\r']).any(|w| w.eq_ignore_ascii_case(word))
}
