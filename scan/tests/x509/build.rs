//! Certificates written byte by byte, with the faults that no authority would make. Their
//! signatures are not right; nothing that is tested with them verifies one.

pub(crate) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let n = content.len();
    let length = match n {
        0..=0x7f => vec![n as u8],
        0x80..=0xff => vec![0x81, n as u8],
        0x100..=0xffff => vec![0x82, (n >> 8) as u8, n as u8],
        _ => vec![0x83, (n >> 16) as u8, (n >> 8) as u8, n as u8],
    };
    [&[tag], length.as_slice(), content].concat()
}

pub(crate) fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    wrap(0x30, &parts.concat())
}

pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let numbers: Vec<u64> = dotted.split('.').map(|n| n.parse().unwrap()).collect();
    let mut bytes = vec![(numbers[0] * 40 + numbers[1]) as u8];
    for number in &numbers[2..] {
        let groups = (1..10).find(|n| number >> (7 * n) == 0).unwrap();
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            bytes.push((number >> (7 * group)) as u8 & 0x7f | more);
        }
    }
    wrap(0x06, &bytes)
}

/// A number from its bytes, with the zero that keeps it positive.
pub(crate) fn number(bytes: &[u8]) -> Vec<u8> {
    let pad: &[u8] = if bytes.first().is_none_or(|b| b & 0x80 != 0) { &[0] } else { &[] };
    wrap(0x02, &[pad, bytes].concat())
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    wrap(0x03, &[&[0], bytes].concat())
}

/// A certificate to be written.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    /// 0 for version 1; then it is not written.
    pub(crate) version: u8,
    /// The content of the serial number.
    pub(crate) serial: Vec<u8>,
    /// Inside and outside.
    pub(crate) algorithms: [Vec<u8>; 2],
    /// Begin and end: tag and text.
    pub(crate) validity: [(u8, String); 2],
    /// OID, tag of the string and value.
    pub(crate) subject: Vec<(&'static str, u8, Vec<u8>)>,
    pub(crate) issuer: Vec<(&'static str, u8, Vec<u8>)>,
    pub(crate) spki: Vec<u8>,
    /// OID, critical, value.
    pub(crate) extensions: Vec<(&'static str, bool, Vec<u8>)>,
}

pub(crate) const SAN: &str = "2.5.29.17";
pub(crate) const BASIC: &str = "2.5.29.19";
pub(crate) const KU: &str = "2.5.29.15";
pub(crate) const EKU: &str = "2.5.29.37";
pub(crate) const AKI: &str = "2.5.29.35";
pub(crate) const SKI: &str = "2.5.29.14";
pub(crate) const POLICIES: &str = "2.5.29.32";
pub(crate) const CRL: &str = "2.5.29.31";
pub(crate) const AIA: &str = "1.3.6.1.5.5.7.1.1";
pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
pub(crate) const SCT: &str = "1.3.6.1.4.1.11129.2.4.2";
pub(crate) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const EMAIL: &str = "1.3.6.1.5.5.7.3.4";
pub(crate) const ANY_USAGE: &str = "2.5.29.37.0";

/// AlgorithmIdentifier.
pub(crate) fn algorithm(dotted: &str) -> Vec<u8> {
    let null = if dotted.starts_with("1.2.840.113549") { vec![5, 0] } else { vec![] };
    seq(&[oid(dotted), null])
}

pub(crate) const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";

/// A key on a curve; the point is none of its points.
pub(crate) fn ec(curve: &str, field_bytes: usize) -> Vec<u8> {
    let point = [&[4][..], &vec![7; 2 * field_bytes]].concat();
    seq(&[seq(&[oid("1.2.840.10045.2.1"), oid(curve)]), bits(&point)])
}

/// An RSA key.
pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = seq(&[number(modulus), number(exponent)]);
    seq(&[algorithm("1.2.840.113549.1.1.1"), bits(&key)])
}

pub(crate) fn general_names(names: &[(u8, &[u8])]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = names.iter().map(|(tag, bytes)| wrap(0x80 | tag, bytes)).collect();
    seq(&names)
}

pub(crate) fn usages(purposes: &[&str]) -> Vec<u8> {
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|p| oid(p)).collect();
    seq(&purposes)
}

/// keyUsage from its bits, the first of which is digitalSignature.
pub(crate) fn key_usage(bits: &[u8]) -> Vec<u8> {
    let byte = bits.iter().fold(0_u8, |sum, bit| sum | 0x80 >> bit);
    let unused = byte.trailing_zeros().min(7) as u8;
    wrap(0x03, &[unused, byte])
}

pub(crate) const DIGITAL_SIGNATURE: u8 = 0;
pub(crate) const KEY_ENCIPHERMENT: u8 = 2;
pub(crate) const KEY_AGREEMENT: u8 = 4;
pub(crate) const KEY_CERT_SIGN: u8 = 5;
pub(crate) const CRL_SIGN: u8 = 6;

/// A list of timestamps of CT logs, each at so many seconds.
pub(crate) fn timestamps(at: &[u64]) -> Vec<u8> {
    let mut list = Vec::new();
    for seconds in at {
        let mut sct = vec![0];
        sct.extend([7; 32]);
        sct.extend((seconds * 1000).to_be_bytes());
        sct.extend([0, 0, 4, 3, 0, 2, 9, 9]);
        list.extend((sct.len() as u16).to_be_bytes());
        list.extend(sct);
    }
    let list = [&(list.len() as u16).to_be_bytes()[..], &list].concat();
    wrap(0x04, &list)
}

