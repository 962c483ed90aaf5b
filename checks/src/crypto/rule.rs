//! One rule of a policy, and when it holds.

use jiff::civil::Date;
use portvakt_model::{Evidence, Message, Severity, TlsVersion};
use serde::{Deserialize, Serialize};

use super::seen::{Context, Seen};
use super::{Judgement, Level, NOT_READ, Profile, Words};

/// What kind of thing a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// A version, by name: `TLS1.2`.
    Protocol,
    /// A cipher suite, by its IANA name.
    Suite,
    /// A key-exchange group, by its IANA name.
    Group,
    /// The modulus of finite-field Diffie-Hellman, in bits.
    Dh,
    /// A leaf's key: `rsa`, `rsa-pss`, `dsa`, `ed25519` or a curve, with its size in bits.
    Key,
    /// RSA's public exponent.
    Exponent,
    /// Hash of a certificate's signature: `sha256`.
    Signature,
    /// A scheme that a handshake was signed with, by its IANA name.
    SignatureScheme,
    /// Whole validity of a leaf, in days.
    Validity,
    /// What is left of it, in days.
    Remaining,
    /// A fault of a certificate or its chain, or a lint, by name.
    Certificate,
    /// A property with its state: `compression=yes`.
    Trait,
    /// `max-age` of HSTS, in seconds.
    Hsts,
    /// A known weakness that was shown, by name.
    Probe,
    /// An SSH key exchange method.
    SshKex,
    /// An SSH host key algorithm.
    SshHostKey,
    /// An SSH host key's type, with its size in bits.
    SshKey,
    /// An SSH cipher.
    SshCipher,
    /// An SSH MAC.
    SshMac,
    /// The smallest modulus of SSH group exchange, in bits.
    SshGex,
    /// A property of an SSH endpoint with its state: `terrapin=yes`.
    SshTrait,
}

impl Item {
    /// Id of the check for a rule that names none.
    pub(super) const fn check(self) -> &'static str {
        match self {
            Self::Protocol => "protocol-offered",
            Self::Suite => "suite-offered",
            Self::Group => "group-offered",
            Self::Dh => "dh-modulus",
            Self::Key | Self::Exponent => "certificate-key",
            Self::Signature => "certificate-signature",
            Self::SignatureScheme => "handshake-signature",
            Self::Validity | Self::Remaining => "certificate-validity",
            Self::Certificate => "certificate-fault",
            Self::Trait => "tls-property",
            Self::Hsts => "hsts",
            Self::Probe => "known-weakness",
            Self::SshKex => "ssh-key-exchange",
            Self::SshHostKey => "ssh-host-key-algorithm",
            Self::SshKey => "ssh-host-key",
            Self::SshCipher => "ssh-cipher",
            Self::SshMac => "ssh-mac",
            Self::SshGex => "ssh-group-exchange",
            Self::SshTrait => "ssh-property",
        }
    }

    /// Whether something of this kind that no rule names is told as not assessed. A property or a
    /// fault that a policy does not ask about is no question of it.
    pub(super) const fn is_told_unlisted(self) -> bool {
        matches!(
            self,
            Self::Protocol
                | Self::Suite
                | Self::Group
                | Self::Key
                | Self::Signature
                | Self::SignatureScheme
                | Self::SshKex
                | Self::SshHostKey
                | Self::SshCipher
                | Self::SshMac
        )
    }
}

/// Whether a rule is about what is there or about what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Each thing that has one of its names.
    Seen,
    /// That none of its names is offered.
    Absence,
}

/// One rule. Of the rules that match, the first of the policy decides.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) item: Item,
    /// Names, with `*` for any characters; empty matches every name.
    pub(super) names: Vec<String>,
    pub(super) about: About,
    /// Only what is offered in these versions.
    pub(super) versions: Vec<TlsVersion>,
    /// Only endpoints that offer one of these versions.
    pub(super) when: Vec<TlsVersion>,
    /// Not where the endpoint has this property.
    pub(super) unless: Option<String>,
    /// Least number that it matches.
    pub(super) from: Option<i64>,
    /// Greatest number that it matches.
    pub(super) to: Option<i64>,
    /// Only certificates issued on this day or later.
    pub(super) issued_from: Option<Date>,
    /// Only for this profile.
    pub(super) profile: Option<Profile>,
    pub(super) level: Level,
    /// One of the worst: traffic can be read or changed with little effort.
    pub(super) critical: bool,
    /// That the property is not known is no gap: it is asked for only when told to.
    pub(super) optional: bool,
    pub(super) words: &'static Words,
    pub(super) source: String,
    pub(super) clause: String,
    /// First day that it holds.
    pub(super) valid_from: Option<Date>,
    /// Last day that it holds.
    pub(super) valid_to: Option<Date>,
    /// Whether its document's own text was read.
    pub(super) read: bool,
}

