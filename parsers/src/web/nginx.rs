//! nginx (nginx.org/en/docs, ngx_http_ssl_module, ngx_stream_ssl_module, ngx_http_headers_module).

use portvakt_model::{Device, Fact};

use super::{Settings, hsts, version};
use crate::{Build, Head, Input, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "nginx",
    name: "nginx",
    reads: "nginx.conf, a file of sites-available or conf.d, `nginx -T`",
    understands: "TLS of each server: protocols, ciphers (OpenSSL's strings), curves, certificates' paths, HSTS; \
                  inherited settings; nothing else",
    sniff,
    parse,
};

fn sniff(head: &Head<'_>) -> Score {
    let blocks = head.lines_starting(&["server {", "server{", "http {", "http{", "stream {"]);
    let words =
        head.lines_starting(&["listen ", "server_name ", "ssl_", "location ", "proxy_pass "]);
    let ends = head.lines.iter().filter(|line| line.trim_end().ends_with(';')).count();
    match (blocks, words) {
        (0, _) | (_, 0) => Score::NO,
        _ if ends > 1 => Score(90),
        _ => Score::WEAK,
    }
}

/// Deepest nesting that is followed; what is deeper is unknown.
const DEEPEST: usize = 64;

/// A word with its line.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    line: u32,
    start: u32,
}

/// A block that is open.
struct Block {
    name: String,
    line: u32,
    settings: Settings,
    names: Vec<String>,
    tls: bool,
    /// Whether certificates and headers of the level above were replaced by some of this level.
    own_certificates: bool,
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    let mut device = Device::new(input.stem(), "nginx", build.id);
    let mut open = vec![Block::new("", 0, Settings::default())];
    let mut words: Vec<Word<'_>> = Vec::new();
    for line in input.lines().filter(|line| line.text.trim().is_empty()) {
        build.neutral(line.number);
    }
    let tokens = Tokens { text: input.text, at: 0, line: 1 };
    for token in tokens {
        match token {
            Token::Word(word) => words.push(word),
            Token::Comment(line) => build.neutral(line),
            Token::End(line) => {
                directive(&words, line, &mut open, build);
                words.clear();
            }
            Token::Open(line) => {
                begin(&words, line, &mut open, build);
                words.clear();
            }
            Token::Close(line) => {
                build.neutral(line);
                close(&mut open, &mut device);
                words.clear();
            }
        }
    }
    while open.len() > 1 {
        close(&mut open, &mut device);
    }
    build.devices.push(device);
}

impl Block {
    fn new(name: &str, line: u32, settings: Settings) -> Self {
        let name = name.to_owned();
        Self { name, line, settings, names: Vec::new(), tls: false, own_certificates: false }
    }
}

