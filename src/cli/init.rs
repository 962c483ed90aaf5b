//! `portvakt init`: a commented starter of the site file, from what a folder holds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use portvakt_model::{Device, Interface};

use super::Exit;
use crate::inputs::{self, Inputs, Request};
use crate::site;

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
        let _ = writeln!(out, "{key} = {:?}", named(format));
    }
    out.push_str(SERVERS);
    let devices = found.parsed.iter().flat_map(|p| &p.devices);
    devices.for_each(|device| zones(device, &mut out));
    out.push_str(TAIL);
    out
}

/// A zone for each network that a device has an address in, to be named and sorted by a person.
fn zones(device: &Device, out: &mut String) {
    let with_address = |i: &&Interface| i.enabled && !i.addresses.is_empty();
    for interface in device.interfaces.all().iter().filter(with_address) {
        let prefixes: Vec<String> = interface.addresses.iter().filter_map(network).collect();
        let hint = interface.description.as_deref().or(interface.role.as_deref()).unwrap_or("");
        let kind = kind(interface);
        let _ = write!(
            out,
            "\n[[zone]] # {} {} {}\nname = {:?}\nkind = {kind:?}\n# owner = \"…förvaltningen\"\nprefixes = {prefixes:?}\ninterfaces = [{:?}]\n",
            device.name,
            interface.name,
            hint.replace(['\n', '\r'], " "),
            format!("{} {}", device.name, interface.name),
            format!("{}:{}", device.name, interface.name),
        );
    }
}

fn network(prefix: &portvakt_model::Prefix) -> Option<String> {
    let (low, _) = prefix.network().ranges().first().copied()?;
    Some(format!("{low}/{}", prefix.len))
}

/// A first guess from what the export itself says; a person must look at it.
fn kind(interface: &Interface) -> &'static str {
    let name = interface.name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if interface.role.as_deref() == Some("wan")
        || interface.security_level == Some(0)
        || has(&["outside", "wan"])
    {
        "internet"
    } else if interface.role.as_deref() == Some("dmz") || has(&["dmz"]) {
        "dmz"
    } else if has(&["guest", "gast", "gäst", "publi"]) {
        "guest"
    } else if has(&["mgmt", "management"]) {
        "management"
    } else {
        "users"
    }
}

const HEAD: &str = "\
# Beskriver anläggningen för portvakt. Allt nedan är förslag ur det som fanns i katalogen: gå igenom
# varje zon och sätt namn, kind och owner. Läs mer: portvakt catalogue, README.md.

organisation = \"\"
# Regelpaket: base ingår alltid. Övriga: malmo-2019, kommun-2013, stockholm, malmo-followup.
packs = [\"base\"]
# Kommunens egna adresser, även sådana som ingen zon nedan gör anspråk på.
own_prefixes = []
# Märkning som ska stå på rapporter, till exempel \"Sekretess, 18 kap. 8 § OSL\".
# secrecy = \"\"
";

const SERVERS: &str = "
# Kommunens tids- och loggservrar, som adress eller namn. Utan dem går vissa regler inte att avgöra.
# ntp = []
# log_servers = []

# Zoner. kind: admin | server | users | guest | public-wlan | dmz | internet | management | ot | other
# Två gränssnitt mot samma nät ska stå i samma zon.
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

# Vem som svarar för en enhet när ett fynd inte gäller en viss zon. \"*\" är alla andra.
# [device_owners]
# \"*\" = \"…förvaltningen\"

# Egna gränsvärden, till exempel:
# [parameters]
# login_attempts = 5
# session_timeout_minutes = 10
";
