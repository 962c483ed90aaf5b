//! FortiOS: `show full-configuration`, backups, and parts of them.
//!
//! A backup shows what differs from the factory, a full configuration shows everything; the same
//! reader takes both. Sources: FortiOS CLI Reference and Administration Guide (Fortinet, 6.4–7.6).

mod accounts;
mod addresses;
mod crypto;
mod global_keys;
mod groups;
mod interface_keys;
mod interfaces;
mod keys;
mod log_keys;
mod logging;
mod management;
mod matching;
mod nat;
mod predefined;
mod reader;
mod reasons;
mod routes;
mod rule_keys;
mod rules;
mod schedules;
mod scope;
mod secret;
mod sections;
mod services;
mod tls;
mod translated;
mod tree;
mod uses;
mod vip_keys;
mod vips;
mod vpn;
mod wlan;
mod wlan_keys;
mod words;

#[cfg(test)]
mod tests;

use portvakt_model::{Device, LineState, NatRule, Object, ObjectKind};
use portvakt_space::Family;

use crate::build::{Build, Input};
use crate::{Head, Parser, Score};
use addresses::Addresses;
use interfaces::Interfaces;
use rules::Objects;
use schedules::Schedules;
use scope::Scope;
use secret::Secrets;
use services::Services;
use tree::{Node, Tree};
use vips::Vips;

pub(crate) static PARSER: Parser = Parser {
    id: "fortios",
    name: "FortiOS",
    reads: "`show full-configuration`, `show`, a configuration backup, or a part of one",
    understands: "policies of both IP versions, local-in and security policies, addresses, services, \
                  schedules, virtual IPs, source translation, zones, VDOMs, static routes, wireless \
                  networks, administrators, SNMP, NTP, logging",
    sniff,
    parse,
};

/// First words of sections that no other vendor writes so.
const SECTIONS: [&str; 8] = [
    "config firewall ",
    "config system ",
    "config router ",
    "config vdom",
    "config global",
    "config vpn ",
    "config user ",
    "config wireless-controller ",
];

fn sniff(head: &Head<'_>) -> Score {
    if head.lines_starting(&["#config-version="]) > 0 {
        return Score::SURE;
    }
    let sections = head.lines_starting(&SECTIONS);
    let prompted = head.lines_starting(&["config log ", "config ips ", "config webfilter "]);
    let body = head.lines_starting(&["edit ", "set ", "end"]);
    match (sections + prompted, body) {
        (0, _) | (_, 0) => Score::NO,
        _ => Score(90),
    }
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let tree = reader::read(input.text, build);
    let parts = Parts::of(&tree);
    let host = host_name(&parts, &tree, input);
    let encrypted = parts.shared().any(|part| {
        part.block("system global").is_some_and(|g| g.is("private-data-encryption", "enable"))
    });
    let mut shared = Secrets::default();
    for part in parts.shared() {
        let found = secret::find(part, &["vdom", "global"], encrypted, build);
        shared.by_line.extend(found.by_line);
        shared.found.extend(found.found);
    }
    for (scope, own) in parts.scopes(&tree) {
        let mut secrets =
            own.map(|part| secret::find(part, &[], encrypted, build)).unwrap_or_default();
        secrets.by_line.extend(&shared.by_line);
        if scope.first {
            secrets.found.append(&mut shared.found);
        }
        let name = match scope.vdom {
            Some(vdom) => format!("{host}/{vdom}"),
            None => host.clone(),
        };
        let device = device(name, &scope, secrets, build);
        build.devices.push(device);
    }
    parts.mark(build);
}

/// The nodes that hold sections: the root, `config global`, and the entries of `config vdom`.
struct Parts<'t, 'a> {
    root: Node<'t, 'a>,
    global: Option<Node<'t, 'a>>,
    vdoms: Vec<Node<'t, 'a>>,
}

impl<'t, 'a> Parts<'t, 'a> {
    fn of(tree: &'t Tree<'a>) -> Self {
        let root = tree.root();
        Self { root, global: root.block("global"), vdoms: root.entries_of("vdom").collect() }
    }

    fn shared(&self) -> impl Iterator<Item = Node<'t, 'a>> {
        self.global.into_iter().chain([self.root])
    }

    /// One scope for each device, with the node of its own.
    fn scopes(&self, tree: &'t Tree<'a>) -> Vec<(Scope<'t, 'a>, Option<Node<'t, 'a>>)> {
        let nodes = |own: Option<Node<'t, 'a>>| own.into_iter().chain(self.shared()).collect();
        if let [] | [_] = self.vdoms.as_slice() {
            let own = self.vdoms.first().copied();
            return vec![(Scope::new(None, true, &tree.header, nodes(own)), own)];
        }
        let first = self.vdoms.iter().position(|v| v.name() == "root").unwrap_or(0);
        let scope = |(at, own): (usize, &Node<'t, 'a>)| {
            let nodes = nodes(Some(*own));
            (Scope::new(Some(own.name()), at == first, &tree.header, nodes), Some(*own))
        };
        self.vdoms.iter().enumerate().map(scope).collect()
    }

