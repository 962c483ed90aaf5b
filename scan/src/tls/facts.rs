//! What was seen of one endpoint, as it comes in.

use std::collections::BTreeSet;

use portvakt_model::registry::Suite;
use portvakt_model::{GroupSeen, Offered, ProtocolSeen, SuiteOrder, TlsTraits, TlsVersion};

use super::answer::Chosen;
use super::handshake::HttpAnswer;
use super::hello::kind;
use super::signatures::Signer;

/// Facts about an endpoint.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about an endpoint")]
pub(crate) struct Facts {
    /// One for each version, oldest first.
    pub(crate) protocols: Vec<ProtocolSeen>,
    pub(crate) groups: Vec<GroupSeen>,
    pub(crate) signatures: Vec<u16>,
    /// Whether these are all.
    pub(crate) signatures_complete: bool,
    /// Kinds of key of which a scheme came again, though it was offered last: the server decides, or has no other.
    pub(crate) repeated: Vec<Signer>,
    /// Kinds of key of which all schemes of TLS 1.2 are known.
    pub(crate) signers_told: Vec<Signer>,
    /// Whether all curves of the newest version until TLS 1.2 are known.
    pub(crate) curves_told: bool,
    /// Whether a whole handshake of TLS 1.3 came to its signature.
    pub(crate) signed_13: bool,
    pub(crate) dh_bits: Option<(u32, u32)>,
    pub(crate) traits: TlsTraits,
    /// Chains, one for each different leaf.
    pub(crate) chains: Vec<Vec<Vec<u8>>>,
    /// A stapled OCSP answer, DER, with the leaf that it came with.
    pub(crate) staple: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) doubts: Vec<String>,
    /// What HTTP answered.
    pub(crate) http: Option<HttpAnswer>,
    /// Whether an answer said that TLS 1.3 could be had (RFC 8446 §4.1.3).
    pub(crate) could_do_13: bool,
}

impl Facts {
    pub(crate) fn new() -> Self {
        let protocol = |version| ProtocolSeen {
            version,
            offered: Offered::Unknown,
            suites: Vec::new(),
            complete: false,
            order: SuiteOrder::Unknown,
        };
        Self {
            protocols: TlsVersion::ALL.map(protocol).to_vec(),
            groups: Vec::new(),
            signatures: Vec::new(),
            signatures_complete: false,
            repeated: Vec::new(),
            signers_told: Vec::new(),
            curves_told: false,
            signed_13: false,
            dh_bits: None,
            traits: TlsTraits::default(),
            chains: Vec::new(),
            staple: None,
            doubts: Vec::new(),
            http: None,
            could_do_13: false,
        }
    }

    /// What is known of a version.
    pub(crate) fn protocol(&mut self, version: TlsVersion) -> &mut ProtocolSeen {
        &mut self.protocols[version as usize]
    }

    /// Whether a version is offered, so far.
    pub(crate) fn offered(&self, version: TlsVersion) -> Offered {
        self.protocols[version as usize].offered
    }

    /// Says that a version is not offered, unless it was seen.
    pub(crate) fn refused(&mut self, version: TlsVersion) {
        let protocol = self.protocol(version);
        if protocol.offered != Offered::Yes {
            protocol.offered = Offered::No;
            protocol.complete = true;
        }
    }

    /// Adds a doubt, once.
    pub(crate) fn doubt(&mut self, doubt: String) {
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }

    /// Forgets doubts of a verdict about what is asked for again, one by one. SSL 2.0 is not.
    pub(crate) fn forget_doubts_of_the_verdict(&mut self) {
        let ssl2 = TlsVersion::Ssl2.name();
        let unknown = self.offered(TlsVersion::Ssl2) == Offered::Unknown;
        self.doubts.retain(|doubt| doubt.starts_with(ssl2));
        if unknown && self.doubts.is_empty() {
            self.doubts.push(format!("{ssl2}: not known whether it is offered"));
        }
    }

