//! Databases: what their first answers say.

use super::Known;

/// MySQL and MariaDB, Protocol::HandshakeV10 and ERR_Packet (MySQL internals, "Connection Phase"). The
/// server speaks first.
pub(super) fn mysql(bytes: &[u8]) -> Option<Known> {
    let (length, packet) = (bytes.get(..3)?, bytes.get(4..)?);
    let length =
        usize::from(length[0]) | usize::from(length[1]) << 8 | usize::from(length[2]) << 16;
    if bytes[3] != 0 || !(8..=1024).contains(&length) {
        return None;
    }
    match packet.split_first()? {
        (0x0a, rest) => {
            let end = rest.iter().position(|b| *b == 0)?;
            let version = std::str::from_utf8(&rest[..end]).ok()?;
            if !version.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            // Thread id, eight bytes of the challenge, a filler; then the lower half of the capabilities.
            let flags = rest.get(end + 14..end + 16)?;
            let starttls = u16::from_le_bytes([flags[0], flags[1]]) & CLIENT_SSL != 0;
            Some(Known { starttls, ..Known::new("mysql").product(product(version)) })
        }
        // "Host … is not allowed to connect": who says that is known all the same.
        (0xff, rest) => {
            let words = String::from_utf8_lossy(rest.get(2..)?);
            let ours = ["MySQL", "MariaDB", "is blocked because", "Too many connections"];
            ours.iter().any(|word| words.contains(word)).then(|| Known::new("mysql"))
        }
        _ => None,
    }
}

/// Capability flag of a server that speaks TLS.
const CLIENT_SSL: u16 = 0x0800;

/// MariaDB puts a version of MySQL before its own, for old clients.
fn product(version: &str) -> String {
    let plain = version.strip_prefix("5.5.5-").unwrap_or(version);
    let name = if plain.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    format!("{name} {plain}")
}

/// PostgreSQL, answer to SSLRequest (PostgreSQL documentation, "SSL Session Encryption"): one byte.
pub(super) fn postgres(answer: &[u8]) -> Option<Known> {
    match answer {
        [byte @ (b'S' | b'N')] => {
            Some(Known { starttls: *byte == b'S', ..Known::new("postgresql") })
        }
        [b'E', 0, 0, ..] if answer.windows(5).any(|w| w == b"FATAL") => {
            Some(Known::new("postgresql"))
        }
        _ => None,
    }
}

/// SQL Server, answer to PRELOGIN (MS-TDS §2.2.6.5): options with an offset and a length each.
pub(super) fn mssql(answer: &[u8]) -> Option<Known> {
    let [4, 1, _, _, _, _, _, _, body @ ..] = answer else { return None };
    let option = |wanted: u8| {
        let mut options = body.chunks_exact(5).take_while(|o| o[0] != 0xff).take(16);
        let found = options.find(|o| o[0] == wanted)?;
        let at = usize::from(u16::from_be_bytes([found[1], found[2]]));
        let length = usize::from(u16::from_be_bytes([found[3], found[4]]));
        body.get(at..at + length)
    };
    let version = option(0).filter(|v| v.len() >= 4)?;
    let build = u16::from_be_bytes([version[2], version[3]]);
    let product = format!("Microsoft SQL Server {}.{}.{build}", version[0], version[1]);
    // ENCRYPT_NOT_SUP is 2; what is off can be had.
    let starttls = option(1).and_then(|e| e.first()).is_some_and(|e| *e != 2);
    Some(Known { starttls, ..Known::new("ms-sql-s").product(product) })
}

/// Oracle's listener, answer to a CONNECT that asks for its version: TNS packets of type accept (2),
/// refuse (4), redirect (5), resend (11).
pub(super) fn tns(answer: &[u8]) -> Option<Known> {
    let [high, low, _, _, 2 | 4 | 5 | 11, ..] = answer else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if answer.len() < 8 || !(8..=4096).contains(&length) {
        return None;
    }
    let text = String::from_utf8_lossy(answer);
    let number = text.split_once("VSNNUM=").and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    let known = Known::new("oracle-tns");
    Some(match number {
        // Five numbers in eight, four, eight, four and eight bits.
        Some(n) => known.product(format!(
            "Oracle TNS listener {}.{}.{}.{}.{}",
            n >> 24,
            n >> 20 & 15,
            n >> 12 & 255,
            n >> 8 & 15,
            n & 255
        )),
        None => known,
    })
}

