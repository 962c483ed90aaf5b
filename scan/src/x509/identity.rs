//! Whether a certificate is for a name (RFC 9525, which replaces RFC 6125).

use std::net::IpAddr;

use portvakt_model::Certificate;
use rustls::pki_types::ServerName;

/// Whether a name of the certificate's subjectAltName is the name that was asked for.
///
/// The common name does not count (RFC 9525 §2). Names are compared without regard to case; a
/// wildcard is a whole leftmost label and stands for exactly one label (§6.3). An address is compared
/// with the addresses alone (§6.5).
pub fn is_for(certificate: &Certificate, name: &ServerName<'_>) -> bool {
    match name {
        ServerName::DnsName(dns) => {
            certificate.dns_names.iter().any(|presented| matches(presented, dns.as_ref()))
        }
        ServerName::IpAddress(address) => {
            let address = IpAddr::from(*address);
            certificate.ip_names.iter().any(|presented| presented.parse() == Ok(address))
        }
        _ => false,
    }
}

fn matches(presented: &str, wanted: &str) -> bool {
    let wanted = wanted.strip_suffix('.').unwrap_or(wanted);
    match presented.strip_prefix("*.") {
        None => presented.eq_ignore_ascii_case(wanted) && !presented.contains('*'),
        Some(parent) => wanted.split_once('.').is_some_and(|(label, rest)| {
            !label.is_empty() && rest.eq_ignore_ascii_case(parent) && is_wide_enough(parent)
        }),
    }
}

/// A wildcard directly below a top-level name would be for a whole country: no client takes it.
fn is_wide_enough(parent: &str) -> bool {
    parent.contains('.') && !parent.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_name(presented: &str, wanted: &str) -> bool {
        let names = vec![presented.to_owned()];
        let certificate =
            Certificate { dns_names: names.clone(), ip_names: names, ..Certificate::default() };
        is_for(&certificate, &ServerName::try_from(wanted.to_owned()).unwrap())
    }

    #[test]
    fn a_name_is_itself_in_any_case() {
        assert!(is_name("www.example.com", "WWW.example.COM"));
        assert!(is_name("intranet", "intranet"));
        assert!(!is_name("www.example.com", "example.com"));
        assert!(!is_name("example.com", "www.example.com"));
        assert!(!is_name("www.example.com\\00.example.net", "www.example.com"));
    }

    #[test]
    fn a_wildcard_is_one_whole_label() {
        assert!(is_name("*.example.com", "www.example.com"));
        assert!(!is_name("*.example.com", "example.com"));
        assert!(!is_name("*.example.com", "a.b.example.com"));
        assert!(!is_name("w*.example.com", "www.example.com"));
        assert!(!is_name("www.*.com", "www.example.com"));
        assert!(!is_name("*.com", "example.com"));
        assert!(!is_name("*", "intranet"));
        assert!(!is_name("*.*.com", "a.b.com"));
    }

    #[test]
    fn an_address_is_no_name() {
        assert!(is_name("192.0.2.1", "192.0.2.1"));
        assert!(is_name("2001:db8::1", "2001:DB8:0::1"));
        assert!(!is_name("192.0.2.1", "192.0.2.2"));
        let dns_only =
            Certificate { dns_names: vec!["192.0.2.1".into()], ..Certificate::default() };
        assert!(!is_for(&dns_only, &ServerName::try_from("192.0.2.1").unwrap()));
    }
}
