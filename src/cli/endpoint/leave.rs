//! Whether endpoints may be looked at, and at which addresses.
//!
//! A written scope decides where there is one: what lies outside it is refused, and then nothing is
//! sent at all. Of a name that has some addresses inside it and some outside, those inside are looked at
//! and the others are told. Without a scope, a few endpoints that somebody named one by one may be
//! looked at, for a handful of connections each is no more than a browser makes. Prefixes, long lists
//! and active probes need a scope. Loopback may always be looked at.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::Zoned;
use portvakt_scan::scope::{Leave, Scope};

use super::targets::{Asked, Wanted};

/// Most endpoints that may be named without a scope.
pub(crate) const WITHOUT_SCOPE: usize = 10;

/// Most addresses of one name that are looked at. The others are told as not looked at.
pub(crate) const MOST_ADDRESSES: usize = 16;

/// An endpoint at one address, and how it may be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// As it was asked for.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// Where it is; `None` when the name has no address.
    pub(crate) address: Option<SocketAddr>,
    /// How it may be looked at.
    pub(crate) manner: Manner,
}

/// How an endpoint may be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As any other.
    Usual,
    /// One connection at a time, slowly.
    Gently,
    /// Nothing is sent to it; why, in English.
    Not(String),
}

impl Place {
    /// As it was asked for, with its port.
    pub(crate) fn target(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    fn is_loopback(&self) -> bool {
        self.address.is_none_or(|a| a.ip().is_loopback())
    }
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

/// Finds the addresses of all that was asked for, and asks leave for each. A target of which no address may
/// be looked at refuses all.
pub(crate) fn ask(
    asked: &Asked,
    scope: Option<&Scope>,
    probes: Probes,
    port: impl Fn(&Wanted) -> u16,
) -> anyhow::Result<Vec<Place>> {
    let found: Vec<Vec<Place>> =
        asked.endpoints.iter().map(|w| places(&w.host, port(w), resolve)).collect();
    let Some(scope) = scope else {
        without_scope(asked, found.iter().flatten(), probes)?;
        return Ok(found.concat());
    };
    if !found.iter().flatten().all(Place::is_loopback) {
        scope
            .open_at(Zoned::now().datetime())
            .map_err(|e| anyhow!("refused: {e}; nothing was sent"))?;
    }
    let within = found.into_iter().map(|places| within(scope, places));
    Ok(within.collect::<anyhow::Result<Vec<_>>>()?.concat())
}

/// The addresses of one target, each with its leave.
pub(super) fn within(scope: &Scope, places: Vec<Place>) -> anyhow::Result<Vec<Place>> {
    let asked: Vec<Place> = places.into_iter().map(|place| with_leave(scope, place)).collect();
    let refusal = |place: &Place| match (&place.address, &place.manner) {
        (Some(_), Manner::Not(why)) => Some(format!("{} is {why}", place.host)),
        _ => None,
    };
    match asked.iter().map(refusal).collect::<Option<Vec<_>>>().as_deref() {
        Some([first, ..]) => Err(anyhow!("{first}; nothing was sent")),
        _ => Ok(asked),
    }
}

fn with_leave(scope: &Scope, place: Place) -> Place {
    let Some(address) = place.address.map(|a| a.ip()) else { return place };
    let manner = match scope.leave(address) {
        Ok(Leave::ConnectOnly) => Manner::Gently,
        Err(e) if !address.is_loopback() => Manner::Not(format!("refused: {e}")),
        _ => place.manner,
    };
    Place { manner, ..place }
}

fn without_scope<'a>(
    asked: &Asked,
    mut found: impl Iterator<Item = &'a Place>,
    probes: Probes,
) -> anyhow::Result<()> {
    if found.all(Place::is_loopback) {
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

/// The addresses of a name as this machine finds them (A and AAAA, the hosts file).
fn resolve(host: &str) -> io::Result<Vec<IpAddr>> {
    Ok((host, 0).to_socket_addrs()?.map(|found| found.ip()).collect())
}

/// Each address of a name, in the order in which they were found. A name without one is told as not
/// looked at, not as an error of the run; and so are those beyond [`MOST_ADDRESSES`].
pub(super) fn places(
    host: &str,
    port: u16,
    resolve: impl Fn(&str) -> io::Result<Vec<IpAddr>>,
) -> Vec<Place> {
    let place = |address: Option<IpAddr>, manner| Place {
        host: host.to_owned(),
        port,
        address: address.map(|a| SocketAddr::new(a, port)),
        manner,
    };
    if let Ok(address) = host.parse() {
        return vec![place(Some(address), Manner::Usual)];
    }
    let mut known = BTreeSet::new();
    let found = resolve(host).map(|mut all| {
        all.retain(|address| known.insert(*address));
        all
    });
    let why = match &found {
        Ok(all) if !all.is_empty() => {
            let looked_at = all.iter().take(MOST_ADDRESSES);
            let mut places: Vec<Place> =
                looked_at.map(|a| place(Some(*a), Manner::Usual)).collect();
            let more: Vec<String> =
                all.iter().skip(MOST_ADDRESSES).map(ToString::to_string).collect();
            if !more.is_empty() {
                let why = format!(
                    "only the first {MOST_ADDRESSES} addresses of the name are looked at, not {}; \
                     name them one by one",
                    more.join(", ")
                );
                places.push(place(None, Manner::Not(why)));
            }
            return places;
        }
        Ok(_) => "the name has no address; check its spelling and the name server".to_owned(),
        Err(e) => format!("the name has no address ({e}); check its spelling and the name server"),
    };
    vec![place(None, Manner::Not(why))]
}
