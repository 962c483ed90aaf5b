//! SSH endpoints: what a server says that it can do, the host keys that it shows, and the groups that it
//! exchanges keys in.
//!
//! Nobody logs in, and no key exchange is carried through. What is told stands in the server's own
//! lists (RFC 4253 §7.1), the markers of strict key exchange among them; what they are worth is judged
//! elsewhere. OpenSSH 9.8 and newer shut an address out for a while that comes often without logging in
//! (`PerSourcePenalties`), so few connections are made.

mod exchange;
mod key;
mod line;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use jiff::Timestamp;
use portvakt_model::SshEndpoint;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use exchange::Groups;
use exchange::Method;
pub use key::host_key;
use line::{Fault, Line};
pub use wire::{KexInit, kexinit, packet};

/// An endpoint to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As it was asked for: `host:port`.
    pub name: String,
    /// Where it is; `None` when the name does not resolve. Resolving is the caller's, who knows the scope.
    pub address: Option<SocketAddr>,
}

/// How much is asked, and how hard.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// From then until the last answer of the connection. A key exchange in a large group takes old
    /// equipment some seconds.
    pub answer: Duration,
    /// Connections to one endpoint, one after another.
    pub connections: u32,
    /// Endpoints at a time.
    pub in_flight: usize,
    /// Which host keys are wanted.
    pub host_keys: HostKeys,
    /// Whether the size of group exchange's groups is wanted.
    pub groups: Groups,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(15),
            connections: 2,
            in_flight: 64,
            host_keys: HostKeys::default(),
            groups: Groups::default(),
        }
    }
}

/// Which host keys are wanted. Each costs a connection, and the first connection has one to spare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostKeys {
    /// One, and each whose size its name does not tell.
    #[default]
    OfOpenSize,
    /// One of every kind.
    All,
}

/// A server that has just started, or limits how many may log in at a time (`MaxStartups`), drops
/// connections for no fault of ours. It is given this long before it is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at one endpoint. Never fails: what could not be found out is among the doubts.
pub async fn look(target: &Target, limits: &Limits) -> SshEndpoint {
    let mut endpoint = SshEndpoint::unknown(target.name.clone(), target.address, Timestamp::now());
    let Some(address) = target.address else {
        endpoint.doubts.push("the name does not resolve".to_owned());
        return endpoint;
    };
    let mut open = Open { lists: true, groups: limits.groups, ..Open::nothing() };
    while !open.is_empty() && endpoint.connections < limits.connections {
        endpoint.connections += 1;
        let again = visit(address, limits, &mut endpoint, &mut open).await;
        if again == Again::AfterPause && endpoint.connections < limits.connections {
            tokio::time::sleep(PAUSE).await;
        }
    }
    endpoint.complete = open.is_empty() && endpoint.doubts.is_empty();
    endpoint.doubts.extend(open.doubts());
    endpoint
}

/// Looks at many, and gives each with its place in `targets` when it is done. When the future is
/// dropped, all ends.
pub async fn look_all(
    targets: Vec<Target>,
    limits: &Limits,
    mut on_done: impl FnMut(usize, SshEndpoint),
) {
    let slots = Arc::new(Semaphore::new(limits.in_flight.max(1)));
    let mut running = JoinSet::new();
    let mut give = |done: Result<(usize, SshEndpoint), tokio::task::JoinError>| {
        // A task can only fail by a panic of ours, which the runtime has reported.
        if let Ok((place, endpoint)) = done {
            on_done(place, endpoint);
        }
    };
    for (place, target) in targets.into_iter().enumerate() {
        // A closed semaphore would let all of them go at once; nobody closes it.
        let slot = Arc::clone(&slots).acquire_owned().await.ok();
        let limits = limits.clone();
        running.spawn(async move {
            let endpoint = look(&target, &limits).await;
            drop(slot);
            (place, endpoint)
        });
        while let Some(done) = running.try_join_next() {
            give(done);
        }
    }
    while let Some(done) = running.join_next().await {
        give(done);
    }
}