    fn mark(&self, build: &mut Build<'_>) {
        for frame in self.global.into_iter().chain(self.root.block("vdom")) {
            frame.mark_frame(LineState::Used, build);
        }
        for &vdom in &self.vdoms {
            vdom.mark_frame(LineState::Used, build);
            sections::mark_rest(vdom, build);
        }
        self.shared().for_each(|part| sections::mark_rest(part, build));
    }
}

fn host_name(parts: &Parts<'_, '_>, tree: &Tree<'_>, input: &Input<'_>) -> String {
    let global = parts.shared().find_map(|part| part.block("system global"));
    let written = global.and_then(|g| g.get("hostname")).map(str::to_owned);
    written.or_else(|| tree.header.hostname.clone()).unwrap_or_else(|| input.stem().to_owned())
}

fn device(name: String, scope: &Scope<'_, '_>, secrets: Secrets, build: &mut Build<'_>) -> Device {
    let mut device = Device::new(name, PARSER.id, build.id);
    device.version.clone_from(&scope.header.version);
    let mut objects = read_objects(scope, build);
    device.rulesets = rules::rulesets(scope, &mut objects, build);
    device.routes = routes::read(scope, &mut objects.interfaces, build);
    device.wlans = wlan::read(scope, &mut objects.interfaces, &secrets.by_line, build);
    device.management = management::read(scope, &objects.interfaces, &secrets.by_line, build);
    vpn::read(scope, device.management.as_mut(), build);
    device.tls_servers = tls::servers(scope, build);
    let central = nat::central(scope, &mut objects, build);
    device.secrets = secrets.found;
    fill(&mut device, scope, objects, central, build);
    device
}

fn read_objects(scope: &Scope<'_, '_>, build: &mut Build<'_>) -> Objects {
    let mut interfaces = Interfaces::read(scope, build);
    let services = Services::read(scope, build);
    let mut undefined = Vec::new();
    let vips = Vips::read(scope, &mut interfaces, &services, &mut undefined, build);
    let settings = scope.section("system settings");
    if let Some(settings) = settings {
        keys::mark(settings, &global_keys::SETTINGS, build);
    }
    Objects {
        v4: Addresses::read(Family::V4, scope, &interfaces, build),
        v6: Addresses::read(Family::V6, scope, &interfaces, build),
        interfaces,
        services,
        schedules: Schedules::read(scope, build),
        vips,
        pools: nat::pool_sets(scope),
        undefined,
        source_nat: Vec::new(),
        central_nat: settings.is_some_and(|s| s.is("central-nat", "enable")),
        match_vip: match_vip_default(scope),
    }
}

/// `match-vip` of a deny policy: off up to 7.2.2, on from 7.2.4 (Fortinet Community, "Deny policy
/// for Virtual IP firewall policy"; sources differ on 7.2.3).
fn match_vip_default(scope: &Scope<'_, '_>) -> Option<bool> {
    match (scope.is_at_least((7, 2, 4)), scope.is_at_least((7, 2, 3))) {
        (Some(true), _) => Some(true),
        (_, Some(false)) => Some(false),
        _ => None,
    }
}

/// Moves what was read into the device, in an order that does not depend on who used it first.
fn fill(
    device: &mut Device,
    scope: &Scope<'_, '_>,
    objects: Objects,
    central: Vec<NatRule>,
    build: &mut Build<'_>,
) {
    let Objects { interfaces, v4, v6, services, schedules, vips, undefined, source_nat, .. } =
        objects;
    device.nat = vips.nat;
    for rule in device.rulesets.iter().flat_map(|r| &r.rules) {
        for &nat in rule.note.iter().flat_map(|note| &note.nat) {
            if let Some(Some(uses)) = device.nat.get_mut(nat as usize).map(|n| n.uses.as_mut()) {
                *uses += 1;
            }
        }
    }
    if objects.central_nat {
        device.nat.iter_mut().for_each(|nat| nat.uses = None);
    }
    device.nat.extend(central);
    device.nat.extend(source_nat);
    device.schedules = schedules.used;
    device.undefined = undefined;
    device.undefined.extend(v4.undefined.into_iter().chain(v6.undefined).chain(services.undefined));
    device.undefined.sort_by(|a, b| (a.line, &a.name).cmp(&(b.line, &b.name)));
    let lists = [
        v4.objects,
        v6.objects,
        services.objects,
        schedules.objects,
        vips.objects,
        nat::pools(scope, build),
    ];
    device.objects = lists.into_iter().flatten().collect();
    uses::count(scope, &mut device.objects);
    if objects.central_nat {
        // Without being named, a VIP translates.
        let vips =
            device.objects.iter_mut().filter(|o: &&mut Object| o.kind == ObjectKind::VirtualIp);
        vips.for_each(|object| object.uses = object.uses.max(1));
    }
    interfaces.store(device);
}
