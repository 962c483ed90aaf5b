//! Which engine asks, and the rights that it needs.

use anyhow::{Context as _, bail};
use portvakt_scan::privileges::drop_privileges;
use portvakt_scan::record::Unfinished;
use portvakt_scan::syn;

use super::Method;

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
    /// Opens what a method needs. Where rights are missing, connections are opened instead; but not to go on with a
    /// run that asked otherwise, since what one method proves is not what another does.
    pub(super) fn open(method: Method, resumes: Option<&Unfinished>) -> anyhow::Result<Self> {
        let refused = match method {
            Method::Udp => return Ok(Self::Udp),
            Method::Connect => return Ok(Self::Connect(None)),
            Method::Syn => match syn::Engine::open() {
                Ok(engine) => return Ok(Self::Syn(Box::new(engine))),
                Err(e) => e,
            },
        };
        match resumes {
            Some(run) => bail!("nothing was sent: run {} asked with SYNs; {refused}", run.run),
            None => {
                Ok(Self::Connect(Some(format!("{refused}; whole connections are opened instead"))))
            }
        }
    }

    pub(super) const fn method(&self) -> Method {
        match self {
            Self::Syn(_) => Method::Syn,
            Self::Connect(_) => Method::Connect,
            Self::Udp => Method::Udp,
        }
    }

    /// Whether rights are given up before anything is sent.
    pub(super) const fn gives_up_rights(&self) -> bool {
        matches!(self, Self::Syn(_))
    }

    /// Gives up what was needed to open the sockets.
    pub(super) fn drop_rights(&self) -> anyhow::Result<()> {
        if self.gives_up_rights() {
            drop_privileges().context("nothing was sent: rights cannot be given up")?;
        }
        Ok(())
    }
}
