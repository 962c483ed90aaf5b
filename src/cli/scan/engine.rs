//! Which engine asks, and the rights that it needs.

use anyhow::Context as _;
use portvakt_scan::privileges::drop_privileges;
use portvakt_scan::syn;

use super::Method;
use super::result::Opening;

/// An engine that is ready.
pub(super) enum Engine {
    /// Sockets that send packets of their own.
    Syn(Box<syn::Engine>),
    /// Whole connections, and why no packets are sent when that was wanted.
    Connect(Option<String>),
    /// UDP.
    Udp,
}

impl Engine {
    /// Opens what a method needs. Where rights are missing, connections are opened instead.
    pub(super) fn open(method: Method) -> Self {
        match method {
            Method::Udp => Self::Udp,
            Method::Connect => Self::Connect(None),
            Method::Syn => match syn::Engine::open() {
                Ok(engine) => Self::Syn(Box::new(engine)),
                Err(e) => Self::Connect(Some(format!("{e}; whole connections are opened instead"))),
            },
        }
    }

    pub(super) const fn method(&self) -> Method {
        match self {
            Self::Syn(_) => Method::Syn,
            Self::Connect(_) => Method::Connect,
            Self::Udp => Method::Udp,
        }
    }

    /// When a file must be opened that this process may have no right to later.
    pub(super) const fn opening(&self) -> Opening {
        match self {
            Self::Syn(_) => Opening::Early,
            Self::Connect(_) | Self::Udp => Opening::Late,
        }
    }

    /// Gives up what was needed to open the sockets.
    pub(super) fn drop_rights(&self) -> anyhow::Result<()> {
        if let Self::Syn(_) = self {
            drop_privileges().context("nothing was sent: rights cannot be given up")?;
        }
        Ok(())
    }
}
