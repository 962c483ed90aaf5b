//! Interfaces: addresses, VRFs, and what is bound to them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use portvakt_model::{Fact, Hook, Interface, Prefix};
use portvakt_space::{AtomSet, Family};
use rustc_hash::FxHashMap;

use super::config::Command;
use super::reasons;
use super::{Ios, cbac, names, plain, routing, switchports, wlan};
use crate::{net, secrets};

/// What interfaces bind, to be resolved when everything is read.
#[derive(Default)]
pub(super) struct Bindings {
    /// The list that filters by interface, version and direction: the last one named holds.
    filters: BTreeMap<(u32, Family, bool), (String, u32)>,
    unnumbered: Vec<(u32, String)>,
    /// Atom, zone and line of each `zone-member security`.
    pub(super) zones: Vec<(u32, String, u32)>,
    /// Interfaces with `ip nat inside`.
    pub(super) inside: Vec<u32>,
    /// Interfaces with `ip nat outside`.
    pub(super) outside: Vec<u32>,
    /// What the block that is being read says of switching.
    pub(super) port: switchports::Port,
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["interface", name @ ..] = command.words() else { return false };
    if command.no() || name.first() == Some(&"range") {
        ios.lost_block(command, reasons::SCRIPTED_INTERFACES);
        return true;
    }
    let Some(name) = names::interface(name) else { return false };
    let atom = ios.device.interfaces.atom(&name);
    let line = command.number();
    let interface = edit(ios, atom);
    interface.declared = true;
    interface.line = line;
    interface.kind = names::kind(&name);
    if let Some(id) = name.strip_prefix("Vlan") {
        interface.vlan = names::vlan(id);
    }
    ios.used(command);
    for child in command.children() {
        setting(ios, child, atom);
    }
    let port = std::mem::take(&mut ios.interfaces.port);
    port.apply(edit(ios, atom));
    true
}

pub(super) fn edit<'i>(ios: &'i mut Ios<'_, '_>, atom: u32) -> &'i mut Interface {
    &mut ios.device.interfaces.all_mut()[atom as usize]
}

fn setting(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, atom: u32) {
    let read = address(ios, command, atom)
        || binding(ios, command, atom)
        || basics(ios, command, atom)
        || switchports::setting(ios, command)
        || wlan::radio(ios, command, atom)
        || routing::interface(ios, command)
        || plain::interface(ios, command);
    if !read {
        ios.unknown(command);
        command.below().for_each(|c| ios.unknown(c));
    }
}

fn basics(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, atom: u32) -> bool {
    match command.words() {
        ["description"] | ["ip", "directed-broadcast", ..] if command.no() => {
            ios.neutral(command);
            return true;
        }
        ["description"] => {
            ios.neutral(command);
            return true;
        }
        ["description", _, ..] => {
            let text = command.rest(1);
            let text = secrets::kept(text, command.span(text).start, ios.build).into_owned();
            edit(ios, atom).description = Some(text);
        }
        ["shutdown", ..] => edit(ios, atom).enabled = command.no(),
        ["vrf", "forwarding", name] | ["ip", "vrf", "forwarding", name, ..] if !command.no() => {
            edit(ios, atom).vrf = Some((*name).to_owned());
        }
        ["encapsulation", dot1q, id, ..] if dot1q.eq_ignore_ascii_case("dot1q") => {
            let Some(id) = names::vlan(id) else { return false };
            edit(ios, atom).vlan = Some(id);
        }
        ["ip", "directed-broadcast", ..] => {
            let fact = Fact::explicit("ip directed-broadcast".to_owned(), command.number());
            ios.management.unneeded.push(fact);
        }
        _ => return false,
    }
    ios.used(command);
    true
}

fn address(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, atom: u32) -> bool {
    if command.no() {
        let none = matches!(command.words(), ["ip" | "ipv6", "address" | "unnumbered", ..]);
        if none {
            ios.neutral(command);
        }
        return none;
    }
    let prefix = match command.words() {
        ["ip" | "ipv6", "address", "dhcp" | "negotiated" | "autoconfig" | "pool", ..] => {
            ios.lost(command, reasons::ASSIGNED);
            return true;
        }
        ["ip", "unnumbered", name @ ..] => {
            let name = names::interface(name).unwrap_or_default();
            ios.interfaces.unnumbered.push((atom, name));
            ios.used(command);
            return true;
        }
        ["ip", "address", prefix] | ["ip", "address", prefix, "secondary"] => net::prefix(prefix),
        ["ip", "address", addr, mask, ..] => net::masked(addr, mask),
        ["ipv6", "address", prefix, rest @ ..] => ipv6(prefix, rest),
        // The virtual address is link-local, made from the group's number.
        ["standby", _, "ipv6", "autoconfig"] => {
            ios.neutral(command);
            return true;
        }
        ["vrrp", _, "address-family", ..] => {
            virtual_router(ios, command, atom);
            return true;
        }
        ["standby" | "vrrp" | "glbp", _, "ip" | "ipv6", addr, ..]
        | ["standby" | "vrrp", "ip", addr] => shared(edit(ios, atom), addr),
        _ => return false,
    };
    match prefix {
        Some(prefix) => {
            edit(ios, atom).addresses.push(prefix);
            ios.used(command);
        }
        None => ios.lost(command, reasons::ADDRESS_FORM),
    }
    true
}

