//! `HEAD /`, and the header that matters here (RFC 9110, RFC 6797).

use super::drive::Drive;
use crate::evidence::shown;

/// Headers of one answer. Servers commonly limit theirs to 8 KiB.
const LONGEST: usize = 16 * 1024;

/// What `HEAD /` was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status, 100 to 599.
    pub status: u16,
    /// The first `Strict-Transport-Security` (RFC 6797 §8.1), with what cannot be printed escaped.
    pub hsts: Option<String>,
}

/// Whether HTTP in TLS usually speaks on a port.
pub const fn is_http_port(port: u16) -> bool {
    matches!(port, 443 | 4443 | 5001 | 5986 | 6443 | 8006 | 8443 | 9443 | 10443)
}

/// Asks; `None` when the answer is no HTTP or did not come whole.
pub(super) async fn head(drive: &mut Drive, host: &str) -> Option<HttpAnswer> {
    drive.say(request(host).as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    loop {
        let more = drive.hear().await.ok()?;
        answer.extend_from_slice(&more);
        if let Some(end) = end_of_headers(&answer) {
            return read(&answer[..end]);
        }
        if more.is_empty() || answer.len() >= LONGEST {
            return None;
        }
    }
}

fn request(host: &str) -> String {
    // A name with other characters could add headers of its own.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let host = if host.chars().all(is_plain) { host } else { "" };
    format!(
        "HEAD / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: portvakt\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    )
}

/// Where the headers end; with a lone line feed too, as some devices write it.
fn end_of_headers(answer: &[u8]) -> Option<usize> {
    let at = |end: &[u8]| answer.windows(end.len()).position(|w| w == end);
    [at(b"\r\n\r\n"), at(b"\n\n")].into_iter().flatten().min()
}

fn read(headers: &[u8]) -> Option<HttpAnswer> {
    let mut lines = headers.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let status = str::from_utf8(lines.next()?).ok()?.strip_prefix("HTTP/1.")?;
    let status = status.get(2..5)?.parse().ok().filter(|code| (100..600).contains(code))?;
    let hsts = lines.find_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        name.eq_ignore_ascii_case(b"strict-transport-security").then(|| shown(value))
    });
    Some(HttpAnswer { status, hsts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_header_of_the_name_counts() {
        let answer = b"HTTP/1.1 301 Moved\r\nX: 1\r\nstrict-transport-security: max-age=1\r\n\
                       Strict-Transport-Security: max-age=2";
        let hsts = Some("max-age=1".to_owned());
        assert_eq!(read(answer), Some(HttpAnswer { status: 301, hsts }));
        assert_eq!(read(b"HTTP/1.0 200 OK"), Some(HttpAnswer { status: 200, hsts: None }));
    }

    #[test]
    fn what_is_no_http_is_no_answer() {
        for bytes in [&b"220 mx.example"[..], b"HTTP/1.1 ", b"HTTP/1.1 999 x", b"", b"HTTP/1.1\xff"]
        {
            assert_eq!(read(bytes), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_name_adds_no_header() {
        assert!(request("www.example").contains("\r\nHost: www.example\r\n"));
        assert!(request("a\r\nX-Evil: 1").contains("\r\nHost: \r\n"));
    }
}
