//! Why a chain is not trusted, in words.

use std::fmt;

use jiff::Timestamp;

/// Why no path to a trusted root was found. Its text begins with the word of [`Reason::kind`] and a
/// colon, so that a program can tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Signed with its own key, and none of the roots.
    SelfSigned,
    /// The issuer of the last certificate that was sent is neither among them nor a root.
    MissingIntermediate {
        /// Subject of the certificate whose issuer is missing.
        of: String,
        /// The issuer.
        issuer: String,
        /// Where it was found all the same, or could be had.
        found: Found,
    },
    /// The chain ends in a root that is not trusted.
    UnknownRoot(String),
    /// A certificate on the way has ended.
    Expired(String, Timestamp),
    /// A certificate on the way has not begun.
    NotYetValid(String, Timestamp),
    /// extendedKeyUsage does not permit serverAuth: what it permits.
    WrongUsage(Vec<String>),
    /// An authority's certificate in the place of a server's.
    AuthorityAsServer,
    /// A certificate that is no authority's has issued another.
    IssuerIsNoAuthority,
    /// Names or length that a constraint of an authority forbids.
    Constraint(&'static str),
    /// A signature that is wrong.
    BadSignature(String),
    /// A signature that nothing here verifies.
    NotVerifiable(String),
    /// Anything else; the verifier's word.
    Other(String),
}

/// Where a certificate that was not sent is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nowhere.
    Nowhere,
    /// Among the organisation's own files, and with it the chain is complete.
    Own,
    /// At an address that the certificate names. It was not fetched.
    At(String),
}

impl Reason {
    /// One word for it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::SelfSigned => "self-signed",
            Self::MissingIntermediate { .. } => "missing-intermediate",
            Self::UnknownRoot(_) => "unknown-root",
            Self::Expired(..) => "expired",
            Self::NotYetValid(..) => "not-yet-valid",
            Self::WrongUsage(_) => "wrong-usage",
            Self::AuthorityAsServer => "authority-as-server",
            Self::IssuerIsNoAuthority => "issuer-is-no-authority",
            Self::Constraint(_) => "constraint",
            Self::BadSignature(_) => "bad-signature",
            Self::NotVerifiable(_) => "not-verifiable",
            Self::Other(_) => "refused",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind())?;
        match self {
            Self::SelfSigned => {
                f.write_str("the certificate is signed with its own key and is none of the roots")
            }
            Self::MissingIntermediate { of, issuer, found } => {
                write!(
                    f,
                    "the issuer of \"{of}\", \"{issuer}\", was not sent and is none of the roots"
                )?;
                match found {
                    Found::Nowhere => Ok(()),
                    Found::Own => f.write_str(
                        "; it is among the own CA files, and with it the chain is complete",
                    ),
                    Found::At(address) => {
                        write!(f, "; it is said to be at {address}, which was not fetched")
                    }
                }
            }
            Self::UnknownRoot(root) => {
                write!(f, "the chain ends in \"{root}\", which is none of the roots")
            }
            Self::Expired(subject, end) => write!(f, "\"{subject}\" ended {end}"),
            Self::NotYetValid(subject, begin) => write!(f, "\"{subject}\" begins {begin}"),
            Self::WrongUsage(usages) if usages.is_empty() => {
                f.write_str("a certificate on the way is not for serverAuth")
            }
            Self::WrongUsage(usages) => {
                write!(f, "the certificate is for {}, not for serverAuth", usages.join(", "))
            }
            Self::AuthorityAsServer => {
                f.write_str("the server's certificate is an authority's (basicConstraints CA:TRUE)")
            }
            Self::IssuerIsNoAuthority => {
                f.write_str("a certificate that is no authority's has issued another")
            }
            Self::Constraint(what) => write!(f, "an authority's {what} forbids it"),
            Self::BadSignature(subject) => {
                write!(f, "the signature of \"{subject}\" is not that of its issuer's key")
            }
            Self::NotVerifiable(what) => write!(f, "{what}"),
            Self::Other(word) => write!(f, "the verifier says {word}"),
        }
    }
}
