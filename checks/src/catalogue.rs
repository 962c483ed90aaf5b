//! The plain list of all checks.

use std::sync::LazyLock;

use portvakt_model::Message;

use crate::{
    Check, Family, anomalies, deviations, filtering, inputs, live, management, port_openings,
    separation, services, wireless,
};

/// The families in the order of the manual.
pub static FAMILIES: &[Family] = &[
    Family {
        id: "inputs",
        title: Message { sv: "Underlag och täckning", en: "Inputs and coverage" },
        checks: inputs::CHECKS,
    },
    Family {
        id: "port-openings",
        title: Message { sv: "Portöppningar och register", en: "Port openings and register" },
        checks: port_openings::CHECKS,
    },
    Family {
        id: "filtering",
        title: Message { sv: "Filtrering", en: "Filtering" },
        checks: filtering::CHECKS,
    },
    Family {
        id: "anomalies",
        title: Message { sv: "Anomalier i regellistor", en: "Anomalies of rule lists" },
        checks: anomalies::CHECKS,
    },
    Family {
        id: "services",
        title: Message {
            sv: "Tjänster som inte ska vara öppna",
            en: "Services that must not be open",
        },
        checks: services::CHECKS,
    },
    Family {
        id: "separation",
        title: Message { sv: "Åtskilda nät", en: "Separation of networks" },
        checks: separation::CHECKS,
    },
    Family {
        id: "wireless",
        title: Message { sv: "Trådlösa nät", en: "Wireless networks" },
        checks: wireless::CHECKS,
    },
    Family {
        id: "management",
        title: Message { sv: "Administration av utrustning", en: "Management plane" },
        checks: management::CHECKS,
    },
    Family {
        id: "live",
        title: Message { sv: "Det som syns i nätet", en: "What the network shows" },
        checks: live::CHECKS,
    },
    Family {
        id: "deviations",
        title: Message { sv: "Avsteg", en: "Deviations" },
        checks: deviations::CHECKS,
    },
];

/// Every check, in the order of the manual.
pub static ALL: LazyLock<Vec<&'static Check>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|f| f.checks).copied().collect());

/// The check of an id, name or earlier name, in any case.
pub fn find(text: &str) -> Option<&'static Check> {
    let is = |c: &&&'static Check| {
        let mut names = [c.id, c.name].into_iter().chain(c.aliases.iter().copied());
        names.any(|name| name.eq_ignore_ascii_case(text))
    };
    ALL.iter().find(is).copied()
}
