//! `portvakt init`: a commented starter of the site file, from what a folder holds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use portvakt_model::{Device, Interface};

use super::Exit;
use crate::inputs::{self, Inputs, Request};
use crate::site;
use crate::text::{self, Lang};

/// Arguments of `portvakt init`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder with exports and tables
    path: PathBuf,
    /// Overwrite a site file that is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    if !args.path.is_dir() {
        bail!("{} is not a folder", args.path.display());
    }
    let target = args.path.join(site::FILE_NAME);
    if target.exists() && !args.force {
        bail!("{} exists; --force overwrites it", target.display());
    }
    let request = Request {
        paths: vec![args.path.clone()],
        parameters: crate::audit::parameter_names(),
        ..Request::default()
    };
    let found = inputs::read(&request, &|_| {});
    for failure in &found.failures {
        // The starter is in Swedish, and so is what is said of it.
        anstream::eprintln!("{}: {}", failure.path, text::failure(&failure.kind, Lang::Sv));
    }
    let mut file = tempfile::NamedTempFile::new_in(&args.path)
        .with_context(|| format!("cannot write in {}", args.path.display()))?;
    file.write_all(starter(&found, &args.path).as_bytes())?;
    file.persist(&target).with_context(|| format!("cannot write {}", target.display()))?;
    anstream::println!("{}", target.display());
    Ok(Exit::Clean)
}

/// The starter's text. It is a valid site file as it stands.
fn starter(found: &Inputs, folder: &std::path::Path) -> String {
    let mut out = String::from(HEAD);
    let named = |format: &str| -> Vec<String> {
        let of = found.parsed.iter().filter(|p| p.format == format);
        of.map(|p| &found.sources[p.id.0 as usize].path)
            .map(std::path::Path::new)
            .map(|path| path.strip_prefix(folder).unwrap_or(path).display().to_string())
            .collect()
    };
    for (key, format) in [
        ("registers", "register"),
        ("systems", "systems"),
        ("ssids", "ssid-table"),
        ("exceptions", "exceptions"),
    ] {
        let _ = writeln!(out, "{key} = {}", list(&named(format)));
    }
    let proposals = proposals(found.parsed.iter().flat_map(|p| &p.devices));
    let links = proposals.iter().filter(|z| z.kind == INTERNET);
    let own: Vec<String> = links.flat_map(|z| z.prefixes.clone()).collect();
    out.push_str(OWN);
    let _ = writeln!(out, "own_prefixes = {}", list(&own));
    out.push_str(SERVERS);
    internet(&proposals, &mut out);
    proposals.iter().filter(|z| z.kind != INTERNET).for_each(|z| zone(z, &mut out));
    out.push_str(TAIL);
    out
}

const INTERNET: &str = "internet";

/// A zone to be named and sorted by a person: a network with the interfaces that have an address in
/// it, on whatever device.
struct Proposal {
    name: String,
    kind: &'static str,
    hints: Vec<String>,
    prefixes: Vec<String>,
    interfaces: Vec<String>,
}

fn proposals<'d>(devices: impl Iterator<Item = &'d Device>) -> Vec<Proposal> {
    let mut all: Vec<Proposal> = Vec::new();
    let with_address = |i: &&Interface| i.enabled && !i.addresses.is_empty();
    let each = devices.flat_map(|d| d.interfaces.all().iter().map(move |i| (d, i)));
    for (device, interface) in each.filter(|(_, i)| with_address(i)) {
        let prefixes: Vec<String> = interface.addresses.iter().filter_map(network).collect();
        let hint = interface.description.as_deref().or(interface.role.as_deref());
        let hint = hint.map(|h| h.replace(['\n', '\r'], " "));
        let place = format!("{}:{}", device.name, interface.name);
        if let Some(same) = all.iter_mut().find(|z| z.prefixes == prefixes) {
            same.interfaces.push(place);
            same.hints.extend(hint);
            continue;
        }
        all.push(Proposal {
            name: format!("{} {}", device.name, interface.name),
            kind: kind(interface),
            hints: hint.into_iter().collect(),
            prefixes,
            interfaces: vec![place],
        });
    }
    name(&mut all);
    all
}

/// Calls each zone by what its interface says of itself, where that is one thing and no other's.
fn name(proposals: &mut [Proposal]) {
    let hints: Vec<String> = proposals.iter().map(|z| z.hints.join(", ")).collect();
    for (proposal, hint) in proposals.iter_mut().zip(&hints) {
        if proposal.hints.len() == 1 && hints.iter().filter(|h| *h == hint).count() == 1 {
            proposal.name.clone_from(hint);
        }
    }
}

