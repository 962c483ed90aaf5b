//! Everything that an endpoint offers.

use portvakt_model::registry::FALLBACK_SCSV;
use portvakt_model::{Offered, TlsVersion};

use super::groups;
use super::hello::Offer;
use super::hunt::Hunt;
use super::line::Line;
use super::offers;
use super::refusal::Refusal;
use super::shake;
use super::signatures;
use super::tls13;
use super::verdict::{self, Below, should_have_13};
use super::wire::Answer;

/// Connections that a look may take beyond one for each suite and each group that it finds. Signature schemes
/// are sought as long as there are some left.
pub(crate) const ROOM: u32 = 20;

/// What was asked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing.
    Nothing,
    /// The questions of a verdict.
    Verdict,
}

/// Asks, and writes down what was answered.
pub(crate) async fn enumerate(line: &Line<'_>, before: Before) {
    line.begin_search();
    if before == Before::Nothing {
        tokio::join!(
            verdict::ssl2(line),
            tls13::enumerate(line),
            until_12(line, before),
            shake::shake(line, shake::Resume::Try),
        );
    } else {
        line.facts().forget_doubts_of_the_verdict();
        tokio::join!(tls13::enumerate(line), until_12(line, before));
    }
    if should_have_13(line) {
        line.bring_shares();
        tls13::enumerate(line).await;
    }
    if before == Before::Nothing {
        shake::other_alpn(line).await;
    }
    tokio::join!(without_name(line), fallback(line));
    signatures::remaining(line).await;
    confirm(line).await;
}

/// What an endpoint did not show is only then not there when it still answers.
pub(crate) async fn confirm(line: &Line<'_>) {
    let knows_no_name = line.knows_no_name();
    if !knows_no_name && line.confirm().await {
        return;
    }
    let mut facts = line.facts();
    if line.target.server_name().is_none() && knows_no_name {
        facts.traits.answers_without_sni = Offered::No;
    }
    facts.signatures_complete = false;
    facts.protocols.iter_mut().for_each(|protocol| {
        protocol.complete = false;
        if protocol.offered == Offered::No {
            protocol.offered = Offered::Unknown;
        }
    });
    let doubt = if knows_no_name {
        "it does not serve the name that it was asked for, or wants one (alert 112)"
    } else {
        "it stopped answering; what it did not show may be there all the same"
    };
    facts.doubt(doubt.to_owned());
}

/// The old versions wait for TLS 1.2, whose search shows what makes the server break off.
async fn until_12(line: &Line<'_>, before: Before) {
    let old = async {
        if before == Before::Nothing {
            verdict::old_versions(line, Below::Left).await;
        }
    };
    tokio::join!(tls12(line), old);
    for version in [TlsVersion::Tls11, TlsVersion::Tls10, TlsVersion::Ssl3] {
        if line.facts().offered(version) != Offered::No {
            let suites = Hunt::new(line, version).run().await;
            // Older ones have the same groups, and SSL 3.0 knows no extension to ask for them with.
            if version != TlsVersion::Ssl3 && newest_until_12(line) == Some(version) {
                groups::remaining(line, version, &suites).await;
            }
        }
    }
}

async fn tls12(line: &Line<'_>) {
    const VERSION: TlsVersion = TlsVersion::Tls12;
    let suites = Hunt::new(line, VERSION).run().await;
    groups::remaining(line, VERSION, &suites).await;
}

/// Asks without a name, where one was sent so far.
async fn without_name(line: &Line<'_>) {
    if line.target.server_name().is_none() {
        return;
    }
    let Some((version, suites)) = newest(line) else { return };
    let offer = line.offer(version, &suites, &offers::groups(version));
    let answer = line.ask_unnoted(&Offer { name: None, ..offer }).await;
    line.facts().traits.answers_without_sni = match answer {
        Answer::Chosen(_) => Offered::Yes,
        // unrecognized_name (RFC 6066 §3), and what servers say instead.
        Answer::Refused(Refusal::Alert(40 | 80 | 112)) => Offered::No,
        Answer::Refused(_) => Offered::Unknown,
    };
}

/// Asks with a version that is not the newest and the signal that this is a second try (RFC 7507). Only
/// where something below TLS 1.2 is offered: RFC 8996 made it needless otherwise.
async fn fallback(line: &Line<'_>) {
    const OLD: [TlsVersion; 3] = [TlsVersion::Tls11, TlsVersion::Tls10, TlsVersion::Ssl3];
    let newest = newest(line).map(|(version, _)| version);
    let lower = |v: &&TlsVersion| newest.is_some_and(|n| **v < n);
    let offered = |v: &&TlsVersion| line.facts().offered(**v) == Offered::Yes;
    let Some(version) = OLD.iter().filter(lower).find(offered).copied() else { return };
    let mut suites = known_suites(line, version);
    suites.push(FALLBACK_SCSV);
    let offer = line.offer(version, &suites, &offers::groups(version));
    line.facts().traits.fallback_scsv = match line.ask_unnoted(&offer).await {
        Answer::Chosen(_) => Offered::No,
        // inappropriate_fallback.
        Answer::Refused(Refusal::Alert(86)) => Offered::Yes,
        Answer::Refused(_) => Offered::Unknown,
    };
}

fn newest_until_12(line: &Line<'_>) -> Option<TlsVersion> {
    let offered = |v: &&TlsVersion| line.facts().offered(**v) == Offered::Yes;
    TlsVersion::ALL[..5].iter().rev().find(offered).copied()
}

/// The newest version that is offered, with its suites.
fn newest(line: &Line<'_>) -> Option<(TlsVersion, Vec<u16>)> {
    let offered = |v: &&TlsVersion| line.facts().offered(**v) == Offered::Yes;
    let version = TlsVersion::ALL[1..].iter().rev().find(offered).copied()?;
    Some((version, known_suites(line, version)))
}

fn known_suites(line: &Line<'_>, version: TlsVersion) -> Vec<u16> {
    let mut facts = line.facts();
    facts.protocol(version).suites.iter().filter_map(|s| u16::try_from(*s).ok()).collect()
}
