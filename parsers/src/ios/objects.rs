//! Object groups and time ranges.

use std::net::Ipv4Addr;

use jiff::civil::Date;
use portvakt_model::{ObjectKind, Schedule, Undefined};
use portvakt_space::{AddrSet, Family, ICMP, RangeSet, ServiceBox, ServiceSet, TCP, UDP};
use rustc_hash::FxHashMap;

use super::Ios;
use super::args::Args;
use super::config::{Command, Config};
use super::ports;
use super::reasons;
use crate::{names, net};

/// Object groups by name, resolved through their members, and time ranges.
#[derive(Default)]
pub(super) struct Groups {
    by_name: FxHashMap<String, Group>,
    schedules: FxHashMap<String, u32>,
}

#[derive(Default)]
struct Group {
    service: bool,
    addresses: Vec<AddrSet>,
    services: Vec<ServiceBox>,
    members: Vec<(String, u32)>,
    /// Whether something in it is not understood.
    unknown: bool,
    object: usize,
    resolved: Resolved,
    /// Its addresses by version.
    parts: Option<[AddrSet; 2]>,
}

#[derive(Clone, Default)]
enum Resolved {
    #[default]
    No,
    /// Being resolved: a member that comes back here is a cycle.
    Open,
    Addresses(Option<AddrSet>),
    Services(Option<ServiceSet>),
}

/// Groups within groups, at most; IOS allows fewer.
const MAX_DEPTH: u32 = 64;

impl Groups {
    /// The addresses of one version in a group; `None` when they are not all known. Every rule
    /// that names the group shares them.
    pub(super) fn network(&self, name: &str, family: Family) -> Option<&AddrSet> {
        let [v4, v6] = self.by_name.get(name)?.parts.as_ref()?;
        Some(if family == Family::V4 { v4 } else { v6 })
    }

    /// The services of a group; `None` when they are not all known.
    pub(super) fn service(&self, name: &str) -> Option<ServiceSet> {
        match &self.by_name.get(name)?.resolved {
            Resolved::Services(set) => set.clone(),
            _ => None,
        }
    }

    /// The group's index in the device.
    pub(super) fn object(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).map(|g| g.object)
    }

    /// The index of a time range in the device.
    pub(super) fn schedule(&self, name: &str) -> Option<u32> {
        self.schedules.get(name).copied()
    }

    /// Resolves a group and what it holds. What stands in a circle, or too deep, is not known.
    fn resolve(&mut self, name: &str, depth: u32) -> Resolved {
        let Some(group) = self.by_name.get_mut(name) else { return Resolved::No };
        if !matches!(group.resolved, Resolved::No) {
            return group.resolved.clone();
        }
        group.resolved = Resolved::Open;
        let mut known = !group.unknown && depth < MAX_DEPTH;
        let (mut addresses, mut services) =
            (std::mem::take(&mut group.addresses), std::mem::take(&mut group.services));
        let members: Vec<String> = group.members.iter().map(|(m, _)| m.clone()).collect();
        let service = group.service;
        for member in members.iter().take_while(|_| depth < MAX_DEPTH) {
            match self.resolve(member, depth + 1) {
                Resolved::Addresses(Some(set)) => addresses.push(set),
                Resolved::Services(Some(set)) => services.extend_from_slice(set.boxes()),
                _ => known = false,
            }
        }
        let resolved = if service {
            Resolved::Services(known.then(|| ServiceSet::from_boxes(services)))
        } else {
            Resolved::Addresses(known.then(|| AddrSet::union_all(&addresses)))
        };
        if let Some(group) = self.by_name.get_mut(name) {
            if let Resolved::Addresses(Some(set)) = &resolved {
                group.parts = Some(Family::BOTH.map(|family| set.only(family)));
            }
            group.resolved = resolved.clone();
        }
        resolved
    }
}

