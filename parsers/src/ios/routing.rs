//! Dynamic routing, route maps: what of it decides where traffic goes is not modelled.

use portvakt_model::Message;
use portvakt_space::Family;

use super::config::Command;
use super::stems::{INTERFACE_NEUTRAL, NEIGHBOR_NEUTRAL, ROUTER_NEUTRAL, ROUTING, SET_NEUTRAL};
use super::{Ios, plain, secrets, uses};

const POLICY: &Message = &Message {
    sv: "dynamisk och policystyrd routing räknas inte in",
    en: "dynamic routing and policy routing are not modelled",
};

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    if command.no() {
        return false;
    }
    match command.words() {
        ["router", name @ ..] | ["ipv6", "router", name @ ..] => {
            ios.lost(command, ROUTING);
            let by = format!("router {}", name.join(" "));
            command.below().for_each(|child| setting(ios, child, &by));
        }
        ["route-map", name, how @ ..] => {
            route_map(ios, command, name, how.first() != Some(&"deny"));
        }
        _ => return false,
    }
    true
}

/// One line of a `router` block, at any depth.
fn setting(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, by: &str) {
    let words = command.words();
    if let Some(list) = filter(words) {
        uses::note(ios, list, Some(Family::V4), command.number(), by.to_owned());
    }
    if secrets::routing_key(ios, command) {
        return ios.used(command);
    }
    if is_neutral(command) { ios.neutral(command) } else { ios.lost(command, ROUTING) }
}

/// Whether the line has no bearing. An address family of a VRF separates, one without does not.
fn is_neutral(command: Command<'_, '_>) -> bool {
    match command.words() {
        ["neighbor", _, "activate"] if command.no() => true,
        // A name for settings that neighbours share; who they are is said where they join.
        ["neighbor", _, "peer-group"] => true,
        ["neighbor", _, rest @ ..] => plain::is_in(NEIGHBOR_NEUTRAL, rest),
        ["address-family", .., "vrf", _] => false,
        ["shutdown"] => command.no(),
        words => plain::is_in(ROUTER_NEUTRAL, words),
    }
}

/// The access list that a line filters routes by.
fn filter<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        ["neighbor", _, "distribute-list", list, ..] => Some(list),
        ["distribute-list", list, "in" | "out", ..]
            if !matches!(*list, "prefix" | "prefix-list" | "route-map" | "gateway") =>
        {
            Some(list)
        }
        _ => None,
    }
}

/// Settings of an interface whose stem has the number of a process in it, and keys.
pub(super) fn interface(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    if secrets::routing_key(ios, command) {
        ios.used(command);
        return true;
    }
    let ["ospfv3", process, rest @ ..] = command.words() else { return false };
    if process.parse::<u16>().is_err() {
        return false;
    }
    if plain::is_in(INTERFACE_NEUTRAL, &[&["ospfv3"], rest].concat()) {
        ios.neutral(command);
    } else {
        ios.lost(command, ROUTING);
    }
    true
}

fn route_map(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, permit: bool) {
    let matches = |c: Command<'_, '_>| c.words().first() == Some(&"match");
    let mut selects = permit && command.below().any(matches);
    for child in command.below() {
        selects &= match child.words() {
            ["match", "ip", "address", list, ..] => *list != "prefix-list",
            ["description" | "exit", ..] => true,
            _ => false,
        };
        match child.words() {
            ["match", "ip" | "ipv6", "address", "prefix-list", ..] => ios.lost(child, POLICY),
            ["match", "ip" | "ipv6", "address" | "next-hop" | "route-source", lists @ ..] => {
                let packets = child.words()[2] == "address";
                matched(ios, child, name, lists, permit && packets);
            }
            ["description" | "exit", ..] => ios.neutral(child),
            ["set", rest @ ..] if plain::is_in(SET_NEUTRAL, rest) => ios.neutral(child),
            _ => ios.lost(child, POLICY),
        }
    }
    ios.classes.entries.push((name.to_owned(), command.number(), selects));
}

/// An entry that only selects what is translated is in the model with the translation.
pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    let translates = ios.nat.route_maps();
    for (name, line, selects) in std::mem::take(&mut ios.classes.entries) {
        if selects && translates.contains(&name) {
            ios.build.used(line);
        } else {
            ios.build.unsupported(line, POLICY);
        }
    }
}

/// Access lists that a route map names. Those that select packets translate them, too.
fn matched(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    map: &str,
    lists: &[&str],
    selects: bool,
) {
    for list in lists.iter().filter(|l| **l != "prefix-list") {
        uses::note(ios, list, None, command.number(), format!("route-map {map}"));
        if selects {
            ios.classes.route_map(map, list);
        }
    }
    ios.used(command);
}