fn begin(words: &[Word<'_>], line: u32, open: &mut Vec<Block>, build: &mut Build<'_>) {
    let name = words.first().map_or("", |word| word.text);
    let known = BLOCKS.contains(&name) && open.len() < DEEPEST;
    if known {
        words.iter().map(|word| word.line).chain([line]).for_each(|line| build.used(line));
    }
    let settings = open.last().map(|block| block.settings.clone()).unwrap_or_default();
    open.push(Block::new(name, words.first().map_or(line, |w| w.line), settings));
}

fn close(open: &mut Vec<Block>, device: &mut Device) {
    if open.len() < 2 {
        return;
    }
    let Some(block) = open.pop() else { return };
    if block.name == "server" && block.tls {
        let name = if block.names.is_empty() { "_".to_owned() } else { block.names.join(" ") };
        device.tls_servers.push(block.settings.server(name, block.line));
    }
}

/// Blocks that nginx has.
const BLOCKS: [&str; 15] = [
    "http",
    "server",
    "stream",
    "mail",
    "events",
    "location",
    "upstream",
    "if",
    "map",
    "geo",
    "types",
    "limit_except",
    "split_clients",
    "match",
    "otel_exporter",
];
/// Blocks whose statements are no directives.
const TABLES: [&str; 6] = ["map", "geo", "types", "upstream", "split_clients", "match"];

fn directive(words: &[Word<'_>], last: u32, open: &mut [Block], build: &mut Build<'_>) {
    let (Some(first), Some(block)) = (words.first(), open.last_mut()) else { return };
    let args: Vec<&str> = words[1..].iter().map(|word| word.text).collect();
    let known = if TABLES.contains(&block.name.as_str()) {
        State::Neutral
    } else {
        set(first, &args, block)
    };
    if args.iter().any(|a| a.eq_ignore_ascii_case("authorization")) {
        for word in words.iter().skip(2) {
            build.redact(word.start..word.start + word.text.len() as u32);
        }
    }
    for line in first.line..=last {
        match known {
            State::Used => build.used(line),
            State::Neutral => build.neutral(line),
            State::Unread => build.unsupported(line, "another file that is not read with this one"),
            State::Unknown => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Used,
    Neutral,
    Unread,
    Unknown,
}

fn set(first: &Word<'_>, args: &[&str], block: &mut Block) -> State {
    let line = first.line;
    let one = || args.first().map(|a| Fact::explicit((*a).to_owned(), line));
    match first.text {
        "listen" => block.tls |= args.iter().any(|a| matches!(*a, "ssl" | "quic")),
        // Obsolete since 1.15.0 and gone with 1.25.1.
        "ssl" => block.tls |= args == ["on"],
        "server_name" => block.names.extend(args.iter().map(|a| (*a).to_owned())),
        "ssl_protocols" => {
            let versions: Vec<_> = args.iter().filter_map(|a| version(a)).collect();
            let whole = versions.len() == args.len();
            block.settings.versions = whole.then(|| Fact::explicit(versions, line));
            return if whole { State::Used } else { State::Unknown };
        }
        "ssl_ciphers" => block.settings.ciphers = one(),
        "ssl_ecdh_curve" => block.settings.groups = one(),
        "ssl_certificate" => {
            if !std::mem::replace(&mut block.own_certificates, true) {
                block.settings.certificates.clear();
            }
            block.settings.certificates.extend(one());
        }
        "add_header" if hsts(args).is_some() => {
            let value = hsts(args).unwrap_or_default().to_owned();
            block.settings.hsts = Some(Fact::explicit(value, line));
        }
        "include" if args.iter().any(|a| a.ends_with("mime.types")) => return State::Neutral,
        "include" => return State::Unread,
        name if is_neutral(name) => return State::Neutral,
        _ => return State::Unknown,
    }
    State::Used
}

/// Directives that say nothing of how TLS is offered, by how they begin.
fn is_neutral(name: &str) -> bool {
    const BEGIN: [&str; 38] = [
        "access_log",
        "add_header",
        "alias",
        "allow",
        "auth_",
        "client_",
        "default_type",
        "deny",
        "error_",
        "expires",
        "fastcgi_",
        "gzip",
        "http2",
        "http3",
        "index",
        "keepalive_",
        "large_client",
        "limit_",
        "log_",
        "merge_slashes",
        "multi_accept",
        "open_file",
        "pid",
        "proxy_",
        "real_ip",
        "return",
        "rewrite",
        "root",
        "send",
        "server_tokens",
        "set",
        "tcp_",
        "try_files",
        "types_",
        "uwsgi_",
        "variables_",
        "worker_",
        "use",
    ];
    const WHOLE: [&str; 19] = [
        "user",
        "charset",
        "resolver",
        "resolver_timeout",
        "ssl_certificate_key",
        "ssl_session_cache",
        "ssl_session_timeout",
        "ssl_session_tickets",
        "ssl_session_ticket_key",
        "ssl_stapling",
        "ssl_stapling_verify",
        "ssl_trusted_certificate",
        "ssl_prefer_server_ciphers",
        "ssl_dhparam",
        "ssl_buffer_size",
        "sendfile",
        "daemon",
        "load_module",
        "server_names_hash_bucket_size",
    ];
    WHOLE.contains(&name) || BEGIN.iter().any(|begin| name.starts_with(begin))
}

enum Token<'a> {
    Word(Word<'a>),
    Comment(u32),
    Open(u32),
    Close(u32),
    End(u32),
}

/// Words, braces and semicolons (nginx's own reader: `ngx_conf_read_token`).
struct Tokens<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                b'#' => {
                    let rest = &bytes[self.at..];
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    return Some(Token::Comment(self.line));
                }
                _ => break,
            }
            self.at += 1;
        }
        let (line, start) = (self.line, self.at);
        let first = bytes[start];
        self.at += 1;
        Some(match first {
            b';' => Token::End(line),
            b'{' => Token::Open(line),
            b'}' => Token::Close(line),
            b'"' | b'\'' => Token::Word(self.quoted(first)),
            _ => Token::Word(self.bare(start)),
        })
    }
}

impl<'a> Tokens<'a> {
    fn quoted(&mut self, quote: u8) -> Word<'a> {
        let bytes = self.text.as_bytes();
        let (start, line) = (self.at, self.line);
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'\n' => self.line += 1,
                byte if byte == quote => break,
                _ => {}
            }
            self.at += 1;
        }
        let end = self.at.min(bytes.len());
        self.at = end + usize::from(end < bytes.len());
        Word { text: self.text.get(start..end).unwrap_or_default(), line, start: start as u32 }
    }

    fn bare(&mut self, start: usize) -> Word<'a> {
        let bytes = self.text.as_bytes();
        // `${name}` holds a brace that opens no block.
        let mut inside = false;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'{' if bytes[self.at - 1] == b'$' => inside = true,
                b'}' if inside => inside = false,
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b'}' => break,
                b'\\' if self.at + 1 < bytes.len() && bytes[self.at + 1] != b'\n' => self.at += 1,
                _ => {}
            }
            self.at += 1;
        }
        let end = self.at.min(bytes.len());
        self.at = end;
        let text = self.text.get(start..end).unwrap_or_default();
        Word { text, line: self.line, start: start as u32 }
    }
}