/// What is still to be asked.
struct Open {
    lists: bool,
    /// Host key algorithms, one for each kind of key that is wanted.
    keys: Vec<String>,
    /// The same for kinds that will do when none of the others is shown.
    spare: VecDeque<String>,
    groups: Groups,
}

impl Open {
    const fn nothing() -> Self {
        Self { lists: false, keys: Vec::new(), spare: VecDeque::new(), groups: Groups::Unasked }
    }

    fn is_empty(&self) -> bool {
        !self.lists && self.keys.is_empty() && self.groups == Groups::Unasked
    }

    fn doubts(&self) -> Vec<String> {
        let unasked =
            |what: &str| format!("{what}: not asked within the connections that are allowed");
        let keys = self.keys.iter().map(|key| unasked(&format!("the host key of {key}")));
        let groups =
            (self.groups == Groups::Asked && !self.lists).then(|| unasked("group exchange"));
        keys.chain(groups).collect()
    }
}

/// Whether the next connection should wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    AtOnce,
    AfterPause,
}

/// One connection. What it shows goes into `endpoint`, and out of `open`.
async fn visit(
    address: SocketAddr,
    limits: &Limits,
    endpoint: &mut SshEndpoint,
    open: &mut Open,
) -> Again {
    let mut line = match Line::connect(address, limits.connect, limits.answer).await {
        Ok(line) => line,
        Err(fault) => {
            // Nobody is there; asking again is for those who are.
            doubt(endpoint, fault.to_string());
            *open = Open::nothing();
            return Again::AtOnce;
        }
    };
    let theirs = match lists(&mut line, endpoint).await {
        Ok(theirs) => theirs,
        Err(fault) => {
            doubt(endpoint, fault.to_string());
            return again(&fault, open);
        }
    };
    if std::mem::take(&mut open.lists) {
        (open.keys, open.spare) = wanted(&theirs.host_keys, limits.host_keys);
        if open.groups == Groups::Asked && !theirs.kex.iter().any(|m| m.contains("group-exchange"))
        {
            open.groups = Groups::Unasked;
        }
        fill(endpoint, theirs.clone());
    }
    ask_key(&mut line, &theirs, endpoint, open).await;
    line.leave().await;
    Again::AtOnce
}

/// Only who was dropped before the lists is asked again: any other answer would be the same.
fn again(fault: &Fault, open: &mut Open) -> Again {
    if matches!(fault, Fault::Closed(_)) {
        return Again::AfterPause;
    }
    *open = Open::nothing();
    Again::AtOnce
}

async fn lists(line: &mut Line, endpoint: &mut SshEndpoint) -> Result<KexInit, Fault> {
    endpoint.banner = line.identification().await?;
    let version = endpoint.banner.strip_prefix("SSH-").unwrap_or_default();
    if !version.starts_with("2.") && !version.starts_with("1.99-") {
        return Err(Fault::Broken("only version 1 of the protocol, whose lists are not read"));
    }
    let payload = line.hear(wire::KEXINIT).await?;
    let read = kexinit(&payload).map_err(|_| Fault::Broken("lists that cannot be read"))?;
    Ok(read.1)
}

fn fill(endpoint: &mut SshEndpoint, theirs: KexInit) {
    // A doubt of an earlier connection is answered.
    endpoint.doubts.clear();
    endpoint.kex = theirs.kex;
    endpoint.host_key_algorithms = theirs.host_keys;
    endpoint.ciphers = theirs.ciphers;
    endpoint.macs = theirs.macs;
    endpoint.compression = theirs.compression;
}

