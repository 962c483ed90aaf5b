//! The text as a tree of commands: indentation, banners, certificates, prompts, comments.
//!
//! Every line that is no command gets its state here.

use super::reasons;
use portvakt_model::Span;

use crate::build::Build;
use crate::lines::Line;

/// A configuration as commands, in file order. A block is a command with those indented under it.
pub(super) struct Config<'a> {
    text: &'a str,
    words: Vec<&'a str>,
    entries: Vec<Entry>,
    /// The host name that a terminal prompt shows.
    pub(super) prompt: Option<&'a str>,
    /// Lines where banners that are shown before login begin.
    pub(super) banners: Vec<u32>,
    /// Lines where private keys begin.
    pub(super) private_keys: Vec<u32>,
    /// Whether there are headers of `show running-config`.
    pub(super) has_header: bool,
}

struct Entry {
    line: u32,
    start: u32,
    len: u32,
    indent: u32,
    words: (u32, u32),
    /// Index after the last command of the block.
    end: u32,
    no: bool,
}

/// One command.
#[derive(Clone, Copy)]
pub(super) struct Command<'c, 'a> {
    config: &'c Config<'a>,
    index: u32,
}

impl<'c, 'a> Command<'c, 'a> {
    /// Its words, without a leading `no`.
    pub(super) fn words(&self) -> &'c [&'a str] {
        let (from, to) = self.entry().words;
        &self.config.words[from as usize..to as usize]
    }

    /// Whether it begins with `no`.
    pub(super) fn no(&self) -> bool {
        self.entry().no
    }

    /// Its line, from 1.
    pub(super) fn number(&self) -> u32 {
        self.entry().line
    }

    /// Its line.
    pub(super) fn line(&self) -> Line<'a> {
        let e = self.entry();
        let text = &self.config.text[e.start as usize..(e.start + e.len) as usize];
        Line { number: e.line, start: e.start, text }
    }

    /// What follows the first `skip` words, as written.
    pub(super) fn rest(&self, skip: usize) -> &'a str {
        let Some(word) = self.words().get(skip) else { return "" };
        let line = self.line();
        let at = offset(line.text, word);
        line.text[at..].trim_end()
    }

    /// The place of a word or of a part of the line.
    pub(super) fn span(&self, part: &str) -> Span {
        let start = self.entry().start + offset(self.line().text, part) as u32;
        start..start + part.len() as u32
    }

    /// The commands directly under it.
    pub(super) fn children(&self) -> impl Iterator<Item = Command<'c, 'a>> + use<'c, 'a> {
        self.config.range(self.index + 1, self.entry().end)
    }

    /// All commands under it, at any depth.
    pub(super) fn below(&self) -> impl Iterator<Item = Command<'c, 'a>> + use<'c, 'a> {
        let config = self.config;
        (self.index + 1..self.entry().end).map(move |index| Command { config, index })
    }

    fn entry(&self) -> &'c Entry {
        &self.config.entries[self.index as usize]
    }
}

/// Where `part`, a slice of `whole`, begins in it; the end when it is no slice of it.
fn offset(whole: &str, part: &str) -> usize {
    let at = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
    at.min(whole.len())
}

impl<'a> Config<'a> {
    /// Reads a text; comments, banners, certificates and headers get their states.
    pub(super) fn read(text: &'a str, build: &mut Build<'_>) -> Self {
        Reader::new(text, build).read()
    }

    /// The commands that stand in no block.
    pub(super) fn top(&self) -> impl Iterator<Item = Command<'_, 'a>> {
        self.range(0, self.entries.len() as u32)
    }

    fn range(&self, from: u32, to: u32) -> impl Iterator<Item = Command<'_, 'a>> + use<'_, 'a> {
        let mut at = from;
        std::iter::from_fn(move || {
            let command = (at < to).then_some(Command { config: self, index: at })?;
            at = command.entry().end;
            Some(command)
        })
    }
}

struct Reader<'a, 'b, 'c> {
    config: Config<'a>,
    build: &'b mut Build<'c>,
    /// Open blocks: indices of entries.
    open: Vec<u32>,
    /// Delimiters that are known not to come again.
    unended: Vec<&'a str>,
    flat: bool,
    /// Whether the lines are output of a command that is not read.
    foreign: bool,
}

