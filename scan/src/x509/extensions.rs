//! What the extensions of a certificate say (RFC 5280 §4.2).

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use portvakt_model::Certificate;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    CRLDistributionPoint, DistributionPointName, ExtendedKeyUsage, GeneralName, KeyUsage,
    ParsedExtension, X509Extension,
};

use super::der;
use super::name::{hex, shown};

/// subjectAltName.
pub(super) const SAN: &str = "2.5.29.17";
/// keyUsage.
pub(super) const KEY_USAGE: &str = "2.5.29.15";
/// extendedKeyUsage.
pub(super) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
/// TLS feature (RFC 7633).
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
/// `status_request`, the feature that is known as must-staple (RFC 6066 §8).
const STATUS_REQUEST: u8 = 5;
/// id-ad-ocsp and id-ad-caIssuers (RFC 5280 §4.2.2.1).
const OCSP: &str = "1.3.6.1.5.5.7.48.1";
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// Fills in what the extensions say. Of an extension that is there twice the first counts.
pub(super) fn fill(certificate: &mut Certificate, x509: &X509Certificate<'_>) {
    let mut seen = BTreeSet::new();
    for extension in x509.extensions().iter().filter(|e| seen.insert(e.oid.as_bytes())) {
        fill_one(certificate, extension);
    }
}

/// Addresses where the issuer's certificate can be had (AIA, caIssuers).
pub(super) fn issuer_addresses(x509: &X509Certificate<'_>) -> Vec<String> {
    x509.extensions()
        .iter()
        .flat_map(|e| access_addresses(e.parsed_extension(), CA_ISSUERS))
        .collect()
}

/// The names of subjectAltName; none when it is missing or cannot be read.
pub(super) fn alternative_names<'x, 'a>(x509: &'x X509Certificate<'a>) -> &'x [GeneralName<'a>] {
    let names = |e: &'x X509Extension<'a>| match e.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(san) => Some(san.general_names.as_slice()),
        _ => None,
    };
    x509.extensions().iter().find_map(names).unwrap_or_default()
}

fn fill_one(certificate: &mut Certificate, extension: &X509Extension<'_>) {
    let oid = extension.oid.to_id_string();
    // An extension that is there and cannot be read is not one that is missing: its list is empty,
    // so that nothing is permitted by it.
    match oid.as_str() {
        SAN => certificate.has_san = true,
        KEY_USAGE => certificate.key_usage = Some(Vec::new()),
        EXTENDED_KEY_USAGE => certificate.extended_key_usage = Some(Vec::new()),
        TLS_FEATURE => certificate.must_staple = requires_staple(extension.value),
        _ => {}
    }
    match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(san) => names(certificate, &san.general_names),
        ParsedExtension::BasicConstraints(basic) => certificate.is_ca = Some(basic.ca),
        ParsedExtension::KeyUsage(usage) => certificate.key_usage = Some(usages(*usage)),
        ParsedExtension::ExtendedKeyUsage(usage) => {
            certificate.extended_key_usage = Some(purposes(usage));
        }
        ParsedExtension::CertificatePolicies(policies) => {
            certificate.policies = policies.iter().map(|p| p.policy_id.to_id_string()).collect();
        }
        ParsedExtension::CRLDistributionPoints(points) => {
            certificate.crl = points.points.iter().flat_map(point_addresses).collect();
        }
        ParsedExtension::SCT(timestamps) => certificate.sct_count = timestamps.len(),
        parsed => certificate.ocsp.extend(access_addresses(parsed, OCSP)),
    }
}

fn names(certificate: &mut Certificate, names: &[GeneralName<'_>]) {
    for name in names {
        match name {
            GeneralName::DNSName(text) => certificate.dns_names.push(shown(text)),
            // Not UTF-8: it matches no host, and is shown as the bytes that it is.
            GeneralName::Invalid(tag, bytes) if tag.0 == 2 => {
                certificate.dns_names.push(format!("#{}", hex(bytes)));
            }
            GeneralName::IPAddress(bytes) => certificate.ip_names.push(address(bytes)),
            _ => {}
        }
    }
}

/// An address of 4 or 16 octets (RFC 5280 §4.2.1.6); of another length, the octets.
fn address(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Ipv4Addr::from(v4).to_string();
    }
    <[u8; 16]>::try_from(bytes)
        .map_or_else(|_| format!("#{}", hex(bytes)), |v6| Ipv6Addr::from(v6).to_string())
}

/// The bits of RFC 5280 §4.2.1.3, by name, lowest first.
const USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

fn usages(usage: KeyUsage) -> Vec<&'static str> {
    (0..).zip(USAGES).filter(|(bit, _)| usage.flags >> bit & 1 == 1).map(|(_, name)| name).collect()
}

fn purposes(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.iter().filter(|(is, _)| *is).map(|(_, name)| (*name).to_owned());
    known.chain(usage.other.iter().map(x509_parser::oid_registry::Oid::to_id_string)).collect()
}

fn point_addresses(point: &CRLDistributionPoint<'_>) -> Vec<String> {
    match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => {
            names.iter().filter_map(address_of).collect()
        }
        _ => Vec::new(),
    }
}

fn access_addresses(parsed: &ParsedExtension<'_>, method: &str) -> Vec<String> {
    let ParsedExtension::AuthorityInfoAccess(access) = parsed else { return Vec::new() };
    let wanted = access.iter().filter(|a| a.access_method.to_id_string() == method);
    wanted.filter_map(|a| address_of(&a.access_location)).collect()
}

fn address_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(uri) => Some(shown(uri)),
        _ => None,
    }
}

/// Whether `status_request` is among the features, a sequence of integers (RFC 7633 §4).
fn requires_staple(value: &[u8]) -> bool {
    let Some((features, _)) = der::expect(value, der::SEQUENCE) else { return false };
    der::elements(features).any(|e| e.tag == der::INTEGER && e.content == [STATUS_REQUEST])
}