/// Redis (RESP): an answer to PING, or a refusal of one who has not said a password.
pub(super) fn redis(answer: &[u8]) -> Option<Known> {
    let starts = |word: &str| answer.starts_with(word.as_bytes());
    if starts("+PONG") {
        return Some(Known::new("redis").product("answers without a password"));
    }
    let refusals =
        ["-NOAUTH", "-DENIED", "-ERR unknown command", "-ERR wrong number", "-MASTERDOWN"];
    refusals.iter().any(|word| starts(word)).then(|| Known::new("redis"))
}

/// MongoDB, OP_REPLY to `isMaster` (MongoDB Wire Protocol).
pub(super) fn mongo(answer: &[u8]) -> Option<Known> {
    let code = answer.get(12..16)?;
    let reply = [1u32, 2013].contains(&u32::from_le_bytes(code.try_into().ok()?));
    let has = |word: &[u8]| answer.windows(word.len()).any(|w| w == word);
    let known = [&b"ismaster"[..], b"maxWireVersion", b"errmsg"].iter().any(|word| has(word));
    (reply && known).then(|| Known::new("mongodb"))
}

/// Memcached, answer to `version`.
pub(super) fn memcached(answer: &[u8]) -> Option<Known> {
    let version = answer.strip_prefix(b"VERSION ")?;
    let line = version.split(|b| *b == b'\r').next().unwrap_or_default();
    Some(Known::new("memcache").product(format!("memcached {}", String::from_utf8_lossy(line))))
}

/// Cassandra, answer to OPTIONS (native protocol v4 §2): a response of the same stream, SUPPORTED or ERROR.
pub(super) fn cassandra(answer: &[u8]) -> Option<Known> {
    matches!(answer, [0x83..=0x85, 0, 0, 0, 0x06 | 0x00, ..]).then(|| Known::new("cassandra"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A greeting put together by hand from the protocol's description.
    fn greeting(version: &str, flags: u16) -> Vec<u8> {
        let mut packet = vec![0x0a];
        packet.extend(version.as_bytes());
        packet.push(0);
        packet.extend([1, 0, 0, 0]);
        packet.extend(b"12345678");
        packet.push(0);
        packet.extend(flags.to_le_bytes());
        packet.extend([8, 2, 0, 0, 0, 21]);
        let mut bytes = vec![packet.len() as u8, 0, 0, 0];
        bytes.extend(packet);
        bytes
    }

    #[test]
    fn a_mysql_greeting_tells_version_and_tls() {
        let known = mysql(&greeting("8.0.36", 0xffff)).unwrap();
        assert_eq!((known.product.as_deref(), known.starttls), (Some("MySQL 8.0.36"), true));
        let known = mysql(&greeting("5.5.5-10.11.6-MariaDB", 0xf7ff)).unwrap();
        assert_eq!(known.product.as_deref(), Some("MariaDB 10.11.6-MariaDB"));
        assert!(!known.starttls);
        assert_eq!(mysql(&greeting("ssh", 0)), None);
    }

    #[test]
    fn sql_server_tells_its_version() {
        let body = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 15, 0, 0x07, 0xd0, 0, 0, 2];
        let answer = [&[4, 1, 0, 26, 0, 0, 1, 0][..], &body].concat();
        let known = mssql(&answer).unwrap();
        assert_eq!(known.product.as_deref(), Some("Microsoft SQL Server 15.0.2000"));
        assert!(!known.starttls);
    }

    #[test]
    fn oracle_tells_its_version() {
        let words = b"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=0))";
        let length = (12 + words.len()) as u16;
        let mut answer = length.to_be_bytes().to_vec();
        answer.extend([0, 0, 4, 0, 0, 0, 0, 0, 0, 33]);
        answer.extend(words);
        // 318767104 is 0x13000000.
        assert_eq!(
            tns(&answer).unwrap().product.as_deref(),
            Some("Oracle TNS listener 19.0.0.0.0")
        );
    }
}