/// `2001:db8::1/64`, with `eui-64` only the network is known; a link-local address stands alone.
fn ipv6(prefix: &str, options: &[&str]) -> Option<Prefix> {
    if options.contains(&"link-local") {
        let addr: Ipv6Addr = prefix.parse().ok()?;
        return Some(Prefix { addr: addr.into(), len: 128 });
    }
    net::prefix(prefix).filter(|p| p.addr.is_ipv6())
}

/// `vrrp 1 address-family ipv4`: a block with the virtual address in it.
fn virtual_router(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, atom: u32) {
    ios.used(command);
    for child in command.below() {
        let prefix = match child.words() {
            ["address", addr, ..] if !child.no() => shared(edit(ios, atom), addr),
            _ => None,
        };
        match prefix {
            Some(prefix) => {
                edit(ios, atom).addresses.push(prefix);
                ios.used(child);
            }
            None => ios.neutral(child),
        }
    }
}

/// The virtual address of a redundancy group, in the network of the interface.
fn shared(interface: &Interface, addr: &str) -> Option<Prefix> {
    let addr: IpAddr = addr.parse().ok()?;
    let network = interface.addresses.iter().find(|p| p.network().contains(addr));
    let alone = if addr.is_ipv4() { 32 } else { 128 };
    Some(Prefix { addr, len: network.map_or(alone, |p| p.len) })
}

fn binding(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, atom: u32) -> bool {
    match command.words() {
        ["ip", "access-group", rest @ ..] => filter(ios, command, Family::V4, rest, atom),
        ["ipv6", "traffic-filter", rest @ ..] => filter(ios, command, Family::V6, rest, atom),
        _ if command.no() => return false,
        ["zone-member", "security", zone] => {
            let zone = (*zone).to_owned();
            ios.interfaces.zones.push((atom, zone, command.number()));
        }
        ["ip", "nat", "inside"] => ios.interfaces.inside.push(atom),
        ["ip", "nat", "outside"] => ios.interfaces.outside.push(atom),
        ["ip" | "ipv6", "inspect", name, "in" | "out"] => cbac::bind(ios, name),
        _ => return false,
    }
    ios.used(command);
    true
}

/// `LIST in|out`; with `no` the list may be left out.
fn filter(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    family: Family,
    words: &[&str],
    atom: u32,
) {
    let inwards = words.contains(&"in");
    let filters = &mut ios.interfaces.filters;
    match words {
        _ if command.no() => drop(filters.remove(&(atom, family, inwards))),
        [list, "in" | "out", ..] => {
            filters.insert((atom, family, inwards), ((*list).to_owned(), command.number()));
        }
        _ => ios.lost(command, reasons::FILTER_FORM),
    }
}

/// Hooks the lists that interfaces apply. One that is undefined or empty permits everything (Cisco
/// IOS Security Command Reference, `ip access-group`), so it is hooked nowhere.
pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    borrow_addresses(ios);
    let mut hooks: FxHashMap<(u32, bool), Vec<u32>> = FxHashMap::default();
    for ((atom, family, inwards), (list, line)) in std::mem::take(&mut ios.interfaces.filters) {
        if let Some(id) = ios.lists.find(family, &list) {
            hooks.entry((id.0, inwards)).or_default().push(atom);
        } else {
            unfiltered(ios, atom, family, &list, line);
        }
    }
    let mut hooks: Vec<_> = hooks.into_iter().collect();
    hooks.sort_unstable();
    for ((ruleset, inwards), atoms) in hooks {
        let atoms: AtomSet = atoms.into_iter().collect();
        let hook = if inwards { Hook::In(atoms) } else { Hook::Out(atoms) };
        ios.device.rulesets[ruleset as usize].hooks.push(hook);
    }
}

/// Notes an interface whose list permits everything because it has no entries.
fn unfiltered(ios: &mut Ios<'_, '_>, atom: u32, family: Family, list: &str, line: u32) {
    let name = ios.device.interfaces.get(atom).map_or("", |i| &i.name);
    let used_by = format!("interface {name}");
    if let Some(id) = ios.lists.declared(family, list) {
        let uses = &mut ios.device.rulesets[id.0 as usize].other_uses;
        uses.push(format!("{used_by}, empty: permits everything"));
    }
    ios.undefined("access-list", list, line, used_by);
}

fn borrow_addresses(ios: &mut Ios<'_, '_>) {
    for (atom, name) in std::mem::take(&mut ios.interfaces.unnumbered) {
        let lender = ios.device.interfaces.find(&name).and_then(|a| ios.device.interfaces.get(a));
        let addresses = lender.map(|i| i.addresses.clone()).unwrap_or_default();
        edit(ios, atom).addresses.extend(addresses);
    }
}
