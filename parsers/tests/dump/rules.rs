//! Rule lists, translations and routes.

use std::fmt::Write;

use portvakt_model::{
    Action, Device, Gap, Hook, Inspection, Logging, NatRule, Rule, RuleNote, Ruleset,
};

use super::{line, sets};

pub(crate) fn dump(out: &mut String, d: &Device) {
    for ruleset in &d.rulesets {
        head(out, d, ruleset);
        for rule in &ruleset.rules {
            line!(out, "  {}", self::rule(d, rule));
        }
    }
    for (index, nat) in d.nat.iter().enumerate() {
        line!(out, "nat {index} {}", translation(d, nat));
    }
    for r in &d.routes {
        let via = r.via.map_or(String::new(), |a| format!(" via {a}"));
        let by =
            r.interface.map_or(String::new(), |a| format!(" by {}", sets::interface_name(d, a)));
        let vrf = r.vrf.as_ref().map_or(String::new(), |v| format!(" vrf {v}"));
        line!(out, "route {}/{}{via}{by}{vrf} L{}", r.to.addr, r.to.len, r.line);
    }
}

fn head(out: &mut String, d: &Device, r: &Ruleset) {
    let families: Vec<String> =
        r.families.iter().map(|f| format!("{f:?}").to_lowercase()).collect();
    let hooks: Vec<String> = r.hooks.iter().map(|h| hook(d, h)).collect();
    let uses = if r.other_uses.is_empty() {
        String::new()
    } else {
        format!(" for {}", r.other_uses.join(", "))
    };
    let line = r.default.line.map_or(String::new(), |n| format!(" L{n}"));
    line!(
        out,
        "ruleset {} {} [{}] default {}{line}{uses} L{}",
        r.name,
        families.join("+"),
        hooks.join("; "),
        action(d, r.default.action),
        r.line
    );
}

fn hook(d: &Device, hook: &Hook) -> String {
    match hook {
        Hook::In(atoms) => format!("in {}", sets::atoms(d, atoms)),
        Hook::Out(atoms) => format!("out {}", sets::atoms(d, atoms)),
        Hook::Prerouting(p) => format!("prerouting {p}"),
        Hook::Forward(p) => format!("forward {p}"),
        Hook::Local(p) => format!("local {p}"),
        Hook::Output(p) => format!("output {p}"),
        Hook::Postrouting(p) => format!("postrouting {p}"),
    }
}

fn action(d: &Device, action: Action) -> String {
    let target = |id: portvakt_model::RulesetId| {
        d.rulesets.get(id.0 as usize).map_or("?".to_owned(), |r| r.name.clone())
    };
    match action {
        Action::Jump(id) => format!("jump {}", target(id)),
        Action::Goto(id) => format!("goto {}", target(id)),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn rule(d: &Device, r: &Rule) -> String {
    let mut text = format!("L{} {} {}", r.line, action(d, r.action), sets::traffic(d, &r.matches));
    if !r.enabled {
        text += " disabled";
    }
    match r.logging {
        Logging::On => text += " log",
        Logging::Off => {}
        Logging::Unknown => text += " log?",
    }
    if let Some(g) = &r.gap {
        text += &gap(d, g);
    }
    if let Some(n) = &r.note {
        note(&mut text, d, n);
    }
    text
}

fn gap(d: &Device, gap: &Gap) -> String {
    let reasons: Vec<String> =
        gap.reasons.iter().map(|r| format!("{:?} L{}", r.what.to_string(), r.line)).collect();
    let least = gap.least.as_ref().map_or("nothing".into(), |t| sets::traffic(d, t));
    format!(" gap [{}] least {least}", reasons.join(", "))
}

fn note(text: &mut String, d: &Device, n: &RuleNote) {
    let mut list = |name: &str, items: &[String]| {
        if !items.is_empty() {
            write!(text, " {name} [{}]", items.join(" ")).expect("a String takes any text");
        }
    };
    list("id", n.id.as_slice());
    list("from", &n.sources);
    list("to", &n.destinations);
    list("services", &n.services);
    list("comment", n.comment.as_slice());
    if n.untracks {
        list("untracks", &["yes".into()]);
    }
    let nat: Vec<String> = n.nat.iter().map(u32::to_string).collect();
    list("nat", &nat);
    let schedule = n.schedule.map(|i| d.schedules[i as usize].name.clone());
    list("schedule", schedule.as_slice());
    let hits =
        n.hits.map(|h| format!("{} {}", h.count, super::tables::day(h.last)).trim_end().to_owned());
    list("hits", hits.as_slice());
    if n.inspection != Inspection::default() {
        let i = n.inspection;
        list(
            "inspection",
            &[format!("ips {:?} web {:?} app {:?}", i.ips, i.web_filter, i.application)],
        );
    }
    if n.last_line > 0 {
        list("to line", &[n.last_line.to_string()]);
    }
}

fn translation(d: &Device, n: &NatRule) -> String {
    let mut parts = vec![format!("{:?} {} {}", n.kind, n.name, sets::traffic(d, &n.matches))];
    let mut add = |name: &str, value: Option<String>| {
        parts.extend(value.map(|v| format!("{name} {v}")));
    };
    add("src→", n.to_src.as_ref().map(sets::addresses));
    add("dst→", n.to_dst.as_ref().map(sets::addresses));
    add("service→", n.to_service.as_ref().map(sets::services));
    add("uses", n.uses.map(|u| u.to_string()));
    add("disabled", (!n.enabled).then(String::new));
    format!("{} L{}", parts.join(" "), n.line)
}
