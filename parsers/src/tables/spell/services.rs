//! Services as decisions write them: `tcp 80, 443; udp 53`, `HTTPS (443)`, `alla`.
//!
//! A number alone is a TCP port. A decision is read as permitting no more than it says: taking 443
//! as TCP and UDP would let an opening of UDP pass that nobody decided, and one who means UDP writes
//! it. Where the protocol column or a name before the number says otherwise, that counts. Where the
//! same cell names UDP beside numbers of their own (`53, 123/udp`), both readings are sensible and
//! neither is taken. A name brings the ports of [`super::names`]; a name with a number gives the
//! protocol and the number gives the port.

use portvakt_space::{ServiceBox, ServiceSet, TCP, UDP};

use super::Why;
use super::lexer::{Token, tokens};
use super::names;
use super::words::among;

/// Reads a cell of services. `protocols` are those of a protocol column; empty when it has none.
pub(in crate::tables) fn read(text: &str, protocols: &[u8]) -> Result<ServiceSet, Why> {
    let lower = text.trim().to_lowercase();
    let tokens = tokens(&lower).ok_or_else(unreadable)?;
    let words = meanings(&tokens)?;
    let frame = Frame::new(protocols, &words);
    let mut boxes = Vec::new();
    for segment in words.split(|w| *w == Word::Stop) {
        read_segment(segment, &frame, &mut boxes)?;
    }
    if boxes.is_empty() { Err(unreadable()) } else { Ok(ServiceSet::from_boxes(boxes)) }
}

/// The protocols with ports that a protocol column names: `TCP`, `tcp/udp`. `None` when it says
/// something else or nothing.
pub(in crate::tables) fn protocols(text: &str) -> Option<Vec<u8>> {
    let lower = text.trim().to_lowercase();
    let tokens = tokens(&lower)?;
    let words = tokens.iter().filter(|t| !matches!(t, Token::Blank | Token::Comma | Token::Stop));
    let mut protos = Vec::new();
    for word in words {
        match word {
            Token::Word("och" | "and") => {}
            Token::Word(word) => protos.extend(names::with_ports(word)?),
            _ => return None,
        }
    }
    (!protos.is_empty()).then_some(protos)
}

/// What a piece of a cell means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// A protocol with ports.
    Proto(&'static [u8]),
    /// A named service, or a protocol without ports.
    Name(ServiceSet),
    /// Destination ports.
    Ports(u16, u16),
    /// Every service, or every port of the protocols beside it.
    Any,
    Comma,
    Stop,
}

fn meanings(tokens: &[Token<'_>]) -> Result<Vec<Word>, Why> {
    let solid: Vec<Token<'_>> = tokens.iter().copied().filter(|t| *t != Token::Blank).collect();
    let mut words = Vec::with_capacity(solid.len());
    let mut at = 0;
    while let Some(token) = solid.get(at) {
        let next = solid.get(at + 1);
        at += 1;
        match (*token, next) {
            // `protokoll 47` is a number of a protocol, not of a port.
            (
                Token::Word("protokoll" | "protocol" | "proto" | "ip-protokoll"),
                Some(Token::Ports(n, m)),
            ) if n == m && *n < 256 => {
                at += 1;
                words.push(numbered(*n as u8));
            }
            (Token::Word(word), _) if among(word, FILLERS) => {}
            (Token::Word(word), _) => words.push(meaning(word)?),
            (Token::Ports(lo, hi), _) => words.push(Word::Ports(lo, hi)),
            (Token::Comma, _) => words.push(Word::Comma),
            (Token::Stop, _) => words.push(Word::Stop),
            (Token::Blank, _) => {}
        }
    }
    Ok(words)
}

const FILLERS: &str = "port portar porten portarna ports portnr portnummer protokoll protocol proto trafik traffic \
     tjänst tjänster service services över over via";

const ANY: &str = "alla all allt any samtliga valfri valfria ip *";

fn meaning(word: &str) -> Result<Word, Why> {
    if matches!(word, "och" | "and" | "samt" | "resp" | "respektive") {
        return Ok(Word::Comma);
    }
    if among(word, ANY) {
        return Ok(Word::Any);
    }
    if let Some(protos) = names::with_ports(word) {
        return Ok(Word::Proto(protos));
    }
    let folded = word.replace('_', "-");
    names::service(&folded).map(Word::Name).ok_or_else(unreadable)
}

fn numbered(proto: u8) -> Word {
    match proto {
        TCP => Word::Proto(&[TCP]),
        UDP => Word::Proto(&[UDP]),
        _ => Word::Name(ServiceBox::proto(proto).into()),
    }
}

/// What holds for a whole cell.
struct Frame<'p> {
    /// Protocols of the protocol column; empty when it has none.
    column: &'p [u8],
    /// The cell names UDP or SCTP for some numbers, so one without a protocol is unclear.
    unclear: bool,
}

