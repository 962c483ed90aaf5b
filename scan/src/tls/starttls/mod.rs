//! TLS inside another protocol: the words that come before the first TLS record.
//!
//! Each dialogue asks for TLS and stops. No name or password is ever sent.

mod binary;
mod lines;
mod talk;
#[cfg(test)]
mod tests;
mod xmpp;

use tokio::net::TcpStream;
use tokio::time::Instant;

use talk::Talk;

/// A protocol in which TLS can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StartTls {
    /// RFC 3207.
    Smtp,
    /// RFC 2033 with RFC 3207.
    Lmtp,
    /// RFC 9051 §6.2.1.
    Imap,
    /// RFC 2595 §4.
    Pop3,
    /// RFC 4217.
    Ftp,
    /// RFC 4511 §4.14.
    Ldap,
    /// RFC 6120 §5, from a client.
    Xmpp,
    /// The same between servers.
    XmppServer,
    /// PostgreSQL documentation, "SSL Session Encryption".
    Postgres,
    /// MySQL internals, "Protocol::SSLRequest"; MariaDB has the same.
    Mysql,
    /// MS-RDPBCGR §2.2.1.1.
    Rdp,
    /// RFC 5804 §2.2.
    Sieve,
    /// RFC 4642.
    Nntp,
}

impl StartTls {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Smtp,
        Self::Lmtp,
        Self::Imap,
        Self::Pop3,
        Self::Ftp,
        Self::Ldap,
        Self::Xmpp,
        Self::XmppServer,
        Self::Postgres,
        Self::Mysql,
        Self::Rdp,
        Self::Sieve,
        Self::Nntp,
    ];

    /// The name on the command line and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Ldap => "ldap",
            Self::Xmpp => "xmpp",
            Self::XmppServer => "xmpp-server",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Rdp => "rdp",
            Self::Sieve => "sieve",
            Self::Nntp => "nntp",
        }
    }

    /// The protocol of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The protocol that usually speaks on a TCP port and begins in clear text.
    pub const fn of_port(port: u16) -> Option<Self> {
        Some(match port {
            21 => Self::Ftp,
            24 => Self::Lmtp,
            25 | 587 => Self::Smtp,
            110 => Self::Pop3,
            119 => Self::Nntp,
            143 => Self::Imap,
            389 | 3268 => Self::Ldap,
            3306 => Self::Mysql,
            3389 => Self::Rdp,
            4190 => Self::Sieve,
            5222 => Self::Xmpp,
            5269 => Self::XmppServer,
            5432 => Self::Postgres,
            _ => return None,
        })
    }

    /// How many handshakes in a row may be broken off before the server shuts us out; `None` where no
    /// such rule is known.
    ///
    /// MySQL and MariaDB block a client's address after `max_connect_errors` interrupted handshakes,
    /// 100 by default, until an administrator intervenes. Half of that is left to others.
    pub const fn broken_handshakes(self) -> Option<u32> {
        match self {
            Self::Mysql => Some(50),
            _ => None,
        }
    }

    /// What is said before hanging up on a server that speaks the protocol but gives no TLS.
    const fn farewell(self) -> &'static [u8] {
        match self {
            Self::Smtp | Self::Lmtp | Self::Pop3 | Self::Ftp | Self::Nntp => b"QUIT\r\n",
            Self::Imap => b"z LOGOUT\r\n",
            Self::Sieve => b"LOGOUT\r\n",
            Self::Ldap => binary::LDAP_UNBIND,
            Self::Xmpp | Self::XmppServer => b"</stream:stream>",
            Self::Postgres | Self::Mysql | Self::Rdp => b"",
        }
    }
}

/// Why TLS did not begin. What the peer said is told with it, escaped and shortened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartTlsError {
    /// It speaks the protocol, and its answer means that there is no TLS in it.
    #[error("TLS is not offered: {0}")]
    NotOffered(String),
    /// It has TLS, or may have it, and does not give it now: a fault of its own, or too many clients.
    #[error("TLS is refused for now: {0}")]
    Refused(String),
    /// What it said is not the protocol.
    #[error("this is not the protocol that was asked for: {0}")]
    Unexpected(String),
    /// Nothing came before the deadline; the last that it said before, if anything.
    #[error("no answer in time{}", after(.0.as_deref()))]
    Silent(Option<String>),
    /// The connection ended; the last that it said before, if anything.
    #[error("the connection was closed{}", after(.0.as_deref()))]
    Closed(Option<String>),
}

impl StartTlsError {
    /// Whether it is an answer to the question if TLS is offered. All else leaves it open.
    pub const fn is_no(&self) -> bool {
        matches!(self, Self::NotOffered(_))
    }
}

fn after(said: Option<&str>) -> String {
    said.map_or_else(String::new, |text| format!(" after: {text}"))
}

/// Asks for TLS on a fresh connection. On success the next byte in either direction is TLS's.
///
/// `host` is the name that the peer is asked for, where the protocol wants one (XMPP).
/// At most 64 KiB are read, and nothing is waited for past `deadline`.
pub async fn start(
    stream: TcpStream,
    kind: StartTls,
    host: &str,
    deadline: Instant,
) -> Result<TcpStream, StartTlsError> {
    let mut talk = Talk::new(stream, deadline);
    let error = match dialogue(&mut talk, kind, host).await {
        Ok(()) => return talk.finish(),
        Err(error) => error,
    };
    if matches!(error, StartTlsError::NotOffered(_) | StartTlsError::Refused(_)) {
        talk.leave(kind.farewell()).await;
    }
    Err(error)
}

async fn dialogue(talk: &mut Talk, kind: StartTls, host: &str) -> Result<(), StartTlsError> {
    match kind {
        StartTls::Smtp => lines::smtp(talk, "EHLO").await,
        StartTls::Lmtp => lines::smtp(talk, "LHLO").await,
        StartTls::Imap => lines::imap(talk).await,
        StartTls::Pop3 => lines::pop3(talk).await,
        StartTls::Ftp => lines::ftp(talk).await,
        StartTls::Sieve => lines::sieve(talk).await,
        StartTls::Nntp => lines::nntp(talk).await,
        StartTls::Ldap => binary::ldap(talk).await,
        StartTls::Postgres => binary::postgres(talk).await,
        StartTls::Mysql => binary::mysql(talk).await,
        StartTls::Rdp => binary::rdp(talk).await,
        StartTls::Xmpp => xmpp::start(talk, "jabber:client", host).await,
        StartTls::XmppServer => xmpp::start(talk, "jabber:server", host).await,
    }
}
