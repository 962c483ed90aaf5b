//! What is to be scanned, and whether it may be.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::civil::DateTime;
use portvakt_model::Message;
use portvakt_scan::plan::{Planned, Range, Target};
use portvakt_scan::record::ScopeRow;
use portvakt_scan::scope::{Refusal, Scope};
use sha2::{Digest as _, Sha256};

use crate::report;
use crate::site;

/// What to write when there is no scope.
pub(crate) const EXAMPLE: &Message = &Message {
    sv: "\
[scan]
scope = [\"10.77.0.0/16\"]      # prefix som får skannas
exclude = []                  # prefix i dem som inte får det
authorised_by = \"NN, IT-chef\" # vem som har beslutat det
valid_until = \"2026-12-31\"    # sista dagen som det gäller
window = \"06:00-22:00\"        # eller \"always\"
rate = 1000                   # högsta antal paket i sekunden",
    en: "\
[scan]
scope = [\"10.77.0.0/16\"]      # prefixes that may be scanned
exclude = []                  # prefixes inside them that may not
authorised_by = \"NN, IT-chef\" # who decided it
valid_until = \"2026-12-31\"    # the last day it holds
window = \"06:00-22:00\"        # or \"always\"
rate = 1000                   # packets per second at most",
};

/// A scope that was read, and where it stands.
pub(super) struct Leave {
    pub(super) scope: Scope,
    pub(super) row: ScopeRow,
}

/// Reads the scope: the file that is named, or the site file of the working folder.
pub(super) fn leave(named: Option<&Path>) -> anyhow::Result<Leave> {
    let path = named.map_or_else(|| PathBuf::from(site::FILE_NAME), Path::to_owned);
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if named.is_none() && e.kind() == ErrorKind::NotFound => {
            bail!(
                "nothing is scanned without a scope. Write one in {shown} here, or in a file for --scope:\n\n{}",
                EXAMPLE.en
            )
        }
        Err(e) => return Err(e).with_context(|| format!("cannot read the scope {shown}")),
    };
    let sha256 = report::hex(&Sha256::digest(text.as_bytes()));
    match Scope::read(&text) {
        Ok(Some(scope)) => {
            let row = ScopeRow::new(&scope, &shown, sha256);
            Ok(Leave { scope, row })
        }
        Ok(None) => {
            bail!(
                "{shown} has no table [scan], and nothing is scanned without a scope. Write:\n\n{}",
                EXAMPLE.en
            )
        }
        Err(e) => bail!("{shown}:{e}"),
    }
}

/// What is to be scanned.
pub(super) struct Wanted {
    /// As it was written, for the record.
    pub(super) written: Vec<String>,
    /// What may be asked.
    pub(super) planned: Planned,
    /// Names that were written, by address.
    pub(super) names: BTreeMap<IpAddr, Vec<String>>,
}

/// Works out what is asked. Without targets it is the whole scope.
///
/// A target that lies outside the scope, if only in part, stops everything: it was a mistake, and what
/// else is wrong is not known. One that is excluded in part is asked for the rest.
pub(super) fn wanted(
    targets: &[Target],
    ports: &[u16],
    scope: &Scope,
    now: DateTime,
) -> anyhow::Result<Wanted> {
    if let Err(refusal) = scope.open_at(now) {
        bail!("nothing was sent: {refusal}; {}", refusal.advice());
    }
    let mut written: Vec<String> = targets.iter().map(ToString::to_string).collect();
    let mut names: BTreeMap<IpAddr, Vec<String>> = BTreeMap::new();
    let mut all: Vec<Range> = Vec::new();
    for target in targets {
        let ranges = target
            .resolved()
            .with_context(|| format!("nothing was sent: {target} has no address"))?;
        may_be_asked(target, &ranges, scope, now)?;
        if let Target::Name(name) = target {
            for (address, _) in &ranges {
                names.entry(*address).or_default().push(name.clone());
            }
        }
        all.extend(ranges);
    }
    if targets.is_empty() {
        for prefix in &scope.allowed {
            // What cannot be swept, as an IPv6 subnet, is refused here with what to do instead.
            let whole = format!("{}/{}", prefix.network(), prefix.prefix());
            all.extend(whole.parse::<Target>()?.resolved()?);
            written.push(whole);
        }
    }
    let planned = Planned::new(&all, ports, scope, now);
    if planned.full.is_empty() && planned.gentle.is_empty() {
        let why = |r: &Refusal| format!(": {r}; {}", r.advice());
        let why = planned.refused.first().map(why).unwrap_or_default();
        bail!("nothing was sent: no address is left to ask{why}");
    }
    Ok(Wanted { written, planned, names })
}

fn may_be_asked(
    target: &Target,
    ranges: &[Range],
    scope: &Scope,
    now: DateTime,
) -> anyhow::Result<()> {
    let planned = Planned::new(ranges, &[1], scope, now);
    let nothing = planned.full.is_empty() && planned.gentle.is_empty();
    let stops =
        |r: &&Refusal| nothing || !matches!(r, Refusal::Excluded(..) | Refusal::Fragile(..));
    match planned.refused.iter().find(stops) {
        Some(refusal) => {
            bail!("nothing was sent; target {target}: {refusal}; {}", refusal.advice())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn ask(targets: &[&str]) -> Result<Wanted, String> {
        let scope = Scope::read(
            "[scan]\nscope = ['10.77.0.0/24']\nexclude = ['10.77.0.8/29']\nauthorised_by = 'A'\n\
             valid_until = '2026-12-31'\nwindow = 'always'\n",
        );
        let targets: Vec<Target> = targets.iter().map(|t| t.parse().unwrap()).collect();
        let now = date(2026, 6, 1).at(12, 0, 0, 0);
        wanted(&targets, &[22], &scope.unwrap().unwrap(), now).map_err(|e| e.to_string())
    }

    #[test]
    fn one_target_outside_stops_everything() {
        let refused = ask(&["10.77.0.1", "10.78.0.1"]).err().unwrap();
        assert!(refused.contains("10.78.0.1 is outside the scope"), "{refused}");
        let partly = ask(&["10.77.0.0/23"]).err().unwrap();
        assert!(partly.contains("10.77.1.0 is outside"), "{partly}");
    }

    #[test]
    fn what_is_excluded_is_left_out_of_a_prefix_and_refused_by_itself() {
        assert_eq!(ask(&["10.77.0.0/28"]).unwrap().planned.full.hosts(), 8);
        assert!(ask(&["10.77.0.9"]).err().unwrap().contains("excluded by 10.77.0.8/29"));
    }

    #[test]
    fn without_targets_the_scope_is_asked() {
        let all = ask(&[]).unwrap();
        assert_eq!(all.planned.full.hosts(), 248);
        assert_eq!(all.written, ["10.77.0.0/24"]);
    }

    #[test]
    fn the_example_is_a_scope() {
        for text in [EXAMPLE.sv, EXAMPLE.en] {
            assert!(Scope::read(text).unwrap().is_some());
        }
    }
}