impl<'p> Frame<'p> {
    fn new(column: &'p [u8], words: &[Word]) -> Self {
        let other = |w: &Word| matches!(w, Word::Proto(p) if **p != [TCP]);
        Self { column, unclear: words.iter().any(other) }
    }

    /// The protocols of a number that has none of its own.
    fn lone(&self) -> Result<Vec<u8>, Why> {
        if !self.column.is_empty() {
            Ok(self.column.to_vec())
        } else if self.unclear {
            Err(Why::new(
                "en siffra saknar protokoll i en cell med flera; skriv till exempel ”tcp 443; udp 53”",
                "a number has no protocol in a cell with several; write for example \"tcp 443; udp 53\"",
            ))
        } else {
            Ok(vec![TCP])
        }
    }

    /// The part of a named service that the protocol column leaves.
    fn named(&self, set: &ServiceSet) -> Result<ServiceSet, Why> {
        if self.column.is_empty() { Ok(set.clone()) } else { restricted(set, self.column) }
    }

    fn allows(&self, protos: &[u8]) -> bool {
        self.column.is_empty() || protos.iter().all(|p| self.column.contains(p))
    }
}

/// Protocols, names and ports that belong together.
#[derive(Default)]
struct Item {
    protos: Vec<u8>,
    names: Vec<ServiceSet>,
    ports: Vec<(u16, u16)>,
    any: bool,
    /// The protocol stands before the numbers: it goes on over commas.
    leads: bool,
}

fn read_segment(words: &[Word], frame: &Frame<'_>, boxes: &mut Vec<ServiceBox>) -> Result<(), Why> {
    let mut governing = Vec::new();
    let mut pending: Vec<u8> = Vec::new();
    for part in words.split(|w| *w == Word::Comma).flat_map(cut) {
        let mut item = Item::of(part);
        if item.is_bare_protocol() {
            pending.append(&mut item.protos);
            continue;
        }
        item.leads |= !pending.is_empty();
        item.protos.append(&mut pending);
        if item.leads {
            governing.clone_from(&item.protos);
        } else if item.is_lone_number() {
            item.protos = if governing.is_empty() { frame.lone()? } else { governing.clone() };
        }
        item.services(frame, boxes)?;
    }
    if pending.is_empty() { Ok(()) } else { Err(portless()) }
}

/// Cuts `tcp 80 udp 53` before each protocol that follows a port, and `443/tcp 53/udp` after each
/// protocol that a port follows.
fn cut(part: &[Word]) -> Vec<&[Word]> {
    let proto = |w: &Word| matches!(w, Word::Proto(_));
    let leads = part.first().is_some_and(proto);
    let cuts = (1..part.len()).filter(|&i| {
        if leads {
            proto(&part[i]) && !proto(&part[i - 1])
        } else {
            proto(&part[i - 1]) && !proto(&part[i])
        }
    });
    let ends: Vec<usize> = cuts.chain([part.len()]).collect();
    let starts = [0].into_iter().chain(ends.iter().copied());
    starts.zip(&ends).map(|(from, to)| &part[from..*to]).filter(|p| !p.is_empty()).collect()
}

impl Item {
    fn of(words: &[Word]) -> Self {
        let leads = matches!(words.first(), Some(Word::Proto(_)));
        let mut item = Self { leads, ..Self::default() };
        for word in words {
            match word {
                Word::Proto(protos) => item.protos.extend(*protos),
                Word::Name(set) => item.names.push(set.clone()),
                Word::Ports(lo, hi) => item.ports.push((*lo, *hi)),
                Word::Any => item.any = true,
                Word::Comma | Word::Stop => {}
            }
        }
        item
    }

