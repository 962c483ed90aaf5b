//! Which endpoints are meant: `host`, `host:port`, `[ipv6]:port`, prefixes, files of them.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, bail};
use ipnetwork::IpNetwork;

/// Most addresses of a written prefix.
const WIDEST: u128 = 4_096;
/// The largest list that is read.
const LARGEST: u64 = 64 << 20;

/// An endpoint that was asked for by name or number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    /// A name or an address.
    pub(crate) host: String,
    /// Its port, where one was written.
    pub(crate) port: Option<u16>,
}

/// What was asked for in all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Each endpoint once.
    pub(crate) endpoints: Vec<Wanted>,
    /// Whether a prefix was among them, so that somebody may not have meant each.
    pub(crate) swept: bool,
    /// How many came from a file.
    pub(crate) listed: usize,
}

impl Asked {
    /// One endpoint that was named.
    pub(crate) fn one(text: &str) -> anyhow::Result<Self> {
        Ok(Self { endpoints: vec![one(text)?], ..Self::default() })
    }
}

/// Reads targets from the command line and from a list.
pub(crate) fn read(written: &[String], list: Option<&Path>) -> anyhow::Result<Asked> {
    let mut asked = Asked::default();
    for text in written {
        add(&mut asked, text)?;
    }
    if let Some(path) = list {
        let cannot = || format!("{} cannot be read", path.display());
        let size = std::fs::metadata(path).with_context(cannot)?.len();
        anyhow::ensure!(size <= LARGEST, "{} is larger than 64 MiB", path.display());
        let text = std::fs::read_to_string(path).with_context(cannot)?;
        let before = asked.endpoints.len();
        for (number, line) in (1..).zip(text.lines()) {
            let target = line.split('#').next().unwrap_or_default().trim();
            if !target.is_empty() {
                let at = || format!("{}:{number}", path.display());
                add(&mut asked, target).with_context(at)?;
            }
        }
        asked.listed = asked.endpoints.len() - before;
    }
    let mut known = std::collections::BTreeSet::new();
    asked.endpoints.retain(|wanted| known.insert(wanted.clone()));
    if asked.endpoints.is_empty() {
        bail!("name at least one endpoint: HOST, HOST:PORT or --from FILE");
    }
    Ok(asked)
}

fn add(asked: &mut Asked, text: &str) -> anyhow::Result<()> {
    if let Some(prefix) = text.contains('/').then(|| text.parse::<IpNetwork>()) {
        let prefix = prefix.with_context(|| format!("\"{text}\" is no prefix"))?;
        let size = match prefix {
            IpNetwork::V4(p) => u128::from(p.size()),
            IpNetwork::V6(p) => p.size(),
        };
        anyhow::ensure!(size <= WIDEST, "{text} has more than {WIDEST} addresses");
        let each = prefix.iter().map(|a| Wanted { host: a.to_string(), port: None });
        asked.endpoints.extend(each);
        asked.swept = true;
        return Ok(());
    }
    asked.endpoints.push(one(text)?);
    Ok(())
}

/// One endpoint.
pub(crate) fn one(text: &str) -> anyhow::Result<Wanted> {
    let wrong = || format!("\"{text}\" is no endpoint; write HOST, HOST:PORT or [IPV6]:PORT");
    let (host, port) = if text.parse::<std::net::Ipv6Addr>().is_ok() {
        (text, None)
    } else if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').with_context(wrong)?;
        anyhow::ensure!(host.parse::<std::net::Ipv6Addr>().is_ok(), "{}", wrong());
        (
            host,
            if after.is_empty() {
                None
            } else {
                Some(after.strip_prefix(':').with_context(wrong)?)
            },
        )
    } else {
        text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
    };
    let port = port.map(|port| port.parse::<u16>().ok().filter(|p| *p > 0).with_context(wrong));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    anyhow::ensure!(
        !host.is_empty() && host.len() <= 253 && host.chars().all(plain),
        "{}",
        wrong()
    );
    Ok(Wanted { host: host.to_owned(), port: port.transpose()? })
}

/// Whether an address is reachable from anywhere: the profile of an endpoint goes by it where none is
/// stated.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            let [first, second, ..] = a.octets();
            // RFC 6598: shared address space.
            let shared = first == 100 && (64..128).contains(&second);
            !(a.is_private()
                || a.is_loopback()
                || a.is_link_local()
                || shared
                || a.is_documentation())
        }
        IpAddr::V6(a) => {
            let head = a.segments()[0];
            let documentation = head == 0x2001 && a.segments()[1] == 0x0db8;
            let local = a.is_loopback() || head & 0xfe00 == 0xfc00 || head & 0xffc0 == 0xfe80;
            !(local || documentation)
        }
    }
}
