//! nginx (nginx.org/en/docs, ngx_http_ssl_module, ngx_stream_ssl_module, ngx_http_headers_module).

use std::collections::BTreeMap;

use portvakt_model::{Device, LineState, Location, Placed, TlsServer};

use super::book::{Book, NOT_GIVEN};
use super::library::{File, Meant};
use super::reasons;
use super::{Settings, hsts, version};
use crate::lines::Lines;
use crate::{Build, Head, Input, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "nginx",
    name: "nginx",
    reads: "nginx.conf, a file of sites-available or conf.d, with what they include; `nginx -T`",
    understands: "TLS of each server: protocols, ciphers (OpenSSL's strings), curves, certificates' paths, HSTS; \
                  inherited settings, the default server's versions; nothing else",
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

/// What `ssl_ciphers` is where nothing sets it, and the manual that says so.
const DEFAULT_CIPHERS: (&str, &str) =
    ("HIGH:!aNULL:!MD5", "nginx, ngx_http_ssl_module, ssl_ciphers");

/// A word with its line.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    line: u32,
    start: u32,
}

/// A block that is open.
#[derive(Default)]
struct Block {
    name: String,
    at: Option<Location>,
    settings: Settings,
    names: Vec<String>,
    listens: Vec<Listen>,
    /// Whether `ssl on` turns TLS on for all that it listens to.
    tls: bool,
    /// Servers that ended in it.
    servers: Vec<Server>,
}

/// A socket that a server listens on.
struct Listen {
    socket: String,
    tls: bool,
    default: bool,
}

/// A server whose block has ended, with the settings of the blocks that ended around it.
struct Server {
    name: String,
    at: Location,
    settings: Settings,
    listens: Vec<Listen>,
    tls: bool,
    /// The block around it: `http`, `stream` or `mail`.
    kind: String,
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    super::alone(sections(input, build), build, read);
}

/// The files that `nginx -T` prints, each after a line with its path; or the one file that is given.
fn sections<'a>(input: &Input<'a>, build: &Build<'_>) -> Vec<File<'a>> {
    let mut found: Vec<File<'a>> = Vec::new();
    let heads = input.lines().filter_map(|line| Some((line, line.text.strip_prefix(DUMPED)?)));
    for (line, path) in heads {
        let path = path.trim().trim_end_matches(':');
        let start = line.start as usize;
        if let Some(last) = found.last_mut() {
            last.text = &input.text[last.before.1 as usize..start];
        }
        // What stands before the first one is what the program says while it tests.
        let before = if found.is_empty() { (0, 0) } else { (line.number - 1, line.start) };
        let text = &input.text[before.1 as usize..];
        found.push(File { id: build.id, path, text, before });
    }
    if found.is_empty() { vec![super::whole(input, build)] } else { found }
}

const DUMPED: &str = "# configuration file ";

/// Whether a text is the output of `nginx -T`: it holds all that it includes.
pub(super) fn is_whole(text: &str) -> bool {
    Lines::new(text).any(|line| line.text.starts_with(DUMPED))
}

/// Reads a configuration.
pub(super) fn read(book: &mut Book<'_, '_>) -> Device {
    let mut reader = Reader { book, open: vec![Block::default()], floor: 1, unread: Vec::new() };
    reader.file(reader.book.root());
    let mut top = reader.open.pop().unwrap_or_default();
    top.servers.iter_mut().for_each(|server| server.settings.inherit(&top.settings));
    let unread = reader.unread;
    let file = book.file();
    let mut device = Device::new(super::device_name(file.path), "nginx", file.id);
    device.tls_servers = tls_servers(top.servers);
    device.unread = unread;
    device
}

struct Reader<'b, 'l, 'a> {
    book: &'b mut Book<'l, 'a>,
    open: Vec<Block>,
    /// How many blocks were open when the file began: it cannot end those.
    floor: usize,
    unread: Vec<Placed<String>>,
}

