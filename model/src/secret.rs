//! Secrets: known to exist, never known.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// What kind of secret a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// Password of a local account, an access line or a privilege level.
    Password,
    /// SNMP community (RFC 3584) or USM key.
    Snmp,
    /// Key shared with an AAA server (RADIUS, TACACS+, LDAP bind).
    Aaa,
    /// Wireless passphrase.
    Wlan,
    /// Pre-shared key of a VPN.
    Vpn,
    /// Key of a routing, time or redundancy protocol.
    Protocol,
    /// Private key.
    PrivateKey,
}

/// How a secret is stored in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretForm {
    /// Readable as it stands.
    Clear,
    /// Turned back into clear text by anyone (Cisco type 7, FortiOS `ENC` with the built-in key).
    Reversible,
    /// Encrypted with a key that is not in the file.
    Encrypted,
    /// A hash that is fast to guess against (MD5 type 5, unsalted, SHA-256 type 4).
    WeakHash,
    /// A slow, salted hash (type 8 and 9, PBKDF2, scrypt, bcrypt).
    StrongHash,
    /// The format does not tell.
    Unknown,
}

/// Facts about a secret. The value itself is gone: it can be neither printed, stored nor sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    form: SecretForm,
    well_known: bool,
    /// Equal for equal values within this process only; the key is random.
    mark: u64,
}

/// Equal for equal secrets within this process only: the key of the hash is random and is never kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretMark(u64);

/// Values that vendors ship or that every attacker tries first, compared in lower case.
const WELL_KNOWN: &[&str] = &[
    "",
    "admin",
    "administrator",
    "cisco",
    "community",
    "default",
    "fortinet",
    "manager",
    "password",
    "private",
    "public",
    "read",
    "root",
    "secret",
    "snmp",
    "test",
    "write",
    "1234",
    "12345",
    "123456",
    "12345678",
    "password1",
    "changeme",
    "sommar",
    "hemligt",
    "losenord",
    "lösenord",
];

/// Password hashes without salt of such values: the empty password and `cisco` on Cisco PIX and ASA.
const WELL_KNOWN_HASHES: &[&str] = &["8Ry2YjIyt7RRXU24", "2KFQnbNIdI.2KYOU"];

static MARK: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Secret {
    /// Keeps the facts about `value` and forgets it.
    pub fn seen(value: &str, form: SecretForm) -> Self {
        let well_known = match form {
            SecretForm::Clear => WELL_KNOWN.contains(&value.trim().to_lowercase().as_str()),
            _ => WELL_KNOWN_HASHES.contains(&value),
        };
        Self { form, well_known, mark: MARK.hash_one(value) }
    }

    /// How it is stored.
    pub const fn form(&self) -> SecretForm {
        self.form
    }

    /// Whether it is a vendor's default or among the first that are guessed.
    pub const fn is_well_known(&self) -> bool {
        self.well_known
    }

    /// What is equal for secrets of the same text, to find reuse among many.
    pub const fn mark(&self) -> SecretMark {
        SecretMark(self.mark)
    }

    /// Whether two secrets are the same text. Salted hashes of one password differ.
    pub const fn same_as(&self, other: &Self) -> bool {
        self.mark == other.mark
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({:?})", self.form)
    }
}

/// A secret and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSecret {
    /// What it protects.
    pub kind: SecretKind,
    /// Facts about it.
    pub secret: Secret,
    /// Whose it is: an account, a server, an SSID. Never part of the secret.
    pub owner: String,
    /// Line, from 1.
    pub line: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_facts_remain() {
        let s = Secret::seen("Public", SecretForm::Clear);
        assert!(s.is_well_known());
        assert!(Secret::seen("2KFQnbNIdI.2KYOU", SecretForm::WeakHash).is_well_known());
        assert!(!Secret::seen("public", SecretForm::WeakHash).is_well_known());
        assert!(s.same_as(&Secret::seen("Public", SecretForm::Reversible)));
        assert!(s.mark() == Secret::seen("Public", SecretForm::Reversible).mark());
        assert_eq!(format!("{s:?}"), "Secret(Clear)");
    }
}
