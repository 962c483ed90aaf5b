//! What state of its connection a packet has where lists see it.

use portvakt_model::Ruleset;
use portvakt_space::State;

/// The state that a list sees of a packet whose state is `state` once it has been tracked. Until then
/// it belongs to no connection, which is INVALID (`xt_conntrack`, `nft_ct`), unless it has been taken
/// out of tracking.
pub fn seen(list: &Ruleset, state: State) -> State {
    if list.comes_before_tracking() && state != State::Untracked { State::Invalid } else { state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::to_device;
    use crate::{Audit, Facts, Tables, replay};
    use jiff::civil::Date;
    use portvakt_model::{
        Action, Default, Device, Hook, Parameters, Rule, RulesetId, Site, SourceId,
    };
    use portvakt_space::{AddrSet, AtomSet, Packet, ServiceBox, StateSet, TCP, Traffic};
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const TODAY: Date = jiff::civil::date(2026, 11, 20);

    const ANY: &[StateSet] = &[StateSet::ANY];
    const EACH: &[StateSet] = &[
        StateSet::ANY,
        StateSet::NEW,
        StateSet::one(State::Invalid),
        StateSet::one(State::Untracked),
    ];

    fn host(n: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, n)
    }

    fn rule(states: &'static [StateSet]) -> impl Strategy<Value = Rule> {
        let action = prop::sample::select(vec![
            Action::Permit,
            Action::Deny,
            Action::Return,
            Action::Continue,
            Action::Continue,
            Action::Jump(RulesetId(1)),
        ]);
        let oif = prop::sample::select(vec![
            AtomSet::ANY,
            AtomSet::ANY,
            AtomSet::one(3),
            AtomSet::one(3).complement(),
        ]);
        let state = prop::sample::select(states);
        (action, 0u8..4, 0u8..4, 0u16..3, state, oif).prop_map(
            |(action, a, b, port, state, oif)| {
                let matches = Traffic {
                    src: AddrSet::range(host(a.min(b)).into(), host(a.max(b)).into()),
                    service: ServiceBox::to(TCP, 0, port).into(),
                    state,
                    oif,
                    ..Traffic::ANY
                };
                let mut rule = Rule::new(1, action, matches);
                rule.note_mut().untracks = action == Action::Continue;
                rule
            },
        )
    }

    /// A list before tracking, one that it calls, and the filter for the device itself.
    fn device(early: &'static [StateSet]) -> impl Strategy<Value = Device> {
        const LATE: &[StateSet] = &[
            StateSet::ANY,
            StateSet::ANY,
            StateSet::NEW,
            StateSet::OPENING,
            StateSet::one(State::Untracked),
            StateSet::one(State::Invalid),
        ];
        let rules = |states| prop::collection::vec(rule(states), 1..5);
        (rules(early), rules(early), rules(LATE), any::<bool>()).prop_map(
            |(raw, called, late, drop)| {
                let mut device = Device::new("d", "test", SourceId(0));
                let hooks = [vec![Hook::Prerouting(-300)], vec![], vec![Hook::Local(0)]];
                for (index, (rules, hooks)) in
                    [raw, called, late].into_iter().zip(hooks).enumerate()
                {
                    let mut list = Ruleset::new(format!("l{index}"), 1);
                    let action = if index == 2 && drop { Action::Deny } else { Action::Permit };
                    list.default = Default { action, line: None };
                    (list.rules, list.hooks) = (rules, hooks);
                    for rule in &mut list.rules {
                        if index > 0 && matches!(rule.action, Action::Jump(_)) {
                            rule.action = Action::Return;
                        }
                    }
                    device.rulesets.push(list);
                }
                device
            },
        )
    }

    /// For each packet that begins a connection: whether it comes through by walking, and whether the
    /// flows have it for certain, or at all.
    fn compared(device: &Device) -> Vec<(bool, bool, bool)> {
        let (site, parameters) = (Site::default(), Parameters::default());
        let audit = Audit {
            site: &site,
            parameters: &parameters,
            today: TODAY,
            devices: std::slice::from_ref(device),
            sources: &[],
            coverage: &[],
            tables: Tables::default(),
            facts: Facts::default(),
        };
        let arrivals = to_device(&audit, 0, 7, &Traffic::ANY);
        let mut found = Vec::new();
        for src in 0..4u8 {
            for dport in 0..4u16 {
                let packet = Packet {
                    src: host(src).into(),
                    dst: Ipv4Addr::new(10, 9, 9, 9).into(),
                    proto: TCP,
                    sport: 40000,
                    dport,
                    iif: 7,
                    oif: u32::MAX,
                    state: State::New,
                };
                let lists = [RulesetId(0), RulesetId(2)];
                let fates = replay::way(device, &lists, &packet, TODAY);
                let passes = fates.len() == 2 && fates.iter().all(|f| f.permitted == Some(true));
                let has =
                    |t: &Traffic| Traffic { state: StateSet::ANY, ..t.clone() }.contains(&packet);
                let any = arrivals.iter().any(|a| has(&a.traffic));
                let sure = arrivals.iter().any(|a| a.certain && has(&a.traffic));
                found.push((passes, sure, any));
            }
        }
        found
    }

    proptest! {
        #[test]
        fn flows_follow_what_is_taken_out_of_tracking(device in device(ANY)) {
            for (passes, sure, any) in compared(&device) {
                prop_assert_eq!((passes, passes), (sure, any));
            }
        }

        /// A list that asks for the state it changes: what is certain is true, what is true is seen.
        #[test]
        fn what_a_list_may_have_changed_is_not_certain(device in device(EACH)) {
            for (passes, sure, any) in compared(&device) {
                prop_assert!(!sure || passes, "certain and wrong");
                prop_assert!(!passes || any, "missed");
            }
        }
    }
}
