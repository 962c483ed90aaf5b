//! HTTP/1 answers (RFC 9112): server, title, and the products that are known by their first page.

use super::Known;
use super::spoken::Rest;

/// A page's title is sought in so many bytes of its beginning.
const TITLE_WITHIN: usize = 16 * 1024;

/// The service behind an answer. One that refuses the question is doubtful: it may want TLS.
pub(super) fn answer(bytes: &[u8], rest: Rest) -> Option<Known> {
    if !bytes.starts_with(b"HTTP/") {
        return None;
    }
    let (head, body) = parts(bytes);
    if rest == Rest::MayCome && !is_whole(bytes, &head, body) {
        return None;
    }
    let server = header(&head, "server").unwrap_or_default();
    let name = name(&head, server, body);
    let known = Known::new(name).product(server);
    let status = head.split(' ').nth(1).unwrap_or_default();
    Some(Known { title: title(body), doubtful: status == "400", ..known })
}

/// The answer of a service that speaks like HTTP: RTSP (RFC 7826) or SIP (RFC 3261).
pub(super) fn alike(bytes: &[u8], start: &str, name: &'static str, rest: Rest) -> Option<Known> {
    if !bytes.starts_with(start.as_bytes()) {
        return None;
    }
    let (head, body) = parts(bytes);
    if body.is_none() && rest == Rest::MayCome {
        return None;
    }
    let product = header(&head, "server").or_else(|| header(&head, "user-agent"));
    Some(Known::new(name).product(product.unwrap_or_default()))
}

/// The head as text, and the body once the head has ended.
fn parts(bytes: &[u8]) -> (String, Option<&[u8]>) {
    let end = |mark: &[u8]| bytes.windows(mark.len()).position(|w| w == mark);
    let split =
        end(b"\r\n\r\n").map(|at| (at, at + 4)).or_else(|| end(b"\n\n").map(|at| (at, at + 2)));
    let head = split.map_or(bytes, |(at, _)| &bytes[..at]);
    let body = split.map(|(_, at)| &bytes[at..]);
    (String::from_utf8_lossy(head).into_owned(), body)
}

/// Whether nothing that is of use can come any more.
fn is_whole(bytes: &[u8], head: &str, body: Option<&[u8]>) -> bool {
    let Some(body) = body else { return false };
    let length = header(head, "content-length").and_then(|n| n.parse::<usize>().ok());
    length.is_some_and(|length| body.len() >= length)
        || bytes.len() >= TITLE_WITHIN
        || title(Some(body)).is_some()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.filter(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()).next()
}

/// What is more than a web server.
fn name(head: &str, server: &str, body: Option<&[u8]>) -> &'static str {
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    if body.contains("\"cluster_name\"") && body.contains("\"tagline\"") {
        return "elasticsearch";
    }
    if header(head, "api-version").is_some() && header(head, "docker-experimental").is_some() {
        return "docker";
    }
    if body.contains("\"kind\":\"Status\"") || body.contains("\"kind\": \"Status\"") {
        return "kubernetes";
    }
    if server.contains("IPP/") { "ipp" } else { "http" }
}

/// The first title of a page.
fn title(body: Option<&[u8]>) -> Option<String> {
    let body = body?;
    let body = body.get(..TITLE_WITHIN).unwrap_or(body);
    let open = find(body, b"<title")?;
    let start = open + body[open..].iter().position(|b| *b == b'>')? + 1;
    let end = start + find(&body[start..], b"</title")?;
    let text = unescape(&decode(&body[start..end]));
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The first place of a word, in capitals or not.
fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|w| w.eq_ignore_ascii_case(word))
}

/// UTF-8, or else ISO 8859-1, in which any byte is a character.
fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

/// The references that titles have: those of XML, of numbers, and of the letters of Swedish.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let known = after.split_once(';').and_then(|(name, tail)| Some((reference(name)?, tail)));
        if let Some((char, tail)) = known {
            out.push(char);
            rest = tail;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "aring" => 'å',
        "auml" => 'ä',
        "ouml" => 'ö',
        "Aring" => 'Å',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "eacute" => 'é',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Known {
        answer(text.as_bytes(), Rest::Ended).unwrap()
    }

    #[test]
    fn server_and_title_are_read() {
        let page = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n<HTML><Title lang=sv>\n V&auml;lkommen &amp; hej &#x21;</TITLE>";
        let known = read(page);
        assert_eq!(known.name, "http");
        assert_eq!(known.product.as_deref(), Some("nginx/1.22.1"));
        assert_eq!(known.title.as_deref(), Some("Välkommen & hej !"));
        assert!(answer(page.as_bytes(), Rest::MayCome).is_some(), "nothing more is needed");
        assert!(answer(&page.as_bytes()[..60], Rest::MayCome).is_none());
    }

    #[test]
    fn a_page_in_latin_1_is_read() {
        let mut page = b"HTTP/1.0 200 OK\r\n\r\n<title>K\xf6</title>".to_vec();
        assert_eq!(answer(&page, Rest::Ended).unwrap().title.as_deref(), Some("Kö"));
        page.truncate(30);
        assert_eq!(answer(&page, Rest::Ended).unwrap().title, None);
    }

    #[test]
    fn a_refusal_is_doubtful() {
        assert!(read("HTTP/1.1 400 Bad Request\r\n\r\n").doubtful);
        assert!(!read("HTTP/1.1 401 Unauthorized\r\n\r\n").doubtful);
    }

    #[test]
    fn products_are_known_by_their_first_page() {
        let page =
            "HTTP/1.1 200 OK\r\n\r\n{\"cluster_name\":\"a\",\"tagline\":\"You Know, for Search\"}";
        assert_eq!(read(page).name, "elasticsearch");
        assert_eq!(read("HTTP/1.1 200 OK\r\nServer: CUPS/2.4 IPP/2.1\r\n\r\n").name, "ipp");
        let docker =
            "HTTP/1.1 404 Not Found\r\nApi-Version: 1.43\r\nDocker-Experimental: false\r\n\r\n";
        assert_eq!(read(docker).name, "docker");
    }
}
