//! An outdated algorithm of VPN.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Basis, Fact, Management, Message, Severity};

use super::algorithms::{self, Rule};
use super::support::{first_line, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6034",
    name: "weak-vpn-algorithm",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.4-1", "MALMO-11.6-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Utdömd VPN-algoritm", en: "Outdated VPN algorithm" },
    why: Message {
        sv: "DES, 3DES, MD5 och Diffie-Hellman-grupperna 1, 2 och 5 är utdömda för IKE och IPsec (RFC \
             8247, RFC 9395, NIST SP 800-131A). Trafik som spelats in i dag kan dekrypteras senare.",
        en: "DES, 3DES, MD5 and the Diffie-Hellman groups 1, 2 and 5 are deprecated for IKE and IPsec \
             (RFC 8247, RFC 9395, NIST SP 800-131A). Traffic recorded today may be decrypted later.",
    },
    fix: Message {
        sv: "Använd IKEv2 med AES-256-GCM eller AES-256 med SHA-256, och grupp 14, 19, 20 eller \
             21, efter överenskommelse med motparten.",
        en: "Use IKEv2 with AES-256-GCM or AES-256 with SHA-256, and group 14, 19, 20 or 21, by agreement \
             with the other end.",
    },
    messages: &[&MESSAGE, &BY_DEFAULT, &UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} använder utdömda algoritmer för VPN: {algorithms}{basis}.",
    en: "{device} uses outdated algorithms for VPN: {algorithms}{basis}.",
};

static BY_DEFAULT: Message = Message {
    sv: "{device}: {tunnels} anger ingen Diffie-Hellman-grupp, och förvalet enligt {manual} är utdömt: {algorithms}.",
    en: "{device}: {tunnels} set no Diffie-Hellman group, and the default by {manual} is outdated: {algorithms}.",
};

static UNSET: Message = Message {
    sv: "{device}: {tunnels} anger ingen Diffie-Hellman-grupp; vilken som gäller beror på programversionen.",
    en: "{device}: {tunnels} set no Diffie-Hellman group; which one applies depends on the release.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let rule = Rule {
        message: &MESSAGE,
        set: |m| (!m.vpn_algorithms.is_empty()).then_some(&m.vpn_algorithms),
        outdated: algorithms::vpn,
        doubt: None,
    };
    rule.report(audit, findings);
    for (device, management) in managed(audit).filter(|(_, m)| !m.vpn_groups_unset.is_empty()) {
        findings.judge(device);
        unset(audit, findings, device, management);
    }
}

/// VPNs that take the group of the release.
fn unset(audit: &Audit<'_>, findings: &mut Findings<'_>, device: u32, management: &Management) {
    let named = |vpn: &Fact<String>| (vpn.line().unwrap_or(0), vpn.value.clone());
    let tunnels: Vec<_> = management.vpn_groups_unset.iter().map(named).collect();
    let at = audit.at(device, first_line(&tunnels));
    let draft = match &management.vpn_default_groups {
        None => findings.cannot_tell(&UNSET, at),
        Some(fact) => {
            let norm = |name: &String| algorithms::vpn(name, audit.today);
            let weak = |name: &String| Some(format!("{name} ({})", norm(name)?));
            let weak: Vec<String> = fact.value.iter().filter_map(weak).collect();
            if weak.is_empty() {
                return;
            }
            let manual = match fact.basis {
                Basis::VendorDefault(manual) => manual,
                Basis::Line(_) => "",
            };
            let draft = findings.violation(&BY_DEFAULT, at);
            draft.arg("algorithms", Arg::Names(weak)).text("manual", manual)
        }
    };
    let draft = draft.device(device).key("groups not set");
    name_all(draft, audit, device, "tunnels", &tunnels).push();
}