    fn is_bare_protocol(&self) -> bool {
        !self.protos.is_empty() && self.names.is_empty() && self.ports.is_empty() && !self.any
    }

    fn is_lone_number(&self) -> bool {
        self.protos.is_empty() && self.names.is_empty() && !self.any
    }

    fn services(&self, frame: &Frame<'_>, boxes: &mut Vec<ServiceBox>) -> Result<(), Why> {
        let named = self.names.iter().fold(ServiceSet::none(), |all, set| all.union(set));
        if !frame.allows(&self.protos) {
            return Err(unreadable());
        }
        let found = match (self.any, self.ports.is_empty(), self.names.is_empty()) {
            (true, true, true) => self.every(frame),
            (false, true, _) if self.protos.is_empty() => frame.named(&named)?.boxes().to_vec(),
            (false, true, _) => restricted(&named, &self.protos)?.boxes().to_vec(),
            (false, false, true) => self.numbered(&self.protos),
            (false, false, false) if self.protos.is_empty() => {
                frame.named(&self.named_ports(&named)?)?.boxes().to_vec()
            }
            // Beside protocol and number a name is a label, but not that of another protocol.
            (false, false, false) if has_ports(&named) => self.numbered(&self.protos),
            _ => return Err(unreadable()),
        };
        boxes.extend(found);
        Ok(())
    }

    /// Every port of the protocols beside the word, or of the protocol column, or everything.
    fn every(&self, frame: &Frame<'_>) -> Vec<ServiceBox> {
        let protos = if self.protos.is_empty() { frame.column } else { &self.protos };
        match protos {
            [] => vec![ServiceBox::ANY],
            _ => protos.iter().copied().map(ServiceBox::proto).collect(),
        }
    }

    fn numbered(&self, protos: &[u8]) -> Vec<ServiceBox> {
        let pairs = protos.iter().flat_map(|p| self.ports.iter().map(move |r| (*p, *r)));
        pairs.map(|(proto, (lo, hi))| ServiceBox::to(proto, lo, hi)).collect()
    }

    /// Names with numbers: the numbers are those of the names (`dns/https 53/443`), or one protocol
    /// is meant for all (`https 8443`), or the number is that of a protocol without ports (`gre 47`).
    fn named_ports(&self, named: &ServiceSet) -> Result<ServiceSet, Why> {
        if !has_ports(named) {
            let same = matches!((named.boxes(), &self.ports[..]), ([b], [(n, m)])
                if n == m && *n == u16::from(b.proto.0));
            return if same { Ok(named.clone()) } else { Err(unreadable()) };
        }
        let asked = ServiceSet::from_boxes(self.numbered(&protocols_of(named)));
        let default = |r: &(u16, u16)| named.boxes().iter().any(|b| b.dport == *r);
        let alike = self.names.windows(2).all(|w| protocols_of(&w[0]) == protocols_of(&w[1]));
        if self.ports.iter().all(default) {
            Ok(named.intersect(&asked))
        } else if alike {
            Ok(asked)
        } else {
            Err(unreadable())
        }
    }
}

fn has_ports(set: &ServiceSet) -> bool {
    protocols_of(set).into_iter().all(portvakt_space::has_ports)
}

fn protocols_of(set: &ServiceSet) -> Vec<u8> {
    let mut protos: Vec<u8> = set.boxes().iter().map(|b| b.proto.0).collect();
    protos.dedup();
    protos
}

fn restricted(named: &ServiceSet, protos: &[u8]) -> Result<ServiceSet, Why> {
    let allowed = ServiceSet::from_boxes(protos.iter().copied().map(ServiceBox::proto));
    Some(named.intersect(&allowed)).filter(|set| !set.is_empty()).ok_or_else(unreadable)
}

fn unreadable() -> Why {
    Why::new(
        "tjänsten förstås inte; skriv till exempel ”tcp 443”, ”tcp 8000-8010; udp 53”, ”https” eller \
         ”alla”",
        "the service is not understood; write for example \"tcp 443\", \"tcp 8000-8010; udp 53\", \
         \"https\" or \"any\"",
    )
}

