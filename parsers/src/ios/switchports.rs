//! Switched ports and the VLAN database.

use std::collections::BTreeMap;

use portvakt_model::{Interface, InterfaceKind};
use portvakt_space::RangeSet;

use super::config::Command;
use super::reasons;
use super::{Ios, names};

/// VLAN names, for references by name.
pub(super) type VlanNames = BTreeMap<String, u16>;

/// Every VLAN id: what a trunk carries unless it is told otherwise.
fn every() -> RangeSet<u16> {
    RangeSet::range(1, 4094)
}

/// What an interface block says of switching. Which of it counts depends on the mode.
#[derive(Default)]
pub(super) struct Port {
    switches: Option<bool>,
    trunk: bool,
    access: Option<u16>,
    native: Option<u16>,
    voice: Option<u16>,
    allowed: Option<RangeSet<u16>>,
}

impl Port {
    /// Puts it into the interface at the end of its block.
    pub(super) fn apply(self, interface: &mut Interface) {
        match (self.switches, interface.kind) {
            (Some(true), InterfaceKind::Physical) => interface.kind = InterfaceKind::Switchport,
            (Some(false) | None, _) => return,
            _ => {}
        }
        if self.trunk {
            interface.vlan = self.native.or(interface.vlan);
            interface.trunk = Some(self.allowed.unwrap_or_else(every));
        } else {
            interface.vlan = self.access.or(interface.vlan);
            interface.trunk = self.voice.map(|voice| {
                // The telephone's VLAN is tagged beside that of the computer behind it; a port that
                // names none is in VLAN 1.
                let own = self.access.unwrap_or(1);
                RangeSet::one(own).union(&RangeSet::one(voice))
            });
        }
    }
}

pub(super) fn setting(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["switchport", rest @ ..] = command.words() else { return false };
    let port = &mut ios.interfaces.port;
    if command.no() {
        if rest.is_empty() {
            port.switches = Some(false);
        }
        ios.neutral(command);
        return true;
    }
    port.switches.get_or_insert(true);
    match rest {
        [] => {}
        ["mode", "private-vlan", ..]
        | ["port-security" | "protected" | "block" | "private-vlan", ..] => {
            ios.lost(command, reasons::PORT_PROTECTION);
            return true;
        }
        ["mode", "dynamic", ..] => {
            ios.lost(command, reasons::NEGOTIATED_TRUNK);
            return true;
        }
        ["mode", mode, ..] => port.trunk = *mode == "trunk",
        ["access", "vlan", id] if names::vlan(id).is_some() => port.access = names::vlan(id),
        ["trunk", "native", "vlan", id] if names::vlan(id).is_some() => {
            port.native = names::vlan(id);
        }
        ["trunk", "allowed", "vlan", change @ ..] => match allowed(port.allowed.take(), change) {
            Some(set) => port.allowed = Some(set),
            None => return false,
        },
        ["trunk", "encapsulation" | "pruning", ..]
        | ["voice", "vlan", "dot1p" | "none" | "untagged"]
        | ["nonegotiate" | "priority" | "backup" | "host" | "autostate", ..] => {
            ios.neutral(command);
            return true;
        }
        ["voice", "vlan", id] if names::vlan(id).is_some() => port.voice = names::vlan(id),
        ["voice" | "access", "vlan", "name", ..] => {
            ios.lost(command, reasons::VLAN_NAMES);
            return true;
        }
        ["vlan", "mapping", ..] | ["trunk", "native", "vlan", "tag"] => {
            ios.lost(command, reasons::OTHER_TAGS);
            return true;
        }
        _ => return false,
    }
    ios.used(command);
    true
}

/// What a trunk carries after `switchport trunk allowed vlan …`; long lists go on with `add`.
fn allowed(now: Option<RangeSet<u16>>, change: &[&str]) -> Option<RangeSet<u16>> {
    let joined = |words: &[&str]| names::vlans(&words.concat());
    Some(match change {
        ["all"] => every(),
        ["none"] => RangeSet::empty(),
        ["add", list @ ..] => now.unwrap_or_else(RangeSet::empty).union(&joined(list)?),
        ["remove", list @ ..] => now.unwrap_or_else(every).minus(&joined(list)?),
        ["except", list @ ..] => every().minus(&joined(list)?),
        list => joined(list)?,
    })
}

/// `vlan 10` with its name.
pub(super) fn vlan(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["vlan", ids @ ..] = command.words() else { return false };
    let Some(ids) = names::vlans(&ids.concat()) else { return false };
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["name", name, ..] => {
                if let Some(id) = ids.first() {
                    ios.wireless.vlans.insert((*name).to_owned(), id);
                }
                ios.used(child);
            }
            ["private-vlan" | "remote-span", ..] => {
                ios.lost(child, reasons::PRIVATE_VLANS);
            }
            ["state" | "mtu" | "media" | "shutdown" | "exit" | "said" | "uni-vlan", ..] => {
                ios.neutral(child);
            }
            _ => ios.unknown(child),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(change: &[&str]) -> Vec<(u16, u16)> {
        let now = Some(RangeSet::range(10, 20));
        allowed(now, change).unwrap().ranges().to_vec()
    }

    #[test]
    fn trunks_carry_what_their_lists_say() {
        assert_eq!(ranges(&["1,5-7"]), [(1, 1), (5, 7)]);
        assert_eq!(ranges(&["add", "21,30"]), [(10, 21), (30, 30)]);
        assert_eq!(ranges(&["remove", "12"]), [(10, 11), (13, 20)]);
        assert_eq!(ranges(&["except", "2"]), [(1, 1), (3, 4094)]);
        assert!(ranges(&["none"]).is_empty());
        assert_eq!(allowed(None, &["x"]), None);
    }
}
