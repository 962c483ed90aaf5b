//! Where a check writes what it found.

use portvakt_model::{
    Arg, Device, Finding, Location, Message, Related, Role, RuleRef, Severity, Told, Verdict,
    Witness,
};
use portvakt_space::Traffic;

use crate::{Check, Subject};

/// What one check finds, and what it judged.
pub struct Findings<'a> {
    check: &'static Check,
    severity: Severity,
    devices: &'a [Device],
    pub(crate) found: Vec<Finding>,
    pub(crate) judged: Vec<Subject>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(check: &'static Check, severity: Severity, devices: &'a [Device]) -> Self {
        Self { check, severity, devices, found: Vec::new(), judged: Vec::new() }
    }

    /// Notes that the check looked at a device and could decide: without a finding it passes there.
    /// What is not judged is not applicable.
    pub fn judge(&mut self, device: u32) {
        self.judged.push(Subject::Device(device));
    }

    /// Notes that the check looked at the site as a whole.
    pub fn judge_site(&mut self) {
        self.judged.push(Subject::Site);
    }

    /// Begins a violation at `at`.
    pub fn violation(&mut self, message: &'static Message, at: Location) -> Draft<'_, 'a> {
        self.draft(Verdict::Violation, message, at)
    }

    /// Begins a *cannot tell* at `at`.
    pub fn cannot_tell(&mut self, message: &'static Message, at: Location) -> Draft<'_, 'a> {
        self.draft(Verdict::CannotTell, message, at)
    }

    fn draft(
        &mut self,
        verdict: Verdict,
        message: &'static Message,
        at: Location,
    ) -> Draft<'_, 'a> {
        let finding = Finding {
            check: self.check.id,
            verdict,
            severity: self.severity,
            message,
            args: Vec::new(),
            at,
            related: Vec::new(),
            witness: None,
            residue: Vec::new(),
            device: None,
            owner: None,
            under: &[],
            key: String::new(),
            exception: None,
        };
        Draft { findings: self, finding }
    }
}

/// A finding in the making. It counts when [`Draft::push`] is called.
#[must_use = "a draft becomes a finding by `push`"]
pub struct Draft<'f, 'a> {
    findings: &'f mut Findings<'a>,
    finding: Finding,
}

impl Draft<'_, '_> {
    /// Another place than the one it began with: the line of the option that is at fault.
    pub fn at(mut self, at: Location) -> Self {
        self.finding.at = at;
        self
    }

    /// A value for the message.
    pub fn arg(mut self, name: &'static str, value: Arg) -> Self {
        self.finding.args.push((name, value));
        self
    }

    /// A text for the message.
    pub fn text(self, name: &'static str, value: impl Into<String>) -> Self {
        self.arg(name, Arg::Text(value.into()))
    }

    /// A number for the message.
    pub fn number(self, name: &'static str, value: impl Into<i64>) -> Self {
        self.arg(name, Arg::Number(value.into()))
    }

    /// The device that it is about; also the message's `{device}`.
    pub fn device(mut self, device: u32) -> Self {
        let name = self.findings.devices[device as usize].name.clone();
        self.finding.device = Some(name.clone());
        self.text("device", name)
    }

    /// The rule that it is about; also the message's `{rule}`, and its device.
    pub fn rule(self, rule: &RuleRef) -> Self {
        self.device(rule.device).arg("rule", Arg::Rule(rule.clone()))
    }

    /// What stays the same when lines move: names and matched traffic, not line numbers.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.finding.key = key.into();
        self
    }

    /// Another place it speaks of.
    pub fn related(mut self, role: Role, at: Location, label: impl Into<Told>) -> Self {
        self.finding.related.push(Related { role, at, label: label.into() });
        self
    }

    /// A packet that proves it.
    pub fn witness(mut self, witness: Option<Witness>) -> Self {
        self.finding.witness = witness;
        self
    }

    /// All traffic concerned.
    pub fn residue(mut self, traffic: Vec<Traffic>) -> Self {
        self.finding.residue = traffic;
        self
    }

    /// The department that owns what is at fault.
    pub fn owner(mut self, owner: Option<String>) -> Self {
        self.finding.owner = owner;
        self
    }

    /// Another severity than the check's own, where the case is worse or milder. A severity that
    /// the pack sets wins.
    pub fn severity(mut self, severity: Severity) -> Self {
        if self.findings.severity == self.findings.check.severity {
            self.finding.severity = severity;
        }
        self
    }

    /// The source rules that this case falls under, where they are not all that the check serves.
    pub fn under(mut self, rules: &'static [&'static str]) -> Self {
        self.finding.under = rules;
        self
    }

    /// Makes it count.
    pub fn push(self) {
        self.findings.found.push(self.finding);
    }
}