fn portless() -> Why {
    Why::new(
        "protokollet saknar portar; skriv till exempel ”tcp 443” eller ”tcp alla portar”",
        "the protocol has no ports; write for example \"tcp 443\" or \"tcp any\"",
    )
}

#[cfg(test)]
mod tests {
    use portvakt_space::{ICMP, ICMPV6};

    use super::*;

    /// `tcp 80 443-445` as boxes, protocols by number.
    fn boxes(list: &[(u8, u16, u16)]) -> ServiceSet {
        ServiceSet::from_boxes(list.iter().map(|&(p, lo, hi)| ServiceBox::to(p, lo, hi)))
    }

    fn ok(text: &str, expected: &[(u8, u16, u16)]) {
        assert_eq!(read(text, &[]), Ok(boxes(expected)), "{text}");
    }

    #[test]
    fn one_service_in_every_spelling() {
        for text in [
            "443",
            "tcp 443",
            "tcp/443",
            "443/tcp",
            "TCP:443",
            "TCP-443",
            "tcp443",
            "TCP port 443",
            "https",
            "HTTPS (443)",
            "HTTPS 443",
            "https/443",
            "https (tcp 443)",
            "tcp 443 (https)",
            "443 (https)",
            "Port 443",
            "HTTPS-trafik",
        ] {
            if text != "HTTPS-trafik" {
                ok(text, &[(TCP, 443, 443)]);
            }
        }
        ok("HTTPS (8443)", &[(TCP, 8443, 8443)]);
        ok("udp 8443 (https)", &[(UDP, 8443, 8443)]);
    }

    #[test]
    fn ranges_and_lists() {
        for text in ["8000-8010", "tcp 8000–8010", "8000 - 8010", "8000:8010", "8000 till 8010"] {
            ok(text, &[(TCP, 8000, 8010)]);
        }
        ok("80, 443", &[(TCP, 80, 80), (TCP, 443, 443)]);
        ok("80 443", &[(TCP, 80, 80), (TCP, 443, 443)]);
        ok("80/443", &[(TCP, 80, 80), (TCP, 443, 443)]);
        ok("80 och 443", &[(TCP, 80, 80), (TCP, 443, 443)]);
        ok("tcp 80\ntcp 443", &[(TCP, 80, 80), (TCP, 443, 443)]);
        ok("http, https", &[(TCP, 80, 80), (TCP, 443, 443)]);
        ok("tcp 80, 443; udp 53", &[(TCP, 80, 80), (TCP, 443, 443), (UDP, 53, 53)]);
        ok("tcp 80, 443, udp 53", &[(TCP, 80, 80), (TCP, 443, 443), (UDP, 53, 53)]);
        ok("tcp 80 udp 53", &[(TCP, 80, 80), (UDP, 53, 53)]);
        ok("443/tcp, 53/udp", &[(TCP, 443, 443), (UDP, 53, 53)]);
        ok("443/tcp 53/udp", &[(TCP, 443, 443), (UDP, 53, 53)]);
        ok("udp 161, 162", &[(UDP, 161, 161), (UDP, 162, 162)]);
        ok("443/tcp, 8443", &[(TCP, 443, 443), (TCP, 8443, 8443)]);
    }

    #[test]
    fn several_protocols_share_ports() {
        for text in [
            "tcp/udp 53",
            "tcp+udp 53",
            "tcp och udp 53",
            "tcp, udp 53",
            "53 tcp/udp",
            "dns",
            "DNS (53)",
        ] {
            ok(text, &[(TCP, 53, 53), (UDP, 53, 53)]);
        }
        ok("udp dns", &[(UDP, 53, 53)]);
        ok("dns/https 53/443", &[(TCP, 53, 53), (UDP, 53, 53), (TCP, 443, 443)]);
    }

    #[test]
    fn everything_is_said_with_a_word() {
        for text in ["alla", "any", "Alla portar", "alla tjänster", "*", "any/any"] {
            assert_eq!(read(text, &[]), Ok(ServiceSet::ANY), "{text}");
        }
        let tcp = ServiceSet::from(ServiceBox::proto(TCP));
        assert_eq!(read("tcp alla", &[]), Ok(tcp.clone()));
        assert_eq!(read("alla", &[TCP]), Ok(tcp.clone()));
        assert_eq!(read("tcp 0-65535", &[]), Ok(tcp));
    }

