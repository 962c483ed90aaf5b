//! By which way each host of a stretch is reached, and who on our own links is not there.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;

use pnet::datalink::{self, NetworkInterface};

use super::packet::Template;
use super::table::{End, Table};
use super::turn::Route;
use crate::control::Control;
use crate::discover::neighbour::{self, Neighbour, Own};
use crate::discover::route::{self, Via};
use crate::plan::{address, number};
use crate::raw::{Hop, Ring, Sender};

/// The ways to the hosts of a stretch.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    pub(crate) all: Vec<Route>,
    /// One for each address of ours.
    pub(crate) templates: Vec<Template>,
    /// Hardware addresses of hosts on our links.
    pub(crate) macs: HashMap<IpAddr, [u8; 6]>,
}

impl Routes {
    /// Finds them; sends at most `rate` packets a second to ask for hardware addresses.
    pub(crate) fn find(
        table: &mut Table<'_>,
        sockets: (&mut Ring, &Sender),
        rate: u32,
        control: Control<'_>,
    ) -> io::Result<Self> {
        let ways = route::ways(&table.ranges())?;
        let interfaces = datalink::interfaces();
        let link = |via: Via| Link::of(via, &interfaces);
        let mut wanted = Vec::new();
        for way in &ways {
            let Some((via, Link::Shared(mac))) = way.via.map(|via| (via, link(via))) else {
                continue;
            };
            let own = Own { mac, source: via.source };
            let ask = |address| (Neighbour { interface: via.interface, address }, own);
            let (v4, last) = (way.range.0.is_ipv4(), number(way.range.1));
            let all = || (number(way.range.0)..=last).map(|n| ask(address(n, v4)));
            match via.gateway {
                Some(gateway) => wanted.push(ask(gateway)),
                None => wanted.extend(all()),
            }
        }
        wanted.sort_by_key(|(neighbour, _)| (neighbour.interface, neighbour.address));
        wanted.dedup_by_key(|(neighbour, _)| *neighbour);
        let known = neighbour::resolve(sockets, &wanted, rate, control)?;
        let mut found = Found { routes: Self::default(), seen: HashMap::new() };
        for way in ways {
            let v4 = way.range.0.is_ipv4();
            for number in number(way.range.0)..=number(way.range.1) {
                found.add(table, address(number, v4), way.via.map(|v| (v, link(v))), &known);
            }
        }
        Ok(found.routes)
    }
}

/// What kind of link an interface has.
#[derive(Clone, Copy)]
enum Link {
    /// Nobody's address has to be known: loopback, tunnels.
    Direct,
    /// Many share it; this is our own hardware address.
    Shared([u8; 6]),
    /// It leads to ourselves.
    Own,
    /// It is down, without a carrier, or not there.
    Down,
}

impl Link {
    fn of(via: Via, interfaces: &[NetworkInterface]) -> Self {
        if via.own {
            return Self::Own;
        }
        match interfaces.iter().find(|i| i.index == via.interface) {
            // Without a carrier the kernel still has the routes, and no packet leaves.
            Some(interface) if !(interface.is_up() && interface.is_running()) => Self::Down,
            Some(interface) if is_without_addresses(interface) => Self::Direct,
            Some(interface) => interface.mac.map_or(Self::Direct, |mac| Self::Shared(mac.octets())),
            None => Self::Down,
        }
    }
}

/// Whether nobody on a link has to be asked for a hardware address.
fn is_without_addresses(interface: &NetworkInterface) -> bool {
    const NO_ARP: u32 = libc::IFF_NOARP.cast_unsigned();
    interface.is_loopback() || interface.is_point_to_point() || interface.flags & NO_ARP != 0
}

struct Found {
    routes: Routes,
    /// Numbers of routes and templates that exist.
    seen: HashMap<(Hop, IpAddr), u32>,
}

impl Found {
    fn add(
        &mut self,
        table: &mut Table<'_>,
        host: IpAddr,
        via: Option<(Via, Link)>,
        known: &HashMap<Neighbour, [u8; 6]>,
    ) {
        let Some(index) = table.host_number(host) else { return };
        let (via, link) = match via {
            Some((via, link)) if !matches!(link, Link::Down) => (via, link),
            _ => return table.heard(index).finish(End::NoRoute),
        };
        let next = Neighbour { interface: via.interface, address: via.gateway.unwrap_or(host) };
        let mac = match link {
            Link::Shared(_) => known.get(&next).copied(),
            _ => Some([0; 6]),
        };
        let Some(mac) = mac else {
            return table.heard(index).finish(if via.gateway.is_some() {
                End::NoRoute
            } else {
                End::NoNeighbour
            });
        };
        if via.gateway.is_none() && matches!(link, Link::Shared(_)) {
            self.routes.macs.insert(host, mac);
        }
        let interface = if matches!(link, Link::Own) { Hop::OWN.interface } else { via.interface };
        let route = self.number(Hop { interface, mac }, via.source);
        table.set_route(index, route);
    }

    fn number(&mut self, hop: Hop, source: IpAddr) -> u32 {
        if let Some(number) = self.seen.get(&(hop, source)) {
            return *number;
        }
        let templates = &mut self.routes.templates;
        let template = templates.iter().position(|t| t.source() == source).unwrap_or_else(|| {
            templates.push(Template::new(source));
            templates.len() - 1
        });
        let number = self.routes.all.len() as u32;
        self.routes.all.push(Route { hop, template: template as u32 });
        self.seen.insert((hop, source), number);
        number
    }
}
