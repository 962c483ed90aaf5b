//! Why the program refuses or gives up, by the phrases that its errors are made of.

use portvakt_model::{Message, RECORDED, in_swedish};
use portvakt_scan::scope;

use crate::cli::scan::wanted::EXAMPLE;
use crate::observations::faults;
use crate::text::Lang;

/// The phrases of errors, and of what errors tell: what records say, faults of scopes and of records.
fn all() -> Vec<&'static [&'static Message]> {
    let own: [&[&Message]; 4] = [&[EXAMPLE], scope::FAULTS, faults::ALL, PHRASES];
    RECORDED.iter().copied().chain(own).collect()
}

/// What an error says, in the language of the run.
pub fn told(english: &str, lang: Lang) -> String {
    match lang {
        Lang::Sv => in_swedish(english, &all()),
        Lang::En => english.to_owned(),
    }
}

const PHRASES: &[&Message] = &[
    &Message {
        sv: "ingen regel heter ”{name}”; menades {close}?",
        en: "no rule is called \"{name}\"; did you mean {close}?",
    },
    &Message { sv: "ingen regel heter ”{name}”", en: "no rule is called \"{name}\"" },
    &Message { sv: "kan inte ersätta {file}", en: "cannot replace {file}" },
    &Message { sv: "kan inte starta skanningen", en: "cannot start the scan" },
    &Message {
        sv: "skanningen gav inget, så inget granskades; orsaken står ovan",
        en: "the scan came to nothing, so nothing was audited; it said why above",
    },
    &Message {
        sv: "inget regelpaket heter ”{id}”; det finns {known}",
        en: "no rule pack is called \"{id}\"; there are {known}",
    },
    &Message {
        sv: "regelpaketet {id} är felaktigt: ”{what}”",
        en: "the rule pack {id} is malformed: {what}",
    },
    &Message { sv: "kan inte skriva i {folder}", en: "cannot write in {folder}" },
    &Message { sv: "kan inte skriva svaret", en: "cannot write the answer" },
    &Message { sv: "kan inte skriva {file}", en: "cannot write {file}" },
    &Message { sv: "dagen finns inte", en: "no such day" },
    &Message { sv: "kan inte läsa mandatet i {file}", en: "cannot read the scope {file}" },
    &Message {
        sv: "vad en tidigare körning hittade kan inte läsas: {why}",
        en: "what an earlier run found cannot be read: {why}",
    },
    &Message {
        sv: "{file} innehåller inget certifikat som känns igen",
        en: "{file} holds no certificate that is known",
    },
    &Message { sv: "{file} innehåller inget certifikat", en: "{file} holds no certificate" },
    &Message {
        sv: "{file} berättar inte om någon TLS-slutpunkt",
        en: "{file} tells of no TLS endpoint",
    },
    &Message {
        sv: "stoppad; {open} av {all} slutpunkter är inte kända",
        en: "stopped; {open} of {all} endpoints are not known",
    },
    &Message {
        sv: "stoppad innan {name} var känd; inget är bedömt",
        en: "stopped before {name} was known; nothing was judged",
    },
    &Message {
        sv: "{name} är inte känd i sin helhet, så ingen policy kan göras av den: {doubts}",
        en: "{name} is not known whole, so that no policy can be made of it: {doubts}",
    },
    &Message {
        sv: "{file} är inget svar från `{command} --format json`",
        en: "{file} is no answer of `{command} --format json`",
    },
    &Message {
        sv: "{file} har schemat {theirs}, och bara {ours} läses: det är av ett annat kommando eller en annan version",
        en: "{file} has the schema {theirs}, and only {ours} is read: it is of another command or version",
    },
    &Message {
        sv: "{file} har ingen tabell [scan], och inget skannas utan mandat. Skriv:\n\n{example}",
        en: "{file} has no table [scan], and nothing is scanned without a scope. Write:\n\n{example}",
    },
    &Message { sv: "{file} har ingen tabell [scan]", en: "{file} has no table [scan]" },
    &Message {
        sv: "inget skannas utan mandat. Skriv ett i {file} här, eller i en fil för --scope:\n\n{example}",
        en: "nothing is scanned without a scope. Write one in {file} here, or in a file for --scope:\n\n{example}",
    },
    &Message {
        sv: "[scan] i portvakt.toml eller ange --scope FIL: {example}",
        en: "[scan] in portvakt.toml or give --scope FILE: {example}",
    },
    &Message {
        sv: "{host} nekas: {why}; inget sändes",
        en: "{host} is refused: {why}; nothing was sent",
    },
    &Message { sv: "nekat: {why}; inget sändes", en: "refused: {why}; nothing was sent" },
    &Message { sv: "kan inte vänta på signaler", en: "cannot wait for signals" },
    &Message {
        sv: "policyn {name} är felaktig: {why}",
        en: "the policy {name} is malformed: {why}",
    },
    &Message {
        sv: "ingen policy och ingen fil heter ”{name}”; det finns {known}",
        en: "no policy and no file is called \"{name}\"; there are {known}",
    },
    &Message {
        sv: "ingen policy heter ”{name}”; det finns {known}",
        en: "no policy is called \"{name}\"; there are {known}",
    },
    &Message {
        sv: "ingen kontroll heter ”{name}”; utelämna den",
        en: "no check is called \"{name}\"; leave it out",
    },
    &Message {
        sv: "”{text}” är ingen dag; skriv den som 2026-12-31",
        en: "\"{text}\" is no day; write it as 2026-12-31",
    },
    &Message {
        sv: "”{text}” är ingen version; det finns {names}",
        en: "\"{text}\" is no version; there are {names}",
    },
    &Message { sv: "policyn kan inte skrivas", en: "the policy cannot be written" },
    &Message {
        sv: "ange minst en slutpunkt: VÄRD, VÄRD:PORT eller --from FIL",
        en: "name at least one endpoint: HOST, HOST:PORT or --from FILE",
    },
    &Message { sv: "”{text}” är inget prefix", en: "\"{text}\" is no prefix" },
    &Message {
        sv: "”{text}” har fler än 2^32 adresser; ange mindre prefix, eller de värdar som är kända",
        en: "\"{text}\" has more than 2^32 addresses; name smaller prefixes, or the hosts that are known",
    },
    &Message {
        sv: "{text} har fler än {most} adresser",
        en: "{text} has more than {most} addresses",
    },
    &Message {
        sv: "”{text}” är ingen slutpunkt; skriv VÄRD, VÄRD:PORT eller [IPV6]:PORT",
        en: "\"{text}\" is no endpoint; write HOST, HOST:PORT or [IPV6]:PORT",
    },
    &Message {
        sv: "--coverage är ett JSON-dokument: lägg till --format json",
        en: "--coverage is a JSON document: add --format json",
    },
    &Message {
        sv: "ingen enhet heter {name}; det finns {known}",
        en: "no device is called {name}; there are {known}",
    },
    &Message { sv: "filen har ingen enhet", en: "no device in the file" },
    &Message {
        sv: "flera enheter; välj en med --device: {known}",
        en: "several devices; choose one with --device: {known}",
    },
    &Message {
        sv: "{device} har inget gränssnitt {name}; det finns {known}",
        en: "{device} has no interface {name}; there are {known}",
    },
    &Message {
        sv: "{device} har inget sådant gränssnitt; det finns {known}",
        en: "{device} has no such interface; there are {known}",
    },
    &Message {
        sv: "inget som lästes har en regellista; det finns inget att fråga",
        en: "nothing that was read has a list of rules; there is nothing to ask",
    },
    &Message {
        sv: "ingen lista heter så; det finns {known}",
        en: "no list is called so; there are {known}",
    },
    &Message {
        sv: "ingen lista heter {wanted}; det finns {known}",
        en: "no list is called {wanted}; there are {known}",
    },
    &Message {
        sv: "flera listor heter {wanted}: {known}",
        en: "several lists are called {wanted}: {known}",
    },
    &Message {
        sv: "{list} ser inga paket av den IP-versionen",
        en: "{list} sees no packets of that IP version",
    },
    &Message {
        sv: "”{text}” är ingen tjänst; skriv tcp/22, udp/53, icmp/8.0 eller ett protokoll",
        en: "\"{text}\" is no service; write tcp/22, udp/53, icmp/8.0 or a protocol",
    },
    &Message {
        sv: "listan ser IPv4 och IPv6; välj en av dem med --family",
        en: "the list sees IPv4 and IPv6; choose one of them with --family",
    },
    &Message {
        sv: "{count} klasser är för många att rita; ta --format json",
        en: "{count} classes are too many to draw; take --format json",
    },
    &Message {
        sv: "frågan saknas; den står sist, till exempel {example}",
        en: "the question is missing; it stands last, such as {example}",
    },
    &Message {
        sv: "ange en fil att fråga före frågan",
        en: "name a file to ask before the question",
    },
    &Message { sv: "tecken {column}: väntade {what}", en: "column {column}: expected {what}" },
    &Message {
        sv: "src=, dst=, sport=, in=, out=, state=, eller en tjänst som tcp/443",
        en: "src=, dst=, sport=, in=, out=, state=, or a service such as tcp/443",
    },
    &Message {
        sv: "en adress, ett prefix som 10.1.0.0/16, ett intervall som 10.1.0.1-10.1.0.9, eller any",
        en: "an address, a prefix such as 10.1.0.0/16, a range such as 10.1.0.1-10.1.0.9, or any",
    },
    &Message {
        sv: "en port från 0 till 65535, eller ett intervall som 1024-65535",
        en: "a port from 0 to 65535, or a range such as 1024-65535",
    },
    &Message {
        sv: "namnet på ett gränssnitt, eller any", en: "the name of an interface, or any"
    },
    &Message {
        sv: "new, established, related, untracked, invalid eller any",
        en: "new, established, related, untracked, invalid or any",
    },
    &Message { sv: "en längd från 0 till {most}", en: "a length from 0 to {most}" },
    &Message {
        sv: "den sista adressen, av samma IP-version och inte under den första",
        en: "the last address, of the same IP version and not below the first",
    },
    &Message { sv: "/ eller ordets slut", en: "/ or the end of the word" },
    &Message {
        sv: "ingen port: det här protokollet har inga",
        en: "no port: this protocol has none",
    },
    &Message { sv: "en kod från 0 till 255", en: "a code from 0 to 255" },
    &Message {
        sv: "echo-request, echo-reply, destination-unreachable, time-exceeded, eller typ/kod",
        en: "echo-request, echo-reply, destination-unreachable, time-exceeded, or type/code",
    },
    &Message {
        sv: "varje ord en gång; flera adresser står med komma emellan",
        en: "each word once; several addresses stand with commas between",
    },
    &Message {
        sv: "sport= bara vid tjänster som har portar, som tcp/443",
        en: "sport= only beside services that have ports, such as tcp/443",
    },
    &Message { sv: "src= och dst= av samma IP-version", en: "src= and dst= of one IP version" },
    &Message {
        sv: "mandatet medger högst {rate} paket i sekunden",
        en: "the scope allows {rate} packets per second at most",
    },
    &Message {
        sv: "resultaten är gjorda från olika platser: en skillnad kan bero på vägen",
        en: "the results were made from different places: a difference may be that of the way",
    },
    &Message {
        sv: "resultaten är från olika program: vad som talar på en port jämförs inte",
        en: "the results are of different programs: what speaks on a port is not compared",
    },
    &Message {
        sv: "berättar inte om några värdar och portar", en: "tells of no hosts and ports"
    },
    &Message {
        sv: "körningen som skriver {file} pågår fortfarande; stoppa den, eller vänta på att den blir klar",
        en: "the run that writes {file} still runs; stop it, or wait for its end",
    },
    &Message {
        sv: "inget sändes: körningen {run} frågade med SYN; {why}",
        en: "nothing was sent: run {run} asked with SYNs; {why}",
    },
    &Message {
        sv: "{why}; hela förbindelser öppnas i stället",
        en: "{why}; whole connections are opened instead",
    },
    &Message {
        sv: "inget sändes: rättigheterna kan inte lämnas",
        en: "nothing was sent: rights cannot be given up",
    },
    &Message { sv: "kan inte fråga med UDP", en: "cannot ask by UDP" },
    &Message {
        sv: "känsliga värdar tillfrågas inte med UDP",
        en: "fragile hosts are not asked by UDP",
    },
    &Message { sv: "kan inte öppna förbindelser", en: "cannot open connections" },
    &Message { sv: "kan inte fråga tjänster", en: "cannot ask services" },
    &Message { sv: "skanningen avbröts: {why}", en: "the scan broke off: {why}" },
    &Message { sv: "kan inte fortsätta med {file}", en: "cannot go on with {file}" },
    &Message { sv: "inget antal portar", en: "no number of ports" },
    &Message {
        sv: "{file} är borta, och med den det som körningen {run} hittade; allt frågas igen",
        en: "{file} is gone, and with it what run {run} found; all is asked again",
    },
    &Message {
        sv: "inget sändes: ingen logg kan föras i {file}; ange en annan med --record",
        en: "nothing was sent: no record can be kept in {file}; name another one with --record",
    },
    &Message {
        sv: "inget sändes: det som hittas kan inte sparas bredvid {file}; ange en logg i en annan mapp med --record",
        en: "nothing was sent: what is found cannot be kept beside {file}; name a record in another folder with --record",
    },
    &Message {
        sv: "det som hittades kunde inte sparas medan skanningen pågick, och --resume frågar det igen: {why}",
        en: "what was found could not be kept while the scan ran, and --resume asks it again: {why}",
    },
    &Message {
        sv: "svaret kunde inte skrivas: {why}",
        en: "the answer could not be written: {why}",
    },
    &Message { sv: "loggen kan inte hållas aktuell", en: "the record cannot be kept up to date" },
    &Message {
        sv: "{file} behövs inte längre: {why}", en: "{file} is of no use any more: {why}"
    },
    &Message {
        sv: "{why}; --resume {file} fortsätter härifrån",
        en: "{why}; --resume {file} goes on from here",
    },
    &Message {
        sv: "inget sändes: ingen process kan startas som behåller rätten till filerna",
        en: "nothing was sent: no process can be started that keeps the right to the files",
    },
    &Message {
        sv: "processen som har rätten till filerna är borta",
        en: "the process that has the right to the files is gone",
    },
    &Message { sv: "ingen sådan order", en: "no such order" },
    &Message {
        sv: "inget sändes: kan inte skriva {file}",
        en: "nothing was sent: cannot write {file}",
    },
    &Message {
        sv: "inget sändes; målet {target}: {why}",
        en: "nothing was sent; target {target}: {why}",
    },
    &Message {
        sv: "inget sändes: {target} har ingen adress",
        en: "nothing was sent: {target} has no address",
    },
    &Message {
        sv: "inget sändes: ingen adress är kvar att fråga: {why}",
        en: "nothing was sent: no address is left to ask: {why}",
    },
    &Message {
        sv: "inget sändes: ingen adress är kvar att fråga",
        en: "nothing was sent: no address is left to ask",
    },
    &Message { sv: "inget sändes", en: "nothing was sent" },
    &Message { sv: "{host} ligger utanför mandatet", en: "{host} is outside the scope" },
    &Message { sv: "{host} är ingen värds adress", en: "{host} is no host's address" },
    &Message { sv: "{host} är undantagen genom {prefix}", en: "{host} is excluded by {prefix}" },
    &Message {
        sv: "{host} hör till den känsliga gruppen ”{group}”, som inte skannas",
        en: "{host} belongs to the fragile group \"{group}\", which is not scanned",
    },
    &Message {
        sv: "tillståndet att skanna gick ut {day}; låt {who} förnya det; {advice}",
        en: "the leave to scan ended on {day}; have it renewed by {who}; {advice}",
    },
    &Message {
        sv: "tillståndet att skanna gick ut {day}; låt {who} förnya det",
        en: "the leave to scan ended on {day}; have it renewed by {who}",
    },
    &Message {
        sv: "klockan är {now}, och tidsfönstret är {from}–{to}",
        en: "it is {now}, and the window is {from}-{to}",
    },
    &Message {
        sv: "utelämna den, eller låt vidga `scope` i [scan]",
        en: "leave it out, or have `scope` in [scan] widened",
    },
    &Message {
        sv: "utelämna den, eller låt ändra `exclude` i [scan]",
        en: "leave it out, or have `exclude` in [scan] changed",
    },
    &Message {
        sv: "utelämna den, eller låt ändra gruppens `mode` i [scan]",
        en: "leave it out, or have the group's `mode` in [scan] changed",
    },
    &Message { sv: "utelämna den", en: "leave it out" },
    &Message {
        sv: "skriv sedan den nya dagen i `valid_until`",
        en: "then write the new day in `valid_until`",
    },
    &Message {
        sv: "börja inom det, eller låt ändra `window` i [scan]",
        en: "begin within it, or have `window` in [scan] changed",
    },
    &Message {
        sv: "”{text}” är inget intervall; den andra adressen ska komma efter den första",
        en: "\"{text}\" is no range; the second address must follow the first",
    },
    &Message {
        sv: "”{text}” är inget mål; skriv en adress, ett prefix (10.77.0.0/16), ett intervall (10.1.2.3-10.1.2.9) eller en värds namn",
        en: "\"{text}\" is no target; write an address, a prefix (10.77.0.0/16), a range (10.1.2.3-10.1.2.9) or a host's name",
    },
    &Message {
        sv: "”{text}” är en värds adress med prefixlängd; skriv {network} för nätet, eller {host} för värden",
        en: "\"{text}\" is a host's address with a prefix length; write {network} for the network, or {host} for the host",
    },
    &Message {
        sv: "rad {line} är ingen rad i en skanningslogg: {why}",
        en: "line {line} is no line of a scan's record: {why}",
    },
    &Message {
        sv: "ingen körning står i den; utelämna --resume för att börja en",
        en: "no run stands in it; leave --resume out to begin one",
    },
    &Message {
        sv: "råa socketar kräver root eller CAP_NET_RAW (setcap cap_net_raw+ep portvakt)",
        en: "raw sockets need root or CAP_NET_RAW (setcap cap_net_raw+ep portvakt)",
    },
    &Message {
        sv: "kan inte öppna paketsocketar: {why}", en: "cannot open packet sockets: {why}"
    },
    &Message {
        sv: "inga åtta TCP-portar i rad är lediga att sända från",
        en: "no eight TCP ports in a row are free to send from",
    },
    &Message {
        sv: "kan inte läsa routingtabellen: {why}",
        en: "cannot read the routing table: {why}",
    },
    &Message { sv: "allt är frågat", en: "everything was asked" },
    &Message { sv: "den stoppades", en: "it was stopped" },
    &Message {
        sv: "den här maskinen har inga socketar kvar att ansluta med; se ulimit -n",
        en: "this machine has no sockets left to connect with; see ulimit -n",
    },
    &Message { sv: "{list} har ingen lista på vägen in", en: "{list} has no list on the way in" },
    &Message { sv: "{name} står redan i filen", en: "{name} has an entry already" },
    &Message { sv: "väntade {what}, fann {found}", en: "expected {what}, found {found}" },
    &Message { sv: "filens slut", en: "the end of the file" },
    &Message {
        sv: "{name} är ett mönster; ange varje gränssnitt",
        en: "{name} is a pattern; name each interface",
    },
    &Message { sv: "namnet på ett gränssnitt", en: "the name of an interface" },
    &Message { sv: "en lista som [10.0.0.0/8]", en: "a list like [10.0.0.0/8]" },
    &Message { sv: "angett två gånger", en: "stated twice" },
    &Message {
        sv: "en adress, ett prefix som 10.0.0.0/8 eller ett intervall som 10.0.0.1-10.0.0.9",
        en: "an address, a prefix like 10.0.0.0/8 or a range like 10.0.0.1-10.0.0.9",
    },
    &Message {
        sv: "”{text}” är ingen sökväg i en revision",
        en: "\"{text}\" is no path in a revision",
    },
    &Message {
        sv: "git känner inte till någon revision ”{revision}” här; `git log` visar dem som finns",
        en: "git knows no revision \"{revision}\" here; `git log` lists those that there are",
    },
    &Message {
        sv: "revisionen {revision} har inte ”{path}”; sökvägar räknas från förrådets topp, eller med ./ från den här mappen",
        en: "revision {revision} has no \"{path}\"; paths count from the top of the repository, or with ./ from this folder",
    },
    &Message { sv: "git kan inte lista ”{text}”", en: "git cannot list \"{text}\"" },
    &Message {
        sv: "”{text}” har {count} filer, av vilka högst {most} läses",
        en: "\"{text}\" has {count} files, of which {most} at most are read",
    },
    &Message {
        sv: "kan inte köra git, som läser revisioner: är det installerat?",
        en: "cannot run git, which reads revisions: is it installed?",
    },
    &Message { sv: "git listar mer än {size}", en: "git lists more than {size}" },
    &Message { sv: "det går inte att tala med git", en: "git cannot be talked to" },
    &Message { sv: "git kan inte läsa {object}", en: "git cannot read {object}" },
    &Message { sv: "{object} är större än {size}", en: "{object} is larger than {size}" },
    &Message { sv: "git avbröt i {object}", en: "git broke off in {object}" },
    &Message { sv: "finns inte", en: "No such file or directory (os error 2)" },
    &Message { sv: "läsrätt saknas", en: "Permission denied (os error 13)" },
    &Message { sv: "är en mapp", en: "Is a directory (os error 21)" },
    &Message {
        sv: "fel vid läsning av {path}: {why}",
        en: "IO error for operation on {path}: {why}",
    },
    &Message {
        sv: "JSON-läsaren säger ”{said}” (rad {line}, tecken {column})",
        en: "{said} at line {line} column {column}",
    },
    &Message {
        sv: "nekat: {why}, vilket kräver ett skrivet mandat; skriv {how}",
        en: "refused: {why}, which needs a written scope; write {how}",
    },
    &Message { sv: "ett prefix undersöks", en: "a prefix is looked at" },
    &Message {
        sv: "--intrusive prövar andra värdar än den här",
        en: "--intrusive probes other hosts than this one",
    },
    &Message {
        sv: "fler än tio slutpunkter undersöks",
        en: "more than ten endpoints are looked at",
    },
    &Message { sv: "frågan ”{text}”: {why}", en: "the question \"{text}\": {why}" },
    &Message { sv: "{folder} är ingen mapp", en: "{folder} is not a folder" },
    &Message {
        sv: "{count} prov är fler än en skanning kan hålla reda på",
        en: "{count} probes are more than a scan can keep in mind",
    },
    &Message {
        sv: "{count} prov är fler än en UDP-skanning kan hålla reda på",
        en: "{count} probes are more than a UDP scan can keep in mind",
    },
    &Message { sv: "fler än {most} vägar", en: "more than {most} routes" },
    &Message {
        sv: "”{text}” är ingen port; skriv 22,80,443,8000-8100, eller - för alla",
        en: "\"{text}\" is no port; write 22,80,443,8000-8100, or - for all",
    },
    &Message { sv: "”{text}” går baklänges", en: "\"{text}\" runs backwards" },
    &Message { sv: "ange minst en port", en: "name at least one port" },
    &Message {
        sv: "rättigheterna som root kunde tas tillbaka",
        en: "the rights of root could be taken back",
    },
    &Message {
        sv: "den senaste körningen, {run}, gick till slutet; inget är kvar att fortsätta med. Utelämna --resume",
        en: "the last run, {run}, went through to its end; nothing is left to go on with. Leave --resume out",
    },
    &Message { sv: "{file} kan inte läsas", en: "{file} cannot be read" },
    &Message { sv: "{file} kan inte läsas: {why}", en: "{file} cannot be read: {why}" },
    &Message { sv: "{file} är större än {size}", en: "{file} is larger than {size}" },
    &Message { sv: "kan inte läsa {file}", en: "cannot read {file}" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_phrase_hides_another() {
        let with_values = |text| portvakt_model::filled(text, |_| Some("x".to_owned()));
        let is_hidden =
            |phrase: &&&Message| told(&with_values(phrase.en), Lang::Sv) != with_values(phrase.sv);
        let hidden: Vec<&str> =
            all().iter().copied().flatten().filter(is_hidden).map(|phrase| phrase.en).collect();
        assert_eq!(hidden, [""; 0]);
    }

    #[test]
    fn an_error_is_told_with_what_it_names() {
        let of = |english: &str| told(english, Lang::Sv);
        assert_eq!(of("a.txt cannot be read"), "a.txt kan inte läsas");
        assert_eq!(
            of("nothing was sent; target x: 10.1.0.1 is outside the scope; leave it out"),
            "inget sändes; målet x: 10.1.0.1 ligger utanför mandatet; utelämna den"
        );
        assert_eq!(told("a.txt cannot be read", Lang::En), "a.txt cannot be read");
        let example = format!(
            "s has no table [scan], and nothing is scanned without a scope. Write:\n\n{}",
            EXAMPLE.en
        );
        assert!(of(&example).ends_with(EXAMPLE.sv), "{}", of(&example));
    }
}
