//! Which way a decision opens.

use super::Why;
use super::words::{among, fold};

/// Which side opens the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tables) enum Direction {
    /// From the external to the internal side.
    In,
    /// From the internal to the external side.
    Out,
    /// Either.
    Both,
}

/// Reads a cell of directions.
pub(in crate::tables) fn read(text: &str) -> Result<Direction, Why> {
    let word = fold(&arrows(text));
    let found = WORDS.iter().find(|(_, words)| among(&word, words));
    found.map(|(direction, _)| *direction).ok_or_else(|| {
        Why::new(
            "riktningen förstås inte; skriv inkommande, utgående eller båda",
            "the direction is not understood; write inbound, outbound or both",
        )
    })
}

/// Arrows as words; a double arrow first, for a single one is part of it.
fn arrows(text: &str) -> String {
    let replace = |text: String, arrows: &[&str], word| {
        arrows.iter().fold(text, |text, arrow| text.replace(arrow, word))
    };
    let text = replace(text.to_owned(), &["<-->", "<->", "<=>", "<>", "↔", "⇄"], " both ");
    replace(text, &["-->", "->", "=>", "→", ">"], " till ")
}

const WORDS: &[(Direction, &str)] = &[
    (
        Direction::In,
        "in inkommande inat ingaende inbound incoming ingress utifran utifranochin \
         externttillinternt externtillintern externtointernal externaltointernal \
         externaltillinternal franexternttillinternt",
    ),
    (
        Direction::Out,
        "ut utgaende utat out outbound outgoing egress inifran inifranochut internttillexternt \
         interntillextern internaltoexternal internaltillexternal franinternttillexternt",
    ),
    (
        Direction::Both,
        "bada badariktningar badariktningarna badahall inut utin inochut utochin \
         inkommandeochutgaende utgaendeochinkommande inkommandeutgaende utgaendeinkommande \
         dubbelriktad dubbelriktat tvavags both bidirectional bidir inandout inout \
         inboundoutbound internbothextern interntbothexternt externbothintern externtbothinternt",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_both_ways() {
        for text in
            ["in", "Inkommande", "utifrån", "extern → intern", "Externt -> internt", "inbound"]
        {
            assert_eq!(read(text), Ok(Direction::In), "{text}");
        }
        for text in ["ut", "Utgående", "intern→extern", "internt till externt", "outbound"] {
            assert_eq!(read(text), Ok(Direction::Out), "{text}");
        }
        for text in
            ["båda", "in/ut", "In och ut", "dubbelriktad", "bidirectional", "intern <-> extern"]
        {
            assert_eq!(read(text), Ok(Direction::Both), "{text}");
        }
        for text in ["", "klient till server", "nord", "?"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tables_hold_folded_words() {
        for word in WORDS.iter().flat_map(|(_, words)| words.split_whitespace()) {
            assert_eq!(fold(word), word);
        }
    }
}