impl<'a, 'b, 'c> Reader<'a, 'b, 'c> {
    fn new(text: &'a str, build: &'b mut Build<'c>) -> Self {
        let config = Config {
            text,
            words: Vec::new(),
            entries: Vec::new(),
            prompt: None,
            banners: Vec::new(),
            private_keys: Vec::new(),
            has_header: false,
        };
        let flat = !text.lines().any(|l| l.starts_with([' ', '\t']));
        Self { config, build, open: Vec::new(), unended: Vec::new(), flat, foreign: false }
    }

    fn read(mut self) -> Config<'a> {
        let mut lines = crate::lines::Lines::new(self.config.text);
        while let Some(line) = lines.next() {
            let end = self.line(line);
            while end.is_some_and(|end| line.start + (line.text.len() as u32) < end) {
                let Some(inner) = lines.next() else { break };
                self.build.neutral(inner.number);
                crate::secrets::redact_suspicious(inner, self.build);
                if inner.start + inner.text.len() as u32 >= end.unwrap_or(0) {
                    break;
                }
            }
        }
        let count = self.config.entries.len() as u32;
        self.close(0, count);
        self.config
    }

    /// Takes a line. Returns the offset up to which the text belongs to it (a banner).
    fn line(&mut self, line: Line<'a>) -> Option<u32> {
        let body = line.text.trim();
        if body.is_empty() || body.starts_with('!') {
            self.comment(line, body);
            return None;
        }
        if let Some((host, said)) = prompt(line.text) {
            self.prompt(line, host, said);
            return None;
        }
        if self.foreign {
            self.build.unsupported(line.number, reasons::OTHER_OUTPUT);
            crate::secrets::redact_suspicious(line, self.build);
            return None;
        }
        if is_header(body) {
            self.config.has_header = true;
            self.build.neutral(line.number);
            return None;
        }
        if let Some(end) = self.armoured(line, body) {
            return Some(end);
        }
        self.command(line);
        let end = self.banner(line, body)?;
        crate::secrets::redact_suspicious(line, self.build);
        self.build.used(line.number);
        Some(end)
    }

    fn comment(&mut self, line: Line<'a>, body: &str) {
        if self.flat && body == "!" {
            let count = self.config.entries.len() as u32;
            self.close(0, count);
        }
        if !self.foreign {
            self.build.neutral(line.number);
            crate::secrets::redact_suspicious(line, self.build);
        } else if body.is_empty() {
            self.build.neutral(line.number);
        } else {
            self.build.unsupported(line.number, reasons::OTHER_OUTPUT);
        }
    }

    fn prompt(&mut self, line: Line<'a>, host: &'a str, said: &str) {
        self.build.neutral(line.number);
        self.config.prompt.get_or_insert(host);
        if let Some(what) = said.strip_prefix("sh").and_then(|s| s.split_once(' ')) {
            const READ: [&str; 6] = ["run", "start", "conf", "access-l", "ip access-l", "ipv6 acc"];
            let what = what.1.trim();
            self.foreign = !READ.iter().any(|r| what.starts_with(r) || what.contains("running"));
        }
    }

    fn command(&mut self, line: Line<'a>) {
        let from = self.config.words.len() as u32;
        let mut words = line.text.split_ascii_whitespace().peekable();
        let no = words.next_if_eq(&"no").is_some();
        self.config.words.extend(words);
        let to = self.config.words.len() as u32;
        let indent = self.indent(line, from as usize);
        let index = self.config.entries.len() as u32;
        self.close(indent, index);
        self.config.entries.push(Entry {
            line: line.number,
            start: line.start,
            len: line.text.len() as u32,
            indent,
            words: (from, to),
            end: index + 1,
            no,
        });
        self.open.push(index);
    }

    /// How deep the line stands. Entries of access lists that have lost their indentation, and all
    /// lines of a file that has lost it, go under the command that opened the block.
    fn indent(&self, line: Line<'a>, from: usize) -> u32 {
        let indent = line.indent() as u32;
        let words = &self.config.words[from..];
        let Some(&root) = self.open.first() else { return indent };
        let root = &self.config.entries[root as usize];
        let head = &self.config.words[root.words.0 as usize..root.words.1 as usize];
        if matches!((head, words), (["interface", ..], ["interface", ..])) {
            return 0;
        }
        let entry_of_list = indent == 0 && opens_list(head) && is_list_entry(words);
        let inside = self.flat && opens_block(head) && !opens_block(words) && words != ["end"];
        indent.max(u32::from(entry_of_list || inside))
    }

    /// Closes blocks that are at least as deep as `indent`; `index` is the next command's.
    fn close(&mut self, indent: u32, index: u32) {
        while let Some(&last) = self.open.last() {
            let entry = &mut self.config.entries[last as usize];
            if entry.indent < indent {
                break;
            }
            entry.end = index;
            self.open.pop();
        }
    }

    /// A text between delimiters: where it ends, when the line begins one.
    fn banner(&mut self, line: Line<'a>, body: &'a str) -> Option<u32> {
        let (before_login, text) = banner_text(body)?;
        if before_login {
            self.config.banners.push(line.number);
        }
        let (delimiter, text) = delimiter(text)?;
        self.find(line.start as usize + offset(line.text, text), delimiter)
    }

    /// Where the next `mark` after `from` ends. One that was sought in vain is not sought again, so
    /// that the text is not read over and over.
    fn find(&mut self, from: usize, mark: &'a str) -> Option<u32> {
        if self.unended.contains(&mark) || self.unended.len() > 8 {
            return None;
        }
        let rest = &self.config.text.as_bytes()[from..];
        let found = memchr::memmem::find(rest, mark.as_bytes());
        if found.is_none() {
            self.unended.push(mark);
        }
        found.map(|n| (from + n + mark.len()) as u32)
    }

    /// Certificates and keys in hexadecimal or PEM: where they end.
    fn armoured(&mut self, line: Line<'a>, body: &str) -> Option<u32> {
        let after = line.start as usize + line.text.len();
        let last = if body.starts_with("-----BEGIN") {
            "-----END"
        } else if is_hex_line(body) && self.in_certificate() {
            "quit"
        } else {
            return None;
        };
        let end = self.find(after, last)?;
        self.build.neutral(line.number);
        if body.contains("PRIVATE KEY") {
            self.config.private_keys.push(line.number);
        }
        Some(end)
    }

    fn in_certificate(&self) -> bool {
        let Some(&last) = self.open.last() else { return false };
        let (from, to) = self.config.entries[last as usize].words;
        let words = &self.config.words[from as usize..to as usize];
        matches!(words, ["certificate" | "key-string" | "key-hash", ..])
            || matches!(words, ["crypto", "pki" | "ca", ..])
    }
}

