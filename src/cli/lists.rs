//! The list that a command is asked about.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use portvakt_analysis::Audit;
use portvakt_model::{Device, LineState, RulesetId};
use portvakt_space::AddrSet;

use crate::audit::Case;
use crate::inputs::{self, Request};
use crate::interfaces::{self, Entry};
use crate::text::{self, Lang};

/// Reads one export. What could not be read is told.
pub(super) fn read(path: &Path, lang: Lang) -> anyhow::Result<Case> {
    let request = Request {
        paths: vec![path.to_owned()],
        parameters: crate::audit::parameter_names(),
        ..Request::default()
    };
    let inputs = inputs::read(&request, &|_| {});
    let case = Case::new(inputs).map_err(|e| super::audit::unusable_pack(&e))?;
    for failure in case.failures() {
        anstream::eprintln!("{}: {}", failure.path, text::failure(&failure.kind, lang));
    }
    Ok(case)
}

/// The device that is meant: the named one, or the only one.
pub(super) fn device<'a>(
    audit: &Audit<'a>,
    name: Option<&str>,
) -> anyhow::Result<(u32, &'a Device)> {
    let is_meant = |d: &Device| name.is_none_or(|name| d.name.eq_ignore_ascii_case(name));
    let found: Vec<_> = audit.devices().filter(|(_, d)| is_meant(d)).collect();
    let names = || audit.devices.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ");
    match (&found[..], name) {
        ([one], _) => Ok(*one),
        ([], Some(name)) => bail!("no device is called {name}; there are {}", names()),
        ([], None) => bail!("no device in the file"),
        _ => bail!("several devices; choose one with --device: {}", names()),
    }
}

/// What to say of an interface that a device does not have.
pub(super) fn no_interface(device: &Device, name: &str, names: &[String]) -> anyhow::Error {
    anyhow!("{} has no interface {name}; there are {}", device.name, names.join(", "))
}

/// What to say where nothing that was read has a list of the name that was asked for.
pub(super) fn none_called(known: &[String]) -> anyhow::Error {
    if known.is_empty() {
        return anyhow!("nothing that was read has a list of rules; there is nothing to ask");
    }
    anyhow!("no list is called so; there are {}", known.join(", "))
}

/// How well a list's name fits what was asked for; less is better. A chain may be named without its
/// table; then the table that filters is preferred.
fn fit(name: &str, wanted: &str) -> Option<u8> {
    if name.eq_ignore_ascii_case(wanted) {
        return Some(0);
    }
    let (table, chain) = name.rsplit_once('/')?;
    let filters = table.rsplit([' ', '/']).next().is_some_and(|t| t.eq_ignore_ascii_case("filter"));
    chain.eq_ignore_ascii_case(wanted).then_some(if filters { 1 } else { 2 })
}

/// The lists of a device that a name means: one, or one for each IP version.
pub(super) fn named(device: &Device, wanted: &str) -> anyhow::Result<Vec<RulesetId>> {
    let all = (0..).map(RulesetId).zip(&device.rulesets);
    let fits: Vec<(u8, RulesetId)> =
        all.filter_map(|(id, list)| Some((fit(&list.name, wanted)?, id))).collect();
    let Some(best) = fits.iter().map(|(fit, _)| *fit).min() else {
        let names: Vec<&str> = device.rulesets.iter().map(|l| l.name.as_str()).collect();
        bail!("no list is called {wanted}; there are {}", names.join(", "));
    };
    let found: Vec<RulesetId> =
        fits.into_iter().filter(|(fit, _)| *fit == best).map(|(_, id)| id).collect();
    let families = |id: &RulesetId| device.rulesets[id.0 as usize].families.clone();
    let overlap = found.iter().enumerate().any(|(at, id)| {
        found[..at].iter().any(|other| families(other).iter().any(|f| families(id).contains(f)))
    });
    if overlap {
        let names = found.iter().map(|id| device.rulesets[id.0 as usize].name.as_str());
        bail!("several lists are called {wanted}: {}", names.collect::<Vec<_>>().join(", "));
    }
    Ok(found)
}

/// The entries of a file of interfaces.
pub(super) fn entries(path: &Path) -> anyhow::Result<Vec<Entry>> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("{shown}"))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{shown}: not UTF-8"))?;
    interfaces::parse(&text).map_err(|e| anyhow::anyhow!("{shown}:{e}"))
}

/// Lines of a device's export that were not recognised.
pub(super) fn not_recognised(audit: &Audit<'_>, device: &Device) -> Vec<u32> {
    let lines = audit.not_understood(device.source).into_iter();
    lines.filter(|(_, state)| *state == LineState::Unknown).map(|(line, _)| line).collect()
}

/// What is said of so many such lines.
pub(super) fn not_recognised_said(lang: Lang, count: u32) -> String {
    match lang {
        Lang::Sv => format!(
            "rader som inte förstås, och som svaret inte räknar med: {count} (portvakt parse visar dem)"
        ),
        Lang::En => format!(
            "lines that were not recognised, and are not in the answer: {count} (portvakt parse shows them)"
        ),
    }
}

/// Addresses as inclusive ranges.
pub(super) fn ranges(set: &AddrSet) -> Vec<[String; 2]> {
    set.ranges().into_iter().map(|(lo, hi)| [lo.to_string(), hi.to_string()]).collect()
}