    /// Takes up all that a choice shows. A suite counts only when the server carried it through.
    pub(crate) fn note(&mut self, chosen: &Chosen) {
        let Some(version) = chosen.version else { return };
        self.protocol(version).offered = Offered::Yes;
        self.could_do_13 |= chosen.could_do_13 && version < TlsVersion::Tls13;
        if !chosen.whole {
            let name = portvakt_model::registry::suite_name(chosen.suite.into());
            let version = version.name();
            self.doubt(format!("{version}: the server chose {name} and then broke off"));
            return;
        }
        let suites = &mut self.protocol(version).suites;
        if !suites.contains(&chosen.suite.into()) {
            suites.push(chosen.suite.into());
        }
        if let Some(group) = chosen.group {
            self.group(group, version);
        }
        self.signature(chosen.signature);
        if let Some(bits) = chosen.dh_bits {
            let (least, most) = self.dh_bits.unwrap_or((bits, bits));
            self.dh_bits = Some((least.min(bits), most.max(bits)));
        }
        self.chain(&chosen.chain);
        if version < TlsVersion::Tls13 {
            self.traits_until_12(chosen, version);
        }
    }

    fn signature(&mut self, scheme: Option<u16>) {
        let Some(scheme) = scheme else { return };
        if !self.signatures.contains(&scheme) {
            self.signatures.push(scheme);
        } else if let Some(signer) = Signer::of_scheme(scheme) {
            self.repeated.push(signer);
        }
    }

    /// How much was found: suites of all versions, and groups.
    pub(crate) fn found(&self) -> u32 {
        let groups: BTreeSet<u16> = self.groups.iter().map(|seen| seen.group).collect();
        let suites: usize = self.protocols.iter().map(|protocol| protocol.suites.len()).sum();
        (suites + groups.len()) as u32
    }

    /// Adds a group, once for each version.
    pub(crate) fn group(&mut self, group: u16, version: TlsVersion) {
        let seen = GroupSeen { group, version };
        if !self.groups.contains(&seen) {
            self.groups.push(seen);
        }
    }

    /// Adds a chain, once for each leaf.
    pub(crate) fn chain(&mut self, chain: &[Vec<u8>]) {
        let known = |leaf| self.chains.iter().any(|c| c.first() == Some(leaf));
        if chain.first().is_some_and(|leaf| !known(leaf)) {
            self.chains.push(chain.to_vec());
        }
    }

    fn traits_until_12(&mut self, chosen: &Chosen, version: TlsVersion) {
        let traits = &mut self.traits;
        note_alpn(traits, chosen.alpn.as_ref());
        traits.client_certificate = or(traits.client_certificate, chosen.client_certificate);
        traits.compression = or(traits.compression, chosen.compression != 0);
        // What follows is answered in extensions, and SSL 3.0 was asked without any.
        if version == TlsVersion::Ssl3 {
            return;
        }
        let has = |number| chosen.extensions.contains(&number);
        traits.secure_renegotiation =
            or(traits.secure_renegotiation, has(kind::RENEGOTIATION_INFO));
        traits.extended_master_secret =
            or(traits.extended_master_secret, has(kind::EXTENDED_MASTER_SECRET));
        traits.heartbeat = or(traits.heartbeat, has(kind::HEARTBEAT));
        traits.tickets = or(traits.tickets, has(kind::SESSION_TICKET));
        traits.tickets_12 = or(traits.tickets_12, has(kind::SESSION_TICKET));
        traits.ocsp_staple = or(traits.ocsp_staple, has(kind::STATUS_REQUEST));
        // It is answered only where it means something (RFC 7366 §3).
        if Suite::of(chosen.suite).is_some_and(Suite::is_cbc) {
            traits.encrypt_then_mac = or(traits.encrypt_then_mac, has(kind::ENCRYPT_THEN_MAC));
        }
    }
}

/// Adds an application protocol that was chosen, once.
pub(crate) fn note_alpn(traits: &mut TlsTraits, chosen: Option<&String>) {
    traits.alpn.extend(chosen.filter(|name| !traits.alpn.contains(name)).cloned());
}

/// What is known with one more answer: once yes is yes.
pub(crate) const fn or(known: Offered, now: bool) -> Offered {
    match (known, now) {
        (Offered::Yes, _) | (_, true) => Offered::Yes,
        (_, false) => Offered::No,
    }
}
