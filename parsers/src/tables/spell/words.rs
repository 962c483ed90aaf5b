//! Words compared without regard to case, accents, blanks and punctuation; states, yes and no.

use portvakt_model::Status;

use super::Why;

/// Lower case, accents off, letters and digits only: `Gäller t.o.m.` becomes `gallertom`.
pub(in crate::tables) fn fold(text: &str) -> String {
    folded(text).collect()
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).filter_map(plain)
}

/// Whether a text, folded, is one of a list with blanks between.
fn is_among(text: &str, list: &str) -> bool {
    list.split_ascii_whitespace().any(|one| folded(text).eq(one.chars()))
}

fn plain(c: char) -> Option<char> {
    Some(match c {
        'å' | 'ä' | 'à' | 'á' | 'â' | 'æ' => 'a',
        'ö' | 'ø' | 'ó' | 'ò' => 'o',
        'é' | 'è' | 'ë' | 'ê' => 'e',
        'ü' => 'u',
        // A combining mark is no letter: decomposed `ä` folds as the composed one does.
        _ if c.is_alphanumeric() => c,
        _ => return None,
    })
}

/// Whether a folded word is one of a list with blanks between.
pub(in crate::tables) fn among(word: &str, list: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// What a status word says. `decided` tells whether the row names who decided and when: an urgent
/// opening is in force only from then on.
pub(in crate::tables) fn status(text: &str, decided: bool) -> Result<Status, Why> {
    let word = fold(text);
    let found = STATUSES.iter().find(|(_, words)| among(&word, words));
    match found {
        Some((status, _)) => Ok(*status),
        None if among(&word, URGENT) && decided => Ok(Status::Decided),
        None if among(&word, URGENT) => Ok(Status::Requested),
        None => Err(Why::new(
            "statusen förstås inte; skriv utkast, begärd, granskad, beslutad, avslagen, införd, \
             verifierad, omprövning, förlängd, utgången, borttagen, återkallad eller avvecklad",
            "the status is not understood; write draft, requested, reviewed, approved, rejected, \
             implemented, verified, recertification, extended, expired, removed, withdrawn or \
             decommissioned",
        )),
    }
}

/// A decision that is being reviewed covers nothing until it has been extended.
const STATUSES: [(Status, &str); 5] = [
    (Status::Decided, DECIDED),
    (Status::Requested, REQUESTED),
    (Status::Refused, REFUSED),
    (Status::Ended, ENDED),
    (Status::Decommissioned, DECOMMISSIONED),
];

const REFUSED: &str = "avslagen avslaget avslag nekad nekat rejected refused denied declined";

// Words that a case system uses for the case and not for the opening (open, closed, review) are
// left out: they would be taken for a decision or for the end of one.

const DECIDED: &str = "beslutad beslutat godkand godkant beviljad beviljat inford infort implementerad \
     implementerat oppnad oppnat verifierad verifierat forlangd forlangt aktiv aktivt giltig \
     giltigt gallande galler idrift decided approved granted implemented verified extended \
     renewed active valid inforce live";

const REQUESTED: &str = "utkast begard begart ny nytt inkommen granskad granskat granskas undergranskning vantar \
     vantande vantarpabeslut underberedning remiss omprovning omprovas underomprovning draft \
     requested new submitted reviewed pending waiting recertification";

const ENDED: &str = "utgangen utganget utgatt borttagen borttaget aterkallad aterkallat upphord upphort upphavd \
     upphavt ogiltig ogiltigt inaktiv makulerad makulerat ersatt expired removed deleted revoked \
     withdrawn ended inactive cancelled canceled replaced superseded";

const DECOMMISSIONED: &str = "avvecklad avvecklat nedlagd nedlagt utfasad utfasat decommissioned";

const URGENT: &str = "akut bradskande emergency urgent";

/// Whether a kind of change or an action word means that nothing is opened (*borttag*, *neka*).
pub(in crate::tables) fn closes(text: &str) -> bool {
    is_among(text, CLOSING)
}

const CLOSING: &str = "borttag borttagning tabort avveckling stangning stang neka nekas blockera blockeras sparr \
     remove removal delete close deny drop block reject blocked decommission";

/// `ja`, `nej` and their likes.
pub(in crate::tables) fn yes_no(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "ja" | "j" | "yes" | "y" | "true" | "sant" | "x" | "1" | "pa" | "on" => Some(true),
        "nej" | "n" | "no" | "false" | "falskt" | "0" | "av" | "off" => Some(false),
        _ => None,
    }
}

/// Whether a text stands for every address: what anyone on the internet may use, anyone may.
pub(in crate::tables) fn is_everywhere(text: &str) -> bool {
    text.trim() == "*" || is_among(text, EVERYWHERE)
}

const EVERYWHERE: &str = "alla any all allt samtliga valfri internet helainternet internetalla allaadresser \
     anyinternet everywhere overallt allainternet fraininternet";

/// Whether a cell says that there is nothing: a dash, *ingen*, *saknas*.
pub(in crate::tables) fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    text.chars().all(|c| matches!(c, '-' | '–' | '—' | '.' | '?' | '/')) || is_among(text, NOTHING)
}

const NOTHING: &str = "ingen inget inga saknas na ejaktuellt none null";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fold_to_their_letters() {
        assert_eq!(fold("Gäller t.o.m."), "gallertom");
        assert_eq!(fold("BESTÄLLARE_roll"), "bestallareroll");
        assert_eq!(fold("a\u{308}gare"), "agare");
        assert_eq!(fold("Käll-IP"), "kallip");
    }

    #[test]
    fn tables_hold_folded_words() {
        let lists = STATUSES.map(|(_, words)| words);
        let all = lists.into_iter().chain([URGENT, CLOSING, EVERYWHERE, NOTHING]);
        for word in all.flat_map(str::split_whitespace) {
            assert_eq!(fold(word), word);
        }
    }

    #[test]
    fn each_state_of_a_decisions_life_is_known() {
        let of = |text| status(text, true).unwrap();
        for text in ["beslutad", "Införd", "verifierad", "förlängd", "Approved"] {
            assert_eq!(of(text), Status::Decided, "{text}");
        }
        for text in ["utkast", "begärd", "granskad", "omprövning", "pending"] {
            assert_eq!(of(text), Status::Requested, "{text}");
        }
        for text in ["utgången", "borttagen", "återkallad", "revoked"] {
            assert_eq!(of(text), Status::Ended, "{text}");
        }
        assert_eq!(of("Avvecklad"), Status::Decommissioned);
        assert_eq!(of("avslagen"), Status::Refused);
        for text in ["kanske", "öppen", "closed", "review"] {
            assert!(status(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn an_urgent_opening_is_in_force_once_decided() {
        assert_eq!(status("akut", true), Ok(Status::Decided));
        assert_eq!(status("akut", false), Ok(Status::Requested));
    }

    #[test]
    fn closing_is_not_opening() {
        assert!(closes("Ta bort") && closes("deny"));
        assert!(!closes("ny") && !closes("Tillåt") && !closes("förlängning"));
    }
}
