//! Whom a certificate is trusted by, as answers have it and in words.

use portvakt_model::Trust;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Lang, recorded};

/// Which roots lead to a certificate: "trusted", "untrusted: " with the reason, or null when they
/// were not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TrustRow {
    /// Mozilla's.
    pub(crate) public: Option<String>,
    /// Those of the machine that looked.
    pub(crate) system: Option<String>,
    /// The organisation's own.
    pub(crate) own: Option<String>,
}

impl TrustRow {
    /// What three sets of roots say.
    pub(crate) fn of([public, system, own]: [&Trust; 3]) -> Self {
        let row = |trust: &Trust| match trust {
            Trust::NotAsked => None,
            Trust::Trusted => Some("trusted".to_owned()),
            Trust::Untrusted(why) => Some(format!("untrusted: {why}")),
        };
        Self { public: row(public), system: row(system), own: row(own) }
    }

    /// One of two, for each set of roots that both asked.
    pub(crate) fn joined(&self, other: &Self, prefer: Prefer) -> Self {
        let one = |a: &Option<String>, b: &Option<String>| {
            let wanted = |text: &&String| (*text == "trusted") == (prefer == Prefer::Trusted);
            [a, b].into_iter().flatten().find(wanted).or(a.as_ref()).or(b.as_ref()).cloned()
        };
        Self {
            public: one(&self.public, &other.public),
            system: one(&self.system, &other.system),
            own: one(&self.own, &other.own),
        }
    }
}

/// Which of two answers counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefer {
    /// The good one.
    Trusted,
    /// The bad one.
    Untrusted,
}

/// Yes; or no, in a few words and then in full.
pub(super) fn said(text: &str, lang: Lang) -> String {
    match text.strip_prefix("untrusted: ") {
        Some(why) => {
            let no = lang.of("nej", "no");
            let detail = recorded(why.split_once(": ").map_or(why, |(_, detail)| detail), lang);
            format!("{no}, {} ({detail})", reason(why, lang))
        }
        None => lang.of("ja", "yes").to_owned(),
    }
}

/// A reason for not trusting in a few words: the first of what `Trust` tells.
fn reason(text: &str, lang: Lang) -> &str {
    let kind = text.split(':').next().unwrap_or(text);
    match REASONS.iter().find(|(known, ..)| *known == kind) {
        Some((_, sv, en)) => lang.of(sv, en),
        None => kind,
    }
}

const REASONS: &[(&str, &str, &str)] = &[
    ("self-signed", "signerat med sin egen nyckel", "signed with its own key"),
    ("missing-intermediate", "mellanliggande certifikat saknas", "an intermediate is missing"),
    ("unknown-root", "kedjan slutar i en okänd rot", "the chain ends in an unknown root"),
    ("expired", "har gått ut", "expired"),
    ("not-yet-valid", "gäller inte än", "not valid yet"),
    ("wrong-usage", "är inte för servrar", "not for servers"),
    ("authority-as-server", "är ett CA-certifikat", "is an authority's certificate"),
    ("issuer-is-no-authority", "utfärdaren är ingen CA", "the issuer is no authority"),
    ("constraint", "en CA:s begränsning förbjuder det", "an authority's constraint forbids it"),
    ("bad-signature", "fel signatur", "wrong signature"),
    ("not-verifiable", "signaturen kan inte prövas", "the signature cannot be verified"),
    ("refused", "godtas inte", "refused"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_by_their_first_word() {
        assert_eq!(reason("expired: \"CN=x\" ended", Lang::En), "expired");
        assert_eq!(reason("bad-signature: of x", Lang::Sv), "fel signatur");
        assert_eq!(
            said("untrusted: unknown-root: CN=x", Lang::Sv),
            "nej, kedjan slutar i en okänd rot (CN=x)"
        );
        assert_eq!(said("trusted", Lang::En), "yes");
    }
}