/// One algorithm for each kind of key that is wanted, those of an open size first; and the same for the
/// other kinds.
fn wanted(offered: &[String], which: HostKeys) -> (Vec<String>, VecDeque<String>) {
    let mut kinds: Vec<&str> = Vec::new();
    let mut all: Vec<String> = Vec::new();
    let plain = offered.iter().any(|name| !key::is_certificate(name));
    for name in offered.iter().filter(|name| !plain || !key::is_certificate(name)) {
        if !kinds.contains(&key::kind_of(name)) {
            kinds.push(key::kind_of(name));
            all.push(name.clone());
        }
    }
    all.sort_by_key(|name| !key::size_is_open(name));
    let open = all.iter().filter(|name| key::size_is_open(name)).count();
    let spare = match which {
        HostKeys::OfOpenSize => all.split_off(open.max(1).min(all.len())),
        HostKeys::All => Vec::new(),
    };
    (all, spare.into())
}

/// Begins a key exchange for the next host key, and for the group where that is wanted.
async fn ask_key(line: &mut Line, theirs: &KexInit, endpoint: &mut SshEndpoint, open: &mut Open) {
    // A server without host keys has nothing to show; one whose keys are all known may still owe a group.
    let known = || theirs.host_keys.first().cloned();
    let Some(algorithm) = open.keys.first().cloned().or_else(known) else {
        *open = Open::nothing();
        return;
    };
    let Some((name, method)) = exchange::choose(&theirs.kex, open.groups) else {
        endpoint
            .doubts
            .push("no key exchange that this client knows; no host key was seen".to_owned());
        *open = Open::nothing();
        return;
    };
    let result = exchanged(line, theirs, &algorithm, (name, method), endpoint).await;
    let was_group = method == Method::GroupExchange && open.groups == Groups::Asked;
    match result {
        Ok(()) => drop(open.keys.drain(..open.keys.len().min(1))),
        // Another connection asks for the key by other means.
        Err(_) if was_group && endpoint.gex_bits.is_some() => {}
        Err(fault) if was_group => doubt(endpoint, format!("group exchange: {fault}")),
        Err(fault) => {
            // Some servers offer what they have no key for, and die of it.
            doubt(endpoint, format!("the host key of {algorithm}: {fault}"));
            open.keys.drain(..open.keys.len().min(1));
            if open.keys.is_empty() && endpoint.host_keys.is_empty() {
                open.keys.extend(open.spare.pop_front());
            }
        }
    }
    if was_group {
        open.groups = Groups::Unasked;
    }
}

async fn exchanged(
    line: &mut Line,
    theirs: &KexInit,
    algorithm: &str,
    (name, method): (&str, Method),
    endpoint: &mut SshEndpoint,
) -> Result<(), Fault> {
    // Of all else what the server wants: it is not come to.
    let ours = KexInit {
        kex: vec![name.to_owned()],
        host_keys: vec![algorithm.to_owned()],
        ..theirs.clone()
    };
    let mut cookie = [0; 16];
    rand::fill(&mut cookie).map_err(|_| Fault::Own("no random numbers"))?;
    line.say(&ours.written(cookie)).await?;
    line.say(&exchange::init(method)?).await?;
    let mut kind = wire::KEX_REPLY;
    if method == Method::GroupExchange {
        let group = line.hear(wire::GEX_GROUP).await?;
        let read =
            exchange::group_bits(&group).map_err(|_| Fault::Broken("a group without a modulus"));
        let (_, bits) = read?;
        endpoint.gex_bits = Some(endpoint.gex_bits.map_or(bits, |known| known.min(bits)));
        line.say(&exchange::group_init(bits)?).await?;
        kind = wire::GEX_REPLY;
    }
    let reply = line.hear(kind).await?;
    let blob = exchange::reply(&reply).map(|(_, blob)| blob).unwrap_or_default();
    let key = host_key(blob).ok_or(Fault::Broken("a reply without a host key"))?;
    if !endpoint.host_keys.contains(&key) {
        endpoint.host_keys.push(key);
    }
    Ok(())
}

/// Twice the same is said once.
fn doubt(endpoint: &mut SshEndpoint, words: String) {
    if !endpoint.doubts.contains(&words) {
        endpoint.doubts.push(words);
    }
}
