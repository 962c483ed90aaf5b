//! What is recognised and not modelled, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const ELEMENT_DELETION: &Message = &Message {
    sv: "borttagning av enskilda element följs inte",
    en: "the deletion of single elements is not followed",
};

pub(super) const HOOK: &Message =
    &Message { sv: "den här kroken räknas inte in", en: "this hook is not modelled" };

pub(super) const PLACE: &Message = &Message {
    sv: "en regels plats efter handtag eller nummer följs inte",
    en: "the place of a rule by handle or index is not followed",
};

pub(super) const INCLUDED: &Message = &Message {
    sv: "filen som läses in härifrån läses inte",
    en: "the included file is not read",
};

pub(super) const DELETED: &Message = &Message {
    sv: "vad som tas bort här via sitt handtag följs inte",
    en: "what is deleted here by its handle is not followed",
};