/// Reads object groups and time ranges.
pub(super) fn read(ios: &mut Ios<'_, '_>, config: &Config<'_>) {
    for command in config.top() {
        match command.words() {
            ["object-group", ..] if command.no() => ios.neutral(command),
            ["object-group", "network" | "v4-network" | "v6-network", name, ..] => {
                group(ios, command, name, false);
            }
            ["object-group", "service", name, ..] => group(ios, command, name, true),
            ["object-group", ..] => {
                ios.lost_block(command, reasons::OTHER_GROUPS);
            }
            ["time-range", name] if !command.no() => time_range(ios, command, name),
            _ => {}
        }
    }
    resolve(ios);
}

fn group(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, service: bool) {
    let kind =
        if service { ObjectKind::ServiceGroup(None) } else { ObjectKind::AddressGroup(None) };
    let object = ios.device.objects.len();
    let mut group = if let Some(group) = ios.groups.by_name.remove(name) {
        group
    } else {
        ios.object(name, kind, command.number());
        Group { service, object, ..Group::default() }
    };
    ios.used(command);
    for child in command.below() {
        member(ios, child, &mut group);
    }
    ios.groups.by_name.insert(name.to_owned(), group);
}

fn member(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, group: &mut Group) {
    match command.words() {
        ["description" | "Description", ..] | ["exit"] => return ios.neutral(command),
        ["group-object", name] if !command.no() => {
            group.members.push(((*name).to_owned(), command.number()));
            return ios.used(command);
        }
        words => {
            let known = if group.service {
                service(words).map(|set| group.services.extend_from_slice(set.boxes()))
            } else {
                network(words).map(|set| group.addresses.push(set))
            };
            if known.is_some() && !command.no() {
                return ios.used(command);
            }
        }
    }
    group.unknown = true;
    ios.lost(command, reasons::GROUP_MEMBER);
}

/// `host A`, `A mask`, `range A B`, `any`, `prefix/length`.
fn network(words: &[&str]) -> Option<AddrSet> {
    match words {
        ["any"] => Some(AddrSet::ANY),
        ["host", addr] => addr.parse().ok().map(AddrSet::host),
        ["range", lo, hi] => net::between(lo, hi),
        [prefix] => net::network(prefix),
        [addr, len] if len.starts_with('/') => {
            let len: u8 = len[1..].parse().ok().filter(|len| *len <= 32)?;
            Some(AddrSet::prefix(addr.parse::<Ipv4Addr>().ok()?.into(), len))
        }
        // A network mask is a wildcard turned round; it may have holes, too.
        [addr, mask] => {
            let mask: Ipv4Addr = mask.parse().ok()?;
            net::wildcard(addr.parse().ok()?, Ipv4Addr::from(!u32::from(mask)))
        }
        _ => None,
    }
}

/// `tcp eq 80`, `tcp source gt 1023 eq 80`, `icmp echo`, `ip`, `47`.
fn service(words: &[&str]) -> Option<ServiceSet> {
    let mut args = Args::new(words);
    let protocol = args.next()?;
    let protocols = match protocol {
        "ip" => return args.rest().is_empty().then_some(ServiceSet::ANY),
        "tcp-udp" => vec![TCP, UDP],
        _ => vec![names::protocol(protocol)?],
    };
    if protocols == [ICMP] && !args.rest().is_empty() {
        return icmp(args.rest());
    }
    let from = if args.eat("source") { side(&mut args).ok()? } else { None };
    args.eat("destination");
    let to = side(&mut args).ok()?;
    args.rest().is_empty().then(|| ports::services(&protocols, from.as_ref(), to.as_ref()))
}

fn icmp(words: &[&str]) -> Option<ServiceSet> {
    let (kind, code) = match words {
        [kind] => match kind.parse() {
            Ok(kind) => (kind, None),
            Err(_) => names::icmp(kind)?,
        },
        [kind, code] => (kind.parse().ok()?, Some(code.parse().ok()?)),
        _ => return None,
    };
    Some(ServiceBox::icmp(ICMP, kind, code).into())
}

