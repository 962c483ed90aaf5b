//! nmap's XML (`-oX`), and masscan's, which has the same form.
//!
//! Ours is a reader of events without a document type: no entity but XML's own five is ever replaced,
//! and nothing outside the file is ever read. A file whose end tags are missing is a run that was cut
//! short. Source: nmap.dtd of nmap 7.93 and nmap's manual, "XML Output (-oX)".

mod ciphers;
mod host;

use jiff::Timestamp;
use portvakt_model::{PortProtocol, ScanRun, Told};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader as Xml, XmlVersion};

use self::host::Host;
use super::run::{self, Hosts};
use super::{Reading, faults};

/// Reads the run of one file.
pub(super) fn read(reading: &mut Reading<'_>) {
    let mut xml = Xml::from_str(reading.text());
    xml.config_mut().expand_empty_elements = true;
    let mut document = Document::default();
    loop {
        let at = xml.buffer_position() as usize;
        match xml.read_event() {
            Ok(Event::Start(tag)) => document.open(&tag, at, reading),
            Ok(Event::End(tag)) => document.close(tag.local_name().as_ref(), reading),
            Ok(Event::Text(text)) => document.text(&text.xml10_content()),
            Ok(Event::GeneralRef(name)) => {
                let char = name.resolve_char_ref().ok().flatten();
                document.text(char.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]));
            }
            Ok(Event::DocType(kind)) if kind.xml10_content().contains('[') => {
                reading.fault(at, faults::ENTITIES);
                return;
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(e) => {
                let at = xml.error_position() as usize;
                reading.fault(at, Told::of(faults::NO_XML, e.to_string()));
                document.broken = true;
                break;
            }
        }
        if document.root == Root::Stranger {
            reading.fault_of_file(faults::NOT_KNOWN);
            return;
        }
    }
    document.give(reading);
}

/// The run while it is read.
#[derive(Default)]
struct Document {
    run: ScanRun,
    hosts: Hosts,
    /// The host whose element is open.
    host: Option<Host>,
    /// Ports that were asked of every host, by protocol.
    asked: Asked,
    root: Root,
    /// nmap says that it went through.
    finished: bool,
    broken: bool,
}

/// What was seen of the root element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Root {
    #[default]
    NotSeen,
    /// It is another one.
    Stranger,
    Open,
    Ended,
}

/// Ports that a run says to have asked.
#[derive(Default)]
struct Asked {
    tcp: Vec<(u16, u16)>,
    udp: Vec<(u16, u16)>,
}

impl Asked {
    fn of(&self, protocol: PortProtocol) -> &[(u16, u16)] {
        match protocol {
            PortProtocol::Tcp => &self.tcp,
            PortProtocol::Udp => &self.udp,
        }
    }
}

impl Document {
    fn open(&mut self, tag: &BytesStart<'_>, at: usize, reading: &mut Reading<'_>) {
        let name = tag.local_name();
        if self.root == Root::NotSeen {
            self.root = if name.as_ref() == "nmaprun" { Root::Open } else { Root::Stranger };
        }
        match name.as_ref() {
            "nmaprun" => self.begin(tag),
            "scaninfo" => self.info(tag, at, reading),
            "host" => self.host = Some(Host::new(tag)),
            "finished" => {
                self.run.ended = second(tag, "time");
                self.finished = attribute(tag, "exit").is_none_or(|exit| exit == "success");
            }
            _ => {
                if let Some(host) = &mut self.host {
                    host.open(tag, at, reading);
                }
            }
        }
    }

    fn close(&mut self, name: &str, reading: &mut Reading<'_>) {
        match name {
            "host" => self.end_host(reading),
            "nmaprun" => self.root = Root::Ended,
            _ => {
                if let Some(host) = &mut self.host {
                    host.close(name);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(host) = &mut self.host {
            host.text(text);
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>) {
        let scanner = attribute(tag, "scanner").unwrap_or_else(|| "nmap".to_owned());
        let version = attribute(tag, "version").unwrap_or_default();
        self.run.tool = run::clean(&format!("{scanner} {version}"));
        self.run.started = second(tag, "start");
    }

    fn info(&mut self, tag: &BytesStart<'_>, at: usize, reading: &mut Reading<'_>) {
        let Some(protocol) = attribute(tag, "protocol").and_then(|p| run::protocol(&p)) else {
            return;
        };
        // masscan leaves the list out: what it asked is then not known.
        let Some(services) = attribute(tag, "services") else { return };
        match run::port_list(&services) {
            Some(ports) if protocol == PortProtocol::Tcp => self.asked.tcp = ports,
            Some(ports) => self.asked.udp = ports,
            None => reading.fault(at, faults::ASKED),
        }
    }

    fn end_host(&mut self, reading: &mut Reading<'_>) {
        if let Some(host) = self.host.take() {
            reading.found.tls.extend(host.endpoints());
            host.give(&self.asked, &mut self.hosts);
        }
    }

    fn give(mut self, reading: &mut Reading<'_>) {
        if self.root == Root::NotSeen {
            reading.fault_of_file(faults::NOT_KNOWN);
            return;
        }
        // A host whose end is missing is known as far as it goes.
        self.end_host(reading);
        self.run.complete = self.finished && !self.broken && self.lists_what_it_asked();
        if self.root == Root::Open && !self.broken {
            let end = reading.text().len();
            reading.fault(end, faults::UNFINISHED);
        }
        let Asked { tcp, udp } = self.asked;
        let asked = [(PortProtocol::Tcp, tcp), (PortProtocol::Udp, udp)];
        self.run.ports.extend(asked.into_iter().filter(|(_, ports)| !ports.is_empty()));
        self.hosts.finish(&mut self.run);
        reading.give(self.run);
    }

    /// A run that does not say which ports it asked is never complete.
    fn lists_what_it_asked(&self) -> bool {
        !self.asked.tcp.is_empty() || !self.asked.udp.is_empty()
    }
}

/// An attribute's value; `None` where it is missing or cannot be read.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// A time in seconds since 1970.
fn second(tag: &BytesStart<'_>, name: &str) -> Option<Timestamp> {
    Timestamp::from_second(attribute(tag, name)?.trim().parse().ok()?).ok()
}
