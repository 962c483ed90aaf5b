//! What is recognised and not modelled, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const UNCLOSED: &Message = &Message {
    sv: "ett citattecken i en cell avslutas aldrig",
    en: "a quoted cell is never closed",
};

pub(super) const COLUMNS: &Message =
    &Message { sv: "mer än 256 kolumner", en: "more than 256 columns" };

pub(super) const NO_HEADER: &Message = &Message {
    sv: "bladet har ingen rad med kända kolumnnamn och läses inte",
    en: "the sheet has no row of known column names: it is not read",
};

pub(super) const COLUMN: &Message = &Message {
    sv: "en kolumn som kan begränsa raderna är inte känd",
    en: "a column that may limit the rows is not known",
};

pub(super) const ONE_CELL: &Message = &Message {
    sv: "en ensam cell: en rubrik, eller en rad som inte är ifylld",
    en: "one cell alone: a heading, or a row that is not filled in",
};

pub(super) const CELL: &Message =
    &Message { sv: "en cell på raden förstås inte", en: "a cell of the row is not understood" };

pub(super) const NO_OBJECT: &Message =
    &Message { sv: "inget objekt: det har inga nycklar", en: "not an object: it has no keys" };

pub(super) const JSON: &Message =
    &Message { sv: "filen är inte giltig JSON", en: "the file is not valid JSON" };

pub(super) const ROWS_PAST: &Message =
    &Message { sv: "rader bortom gränsen", en: "rows past the limit" };

pub(super) const TOML: &Message =
    &Message { sv: "raden är inte giltig TOML", en: "the line is not valid TOML" };

pub(super) const ROWS: &Message =
    &Message { sv: "mer än 1 000 000 rader", en: "more than 1,000,000 rows" };

pub(super) const NO_TABLE: &Message = &Message {
    sv: "en del som inte är någon av de kända tabellerna",
    en: "a part that is none of the known tables",
};

pub(super) const WORKBOOK: &Message = &Message {
    sv: "arbetsboken kan inte läsas till slutet",
    en: "the workbook cannot be read to its end",
};