impl Build {
    /// A server's certificate of an internal authority that has no fault.
    pub(crate) fn server() -> Self {
        let cn = |text: &str| vec![("2.5.4.3", 0x0c, text.as_bytes().to_vec())];
        Self {
            version: 2,
            serial: vec![1, 2, 3],
            algorithms: [algorithm(ECDSA_SHA256), algorithm(ECDSA_SHA256)],
            validity: [(0x17, "260401000000Z".into()), (0x17, "260801000000Z".into())],
            subject: cn("www.example.com"),
            issuer: cn("Exempelkommun CA"),
            spki: ec("1.2.840.10045.3.1.7", 32),
            extensions: vec![
                (SAN, false, general_names(&[(2, b"www.example.com")])),
                (BASIC, true, seq(&[])),
                (KU, true, key_usage(&[DIGITAL_SIGNATURE])),
                (EKU, false, usages(&[SERVER_AUTH])),
                (AKI, false, seq(&[wrap(0x80, &[1, 2])])),
            ],
        }
    }

    /// A server's certificate of a public authority that has no fault.
    pub(crate) fn public() -> Self {
        let begins = 1_775_001_600;
        let stamps = timestamps(&[begins + 60, begins + 61]);
        let policies = seq(&[seq(&[oid("2.23.140.1.2.1")])]);
        let address = wrap(0x86, b"http://ca.example/ca.der");
        let access = seq(&[seq(&[oid("1.3.6.1.5.5.7.48.2"), address])]);
        let names = wrap(0xa0, &wrap(0xa0, &wrap(0x86, b"http://ca.example/1.crl")));
        Self::server()
            .with(POLICIES, policies)
            .with(SCT, stamps)
            .with(AIA, access)
            .with(CRL, seq(&[seq(&[names])]))
    }

    /// An authority's certificate that has no fault.
    pub(crate) fn authority() -> Self {
        let mut build = Self::server().without(SAN).without(EKU);
        build = build.with(SKI, wrap(0x04, &[9, 9]));
        build.subject = vec![("2.5.4.3", 0x0c, b"Exempelkommun Sub CA".to_vec())];
        build.with(BASIC, basic(true, None)).with(KU, key_usage(&[KEY_CERT_SIGN, CRL_SIGN]))
    }

    /// The same with this value of an extension, which keeps its mark.
    pub(crate) fn with(mut self, oid: &'static str, value: Vec<u8>) -> Self {
        match self.extensions.iter_mut().find(|(o, ..)| *o == oid) {
            Some(extension) => extension.2 = value,
            None => self.extensions.push((oid, false, value)),
        }
        self
    }

    pub(crate) fn without(mut self, oid: &str) -> Self {
        self.extensions.retain(|(o, ..)| *o != oid);
        self
    }

    /// The same with an extension that is critical, or is not.
    pub(crate) fn marked(mut self, oid: &str, critical: bool) -> Self {
        self.extensions.iter_mut().filter(|(o, ..)| *o == oid).for_each(|e| e.1 = critical);
        self
    }

    pub(crate) fn valid(mut self, from: &str, to: &str) -> Self {
        self.validity = [from, to].map(|text| (0x17, text.to_owned()));
        self
    }

    pub(crate) fn names(self, names: &[&str]) -> Self {
        let names: Vec<(u8, &[u8])> = names.iter().map(|n| (2, n.as_bytes())).collect();
        self.with(SAN, general_names(&names))
    }

    pub(crate) fn key(mut self, spki: Vec<u8>) -> Self {
        self.spki = spki;
        self
    }

    pub(crate) fn signed_by(mut self, dotted: &str) -> Self {
        self.algorithms = [algorithm(dotted), algorithm(dotted)];
        self
    }

    /// The DER.
    pub(crate) fn der(&self) -> Vec<u8> {
        let name = |parts: &[(&'static str, u8, Vec<u8>)]| {
            let part = |(kind, tag, value): &(&'static str, u8, Vec<u8>)| {
                wrap(0x31, &seq(&[oid(kind), wrap(*tag, value)]))
            };
            seq(&parts.iter().map(part).collect::<Vec<_>>())
        };
        let time = |(tag, text): &(u8, String)| wrap(*tag, text.as_bytes());
        let extension = |(kind, critical, value): &(&'static str, bool, Vec<u8>)| {
            let mark = if *critical { wrap(0x01, &[0xff]) } else { Vec::new() };
            seq(&[oid(kind), mark, wrap(0x04, value)])
        };
        let mut parts = Vec::new();
        if self.version > 0 {
            parts.push(wrap(0xa0, &wrap(0x02, &[self.version])));
        }
        parts.push(wrap(0x02, &self.serial));
        parts.push(self.algorithms[0].clone());
        parts.push(name(&self.issuer));
        parts.push(seq(&self.validity.iter().map(time).collect::<Vec<_>>()));
        parts.push(name(&self.subject));
        parts.push(self.spki.clone());
        if !self.extensions.is_empty() {
            let list: Vec<Vec<u8>> = self.extensions.iter().map(extension).collect();
            parts.push(wrap(0xa3, &seq(&list)));
        }
        seq(&[seq(&parts), self.algorithms[1].clone(), bits(&[0x30, 6, 2, 1, 1, 2, 1, 1])])
    }
}

/// basicConstraints.
pub(crate) fn basic(ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let ca = if ca { wrap(0x01, &[0xff]) } else { Vec::new() };
    seq(&[ca, path_length.map_or_else(Vec::new, |n| wrap(0x02, &[n]))])
}
