//! What was read of scans, for the part of a report that says what it rests on.

use portvakt_analysis::observed::{Age, Run};
use portvakt_analysis::{Audit, ObservedFile};
use portvakt_model::{HostSeen, PortState};

use crate::text::Lang;

/// What was read of one file with results of scans.
pub struct ScanCoverage {
    /// Its path.
    pub path: String,
    /// SHA-256 of the file as it was read.
    pub digest: Option<[u8; 32]>,
    /// Its runs.
    pub runs: Vec<RunCoverage>,
    /// TLS endpoints.
    pub tls: usize,
    /// SSH endpoints.
    pub ssh: usize,
}

/// What was read of one run.
pub struct RunCoverage {
    /// What made it.
    pub tool: String,
    /// Name of the zone that it stood in, where that is known.
    pub from: Option<String>,
    /// When it was made, where that is stated: its end, or else its beginning.
    pub at: Option<String>,
    /// Whether it went through to its end.
    pub complete: bool,
    /// Whether it is recent enough to be used.
    pub used: bool,
    /// Hosts that it tells of.
    pub hosts: usize,
    /// Hosts that answered.
    pub up: usize,
    /// Ports whose state it tells.
    pub ports: u64,
    /// Ports that were open.
    pub open: u64,
    /// Ports whose state could not be told.
    pub incomplete: u64,
}

/// What was read of each file with results of scans.
pub(crate) fn coverage(audit: &Audit<'_>) -> Vec<ScanCoverage> {
    audit.tables.observations.iter().flatten().map(|file| of_file(audit, file)).collect()
}

fn of_file(audit: &Audit<'_>, file: &ObservedFile<'_>) -> ScanCoverage {
    let source = &audit.sources[file.source.0 as usize];
    let own = audit.observed().runs.iter().filter(|run| run.source == file.source);
    ScanCoverage {
        path: source.path.clone(),
        digest: source.digest,
        runs: own.map(|run| of_run(audit, run)).collect(),
        tls: file.observations.tls.len(),
        ssh: file.observations.ssh.len(),
    }
}

fn of_run(audit: &Audit<'_>, run: &Run<'_>) -> RunCoverage {
    let seen = run.run;
    let count = |state: PortState| seen.hosts.iter().map(|h| ports(h, |s| s == state)).sum::<u64>();
    RunCoverage {
        tool: seen.tool.clone(),
        from: run.zone().map(|zone| audit.site.zone(zone).name.clone()),
        at: run.at.map(|at| at.to_string()),
        complete: seen.complete,
        used: run.age == Age::Recent,
        hosts: seen.hosts.len(),
        up: seen.hosts.iter().filter(|h| h.up).count(),
        ports: seen.hosts.iter().map(|h| ports(h, |_| true)).sum(),
        open: count(PortState::Open),
        incomplete: seen.counts.incomplete.max(count(PortState::Incomplete)),
    }
}

/// The ports of a host whose state is so.
fn ports(host: &HostSeen, is: impl Fn(PortState) -> bool) -> u64 {
    let told = host.ports.iter().filter(|p| is(p.state)).count() as u64;
    let rest = host.rest.iter().filter(|r| is(r.state)).flat_map(|r| &r.ranges);
    told + rest.map(|(lo, hi)| u64::from(hi - lo) + 1).sum::<u64>()
}

impl RunCoverage {
    /// The run in one line.
    pub(crate) fn line(&self, lang: Lang) -> String {
        let at = self.at.as_deref().unwrap_or(lang.of("okänd tid", "at an unknown time"));
        let from = self.from.as_deref().unwrap_or(lang.of("okänd plats", "an unknown place"));
        let words = lang.of(
            ["från", "värdar svarade av", "portar öppna av", "osäkra"],
            ["from", "hosts answered of", "ports open of", "not told"],
        );
        let mut line = format!(
            "{}, {at}, {} {from}: {} {} {}, {} {} {}, {} {}",
            self.tool,
            words[0],
            self.up,
            words[1],
            self.hosts,
            self.open,
            words[2],
            self.ports,
            self.incomplete,
            words[3],
        );
        if !self.complete {
            line.push_str(lang.of("; inte hel", "; not whole"));
        }
        if !self.used {
            line.push_str(lang.of("; används inte", "; not used"));
        }
        line
    }
}

impl ScanCoverage {
    /// The endpoints in one line; empty where there are none.
    pub(crate) fn endpoints(&self, lang: Lang) -> String {
        let words = lang.of(["TLS-tjänster", "SSH-tjänster"], ["TLS endpoints", "SSH endpoints"]);
        let all = [(self.tls, words[0]), (self.ssh, words[1])];
        let some = all.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    }

    /// Everything that was read of it, a line each.
    pub(crate) fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines: Vec<String> = self.runs.iter().map(|run| run.line(lang)).collect();
        lines.extend(Some(self.endpoints(lang)).filter(|line| !line.is_empty()));
        lines
    }
}