fn is_hex_line(body: &str) -> bool {
    body.split(' ').all(|w| w.len() >= 2 && w.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_header(body: &str) -> bool {
    const HEADERS: [&str; 9] = [
        "Building configuration",
        "Current configuration",
        "Using ",
        "Configuration of Partition",
        "Load for five secs",
        "Time source is",
        "No time source",
        "Startup configuration",
        "Last configuration change",
    ];
    HEADERS.iter().any(|h| body.starts_with(h))
}

/// `host#show running-config`: the host and what is said after the prompt.
fn prompt(text: &str) -> Option<(&str, &str)> {
    let at = text.find(['#', '>'])?;
    let (host, said) = (&text[..at], text[at + 1..].trim());
    let host = host.split_once('(').map_or(host, |(name, _)| name);
    let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '/' | ':');
    (!host.is_empty() && host.len() < 80 && host.chars().all(good)).then_some((host, said))
}

/// Whether the banner is shown before login, and what follows its name.
fn banner_text(body: &str) -> Option<(bool, &str)> {
    const TEXTS: [(&str, bool); 11] = [
        ("banner login ", true),
        ("banner motd ", true),
        ("banner exec ", false),
        ("banner incoming ", false),
        ("banner prompt-timeout ", false),
        ("banner slip-ppp ", false),
        ("banner text ", false),
        ("aaa authentication banner ", true),
        ("aaa authentication fail-message ", false),
        ("vacant-message ", false),
        ("refuse-message ", false),
    ];
    let (stem, before) = TEXTS.iter().find(|(stem, _)| body.starts_with(stem))?;
    Some((*before, body[stem.len()..].trim_start()))
}

/// The delimiter of a banner (`^C` stands for one character) and what follows it.
fn delimiter(text: &str) -> Option<(&str, &str)> {
    let len = match text.strip_prefix("^C") {
        Some(_) => 2,
        None => text.chars().next()?.len_utf8(),
    };
    Some(text.split_at(len))
}

/// Whether the command opens an access list, in a configuration or in `show access-lists`.
fn opens_list(words: &[&str]) -> bool {
    matches!(
        words,
        ["ip" | "ipv6", "access-list", ..] | ["Standard" | "Extended" | "IPv6" | "Reflexive", ..]
    )
}

fn is_list_entry(words: &[&str]) -> bool {
    let words = match words {
        [number, rest @ ..] if number.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => words,
    };
    matches!(words, ["permit" | "deny" | "remark" | "evaluate" | "dynamic", ..])
}

/// Whether the command opens a block, for files that have lost their indentation.
fn opens_block(words: &[&str]) -> bool {
    const OPENERS: [&str; 20] = [
        "interface",
        "router",
        "line",
        "vlan",
        "class-map",
        "policy-map",
        "route-map",
        "object-group",
        "time-range",
        "zone",
        "zone-pair",
        "wlan",
        "archive",
        "control-plane",
        "redundancy",
        "wireless",
        "ap",
        "crypto",
        "radius",
        "tacacs",
    ];
    let pair = matches!(
        words,
        ["key", "chain", ..]
            | ["vrf", "definition", ..]
            | ["ip", "vrf", ..]
            | ["dot11", "ssid", ..]
            | ["aaa", "group", ..]
            | ["ip", "dhcp", "pool", ..]
    );
    pair || opens_list(words) || words.first().is_some_and(|w| OPENERS.contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use portvakt_model::SourceId;

    fn tree(text: &str) -> Vec<(String, usize)> {
        let context = Context::default();
        let mut build = Build::new(SourceId(0), "cisco-ios", text.lines().count() as u32, &context);
        let config = Config::read(text, &mut build);
        config.top().map(|c| (c.words().join(" "), c.below().count())).collect()
    }

    fn top(text: &str) -> Vec<String> {
        tree(text).into_iter().map(|(words, _)| words).collect()
    }

    #[test]
    fn banners_end_where_their_delimiter_stands() {
        assert_eq!(
            top("banner login ^Cone ! line^C\nhostname a"),
            ["banner login ^Cone ! line^C", "hostname a"]
        );
        assert_eq!(
            top("banner motd #\ninterface x\n shut # rest\nhostname a"),
            ["banner motd #", "hostname a"]
        );
        assert_eq!(top("banner exec \u{3}\nx\n\u{3}\nhostname a").len(), 2);
    }

    #[test]
    fn a_banner_without_an_end_is_one_line() {
        assert_eq!(top("banner motd #\nhostname a\nbanner exec $\nversion 15.2").len(), 4);
    }

    #[test]
    fn separators_stand_inside_lists() {
        let text = "ip access-list extended A\n permit ip any any\n!\n deny ip any any\nend";
        assert_eq!(tree(text), [("ip access-list extended A".into(), 2), ("end".into(), 0)]);
    }

    #[test]
    fn lists_without_indentation_keep_their_entries() {
        let text = " x\nip access-list standard 5\npermit any\n10 deny any\nremark y\nhostname a";
        assert_eq!(
            tree(text)[1..],
            [("ip access-list standard 5".into(), 3), ("hostname a".into(), 0)]
        );
    }

    #[test]
    fn interfaces_never_stand_in_interfaces() {
        let text = "interface a\n shutdown\n interface b\n shutdown";
        assert_eq!(tree(text), [("interface a".into(), 1), ("interface b".into(), 1)]);
    }

    #[test]
    fn prompts_are_no_commands() {
        assert_eq!(prompt("core-sw1(config)#interface x"), Some(("core-sw1", "interface x")));
        assert_eq!(prompt("description a # b"), None);
        assert_eq!(prompt("#"), None);
    }
}