/// One zone for all that leads out. Its links have the municipality's own addresses, so the zone
/// itself has none: it is all that nothing else claims.
fn internet(proposals: &[Proposal], out: &mut String) {
    let links = proposals.iter().filter(|z| z.kind == INTERNET);
    let interfaces: Vec<String> = links.flat_map(|z| z.interfaces.clone()).collect();
    if !interfaces.is_empty() {
        let interfaces = list(&interfaces);
        let _ = write!(
            out,
            "
# Internet är allt som ingen annan zon gör anspråk på.
[[zone]]
name = \"Internet\"
kind = \"internet\"
interfaces = {interfaces}
"
        );
    }
}

fn zone(zone: &Proposal, out: &mut String) {
    let _ = write!(
        out,
        "
[[zone]]
name = {}
kind = {}
# owner = \"…förvaltningen\"
prefixes = {}
interfaces = {}
",
        quoted(&zone.name),
        quoted(zone.kind),
        list(&zone.prefixes),
        list(&zone.interfaces),
    );
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(texts: &[String]) -> String {
    toml::Value::from(texts.to_vec()).to_string()
}

fn network(prefix: &portvakt_model::Prefix) -> Option<String> {
    let (low, _) = prefix.network().ranges().first().copied()?;
    Some(format!("{low}/{}", prefix.len))
}

/// A first guess from what the export itself says; a person must look at it.
fn kind(interface: &Interface) -> &'static str {
    let role = interface.role.as_deref();
    let said = format!("{} {}", interface.name, interface.description.as_deref().unwrap_or(""));
    let said = said.to_lowercase();
    let says = |words: &&[&str]| words.iter().any(|w| said.contains(w));
    let by_words = KINDS.iter().find(|(words, _)| says(words)).map(|(_, kind)| *kind);
    match role {
        Some("wan") => INTERNET,
        _ if interface.security_level == Some(0) => INTERNET,
        Some("dmz") => "dmz",
        _ => by_words.unwrap_or("users"),
    }
}

/// Words in the names and descriptions of interfaces, and the kind of zone that they speak of.
const KINDS: &[(&[&str], &str)] = &[
    (&["outside", "wan", "internet"], INTERNET),
    (&["dmz"], "dmz"),
    (&["guest", "gast", "gäst", "besök", "publi"], "guest"),
    (&["mgmt", "management", "hantering", "utrustning"], "management"),
    (&["server", "servrar", "srv"], "server"),
    (&["scada", "styr", "plc", "fastighet", "vattenverk"], "ot"),
    (&["partner", "leverantör", "leverantor", "supplier"], "other"),
    (&["adm"], "admin"),
];

const HEAD: &str = "\
# Beskriver anläggningen för portvakt. Allt nedan är förslag ur det som fanns i katalogen: gå igenom
# varje zon och sätt namn, kind och owner. Läs mer: portvakt catalogue, README.md.

organisation = \"\"
# Regelpaket: base ingår alltid. Övriga: malmo-2019, kommun-2013, stockholm, malmo-followup.
packs = [\"base\"]
# Märkning som ska stå på rapporter, till exempel \"Sekretess, 18 kap. 8 § OSL\".
# secrecy = \"\"
";

const OWN: &str = "
# Kommunens egna adresser, även sådana som ingen zon nedan gör anspråk på.
";

const SERVERS: &str = "
# Kommunens tids- och loggservrar, som adress eller namn. Utan dem går vissa regler inte att avgöra.
# ntp = []
# log_servers = []

# Zoner. kind: admin | server | users | guest | public-wlan | dmz | internet | management | ot | other
# Gränssnitt mot samma nät står i samma zon.
";

const TAIL: &str = "
# Gränser, i ordning: den första som passar avgör om trafiken kräver beslut. Zonnamn, kind eller \"*\".
# [[border]]
# from = [\"internet\"]
# to = [\"*\"]
# decision = true

# Vem som får besluta om portöppningar, per ägare eller system.
# [authorised.owner]
# \"Kommunledningsförvaltningen\" = [\"namn eller befattning som i registret\"]

# Godkända åtkomstlösningar utifrån (adress, protokoll och port) och sammankopplingar med andras nät.
# approved_access = [\"10.0.0.10 tcp 443\"]
# approved_interconnections = [\"fw:partner\"]

# Vem som svarar för en enhet när ett fynd inte gäller en viss zon. \"*\" är alla andra.
# [device_owners]
# \"*\" = \"…förvaltningen\"

# Egna gränsvärden, till exempel:
# [parameters]
# login_attempts = 5
# session_timeout_minutes = 10
";
