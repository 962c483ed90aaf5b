//! The audit itself: inputs in, report out. Pure orchestration.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use portvakt_analysis::{Audit, Facts, ObservedFile, Tables};
use portvakt_checks::{CheckResult, Citation, PackError, Packs, Selection, fingerprint};
use portvakt_model::{
    Coverage, Device, Finding, Observations, Parameters, Source, SourceId, Verdict,
};
use portvakt_parsers::Parsed;
use rayon::prelude::*;

use crate::inputs::{Failure, Inputs, Lost};
use crate::report::{Judgement, Report, ReportFinding, SourceCoverage, scans};
use crate::site::SiteFile;

/// Everything an audit judges, owned in one place.
pub struct Case {
    site: SiteFile,
    parameters: Parameters,
    packs: Packs,
    devices: Vec<Device>,
    tables: Vec<portvakt_parsers::Tables>,
    formats: BTreeMap<u32, &'static str>,
    sources: Vec<Source>,
    coverage: Vec<Coverage>,
    failures: Vec<Failure>,
    passed_over: Vec<String>,
    lost: Lost,
    observations: Option<Vec<(SourceId, Observations)>>,
}

impl Case {
    /// Puts the inputs in order. Fails when the site file names a pack that does not exist.
    pub fn new(inputs: Inputs) -> Result<Self, PackError> {
        let packs = Packs::load(&inputs.site.site.packs)?;
        let mut parameters = packs.parameters();
        parameters.0.extend(inputs.site.parameters.0.clone());
        let mut coverage = vec![Coverage::default(); inputs.sources.len()];
        let (mut devices, mut tables, mut formats) = (Vec::new(), Vec::new(), BTreeMap::new());
        for parsed in inputs.parsed {
            let Parsed { id, format, devices: own, tables: table, coverage: lines, .. } = parsed;
            coverage[id.0 as usize] = lines;
            formats.insert(id.0, format);
            devices.extend(own);
            tables.push(table);
        }
        join_sets(&mut devices);
        Ok(Self {
            site: inputs.site,
            parameters,
            packs,
            devices,
            tables,
            formats,
            sources: inputs.sources,
            coverage,
            failures: inputs.failures,
            passed_over: inputs.passed_over,
            lost: inputs.lost,
            observations: inputs.observations,
        })
    }

    /// Gives back the room of all texts, for answers that show no line of them.
    pub fn forget_texts(&mut self) {
        self.sources.iter_mut().for_each(Source::forget_text);
    }

