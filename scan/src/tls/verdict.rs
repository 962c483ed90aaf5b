//! The verdict: whether everything that an endpoint offers is allowed, from eight hellos, seven at once.
//!
//! Each is a question that an endpoint in order answers in one way only: the old versions and what is
//! forbidden with a refusal, what is allowed with a choice.

use portvakt_model::{Offered, TlsVersion};

use super::full;
use super::line::Line;
use super::offers::{self, SMALL};
use super::refusal::Refusal;
use super::shake;
use super::tls13;
use super::wire::Answer;

/// Asks, and writes down what was answered. Whether all of it is as it should be.
pub(crate) async fn verdict(line: &Line<'_>) -> bool {
    let split = &line.how.split;
    let not_allowed = offers::not_allowed_12(split);
    let classical = offers::classical_groups(split);
    let weak = offers::not_allowed_groups(split);
    let hybrid = offers::hybrid_groups();
    let all = offers::groups(TlsVersion::Tls12);
    let ((), (), forbidden, allowed, hybrids, classical, weak, ()) = tokio::join!(
        ssl2(line),
        old_versions(line, Below::Asked),
        ask_12(line, &not_allowed, &all),
        ask_12(line, &split.allowed_suites, &all),
        ask_13(line, &hybrid),
        ask_13(line, &classical),
        ask_13(line, &weak),
        shake::shake(line, shake::Resume::No),
    );
    settle_12(line, [forbidden, allowed]).await;
    settle_13(line, [hybrids, classical, weak]).await;
    shake::other_alpn(line).await;
    full::confirm(line).await;
    let facts = line.facts();
    let old = TlsVersion::ALL[..4].iter().all(|v| facts.offered(*v) == Offered::No);
    old && forbidden != Some(Ok(())) && weak != Some(Ok(())) && facts.doubts.is_empty()
}

/// Whether something was chosen; `None` when there was nothing to ask for.
type Asked = Option<Result<(), Refusal>>;

async fn ask_12(line: &Line<'_>, suites: &[u16], groups: &[u16]) -> Asked {
    if suites.is_empty() {
        return None;
    }
    Some(ask_apart(line, TlsVersion::Tls12, suites, groups).await.map(|_| ()))
}

async fn ask_13(line: &Line<'_>, groups: &[u16]) -> Asked {
    if groups.is_empty() {
        return None;
    }
    Some(tls13::ask(line, &offers::all_13(), groups).await.map(|_| ()))
}

async fn settle_12(line: &Line<'_>, asked: [Asked; 2]) {
    settle(line, TlsVersion::Tls12, &asked).await;
}

/// A server whose answer in TLS 1.2 says that it could do TLS 1.3 is asked once more, with key shares.
async fn settle_13(line: &Line<'_>, asked: [Asked; 3]) {
    settle(line, TlsVersion::Tls13, &asked).await;
    if should_have_13(line) {
        line.bring_shares();
        let again = ask_13(line, &offers::groups(TlsVersion::Tls13)).await;
        settle(line, TlsVersion::Tls13, &[again]).await;
    }
}

/// Whether the server said that it can do TLS 1.3, and did not when it was asked without key shares.
pub(crate) fn should_have_13(line: &Line<'_>) -> bool {
    let facts = line.facts();
    facts.could_do_13 && facts.offered(TlsVersion::Tls13) != Offered::Yes && !line.brings_shares()
}

/// Says of a version whether it is offered, and what is not known of it.
async fn settle(line: &Line<'_>, version: TlsVersion, asked: &[Asked]) {
    let mut unclear = None;
    for refusal in asked.iter().flatten().filter_map(|asked| asked.err()) {
        if !line.refuses_so(version, refusal).await {
            unclear = Some(refusal);
        }
    }
    let mut facts = line.facts();
    match unclear {
        Some(refusal) => {
            facts.doubt(format!("{}: not every question was answered ({refusal})", version.name()));
        }
        None => facts.refused(version),
    }
}

