//! What may be wrong with a site file, in the words that a reader gets.

use portvakt_model::Message;

pub(super) const TOML: &Message =
    &Message { sv: "TOML-läsaren säger ”{said}”", en: "{said}" };

pub(super) const ADDRESS: &Message = &Message {
    sv: "”{name}” är ingen adress och inget prefix; skriv till exempel 10.0.0.0/8",
    en: "\"{name}\" is not an address or prefix, like 10.0.0.0/8",
};

pub(super) const INTERFACE: &Message = &Message {
    sv: "”{name}” är inte enhet:gränssnitt; skriv till exempel fw-edge:port1",
    en: "\"{name}\" is not device:interface, like fw-edge:port1",
};

pub(super) const SERVICE: &Message = &Message {
    sv: "”{name}” är ingen tjänst; skriv till exempel ”tcp 443” eller ”udp 8000-8010”",
    en: "\"{name}\" is not a service, like \"tcp 443\" or \"udp 8000-8010\"",
};

pub(super) const KIND: &Message = &Message {
    sv: "okänt slag ”{name}”; något av {known}",
    en: "unknown kind \"{name}\"; one of {known}",
};

pub(super) const SAME_NAME: &Message =
    &Message { sv: "två zoner heter ”{name}”", en: "two zones are named \"{name}\"" };

pub(super) const OBSERVATION: &Message = &Message {
    sv: "en observation är en fil, som ”scan.json” eller { file = ”scan.xml”, from = ”sensorns zon” }",
    en: "an observation is a file, like \"scan.json\" or { file = \"scan.xml\", from = \"zone of the sensor\" }",
};

pub(super) const NO_ZONE: &Message =
    &Message { sv: "ingen zon heter ”{name}”", en: "no zone is named \"{name}\"" };

pub(super) const NO_ZONE_OR_KIND: &Message = &Message {
    sv: "ingen zon heter ”{name}”, och det är inget slag",
    en: "no zone is named \"{name}\", and it is no kind",
};

pub(super) const PARAMETER: &Message = &Message {
    sv: "okänd parameter ”{name}”; kända är {known}",
    en: "unknown parameter \"{name}\"; known are {known}",
};

pub(super) const PARAMETER_VALUE: &Message = &Message {
    sv: "en parameter är ett tal, true eller false, eller en lista av texter",
    en: "a parameter is a number, true or false, or a list of texts",
};

pub(super) const COLUMN: &Message = &Message {
    sv: "ingen tabell har ett fält som heter ”{name}”; skriv fält = ”eget namn”, som giltig_till = ”Slutar gälla”",
    en: "no table has a field called \"{name}\"; write it as field = \"own name\", like giltig_till = \"Slutar gälla\"",
};
