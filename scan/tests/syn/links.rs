//! Links of other kinds than one cable with a router behind it.

use std::net::IpAddr;
use std::sync::Arc;

use portvakt_model::PortState;
use portvakt_scan::scope::Rate;
use portvakt_scan::syn::How;
use tun_rs::{DeviceBuilder, Layer};

use crate::lab::run;
use crate::{OPEN, UNBOUND, compare, fast, lab, plan, scan};

/// Commands of `ip` for both ends of the cable: CABLE stands for the interface, OWN for the number of its address.
fn both_ends(lab: &lab::Lab, commands: &str) {
    let batch = |own: &str, interface: &str| {
        let text = commands.replace("OWN", own).replace("CABLE", interface);
        run("ip", &["-batch", "-"], &text);
    };
    lab.scanner(|| batch("1", "sc0"));
    lab.target(|| batch("2", "tg0"));
}

fn open_or_closed(_: IpAddr, port: u16) -> PortState {
    if OPEN.contains(&port) { PortState::Open } else { PortState::Closed }
}

/// An interface below another sees each answer too. Were it counted twice, a host that answers half of what it is
/// asked would seem to answer all.
#[test]
fn what_one_interface_hands_up_to_another_counts_once() {
    for above in [
        "link add top type bridge\nlink set CABLE master top",
        "link add top link CABLE type macvlan",
    ] {
        lab::with(|lab| {
            lab.listen(&OPEN);
            both_ends(
                lab,
                &format!(
                    "{above}\nlink set CABLE up\nlink set top up\naddr add 10.67.0.OWN/24 dev top\n"
                ),
            );
            lab.scanner(|| {
                run("ip", &["route", "replace", "10.77.0.0/16", "via", "10.67.0.2"], "")
            });
            // A little more than half of what is asked is answered.
            lab.filter("tcp flags syn limit rate over 2500/second burst 50 packets drop;", "");
            let plan = plan(&["10.77.0.1"], "1-10000");
            let rate = Rate { total: 4_500, ..UNBOUND };
            let run = scan(lab, &plan, &How { rate, ..How::default() });
            compare(&plan, &run, open_or_closed);
        });
    }
}

#[test]
fn small_and_large_packets_of_a_link_do_not_matter() {
    for mtu in ["576", "1280", "9000"] {
        lab::with(|lab| {
            lab.listen(&OPEN);
            both_ends(lab, &format!("link set CABLE mtu {mtu}\n"));
            let plan = plan(&["10.77.0.0/28"], "1-1000");
            compare(&plan, &scan(lab, &plan, &fast()), open_or_closed);
        });
    }
}

#[test]
fn each_host_is_asked_by_the_way_to_it() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        lab.cable("sc1", "tg1");
        // Its other end is down, so there is no carrier.
        lab.cable("sc2", "tg2");
        lab.target(|| {
            run("ip", &["-batch", "-"], "link set tg1 up\naddr add 10.68.0.2/24 dev tg1\n")
        });
        let ways = "link set sc1 up\naddr add 10.68.0.1/24 dev sc1\nroute add 10.77.8.0/29 via 10.68.0.2\n\
                    link set sc2 up\naddr add 10.69.0.1/24 dev sc2\n";
        lab.scanner(|| run("ip", &["-batch", "-"], ways));
        let plan = plan(&["10.68.0.2", "10.69.0.2", "10.77.8.0/28"], "22,81");
        let run = scan(lab, &plan, &fast());
        let no_way: IpAddr = "10.69.0.2".parse().unwrap();
        compare(&plan, &run, |address, port| {
            if address == no_way { PortState::Unreachable } else { open_or_closed(address, port) }
        });
        let sources: Vec<String> = run.sources.iter().map(ToString::to_string).collect();
        assert_eq!(sources, ["10.68.0.1", "10.66.0.1"]);
    });
}

#[test]
fn addresses_that_are_all_our_own_are_scanned() {
    lab::with(|lab| {
        let listener = lab.scanner(|| {
            run("ip", &["addr", "add", "local", "10.78.0.0/16", "dev", "lo"], "");
            run("ip", &["addr", "add", "2001:db8:78::1/128", "dev", "lo"], "");
            std::net::TcpListener::bind("[::]:80").unwrap()
        });
        let plan = plan(&["10.78.0.0/20", "2001:db8:78::1"], "80,81");
        let run = scan(lab, &plan, &fast());
        compare(
            &plan,
            &run,
            |_, port| {
                if port == 80 { PortState::Open } else { PortState::Closed }
            },
        );
        drop(listener);
    });
}

#[test]
fn a_tunnel_has_no_hardware_addresses() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        let tunnel = || DeviceBuilder::new().name("tun0").layer(Layer::L3).build_sync().unwrap();
        let (own, other) = (Arc::new(lab.scanner(tunnel)), Arc::new(lab.target(tunnel)));
        for (from, to) in [(own.clone(), other.clone()), (other, own)] {
            std::thread::spawn(move || {
                let mut packet = [0; 2048];
                while let Ok(length) = from.recv(&mut packet) {
                    let _ = to.send(&packet[..length]);
                }
            });
        }
        lab.target(|| run("ip", &["link", "set", "tun0", "up"], ""));
        let way = "link set tun0 up\naddr add 10.70.0.1/32 dev tun0\nroute replace 10.77.0.0/16 dev tun0\n";
        lab.scanner(|| run("ip", &["-batch", "-"], way));
        lab.target(|| run("ip", &["route", "add", "10.70.0.1", "dev", "tun0"], ""));
        let plan = plan(&["10.77.0.0/26"], "22,80,81,82");
        let run = scan(lab, &plan, &fast());
        compare(&plan, &run, open_or_closed);
        assert_eq!(run.sources, ["10.70.0.1".parse::<IpAddr>().unwrap()]);
    });
}

#[test]
fn a_host_whose_hardware_address_is_written_down_need_not_tell_it() {
    lab::with(|lab| {
        lab.listen(&OPEN);
        lab.set(&[("net/ipv4/conf/tg0/arp_ignore", "8")]);
        lab.filter("icmpv6 type nd-neighbor-solicit drop;", "");
        let link = lab.target(|| run("ip", &["-o", "link", "show", "tg0"], ""));
        let mac = link.split("link/ether ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        let both = [lab::ROUTER, lab::ROUTER_V6];
        for plan in [plan(&both, "22,81"), plan(&["10.77.0.0/28"], "22,81")] {
            lab.scanner(|| run("ip", &["neigh", "flush", "all"], ""));
            compare(&plan, &scan(lab, &plan, &fast()), |_, _| PortState::Unreachable);
            for address in both {
                let words =
                    ["neigh", "replace", address, "lladdr", mac, "dev", "sc0", "nud", "permanent"];
                lab.scanner(|| run("ip", &words, ""));
            }
            compare(&plan, &scan(lab, &plan, &fast()), open_or_closed);
            for address in both {
                lab.scanner(|| run("ip", &["neigh", "del", address, "dev", "sc0"], ""));
            }
        }
    });
}
