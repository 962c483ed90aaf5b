//! How fast a run may be, and why.

use portvakt_scan::scope::{Ceiling, Rate, Scope};

use crate::cli::note;
use crate::text::Lang;

/// The ceilings that hold for a run.
pub(super) struct Ceilings {
    rate: Rate,
    /// What the scope allows.
    allowed: Rate,
    why: [Ceiling; 2],
}

impl Ceilings {
    /// Those of a scope, lowered to a wish: that never goes beyond the scope.
    pub(super) fn of(scope: &mut Scope, wish: Option<u32>, lang: Lang) -> Self {
        let allowed = scope.rate;
        if wish.is_some_and(|wish| wish > allowed.total) {
            let total = allowed.total;
            note(&format!("the scope allows {total} packets per second at most"), lang);
        }
        scope.rate = allowed.at_most(wish.unwrap_or(u32::MAX));
        Self { rate: scope.rate, allowed, why: scope.why }
    }

    /// Each ceiling with its reason: in total, to a subnet, to a host.
    pub(super) fn words(&self, lang: Lang) -> [String; 3] {
        let Self { rate, allowed, why: [subnet, host] } = self;
        let wished = lang.of("sänkt av --rate", "lowered by --rate");
        let reason =
            |now: u32, allowed: u32, otherwise| if now < allowed { wished } else { otherwise };
        let total =
            reason(rate.total, allowed.total, lang.of("mandatets rate", "rate of the scope"));
        let words = lang.of(
            ["totalt", "till ett delnät (/24, /64)", "till en värd"],
            ["in total", "to a subnet (/24, /64)", "to a host"],
        );
        let rows = [
            (rate.total, total),
            (rate.subnet, reason(rate.subnet, allowed.subnet, of_subnet(*subnet, lang))),
            (rate.host, reason(rate.host, allowed.host, of_host(*host, lang))),
        ];
        let each = |at: usize| format!("{}/s {}: {}", rows[at].0, words[at], rows[at].1);
        [each(0), each(1), each(2)]
    }
}

const fn of_subnet(why: Ceiling, lang: Lang) -> &'static str {
    match why {
        Ceiling::Written => lang.of("subnet_rate i mandatet", "subnet_rate of the scope"),
        Ceiling::AsRate | Ceiling::Standard => lang
            .of("som totalt, eftersom subnet_rate saknas", "as in total, for want of subnet_rate"),
    }
}

const fn of_host(why: Ceiling, lang: Lang) -> &'static str {
    match why {
        Ceiling::Written => lang.of("host_rate i mandatet", "host_rate of the scope"),
        Ceiling::AsRate => lang.of(
            "som totalt, eftersom rate är skriven och host_rate saknas",
            "as in total, since rate is written and host_rate is not",
        ),
        Ceiling::Standard => lang.of(
            "standard, eftersom varken rate eller host_rate är skriven",
            "the default, since neither rate nor host_rate is written",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(rates: &str, wish: Option<u32>) -> [String; 3] {
        let text = format!(
            "[scan]\nscope = ['10.77.0.0/16']\nauthorised_by = 'A'\nvalid_until = '2999-12-31'\n{rates}"
        );
        Ceilings::of(&mut Scope::read(&text).unwrap().unwrap(), wish, Lang::En).words(Lang::En)
    }

    #[test]
    fn each_ceiling_is_told_with_its_reason() {
        let host = |rates, wish| words(rates, wish)[2].clone();
        let standard = "40/s to a host: the default, since neither rate nor host_rate is written";
        assert_eq!(host("", None), standard);
        let as_rate = "5000/s to a host: as in total, since rate is written and host_rate is not";
        assert_eq!(host("rate = 5000\n", None), as_rate);
        assert_eq!(
            host("rate = 5000\nhost_rate = 9\n", None),
            "9/s to a host: host_rate of the scope"
        );
        assert_eq!(host("rate = 5000\n", Some(100)), "100/s to a host: lowered by --rate");
        assert_eq!(host("", Some(100)), standard, "a wish that is no lower changes nothing");
        let subnet = &words("rate = 5000\nsubnet_rate = 9000\n", None)[1];
        assert_eq!(subnet, "5000/s to a subnet (/24, /64): subnet_rate of the scope");
    }
}