    /// What the checks see, as of `today`.
    pub fn audit(&self, today: Date) -> Audit<'_> {
        Audit {
            site: &self.site.site,
            parameters: &self.parameters,
            today,
            devices: &self.devices,
            sources: &self.sources,
            coverage: &self.coverage,
            tables: self.tables(),
            facts: Facts::default(),
        }
    }

    /// The tables of all files together. A kind that no file is of stays `None`, unless the site
    /// file names one: then it was given, and is empty. So does one of which a file was lost.
    fn tables(&self) -> Tables<'_> {
        let given = |format: &str| self.formats.values().any(|f| *f == format);
        let decisions: Vec<_> = self.tables.iter().flat_map(|t| &t.register.decisions).collect();
        let systems: Vec<_> = self.tables.iter().flat_map(|t| &t.systems).collect();
        let ssids: Vec<_> = self.tables.iter().flat_map(|t| &t.ssids).collect();
        let Lost { registers, systems: lost_systems, ssids: lost_ssids } = self.lost;
        let whole =
            |format: &str, is_empty: bool, lost: bool| !lost && (given(format) || !is_empty);
        Tables {
            decisions: whole("register", decisions.is_empty(), registers).then_some(decisions),
            problems: self.tables.iter().flat_map(|t| &t.register.problems).collect(),
            systems: whole("systems", systems.is_empty(), lost_systems).then_some(systems),
            ssids: whole("ssid-table", ssids.is_empty(), lost_ssids).then_some(ssids),
            exceptions: self.tables.iter().flat_map(|t| &t.exceptions).collect(),
            observations: self.observations.as_deref().map(|files| {
                let each = files.iter();
                each.map(|(source, observations)| ObservedFile { source: *source, observations })
                    .collect()
            }),
        }
    }

    /// Judges everything and sums it up.
    pub fn report(&self, today: Date, selection: &Selection) -> Report<'_> {
        let audit = self.audit(today);
        let results = portvakt_checks::run(&audit, &self.packs, selection);
        let judgements = results.iter().map(Judgement::of).collect();
        let findings = self.findings(results);
        let scans = scans::coverage(&audit);
        Report { case: self, today, findings, judgements, coverage: self.source_coverage(), scans }
    }

    /// All findings: worst first, then by check and place.
    fn findings(&self, results: Vec<CheckResult>) -> Vec<ReportFinding> {
        let mut all: Vec<ReportFinding> = Vec::new();
        for result in results {
            let citations: Arc<[Citation]> = self.packs.citations(result.check).into();
            let found = result.findings.into_par_iter();
            all.par_extend(found.map(|finding| ReportFinding {
                check: result.check,
                fingerprint: fingerprint(&finding),
                citations: cited(&citations, finding.under),
                finding: self.owned(finding),
            }));
        }
        let rank = |v: Verdict| match v {
            Verdict::Violation => 0,
            Verdict::CannotTell => 1,
            Verdict::Excepted => 2,
        };
        all.par_sort_by(|a, b| {
            let key = |f: &ReportFinding| {
                (rank(f.finding.verdict), std::cmp::Reverse(f.finding.severity), f.check.id)
            };
            let (one, other) = (&a.finding, &b.finding);
            key(a).cmp(&key(b)).then_with(|| (&one.at, &one.key).cmp(&(&other.at, &other.key)))
        });
        all
    }

    /// A finding about nobody's zone is for whoever answers for the device.
    fn owned(&self, mut finding: Finding) -> Finding {
        if finding.owner.is_none() {
            let device = finding.device.as_deref();
            finding.owner = device.and_then(|d| self.site.site.device_owner(d)).map(str::to_owned);
        }
        finding
    }

    fn source_coverage(&self) -> Vec<SourceCoverage> {
        let one = |(id, format): (&u32, &&'static str)| SourceCoverage {
            path: self.sources[*id as usize].path.clone(),
            format,
            digest: self.sources[*id as usize].digest,
            counts: self.coverage[*id as usize].counts(),
        };
        self.formats.iter().map(one).collect()
    }

    /// The site file.
    pub fn site(&self) -> &SiteFile {
        &self.site
    }

    /// The packs in force.
    pub fn packs(&self) -> &Packs {
        &self.packs
    }

    /// Every source.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Every device.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Documents and pictures that were found in a folder and left alone.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// What could not be read.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Every parameter that some check or pack knows: what a site file may set.
pub fn parameter_names() -> Vec<String> {
    let checks = portvakt_checks::ALL.iter().flat_map(|c| c.parameters).map(|p| (*p).to_owned());
    let packs = Packs::all().map(|p| p.parameters().0.into_keys().collect()).unwrap_or_default();
    let mut names: Vec<String> = checks.chain::<Vec<String>>(packs).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The citations of a check that a finding of it falls under.
fn cited(all: &Arc<[Citation]>, under: &[&str]) -> Arc<[Citation]> {
    if under.is_empty() {
        return Arc::clone(all);
    }
    all.iter().filter(|citation| under.contains(&citation.rule.as_str())).cloned().collect()
}

/// Sets of a file that several rule files use: each is told once, by the first device, with the uses of all.
fn join_sets(devices: &mut [Device]) {
    let mut uses: BTreeMap<(SourceId, String), u32> = BTreeMap::new();
    for object in devices.iter().flat_map(|device| &device.objects) {
        if let Some(source) = object.source {
            *uses.entry((source, object.name.clone())).or_default() += object.uses;
        }
    }
    for device in devices {
        device.objects.retain_mut(|object| {
            let Some(source) = object.source else { return true };
            let all = uses.remove(&(source, object.name.clone()));
            object.uses = all.unwrap_or_default();
            all.is_some()
        });
    }
}
