//! What is recognised and not modelled, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const SET_CHANGED: &Message =
    &Message { sv: "ändrar en mängd som redan finns", en: "changes a set that is already there" };

pub(super) const SET_TYPE: &Message = &Message {
    sv: "mängder av den här typen är kända bara till namnet",
    en: "sets of this type are known by name only",
};

pub(super) const NO_SET: &Message = &Message {
    sv: "en medlem i en mängd som inte skapas",
    en: "a member of a set that is not created",
};

pub(super) const MEMBER: &Message =
    &Message { sv: "en medlem som inte förstås", en: "a member that is not understood" };

pub(super) const LEGACY: &Message = &Message {
    sv: "regler från iptables-legacy gäller vid sidan av dessa",
    en: "rules of iptables-legacy are in force beside these",
};

pub(super) const NFT_ONLY: &Message = &Message {
    sv: "en tabell som bara nft kan visa gäller vid sidan av dessa",
    en: "a table that only nft can show is in force beside these",
};

pub(super) const RULES_CHANGED: &Message =
    &Message { sv: "ändrar regler som redan finns", en: "changes rules that are already there" };

pub(super) const RULES_REMOVED: &Message =
    &Message { sv: "tar bort regler som redan finns", en: "removes rules that are already there" };

pub(super) const TOO_MANY_INSERTED: &Message = &Message {
    sv: "för många insatta regler för att hålla ordning på",
    en: "too many inserted rules to keep their order",
};

pub(super) const UFW_CHAIN: &Message = &Message {
    sv: "en kedja i ufw som inte finns i filen",
    en: "a chain of ufw that is not in this file",
};

pub(super) const TARGET: &Message = &Message {
    sv: "ett mål som varken är känt eller en kedja",
    en: "a target that is neither known nor a chain",
};

pub(super) const WORDS: &Message = &Message {
    sv: "ord som inte är kända; regeln har en lucka",
    en: "words that are not known; the rule has a gap",
};

pub(super) const NO_PROTOCOL: &Message = &Message {
    sv: "portar eller ICMP-typer utan det protokoll som har dem",
    en: "ports or ICMP types without the protocol that has them",
};

pub(super) const NO_TCP: &Message =
    &Message { sv: "TCP-flaggor utan -p tcp", en: "TCP flags without -p tcp" };
