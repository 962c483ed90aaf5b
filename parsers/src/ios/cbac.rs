//! Context-based access control: `ip inspect`, which lets answers back in past the lists.

use super::config::Command;
use super::reasons;
use super::{Ios, uses};

/// Rules of inspection as they are written.
#[derive(Default)]
pub(super) struct Pending {
    /// Name and line of each `ip inspect name`.
    rules: Vec<(String, u32)>,
    /// Names that an interface applies.
    bound: Vec<String>,
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["ip" | "ipv6", "inspect", "name", name, rest @ ..] = command.words() else {
        return false;
    };
    if let Some(list) = super::args::after(rest, "java-list") {
        uses::note(ios, list, None, command.number(), "ip inspect".to_owned());
    }
    match rest {
        _ if command.no() => ios.neutral(command),
        ["appfw", ..] => ios.lost(command, reasons::CONTENT),
        _ if rest.iter().any(|w| matches!(*w, "urlfilter" | "java-list")) => {
            ios.lost(command, reasons::CONTENT);
        }
        ["fragment" | "parameter", ..] => ios.neutral(command),
        _ => {
            let rule = ((*name).to_owned(), command.number());
            ios.inspections.rules.push(rule);
        }
    }
    true
}

/// An interface applies a rule: its filter follows connections.
pub(super) fn bind(ios: &mut Ios<'_, '_>, name: &str) {
    ios.device.stateful = true;
    ios.inspections.bound.push(name.to_owned());
}

/// Inspection that no interface applies does nothing.
pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    let pending = std::mem::take(&mut ios.inspections);
    let bound: rustc_hash::FxHashSet<String> = pending.bound.into_iter().collect();
    for (name, line) in pending.rules {
        if bound.contains(&name) {
            ios.build.used(line);
        } else {
            ios.build.neutral(line);
        }
    }
}
