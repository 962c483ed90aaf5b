//! What access lists are used for besides filtering on interfaces.

use portvakt_space::Family;

use super::Ios;
use super::config::Command;
use super::reasons;

/// A use of an access list.
pub(super) struct Use {
    list: String,
    family: Option<Family>,
    line: u32,
    by: String,
}

/// Notes a use. Without a family, whichever list has the name is meant.
pub(super) fn note(
    ios: &mut Ios<'_, '_>,
    list: &str,
    family: Option<Family>,
    line: u32,
    by: String,
) {
    ios.uses.push(Use { list: list.to_owned(), family, line, by });
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let line = command.number();
    if command.no() {
        return false;
    }
    match command.words() {
        ["vlan", "access-map", name, ..] => vlan_map(ios, command, name),
        ["vlan", "filter", ..] => {
            ios.lost(command, reasons::VLAN_FILTERS);
        }
        ["ntp", "access-group", rest @ ..] => {
            if let Some(list) = rest.iter().rev().find(|w| **w != "kod") {
                note(ios, list, None, line, "ntp access-group".to_owned());
            }
            ios.used(command);
        }
        ["control-plane", ..] => {
            // What Catalysts come with: it limits rates of what goes to the processor.
            let own = |c: Command<'_, '_>| matches!(c.words(), [.., "system-cpp-policy"]);
            if command.below().all(own) {
                command.below().for_each(|c| ios.neutral(c));
                ios.neutral(command);
            } else {
                ios.lost_block(command, reasons::CONTROL_PLANE);
            }
        }
        ["ip", "wccp", ..] => {
            mention(ios, command);
            ios.lost(command, reasons::WEB_REDIRECTION);
        }
        ["ip", "pim" | "igmp" | "msdp" | "multicast", ..] => {
            ios.lost(command, reasons::MULTICAST);
        }
        _ => return false,
    }
    true
}

/// Notes the list of a command that has no reader of its own: it is then not without a use.
pub(super) fn mention(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    let words = command.words();
    if let Some(list) = mentioned(words).filter(|_| !command.no()) {
        let by = words.iter().take(3).copied().collect::<Vec<_>>().join(" ");
        note(ios, list, None, command.number(), by);
    }
}

fn mentioned<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        ["ip", "igmp", "access-group", list, ..]
        | ["ip", "multicast", "boundary", list, ..]
        | ["ip", "pim", "neighbor-filter", list, ..]
        | ["dialer-list", _, "protocol", _, "list", list]
        | ["rate-limit", "input" | "output", "access-group", list, ..] => Some(list),
        ["ip", "verify", "unicast", .., list] => list.parse::<u16>().is_ok().then_some(*list),
        ["ip", "wccp", ..] => super::args::after(words, "redirect-list"),
        ["ip", "admission", "name", ..] => super::args::after(words, "list"),
        _ => None,
    }
}

/// Lists in a VLAN access map filter inside a VLAN, which has no hook in the model.
fn vlan_map(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    ios.lost(command, reasons::VLAN_FILTERS);
    for child in command.below() {
        if let ["match", "ip" | "ipv6" | "mac", "address", lists @ ..] = child.words() {
            for list in lists {
                note(ios, list, None, child.number(), format!("vlan access-map {name}"));
            }
        }
        ios.lost(child, reasons::VLAN_FILTERS);
    }
}

/// Writes the uses into the lists; a list that nothing defines is noted.
pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    for one in std::mem::take(&mut ios.uses) {
        let families = one.family.map_or(Family::BOTH.to_vec(), |f| vec![f]);
        let found = families.iter().find_map(|f| ios.lists.declared(*f, &one.list));
        match found {
            Some(id) => {
                let uses = &mut ios.device.rulesets[id.0 as usize].other_uses;
                if uses.last() != Some(&one.by) {
                    uses.push(one.by);
                }
            }
            None => ios.undefined("access-list", &one.list, one.line, one.by),
        }
    }
}