/// Ports with or without an operator; `None` is every port. `Err` holds one that is not known.
fn side<'a>(args: &mut Args<'_, 'a>) -> Result<Option<RangeSet<u16>>, &'a str> {
    match args.try_next(ports::number) {
        Some(port) => Ok(Some(RangeSet::one(port))),
        None => ports::operator(args),
    }
}

fn resolve(ios: &mut Ios<'_, '_>) {
    let mut order: Vec<(usize, String)> =
        ios.groups.by_name.iter().map(|(name, g)| (g.object, name.clone())).collect();
    order.sort_unstable();
    for (_, name) in &order {
        ios.groups.resolve(name, 0);
    }
    for (index, name) in order {
        let group = &ios.groups.by_name[&name];
        ios.device.objects[index].kind = match &group.resolved {
            Resolved::Services(set) => ObjectKind::ServiceGroup(set.clone()),
            Resolved::Addresses(set) => ObjectKind::AddressGroup(set.clone()),
            Resolved::No | Resolved::Open => continue,
        };
        for (member, line) in &group.members {
            match ios.groups.by_name.get(member) {
                Some(other) => ios.device.objects[other.object].uses += 1,
                None => ios.device.undefined.push(Undefined {
                    name: member.clone(),
                    kind: "object-group",
                    line: *line,
                    used_by: format!("object-group {name}"),
                }),
            }
        }
    }
}

fn time_range(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    let line = command.number();
    let name = name.to_owned();
    let mut schedule = Schedule { name, start: None, end: None, recurring: false, line };
    ios.used(command);
    for child in command.below() {
        match child.words() {
            ["periodic", ..] => schedule.recurring = true,
            ["absolute", rest @ ..] if absolute(rest, &mut schedule).is_some() => {}
            _ => {
                ios.unknown(child);
                continue;
            }
        }
        ios.used(child);
    }
    ios.groups.schedules.insert(schedule.name.clone(), ios.device.schedules.len() as u32);
    ios.device.schedules.push(schedule);
}

/// `absolute start 08:00 1 March 2025 end 17:00 31 December 2025`.
fn absolute(words: &[&str], schedule: &mut Schedule) -> Option<()> {
    for part in words.chunks(5) {
        let &[which, _time, day, month, year] = part else { return None };
        let date = date(day, month, year)?;
        match which {
            "start" => schedule.start = Some(date),
            "end" => schedule.end = Some(date),
            _ => return None,
        }
    }
    Some(())
}

fn date(day: &str, month: &str, year: &str) -> Option<Date> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = month.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| *m == month)? as i8 + 1;
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_members_use_network_masks() {
        let set = network(&["192.0.2.0", "255.255.255.192"]).unwrap();
        assert_eq!(Some(set.clone()), net::network("192.0.2.0/26"));
        assert_eq!(
            network(&["range", "192.0.2.1", "192.0.2.3"]),
            net::range("192.0.2.1-192.0.2.3")
        );
        assert_eq!(network(&["192.0.2.0", "/25"]), net::network("192.0.2.0/25"));
        assert_eq!(network(&["192.0.2.0", "/33"]), None);
        assert_eq!(network(&["192.0.2.0", "255.255.255.x"]), None);
    }

    #[test]
    fn services_take_source_and_destination() {
        let set = service(&["tcp", "source", "gt", "1023", "eq", "443"]).unwrap();
        assert!(set.contains(TCP, 1024, 443) && !set.contains(TCP, 1023, 443));
        assert_eq!(service(&["udp", "frobnicate", "1"]), None);
        assert!(service(&["tcp-udp", "eq", "domain"]).unwrap().contains(UDP, 5, 53));
        assert!(service(&["icmp", "echo"]).unwrap().contains(ICMP, 0, 0x800));
    }

    #[test]
    fn dates_are_read_in_both_lengths() {
        assert_eq!(date("1", "March", "2025"), Some(Date::constant(2025, 3, 1)));
        assert_eq!(date("31", "Dec", "2026"), Some(Date::constant(2026, 12, 31)));
        assert_eq!(date("31", "Feb", "2026"), None);
    }
}