/// Asks for all of `suites`; when the refusal is not plain, for parts of them, until one is taken or each
/// is refused. The version that was taken, which may be an older one.
pub(crate) async fn ask_apart(
    line: &Line<'_>,
    version: TlsVersion,
    suites: &[u16],
    groups: &[u16],
) -> Result<TlsVersion, Refusal> {
    match ask_whole(line, version, suites, groups).await {
        Err(refusal) => in_parts(line, version, suites, groups, refusal).await,
        taken => taken,
    }
}

async fn ask_whole(
    line: &Line<'_>,
    version: TlsVersion,
    suites: &[u16],
    groups: &[u16],
) -> Result<TlsVersion, Refusal> {
    taken(&line.ask(&line.offer(version, suites, groups)).await, version, suites)
}

/// Asks in parts, unless the whole was refused so that they would tell nothing more.
async fn in_parts(
    line: &Line<'_>,
    version: TlsVersion,
    suites: &[u16],
    groups: &[u16],
    refusal: Refusal,
) -> Result<TlsVersion, Refusal> {
    if refusal.is_clean() || refusal.is_final() {
        return Err(refusal);
    }
    let mut parts = parts(suites);
    if parts.len() < 2 && suites.len() <= SMALL {
        return Err(refusal);
    }
    let mut unclear = None;
    while let Some(part) = parts.pop() {
        match ask_whole(line, version, &part, groups).await {
            Ok(version) => return Ok(version),
            Err(refusal) if refusal.is_clean() => {}
            Err(refusal) if refusal.is_final() => return Err(refusal),
            Err(_) if part.len() > SMALL && !line.takes_large() => {
                parts.extend(part.chunks(SMALL).rev().map(<[u16]>::to_vec));
            }
            Err(refusal) => unclear = Some(refusal),
        }
    }
    // Each part was refused plainly: so was the whole, whatever it was that it did not like.
    Err(unclear.unwrap_or(Refusal::Alert(40)))
}

/// What may be asked for without being dragged down by the rest; the most common last.
fn parts(suites: &[u16]) -> Vec<Vec<u16>> {
    let (exotic, plain): (Vec<u16>, Vec<u16>) = suites.iter().partition(|s| offers::is_exotic(**s));
    let (field, rest): (Vec<u16>, Vec<u16>) = plain.into_iter().partition(|s| offers::is_field(*s));
    [exotic, field, rest].into_iter().filter(|part| !part.is_empty()).collect()
}

/// The version that was taken. An older one than TLS 1.2 is a refusal of TLS 1.2; below that it is the
/// answer that was asked for.
fn taken(answer: &Answer, version: TlsVersion, suites: &[u16]) -> Result<TlsVersion, Refusal> {
    match answer {
        Answer::Refused(refusal) => Err(*refusal),
        Answer::Chosen(chosen) if !suites.contains(&chosen.suite) => {
            Err(Refusal::Garbage("a suite that was not offered"))
        }
        Answer::Chosen(chosen) => match chosen.version {
            Some(taken) if taken == version => Ok(taken),
            Some(taken) if taken < version && version < TlsVersion::Tls12 => Ok(taken),
            Some(taken) if taken < version => Err(Refusal::Older),
            _ => Err(Refusal::Garbage("a version that was not offered")),
        },
    }
}

/// Asks in SSL 2.0.
pub(crate) async fn ssl2(line: &Line<'_>) {
    let answer = line.ask_ssl2().await;
    let mut facts = line.facts();
    match answer {
        Ok(hello) => {
            let protocol = facts.protocol(TlsVersion::Ssl2);
            protocol.offered = Offered::Yes;
            protocol.suites = hello.kinds;
            protocol.complete = true;
            if !hello.certificate.is_empty() {
                facts.chain(&[hello.certificate]);
            }
        }
        Err(refusal) if refusal.is_unasked() || refusal == Refusal::Silent => {
            facts.doubt(format!("SSLv2: not known whether it is offered ({refusal})"));
        }
        // Whoever does not speak it closes, resets, or answers with an alert of TLS.
        Err(_) => facts.refused(TlsVersion::Ssl2),
    }
}