impl<'a> Reader<'_, '_, 'a> {
    fn file(&mut self, index: usize) {
        let file = self.book.enter(index);
        let floor = std::mem::replace(&mut self.floor, self.open.len());
        for line in Lines::new(file.text).filter(|line| line.text.trim().is_empty()) {
            self.book.mark(line.number, LineState::Neutral);
        }
        let mut words: Vec<Word<'a>> = Vec::new();
        for token in (Tokens { text: file.text, at: 0, line: 1 }) {
            match token {
                Token::Word(word) => words.push(word),
                Token::Comment(line) => self.book.mark(line, LineState::Neutral),
                Token::End(line) => self.directive(&std::mem::take(&mut words), line),
                Token::Open(line) => self.begin(&std::mem::take(&mut words), line),
                Token::Close(line) => {
                    self.book.mark(line, LineState::Neutral);
                    self.close();
                    words.clear();
                }
            }
        }
        while self.open.len() > self.floor {
            self.close();
        }
        self.floor = floor;
        self.book.leave();
    }

    fn begin(&mut self, words: &[Word<'a>], line: u32) {
        let name = words.first().map_or("", |word| word.text);
        if BLOCKS.contains(&name) && self.open.len() < DEEPEST {
            let lines = words.iter().map(|word| word.line).chain([line]);
            lines.for_each(|line| self.book.mark(line, LineState::Used));
        }
        let at = self.book.at(words.first().map_or(line, |word| word.line));
        self.open.push(Block { name: name.to_owned(), at: Some(at), ..Block::default() });
    }

    fn close(&mut self) {
        if self.open.len() <= self.floor {
            return;
        }
        let Some(mut block) = self.open.pop() else { return };
        let Some(above) = self.open.last_mut() else { return };
        if let ("server", Some(at)) = (block.name.as_str(), block.at.clone()) {
            above.servers.push(block.server(at));
        }
        for server in &mut block.servers {
            server.settings.inherit(&block.settings);
            server.kind.clone_from(&block.name);
        }
        above.servers.append(&mut block.servers);
    }

    fn directive(&mut self, words: &[Word<'a>], last: u32) {
        let (Some(first), Some(block)) = (words.first(), self.open.last_mut()) else { return };
        let args: Vec<&str> = words[1..].iter().map(|word| word.text).collect();
        let state = if first.text == "include" {
            self.include(&args, first.line)
        } else if TABLES.contains(&block.name.as_str()) {
            LineState::Neutral
        } else {
            set(first.text, &args, &self.book.at(first.line), block)
        };
        if args.iter().any(|a| a.eq_ignore_ascii_case("authorization")) {
            for word in words.iter().skip(2) {
                self.book.redact(&(word.start..word.start + word.text.len() as u32));
            }
        }
        (first.line..=last).for_each(|line| self.book.mark(line, state));
    }

    fn include(&mut self, args: &[&str], line: u32) -> LineState {
        let [path] = args else { return LineState::Unknown };
        match self.book.find(path) {
            Meant::Files(files) => {
                for file in files {
                    self.file(file);
                }
                LineState::Used
            }
            Meant::Unread if self.is_settled(path) => LineState::Neutral,
            Meant::Unread => {
                let unread = self.book.placed((*path).to_owned(), line);
                self.unread.push(unread.clone());
                if let Some(block) = self.open.last_mut() {
                    block.settings.unread.get_or_insert(unread);
                }
                LineState::Unsupported(NOT_GIVEN)
            }
        }
    }

    /// Whether an included file cannot touch TLS: where it stands no setting of it may, or it is one of
    /// those that come with nginx; folders of modules hold `load_module` alone.
    fn is_settled(&self, path: &str) -> bool {
        let block = self.open.last().map_or("", |block| block.name.as_str());
        let name = path.rsplit('/').next().unwrap_or(path);
        let around = ["", "http", "server", "stream", "mail"];
        !around.contains(&block) || STOCK.contains(&name) || path.contains("modules")
    }
}

/// Files that come with nginx and hold tables and parameters.
pub(super) const STOCK: [&str; 9] = [
    "mime.types",
    "fastcgi.conf",
    "fastcgi_params",
    "uwsgi_params",
    "scgi_params",
    "proxy_params",
    "koi-utf",
    "koi-win",
    "win-utf",
];

impl Block {
    fn server(&mut self, at: Location) -> Server {
        let name = if self.names.is_empty() { "_".to_owned() } else { self.names.join(" ") };
        Server {
            name,
            at,
            settings: std::mem::take(&mut self.settings),
            listens: std::mem::take(&mut self.listens),
            tls: self.tls,
            kind: String::new(),
        }
    }
}

/// The servers that take TLS, once all are known. A socket takes it where one of its servers says so, and
/// its default server (the one that says so, or else the first) decides the versions, since those are chosen
/// before the name is known (ngx_http_ssl_module, `ssl_protocols`).
fn tls_servers(servers: Vec<Server>) -> Vec<TlsServer> {
    let mut sockets: BTreeMap<(String, String), (usize, bool)> = BTreeMap::new();
    for (index, server) in servers.iter().enumerate() {
        for listen in &server.listens {
            let key = (server.kind.clone(), listen.socket.clone());
            let (decider, tls) = sockets.entry(key).or_insert((index, false));
            *tls |= listen.tls;
            if listen.default {
                *decider = index;
            }
        }
    }
    let others: Vec<_> =
        servers.iter().map(|s| (s.name.clone(), s.settings.versions.clone())).collect();
    let mut found = Vec::new();
    for (index, server) in servers.into_iter().enumerate() {
        let of = |l: &Listen| sockets.get(&(server.kind.clone(), l.socket.clone())).copied();
        let shared: Vec<usize> =
            server.listens.iter().filter_map(of).filter(|(_, tls)| *tls).map(|(d, _)| d).collect();
        if shared.is_empty() && !server.tls {
            continue;
        }
        let other = shared.into_iter().find(|decider| *decider != index);
        let mut tls = server.settings.server(server.name, server.at, Some(DEFAULT_CIPHERS));
        tls.decider = other.and_then(|o| {
            let (name, versions) = &others[o];
            let differs =
                versions.as_ref().map(|v| &v.value) != tls.versions.as_ref().map(|v| &v.value);
            Some((name.clone(), versions.clone().filter(|_| differs)?))
        });
        found.push(tls);
    }
    found
}

/// Blocks that nginx has.
const BLOCKS: [&str; 16] = [
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
    "charset_map",
    "limit_except",
    "split_clients",
    "match",
    "otel_exporter",
];
/// Blocks whose statements are no directives.
const TABLES: [&str; 7] =
    ["map", "geo", "types", "charset_map", "upstream", "split_clients", "match"];

fn set(name: &str, args: &[&str], at: &Location, block: &mut Block) -> LineState {
    let one = || args.first().map(|a| Placed::new((*a).to_owned(), at.clone()));
    match name {
        "listen" => block.listens.extend(listen(args)),
        // Obsolete since 1.15.0 and gone with 1.25.1.
        "ssl" => block.tls = args == ["on"],
        // Of mail servers: TLS after a command of the client.
        "starttls" => block.tls |= args != ["off"],
        "server_name" => block.names.extend(args.iter().map(|a| (*a).to_owned())),
        "ssl_protocols" => {
            let versions: Option<Vec<_>> = args.iter().map(|a| version(a)).collect();
            let Some(versions) = versions else { return LineState::Unknown };
            block.settings.versions = Some(Placed::new(versions, at.clone()));
        }
        "ssl_ciphers" => block.settings.ciphers = one(),
        "ssl_ecdh_curve" => block.settings.groups = one(),
        "ssl_conf_command" => return command(args, at, block),
        "ssl_certificate" => block.settings.certificates.extend(one()),
        "add_header" => {
            // One header of a level takes the place of all of the level above.
            block.settings.headers = true;
            let Some(value) = hsts(args) else { return LineState::Neutral };
            block.settings.hsts = Some(Placed::new(value.to_owned(), at.clone()));
        }
        _ if is_neutral(name) => return LineState::Neutral,
        _ => return LineState::Unknown,
    }
    LineState::Used
}

/// `ssl_conf_command` (SSL_CONF_cmd(3)) has the last word over the directives.
fn command(args: &[&str], at: &Location, block: &mut Block) -> LineState {
    let [name, value] = args else { return LineState::Unknown };
    let set = Some(Placed::new((*value).to_owned(), at.clone()));
    match name.to_ascii_lowercase().as_str() {
        "curves" | "groups" => block.settings.groups = set,
        "cipherstring" => block.settings.ciphers = set,
        "minprotocol" | "maxprotocol" | "protocol" => {
            block.settings.forget(Placed::new(format!("ssl_conf_command {name}"), at.clone()));
            return LineState::Unsupported(reasons::OPENSSL_VERSIONS);
        }
        _ => return LineState::Neutral,
    }
    LineState::Used
}

/// The socket of `listen`: `443`, `*:443` and `0.0.0.0:443` are one; without a port it is 80.
fn listen(args: &[&str]) -> Option<Listen> {
    let (address, options) = args.split_first()?;
    let (host, port) = match address.rsplit_once(':') {
        _ if address.starts_with("unix:") => (*address, ""),
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ if address.bytes().all(|b| b.is_ascii_digit()) => ("*", *address),
        _ => (*address, "80"),
    };
    let host = if host == "0.0.0.0" { "*" } else { host };
    Some(Listen {
        socket: format!("{host}:{port}"),
        tls: options.iter().any(|o| matches!(*o, "ssl" | "quic")),
        default: options.iter().any(|o| matches!(*o, "default_server" | "default")),
    })
}

/// Directives that say nothing of how TLS is offered, by how they begin.
fn is_neutral(name: &str) -> bool {
    WHOLE.split(' ').any(|whole| whole == name)
        || BEGIN.split(' ').any(|begin| name.starts_with(begin))
}

const BEGIN: &str = "\
    absolute_redirect accept_mutex access_by access_log add_header aio alias allow \
    ancient_browser auth_ autoindex body_filter break brotli charset_ chunked_ client_ \
    connection_ content_by create_full dav_ debug_ default_type deny directio disable_symlinks \
    empty_gif env error_ etag expires fastcgi_ flv geoip google_perftools grpc_ gunzip gzip hash \
    header_filter http2 http3 if_modified ignore_invalid image_filter imap_ index internal \
    ip_hash js_ keepalive_ large_client least_ limit lingering_ lock_file log_ lua_ \
    master_process max_ memcached_ merge_slashes min_ mirror modern_browser more_ mp4 msie_ \
    multi_accept open_file output_buffers override_charset pcre_ perl pid pop3_ port_in_redirect \
    postpone_ preread_ protocol proxy_ random range_ read_ahead real_ip recursive_ referer_ \
    request_pool reset_timedout resolver return rewrite root satisfy scgi_ secure_link send \
    server_names server_tokens set slice smtp_ source_charset spdy ssi ssl_alpn \
    ssl_certificate_cache ssl_client_certificate ssl_crl ssl_early_data ssl_handshake ssl_object \
    ssl_ocsp ssl_password_file ssl_preread ssl_reject_handshake ssl_session ssl_stapling \
    ssl_verify stub_status sub_filter subrequest_ tcp_ thread_pool timer_ try_files types_ \
    underscores_ use uwsgi_ valid_referers variables_ worker_ working_directory xclient xslt \
    zone zstd";

const WHOLE: &str = "\
    charset daemon load_module ssl_buffer_size ssl_certificate_key ssl_dhparam \
    ssl_prefer_server_ciphers ssl_trusted_certificate";

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