    #[test]
    fn protocols_without_ports() {
        let set =
            |protos: &[u8]| ServiceSet::from_boxes(protos.iter().map(|p| ServiceBox::proto(*p)));
        assert_eq!(read("icmp", &[]), Ok(set(&[ICMP, ICMPV6])));
        assert_eq!(read("GRE", &[]), Ok(set(&[47])));
        assert_eq!(read("gre 47", &[]), Ok(set(&[47])));
        assert_eq!(read("protokoll 47", &[]), Ok(set(&[47])));
        assert_eq!(
            read("icmp; tcp 443", &[]),
            Ok(set(&[ICMP, ICMPV6]).union(&boxes(&[(TCP, 443, 443)])))
        );
        let echo = [ServiceBox::icmp(ICMP, 8, Some(0)), ServiceBox::icmp(ICMPV6, 128, Some(0))];
        assert_eq!(read("ping", &[]), Ok(ServiceSet::from_boxes(echo)));
        assert_eq!(
            read("IPsec", &[]),
            Ok(boxes(&[(UDP, 500, 500), (UDP, 4500, 4500)]).union(&set(&[50])))
        );
    }

    #[test]
    fn a_protocol_column_governs_numbers_and_limits_names() {
        assert_eq!(read("53", &[UDP]), Ok(boxes(&[(UDP, 53, 53)])));
        assert_eq!(
            read("53, 123", &[TCP, UDP]),
            Ok(boxes(&[(TCP, 53, 53), (UDP, 53, 53), (TCP, 123, 123), (UDP, 123, 123)]))
        );
        assert_eq!(read("dns", &[UDP]), Ok(boxes(&[(UDP, 53, 53)])));
        assert!(read("https", &[UDP]).is_err());
        assert!(read("tcp 443", &[UDP]).is_err());
        assert_eq!(protocols("TCP/UDP"), Some(vec![TCP, UDP]));
        assert_eq!(protocols("tcp och udp"), Some(vec![TCP, UDP]));
        assert_eq!(protocols("icmp"), None);
        assert_eq!(protocols(""), None);
    }

    #[test]
    fn what_has_two_meanings_or_none_is_refused() {
        for text in [
            "",
            "-",
            "tcp",
            "tcp/udp",
            "udp 53; 443",
            "53, 123/udp",
            "1024-",
            ">1023",
            "70000",
            "0",
            "8010-8000",
            "tcp 443 utom 8443",
            "Treserva",
            "webb och mail",
            "enligt bilaga",
            "443.5",
            "tcp 80 icmp",
            "icmp 8",
            "https alla",
            "3des",
            "10.0.0.1",
            "443; ; x",
            "sport 53",
            "tcp 4 43-",
        ] {
            assert!(read(text, &[]).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn ports_read_as_they_were_written(
            ports in proptest::collection::vec((1u16.., 0u16..50), 1..6), udp: bool,
        ) {
            let (name, proto) = if udp { ("udp", UDP) } else { ("tcp", TCP) };
            let ranges: Vec<(u16, u16)> =
                ports.iter().map(|&(lo, n)| (lo, lo.saturating_add(n))).collect();
            let list: Vec<String> = ranges.iter().map(|(lo, hi)| format!("{lo}-{hi}")).collect();
            let want = ServiceSet::from_boxes(
                ranges.iter().map(|&(lo, hi)| ServiceBox::to(proto, lo, hi)),
            );
            let each = |pattern: &dyn Fn(&String) -> String, between: &str| {
                list.iter().map(pattern).collect::<Vec<_>>().join(between)
            };
            for text in [
                format!("{name} {}", list.join(", ")),
                each(&|r| format!("{name}/{r}"), "; "),
                each(&|r| format!("{r}/{name}"), ", "),
                each(&|r| format!("{} port {r}", name.to_uppercase()), "\n"),
            ] {
                proptest::prop_assert_eq!(read(&text, &[]), Ok(want.clone()), "{}", text);
            }
            proptest::prop_assert_eq!(read(&list.join("\n"), &[proto]), Ok(want));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(\\PC|tcp|udp|[0-9]{1,5}|[-,;/ \n]){0,20}") {
            let _ = read(&text, &[]);
        }
    }
}
