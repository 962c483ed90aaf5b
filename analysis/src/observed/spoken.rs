//! What speaks on ports, by all runs together: a scanner that only looks for open ports does not make
//! forgotten what another was told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use portvakt_model::{ServiceSeen, ZoneId};

use super::sensor::Age;
use super::states::Endpoint;
use super::{Run, open_ports};
use crate::audit::Audit;

/// What was said, and when.
type Told<'a> = (Option<Timestamp>, u32, &'a ServiceSeen);

/// What was said on each port, newest first.
pub(super) struct Services<'a>(BTreeMap<Endpoint, Vec<(Option<ZoneId>, Told<'a>)>>);

impl<'a> Services<'a> {
    pub(super) fn new(audit: &Audit<'a>, runs: &[Run<'a>]) -> Self {
        let mut told: BTreeMap<Endpoint, Vec<(Option<ZoneId>, Told<'a>)>> = BTreeMap::new();
        for (index, run) in (0..).zip(runs).filter(|(_, run)| run.age == Age::Recent) {
            for (host, port) in open_ports(audit, run) {
                let Some(service) = port.service.as_ref().filter(|s| s.is_told()) else { continue };
                let said = (port.at.or(run.at), index, service);
                let endpoint = (host.address, port.protocol, port.port);
                told.entry(endpoint).or_default().push((run.zone(), said));
            }
        }
        for said in told.values_mut() {
            said.sort_by_key(|(_, (at, index, _))| std::cmp::Reverse((*at, *index)));
        }
        Self(told)
    }

    /// What was said last to one who asked from a zone, or else to anyone. That it speaks TLS takes nothing
    /// away from one who saw what is inside.
    pub(super) fn of(&self, zone: Option<ZoneId>, endpoint: Endpoint) -> Option<&'a ServiceSeen> {
        let all = self.0.get(&endpoint)?;
        let here = all.iter().filter(|(from, _)| *from == zone);
        let (_, (.., newest)) = here.chain(all).next()?;
        if !newest.is_bare_tls() {
            return Some(newest);
        }
        let inside = all.iter().map(|(_, (.., service))| *service);
        inside.into_iter().find(|s| s.tls && !s.is_bare_tls()).or(Some(newest))
    }
}