/// What becomes of the versions below the newest of the old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// They are asked for by name.
    Asked,
    /// They are left to the search that follows.
    Left,
}

/// Asks which versions below TLS 1.2 are offered. One hello with TLS 1.1 is answered with the newest that
/// there is, and mostly with a refusal; so is one with TLS 1.0, which a server of SSL 3.0 alone answers too.
///
/// Where each part of a hello was refused in the server's own way, so were all older versions: their suites
/// were in it, and a server takes the newest version that it has. Who cannot bear a newer hello is asked
/// in the older version for all at once.
pub(crate) async fn old_versions(line: &Line<'_>, below: Below) {
    const OLD: [TlsVersion; 3] = [TlsVersion::Tls11, TlsVersion::Tls10, TlsVersion::Ssl3];
    let mut asked: Option<TlsVersion> = None;
    let (mut cannot_sign, mut its_way) = (false, None::<Refusal>);
    for version in OLD {
        if asked.is_some_and(|taken| taken <= version) {
            continue;
        }
        let (suites, groups) = (offers::until_12(version), offers::groups(version));
        let mut answer = ask_whole(line, version, &suites, &groups).await;
        if answer == Err(INTERNAL_ERROR) {
            cannot_sign = cannot_sign || breaks_off_with_every_key(line, version).await;
            if cannot_sign {
                line.facts().refused(version);
                continue;
            }
        }
        if let Err(refusal) = answer
            && !its_way.is_some_and(|known| known.is_like(refusal))
        {
            answer = in_parts(line, version, &suites, &groups, refusal).await;
        }
        match answer {
            Ok(taken) => {
                OLD.iter()
                    .filter(|v| **v > taken && **v <= version)
                    .for_each(|v| line.facts().refused(*v));
                if below == Below::Left {
                    return;
                }
                asked = Some(taken);
            }
            // A server may lack TLS 1.1 alone, and then refuse it though it has TLS 1.0 (GnuTLS does).
            Err(refusal) if refusal.is_clean() && version == TlsVersion::Tls11 => {
                line.facts().refused(version);
            }
            // Nobody of that version or older was there.
            Err(refusal) if refusal.is_clean() => {
                let refused = OLD.iter().filter(|v| **v <= version);
                refused.for_each(|v| line.facts().refused(*v));
                return;
            }
            Err(refusal) => {
                its_way = unclear(line, version, refusal).await.then_some(refusal).or(its_way);
            }
        }
    }
}

/// RFC 5246 §7.2.2.
const INTERNAL_ERROR: Refusal = Refusal::Alert(80);

/// Whether a server that breaks off in an old version does so for every kind of key, so that nobody can
/// come to terms with it.
///
/// OpenSSL 3 has TLS 1.1 and 1.0 switched on and uses them only at security level 0
/// (`SSL_CTX_set_security_level(3)`): above that it may not sign with SHA-1. It finds that out when it has
/// chosen a suite, and says `internal_error` to every suite with a certificate, whatever its key exchange.
async fn breaks_off_with_every_key(line: &Line<'_>, version: TlsVersion) -> bool {
    let groups = offers::groups(version);
    let [kinds @ .., others] = offers::by_key(version);
    let plain = ask_whole(line, version, &others, &groups).await;
    if !plain.is_err_and(Refusal::is_clean) {
        return false;
    }
    let mut breaks_off = false;
    for suites in kinds {
        match ask_whole(line, version, &suites, &groups).await {
            Err(INTERNAL_ERROR) => breaks_off = true,
            Err(refusal) if refusal.is_clean() => {}
            _ => return false,
        }
    }
    breaks_off
}

/// Whether a version was refused in the way in which the server refuses.
async fn unclear(line: &Line<'_>, version: TlsVersion, refusal: Refusal) -> bool {
    let refused = line.refuses_so(version, refusal).await;
    if refused {
        line.facts().refused(version);
    } else {
        let doubt = format!("{}: not known whether it is offered ({refusal})", version.name());
        line.facts().doubt(doubt);
    }
    refused
}
