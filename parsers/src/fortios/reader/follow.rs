//! What names an entry goes on naming it when it is renamed.

use super::Reader;
use crate::fortios::tree::Data;

/// Tables whose entries policies and groups name, by the words they begin with; the keys that name them
/// anywhere, and the groups that do so by `member`.
const NAMED: [(&[&str], &[&str], &[&str]); 4] = [
    (&["firewall addr", "firewall vip"], ADDRESSES, &["firewall addrgrp", "firewall vipgrp"]),
    (&["firewall service "], &["service"], &["firewall service group"]),
    (&["firewall schedule "], &["schedule"], &["firewall schedule group"]),
    (&["system zone"], &["srcintf", "dstintf"], &[]),
];

const ADDRESSES: &[&str] = &["srcaddr", "dstaddr", "srcaddr6", "dstaddr6"];

/// Whether `key` of entries of `table` names entries of the table `renamed`.
fn names(renamed: &str, table: &str, key: &str) -> bool {
    let begins = |words: &[&str], with: &str| words.iter().any(|word| with.starts_with(word));
    NAMED.iter().filter(|(tables, ..)| begins(tables, renamed)).any(|(_, keys, groups)| {
        keys.contains(&key) || key.ends_with("member") && begins(groups, table)
    })
}

impl Reader<'_, '_, '_> {
    /// Writes the name that an entry has now wherever the old one was written in this part of the configuration.
    pub(super) fn follow(&mut self, table: u32, from: &str, entry: u32) {
        let to = self.tree.nodes[entry as usize].name.clone();
        let renamed = self.tree.nodes[table as usize].name.clone();
        let cost = self.tree.nodes.iter().map(|node| 1 + node.settings.len()).sum();
        let Some(left) = self.shifts.checked_sub(cost) else { return };
        self.shifts = left;
        let holds = |node: &&Data<'_>| node.children.contains(&table);
        let beside = self.tree.nodes.iter().find(holds).map(|node| node.children.clone());
        for other in beside.unwrap_or_default() {
            let Data { name, children, .. } = &self.tree.nodes[other as usize];
            let (name, children) = (name.clone(), children.clone());
            for entry in children {
                for setting in &mut self.tree.nodes[entry as usize].settings {
                    let old = setting.values.iter_mut().filter(|value| value.text == from);
                    if names(&renamed, &name, &setting.key) {
                        old.for_each(|value| value.text.clone_from(&to));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_an_entry_is_known_by_table_and_key() {
        assert!(names("firewall address", "firewall policy", "srcaddr"));
        assert!(names("firewall address", "firewall addrgrp", "member"));
        assert!(names("firewall service custom", "firewall service group", "member"));
        assert!(names("system zone", "firewall policy", "dstintf"));
        assert!(!names("firewall service custom", "firewall addrgrp", "member"));
        assert!(!names("firewall address", "firewall policy", "service"));
        assert!(!names("firewall policy", "firewall policy", "name"));
    }
}
