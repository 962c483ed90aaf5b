//! What may be wrong with results of scans, in the words that a reader gets.

use portvakt_model::Message;

/// All of them, those that begin with a name last.
pub(crate) const ALL: &[&Message] = &[
    NOT_KNOWN,
    EMPTY,
    TOO_LARGE,
    BINARY,
    UNKNOWN_RECORD,
    NO_OBJECT,
    ENDS,
    CUT_SHORT,
    NO_PORTS,
    NO_ADDRESS,
    NO_TIMESTAMP,
    NO_TIME,
    ENTITIES,
    NO_XML,
    ASKED,
    UNFINISHED,
    HOST_ADDRESS,
    PORT,
    MORE,
    RECORD,
];

pub(super) const NOT_KNOWN: &Message = &Message {
    sv: "är ingen skanning som läses; ge JSON från portvakt eller masscan, XML från nmap, JSONL från naabu eller tlsx",
    en: "is no scan that is read; give portvakt or masscan JSON, nmap XML, naabu or tlsx JSONL",
};

pub(super) const EMPTY: &Message = &Message { sv: "är tom", en: "is empty" };

pub(super) const TOO_LARGE: &Message =
    &Message { sv: "är större än 2 GiB; dela filen", en: "is larger than 2 GiB; split it" };

pub(super) const BINARY: &Message = &Message {
    sv: "är inte text; spara skanningen som XML eller JSON",
    en: "is not text; save the scan as XML or JSON",
};

pub(super) const MORE: &Message = &Message {
    sv: "{name} fel till av samma slag sägs inte",
    en: "{name} more faults like these are not told",
};

pub(super) const UNKNOWN_RECORD: &Message = &Message {
    sv: "är en post av okänt slag, och utelämnades",
    en: "is a record of no known kind, and was left out",
};

pub(super) const RECORD: &Message = &Message {
    sv: "JSON-läsaren säger ”{name}”; posten utelämnades",
    en: "{name}; the record was left out",
};

pub(super) const NO_OBJECT: &Message = &Message {
    sv: "ett JSON-objekt väntades; raden utelämnades",
    en: "a JSON object was expected; the line was left out",
};

pub(super) const ENDS: &Message = &Message { sv: "filen slutar här", en: "the file ends here" };

pub(super) const CUT_SHORT: &Message = &Message {
    sv: "posten är avklippt: filen slutar inuti den; det som står före är läst",
    en: "the record is cut short: the file ends inside it; what stands before was read",
};

pub(super) const NO_PORTS: &Message =
    &Message { sv: "har inga portar som kan läsas", en: "has no ports that can be read" };

pub(super) const NO_ADDRESS: &Message = &Message {
    sv: "saknar adress; posten utelämnades",
    en: "has no address; the record was left out",
};

pub(super) const NO_TIMESTAMP: &Message = &Message {
    sv: "saknar tid; dess TLS utelämnades",
    en: "has no timestamp; its TLS was left out",
};

pub(super) const NO_TIME: &Message = &Message {
    sv: "säger inte när den sågs; slutpunkten utelämnades",
    en: "does not say when it was seen; the endpoint was left out",
};

pub(super) const ENTITIES: &Message = &Message {
    sv: "definierar entiteter, vilket ingen skanning gör; filen lästes inte",
    en: "declares entities, which no scan does; the file was not read",
};

pub(super) const NO_XML: &Message = &Message {
    sv: "är inte XML härifrån (XML-läsaren säger ”{name}”); det som står före är läst, och körningen räknas som ofullbordad",
    en: "is no XML from here on ({name}); what stands before was read, and the run counts as unfinished",
};

pub(super) const ASKED: &Message = &Message {
    sv: "listan över portar som frågades kan inte läsas",
    en: "the list of ports that were asked cannot be read",
};

pub(super) const UNFINISHED: &Message = &Message {
    sv: "filen slutar före sin sista tagg: körningen räknas som ofullbordad",
    en: "the file ends before its last tag: the run counts as unfinished",
};

pub(super) const HOST_ADDRESS: &Message = &Message {
    sv: "är ingen adress; värden utelämnades",
    en: "is no address; its host was left out",
};

pub(super) const PORT: &Message = &Message {
    sv: "är ingen port från 0 till 65535, och utelämnades",
    en: "is no port from 0 to 65535, and was left out",
};
