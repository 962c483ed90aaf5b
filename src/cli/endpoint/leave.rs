//! Whether endpoints may be looked at.
//!
//! A written scope decides where there is one: what lies outside it is refused, and then nothing is
//! sent at all. Without one, a few endpoints that somebody named one by one may be looked at, for a
//! handful of connections each is no more than a browser makes. Prefixes, long lists and active probes
//! need a scope. Loopback may always be looked at.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::Zoned;
use portvakt_scan::scope::{Leave, Scope};

use super::targets::{Asked, Wanted};

/// Most endpoints that may be named without a scope.
pub(crate) const WITHOUT_SCOPE: usize = 10;

/// An endpoint with its address and how it may be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// As it was asked for.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// Where it is; `None` when the name has no address.
    pub(crate) address: Option<SocketAddr>,
    /// One connection at a time, slowly.
    pub(crate) gently: bool,
}

/// Whether active probes are meant, which may disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probes {
    /// What any client does.
    Polite,
    /// More than that.
    Intrusive,
}

/// The scope of a file, or that of `portvakt.toml` in the working folder where it has one.
pub(crate) fn scope(file: Option<&Path>) -> anyhow::Result<Option<Scope>> {
    let path = file.unwrap_or(Path::new("portvakt.toml"));
    if file.is_none() && !path.exists() {
        return Ok(None);
    }
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let scope = Scope::read(&text).map_err(|e| anyhow!("{shown}:{e}"))?;
    if file.is_some() && scope.is_none() {
        return Err(anyhow!("{shown} has no table [scan]"));
    }
    Ok(scope)
}

/// Finds the addresses of all that was asked for, and asks leave for each. One refusal refuses all.
pub(crate) fn ask(
    asked: &Asked,
    scope: Option<&Scope>,
    probes: Probes,
    port: impl Fn(&Wanted) -> u16,
) -> anyhow::Result<Vec<Allowed>> {
    let found: Vec<Allowed> = asked.endpoints.iter().map(|w| resolved(w, port(w))).collect();
    let Some(scope) = scope else {
        without_scope(asked, &found, probes)?;
        return Ok(found);
    };
    if !found.iter().all(is_loopback) {
        scope
            .open_at(Zoned::now().datetime())
            .map_err(|e| anyhow!("refused: {e}; nothing was sent"))?;
    }
    found.into_iter().map(|endpoint| within(scope, endpoint)).collect()
}

fn within(scope: &Scope, endpoint: Allowed) -> anyhow::Result<Allowed> {
    let Some(address) = endpoint.address.map(|a| a.ip()) else { return Ok(endpoint) };
    match scope.leave(address) {
        Ok(leave) => Ok(Allowed { gently: leave == Leave::ConnectOnly, ..endpoint }),
        Err(_) if address.is_loopback() => Ok(endpoint),
        Err(e) => Err(anyhow!("{} is refused: {e}; nothing was sent", endpoint.host)),
    }
}

fn without_scope(asked: &Asked, found: &[Allowed], probes: Probes) -> anyhow::Result<()> {
    if found.iter().all(is_loopback) {
        return Ok(());
    }
    let why = if asked.swept {
        "a prefix is looked at"
    } else if probes == Probes::Intrusive {
        "--intrusive probes other hosts than this one"
    } else if asked.endpoints.len() > WITHOUT_SCOPE {
        "more than ten endpoints are looked at"
    } else {
        return Ok(());
    };
    Err(anyhow!(
        "refused: {why}, which needs a written scope; write [scan] in portvakt.toml or give --scope FILE: \
         scope = [\"10.0.0.0/8\"], authorised_by = \"…\", valid_until = \"YYYY-MM-DD\""
    ))
}

fn is_loopback(endpoint: &Allowed) -> bool {
    endpoint.address.is_none_or(|a| a.ip().is_loopback())
}

/// The first address of a name. A name without one is told as not reached, not as an error of the run.
fn resolved(wanted: &Wanted, port: u16) -> Allowed {
    let host = wanted.host.clone();
    let address = match host.parse::<IpAddr>() {
        Ok(address) => Some(SocketAddr::new(address, port)),
        Err(_) => (host.as_str(), port).to_socket_addrs().ok().and_then(|mut all| all.next()),
    };
    Allowed { host, port, address, gently: false }
}
