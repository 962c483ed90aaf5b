//! Protocols of lines: SMTP, LMTP, IMAP, POP3, FTP, ManageSieve and NNTP.

use super::StartTlsError::{self, NotOffered, Refused, Unexpected};
use super::talk::Talk;
use crate::evidence::shown;

/// More lines than any of these protocols has in one answer.
const MOST_LINES: usize = 256;

/// SMTP (RFC 3207) and LMTP (RFC 2033), which differ in the word of greeting.
pub(super) async fn smtp(talk: &mut Talk, hello: &str) -> Result<(), StartTlsError> {
    let greeting = Reply::read(talk).await?;
    if greeting.code != 220 {
        return Err(greeting.unwelcome());
    }
    let words = format!("{hello} {}\r\n", talk.address_literal());
    talk.say(words.as_bytes()).await?;
    let answer = Reply::read(talk).await?;
    match answer.code {
        250 if answer.lists("STARTTLS") => {}
        // Without EHLO there are no extensions, and TLS is one (RFC 5321 §2.2.1).
        250 | 500..=504 => return Err(NotOffered(answer.text())),
        _ => return Err(answer.unwelcome()),
    }
    talk.say(b"STARTTLS\r\n").await?;
    let answer = Reply::read(talk).await?;
    match answer.code {
        220 => Ok(()),
        500..=504 => Err(NotOffered(answer.text())),
        _ => Err(answer.unwelcome()),
    }
}

/// RFC 4217 §4. FEAT is not asked: servers may leave AUTH out of it, and the answer to AUTH decides.
pub(super) async fn ftp(talk: &mut Talk) -> Result<(), StartTlsError> {
    let greeting = Reply::read(talk).await?;
    if greeting.code != 220 {
        return Err(greeting.unwelcome());
    }
    talk.say(b"AUTH TLS\r\n").await?;
    let answer = Reply::read(talk).await?;
    match answer.code {
        234 => Ok(()),
        // 530 is what a server says that knows nothing but USER before login.
        500..=504 | 530 => Err(NotOffered(answer.text())),
        _ => Err(answer.unwelcome()),
    }
}

/// RFC 9051 §6.2.1.
pub(super) async fn imap(talk: &mut Talk) -> Result<(), StartTlsError> {
    let greeting = talk.line().await?;
    if has_prefix(&greeting, "* PREAUTH") {
        // Already logged in, where STARTTLS is not allowed (RFC 9051 §7.1.4).
        return Err(NotOffered(shown(greeting.as_bytes())));
    }
    if !has_prefix(&greeting, "* OK") {
        return Err(unwelcome(&greeting, "* BYE"));
    }
    talk.say(b"a CAPABILITY\r\n").await?;
    let mut listed = String::new();
    let end = tagged(talk, "a ", |line| {
        if has_prefix(line, "* CAPABILITY ") {
            line.clone_into(&mut listed);
        }
    })
    .await?;
    if !has_prefix(&end, "a OK") || listed.is_empty() {
        return Err(Unexpected(shown(end.as_bytes())));
    }
    if !has_word(&listed, "STARTTLS") {
        return Err(NotOffered(shown(listed.as_bytes())));
    }
    talk.say(b"b STARTTLS\r\n").await?;
    let answer = tagged(talk, "b ", |_| {}).await?;
    match () {
        () if has_prefix(&answer, "b OK") => Ok(()),
        () if has_prefix(&answer, "b BAD") => Err(NotOffered(shown(answer.as_bytes()))),
        () => Err(Refused(shown(answer.as_bytes()))),
    }
}

/// RFC 2595 §4, with the list of RFC 2449 where the server has it.
pub(super) async fn pop3(talk: &mut Talk) -> Result<(), StartTlsError> {
    let greeting = talk.line().await?;
    if !has_prefix(&greeting, "+OK") {
        return Err(unwelcome(&greeting, "-ERR"));
    }
    talk.say(b"CAPA\r\n").await?;
    let answer = talk.line().await?;
    if has_prefix(&answer, "+OK") {
        let list = dotted(talk).await?;
        if !list.iter().any(|line| line.eq_ignore_ascii_case("STLS")) {
            return Err(NotOffered(shown(list.join(" ").as_bytes())));
        }
    } else if !has_prefix(&answer, "-ERR") {
        return Err(Unexpected(shown(answer.as_bytes())));
    }
    talk.say(b"STLS\r\n").await?;
    let answer = talk.line().await?;
    match () {
        () if has_prefix(&answer, "+OK") => Ok(()),
        // A fault that passes (RFC 3206).
        () if has_prefix(&answer, "-ERR [SYS/TEMP]") => Err(Refused(shown(answer.as_bytes()))),
        () if has_prefix(&answer, "-ERR") => Err(NotOffered(shown(answer.as_bytes()))),
        () => Err(Unexpected(shown(answer.as_bytes()))),
    }
}

