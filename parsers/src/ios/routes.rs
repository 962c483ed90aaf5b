//! Static routes and VRFs.

use std::net::IpAddr;

use portvakt_model::{Prefix, Route};

use super::config::Command;
use super::reasons;
use super::{Ios, names};
use crate::net;

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    match command.words() {
        ["ip" | "ipv6", "route", ..] | ["ip", "default-gateway", _] if command.no() => {
            ios.neutral(command);
        }
        ["ip", "default-gateway", gateway] => {
            let any = Prefix { addr: IpAddr::from([0, 0, 0, 0]), len: 0 };
            add(ios, command, any, None, &[gateway]);
        }
        ["ip", "route", "vrf", vrf, addr, mask, rest @ ..] => {
            let Some(to) = net::masked(addr, mask) else { return false };
            add(ios, command, to, Some(vrf), rest);
        }
        ["ip", "route", addr, mask, rest @ ..] => {
            let Some(to) = net::masked(addr, mask) else { return false };
            add(ios, command, to, None, rest);
        }
        ["ipv6", "route", "vrf", vrf, prefix, rest @ ..] => {
            let Some(to) = net::prefix(prefix) else { return false };
            add(ios, command, to, Some(vrf), rest);
        }
        ["ipv6", "route", prefix, rest @ ..] => {
            let Some(to) = net::prefix(prefix) else { return false };
            add(ios, command, to, None, rest);
        }
        ["vrf", "definition", _] | ["ip", "vrf", _] => vrf(ios, command),
        _ => return false,
    }
    true
}

/// A route by next hop, by interface, or both: `GigabitEthernet0/1 192.0.2.1 250 name X`.
fn add(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    to: Prefix,
    vrf: Option<&str>,
    how: &[&str],
) {
    let (interface, rest) = match how {
        [first, rest @ ..] if first.parse::<IpAddr>().is_err() => {
            (names::interface(&[first]), rest)
        }
        _ => (None, how),
    };
    let via = rest.first().and_then(|w| w.parse().ok());
    let interface = interface.map(|name| ios.device.interfaces.atom(&name));
    if interface.is_none() && via.is_none() {
        return ios.lost(command, reasons::ROUTE_FORM);
    }
    let (vrf, line) = (vrf.map(str::to_owned), command.number());
    ios.device.routes.push(Route { to, via, interface, vrf, line });
    if rest.iter().any(|w| matches!(*w, "track" | "global")) {
        return ios.lost(command, reasons::OTHER_ROUTE);
    }
    ios.used(command);
}

/// A VRF exists by the interfaces that forward in it; what routes it exchanges is not modelled.
fn vrf(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    if command.no() {
        return ios.neutral(command);
    }
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["description" | "address-family" | "exit-address-family" | "rd" | "exit", ..] => {
                ios.neutral(child);
            }
            _ => ios.lost(child, reasons::VRF_EXCHANGE),
        }
    }
}