impl Rule {
    /// Whether the rule is in force for an endpoint at all.
    pub(super) fn in_force(&self, context: &Context<'_>) -> bool {
        self.valid_from.is_none_or(|from| from <= context.today)
            && self.valid_to.is_none_or(|to| context.today <= to)
            && self.profile.is_none_or(|profile| profile == context.profile)
            && (self.when.is_empty() || self.when.iter().any(|v| context.offers(*v)))
            && self.unless.as_deref().is_none_or(|name| !context.has(name))
    }

    /// Whether it says something of what was seen.
    pub(super) fn matches(&self, seen: &Seen, context: &Context<'_>) -> bool {
        self.item == seen.item
            && self.about == About::Seen
            && self.holds_name(&seen.name)
            && self.from.is_none_or(|from| seen.number.is_some_and(|n| n >= from))
            && self.to.is_none_or(|to| seen.number.is_some_and(|n| n <= to))
            && self.issued_from.is_none_or(|day| seen.issued.is_some_and(|d| d >= day))
            && (self.versions.is_empty()
                || seen.version.is_some_and(|v| self.versions.contains(&v)))
            && self.in_force(context)
    }

    /// Whether one of its names is this one.
    pub(super) fn holds_name(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|pattern| glob(pattern, name))
    }

    /// The judgement by this rule. Where its text was not read, a pass is withheld.
    pub(super) fn judgement(&self, subject: String, observed: Vec<String>) -> Judgement {
        let passes = self.level <= Level::Sufficient;
        let level = if passes && !self.read { Level::NotAssessed } else { self.level };
        Judgement {
            words: self.words,
            level,
            severity: severity(level, self.critical),
            evidence: Evidence::Tested,
            subject,
            observed,
            source: self.source.clone(),
            clause: self.clause.clone(),
            caveat: (!self.read).then_some(&NOT_READ),
        }
    }

    /// The judgement of a question that was not answered.
    pub(super) fn unknown(&self, subject: String, caveat: &'static Message) -> Judgement {
        Judgement {
            level: Level::NotAssessed,
            severity: Severity::Info,
            evidence: Evidence::Incomplete,
            caveat: Some(caveat),
            ..self.judgement(subject, Vec::new())
        }
    }
}

/// How bad a level is.
pub(super) const fn severity(level: Level, critical: bool) -> Severity {
    match level {
        Level::Insufficient if critical => Severity::Critical,
        Level::Insufficient => Severity::High,
        Level::PhaseOut => Severity::Medium,
        Level::NotAssessed | Level::Sufficient | Level::Good => Severity::Info,
    }
}

/// Whether a name fits a pattern in which `*` stands for any characters. Takes the leftmost place
/// for each part, which is right because only `*` is special; time is at most the product of the
/// lengths.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_is_any_characters() {
        for (pattern, name) in [
            ("TLS1.2", "TLS1.2"),
            ("*", ""),
            ("*", "x"),
            ("TLS_RSA_WITH_*", "TLS_RSA_WITH_NULL_MD5"),
            ("*_WITH_NULL_*", "TLS_RSA_WITH_NULL_MD5"),
            ("*_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
            ("a*b*b", "abb"),
            ("a*b*c", "a-b-bc"),
        ] {
            assert!(glob(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("TLS1.2", "TLS1.20"),
            ("*_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA256"),
            ("TLS_RSA_WITH_*", "TLS_ECDHE_RSA_WITH_NULL_SHA"),
            ("a*b*b", "ab"),
            ("", "x"),
        ] {
            assert!(!glob(pattern, name), "{pattern} {name}");
        }
    }
}
