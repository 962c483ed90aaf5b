//! Names of interfaces and lists of VLANs.

use portvakt_model::InterfaceKind;
use portvakt_space::RangeSet;

/// Types of interface as IOS spells them, with the shortest form that people type.
const TYPES: [(&str, &str); 37] = [
    ("ATM", "atm"),
    ("AppGigabitEthernet", "ap"),
    ("Async", "as"),
    ("BDI", "bd"),
    ("BRI", "br"),
    ("BVI", "bv"),
    ("Cable", "ca"),
    ("Cellular", "ce"),
    ("Dialer", "di"),
    ("Dot11Radio", "do"),
    ("Ethernet", "e"),
    ("FastEthernet", "f"),
    ("FiftyGigE", "fifty"),
    ("FiveGigabitEthernet", "five"),
    ("FortyGigabitEthernet", "fo"),
    ("FourHundredGigE", "four"),
    ("GigabitEthernet", "g"),
    ("Group-Async", "gr"),
    ("HundredGigE", "hu"),
    ("LISP", "li"),
    ("Loopback", "lo"),
    ("Multilink", "mu"),
    ("NVI", "nv"),
    ("Null", "n"),
    ("POS", "pos"),
    ("Port-channel", "po"),
    ("Serial", "s"),
    ("TenGigabitEthernet", "te"),
    ("Tunnel", "tu"),
    ("TwentyFiveGigE", "twe"),
    ("TwoGigabitEthernet", "tw"),
    ("VirtualPortGroup", "virtualp"),
    ("Virtual-Access", "virtual-a"),
    ("Virtual-Template", "virtual-t"),
    ("Vlan", "vl"),
    ("Wlan-GigabitEthernet", "wlan-g"),
    ("nve", "nve"),
];

/// The name of an interface in the form that IOS itself writes: `vlan 10`, `VLAN10` and `Vl10` are
/// `Vlan10`.
pub(super) fn interface(words: &[&str]) -> Option<String> {
    let joined = match words {
        [kind, number, ..]
            if kind.ends_with(|c: char| c.is_ascii_alphabetic())
                && number.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{kind}{number}")
        }
        [one, ..] => (*one).to_owned(),
        [] => return None,
    };
    // After the last letter, since there is `Dot11Radio0`.
    let at = joined.rfind(|c: char| c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    let (kind, number) = joined.split_at(at);
    Some(match full_type(kind) {
        Some(full) if !number.is_empty() => format!("{full}{number}"),
        _ => joined,
    })
}

fn full_type(kind: &str) -> Option<&'static str> {
    let lower = kind.to_ascii_lowercase();
    let hit = |(full, short): &&(&str, &str)| {
        full.to_ascii_lowercase().starts_with(&lower) && lower.starts_with(short)
    };
    TYPES
        .iter()
        .find(|(full, _)| full.eq_ignore_ascii_case(kind))
        .or_else(|| TYPES.iter().find(hit))
        .map(|(full, _)| *full)
}

/// What an interface is by its name.
pub(super) fn kind(name: &str) -> InterfaceKind {
    let begins = |stems: &[&str]| stems.iter().any(|s| name.starts_with(s));
    match name {
        _ if begins(&["Vlan", "BVI", "BDI"]) => InterfaceKind::Vlan,
        _ if begins(&["Loopback", "Null"]) => InterfaceKind::Loopback,
        _ if begins(&["Tunnel", "Virtual-", "nve", "LISP"]) => InterfaceKind::Tunnel,
        _ => InterfaceKind::Physical,
    }
}

/// `10,20-30,40`.
pub(super) fn vlans(text: &str) -> Option<RangeSet<u16>> {
    let one = |part: &str| {
        let (lo, hi) = part.split_once('-').unwrap_or((part, part));
        Some((vlan(lo)?, vlan(hi)?))
    };
    let parts = text.split(',').filter(|p| !p.is_empty());
    Some(RangeSet::from_ranges(parts.map(one).collect::<Option<Vec<_>>>()?))
}

/// A VLAN id, 1–4094.
pub(super) fn vlan(text: &str) -> Option<u16> {
    text.parse().ok().filter(|id| (1..=4094).contains(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interface_names_have_one_spelling() {
        for (words, want) in [
            (&["vlan", "10"][..], "Vlan10"),
            (&["VLAN10"], "Vlan10"),
            (&["Gi1/0/1"], "GigabitEthernet1/0/1"),
            (&["gigabitethernet", "0/1.20"], "GigabitEthernet0/1.20"),
            (&["GigabitEthernet0/1", "point-to-point"], "GigabitEthernet0/1"),
            (&["Te1/1/1"], "TenGigabitEthernet1/1/1"),
            (&["TwentyFiveGigE1/0/1"], "TwentyFiveGigE1/0/1"),
            (&["Fo1/0/1"], "FortyGigabitEthernet1/0/1"),
            (&["Po1"], "Port-channel1"),
            (&["dot11radio", "0.40"], "Dot11Radio0.40"),
            (&["Virtual-Access1.1"], "Virtual-Access1.1"),
            (&["ethernet1"], "Ethernet1"),
            (&["outside"], "outside"),
        ] {
            assert_eq!(interface(words).as_deref(), Some(want));
        }
    }

    #[test]
    fn vlan_lists_are_ranges() {
        assert_eq!(
            vlans("1,10-12,4094").map(|v| v.ranges().to_vec()),
            Some(vec![(1, 1), (10, 12), (4094, 4094)])
        );
        assert_eq!(vlans("1,5000"), None);
    }
}