/// RFC 5804 §2.2: the server greets with its capabilities.
pub(super) async fn sieve(talk: &mut Talk) -> Result<(), StartTlsError> {
    let mut listed = Vec::new();
    for _ in 0..MOST_LINES {
        let line = talk.line().await?;
        if has_prefix(&line, "OK") {
            return sieve_ask(talk, &listed).await;
        }
        if !line.starts_with('"') {
            return Err(unwelcome(&line, "BYE"));
        }
        listed.push(line);
    }
    Err(Unexpected("a greeting without an end".to_owned()))
}

async fn sieve_ask(talk: &mut Talk, listed: &[String]) -> Result<(), StartTlsError> {
    if !listed.iter().any(|line| has_prefix(line, "\"STARTTLS\"")) {
        return Err(NotOffered(shown(listed.join(" ").as_bytes())));
    }
    talk.say(b"STARTTLS\r\n").await?;
    let answer = talk.line().await?;
    if has_prefix(&answer, "OK") {
        return Ok(());
    }
    Err(if has_prefix(&answer, "NO") {
        Refused(shown(answer.as_bytes()))
    } else {
        unwelcome(&answer, "BYE")
    })
}

/// RFC 4642 §2.2.
pub(super) async fn nntp(talk: &mut Talk) -> Result<(), StartTlsError> {
    let greeting = talk.line().await?;
    if !has_prefix(&greeting, "200 ") && !has_prefix(&greeting, "201 ") {
        // 400: not now; 502: never for us (RFC 3977 §5.1.1).
        return Err(unwelcome(&greeting, if greeting.starts_with('4') { "400" } else { "502" }));
    }
    talk.say(b"CAPABILITIES\r\n").await?;
    let answer = talk.line().await?;
    if has_prefix(&answer, "101") {
        let list = dotted(talk).await?;
        if !list.iter().any(|line| has_word(line, "STARTTLS")) {
            return Err(NotOffered(shown(list.join(" ").as_bytes())));
        }
    }
    talk.say(b"STARTTLS\r\n").await?;
    let answer = talk.line().await?;
    match answer.get(..3) {
        Some("382") => Ok(()),
        Some("500" | "501" | "502") => Err(NotOffered(shown(answer.as_bytes()))),
        Some("580" | "400") => Err(Refused(shown(answer.as_bytes()))),
        _ => Err(Unexpected(shown(answer.as_bytes()))),
    }
}

/// A reply with a code, of one line or more (RFC 5321 §4.2.1, RFC 959 §4.2).
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    async fn read(talk: &mut Talk) -> Result<Self, StartTlsError> {
        let first = talk.line().await?;
        let strange = || Unexpected(shown(first.as_bytes()));
        let (digits, rest) = first.split_at_checked(3).ok_or_else(strange)?;
        let code = digits.parse().map_err(|_| strange())?;
        let mut more = rest.starts_with('-');
        let end = format!("{digits} ");
        let mut lines = vec![first.clone()];
        while more {
            let line = talk.line().await?;
            more = !line.starts_with(&end) && line != digits;
            lines.push(line);
            if lines.len() > MOST_LINES {
                return Err(strange());
            }
        }
        Ok(Self { code, lines })
    }

    /// Whether a line has that keyword first.
    fn lists(&self, keyword: &str) -> bool {
        let word = |line: &String| {
            let said = line.get(4..).unwrap_or_default();
            said.split_ascii_whitespace().next().is_some_and(|w| w.eq_ignore_ascii_case(keyword))
        };
        self.lines.iter().any(word)
    }

    fn text(&self) -> String {
        shown(self.lines.join(" ").as_bytes())
    }

    /// The error for a reply that ends the dialogue. 4xx is passing; so is a refusal of us as a client (554, 530).
    fn unwelcome(&self) -> StartTlsError {
        match self.code {
            400..=599 | 120 => Refused(self.text()),
            _ => Unexpected(self.text()),
        }
    }
}

fn unwelcome(line: &str, refusal: &str) -> StartTlsError {
    let text = shown(line.as_bytes());
    if has_prefix(line, refusal) { Refused(text) } else { Unexpected(text) }
}

/// Lines up to the one that bears the tag, which is returned.
async fn tagged(
    talk: &mut Talk,
    tag: &str,
    mut each: impl FnMut(&str),
) -> Result<String, StartTlsError> {
    for _ in 0..MOST_LINES {
        let line = talk.line().await?;
        if line.starts_with(tag) {
            return Ok(line);
        }
        if has_prefix(&line, "* BYE") {
            return Err(Refused(shown(line.as_bytes())));
        }
        each(&line);
    }
    Err(Unexpected("an answer without an end".to_owned()))
}

/// Lines up to a lone full stop.
async fn dotted(talk: &mut Talk) -> Result<Vec<String>, StartTlsError> {
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES {
        let line = talk.line().await?;
        if line == "." {
            return Ok(lines);
        }
        lines.push(line);
    }
    Err(Unexpected("a list without an end".to_owned()))
}

fn has_prefix(line: &str, prefix: &str) -> bool {
    line.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn has_word(line: &str, word: &str) -> bool {
    line.split_ascii_whitespace().any(|w| w.eq_ignore_ascii_case(word))
}
