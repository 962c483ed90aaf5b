//! XMPP: a stream of XML, of which only the few elements before TLS are looked for (RFC 6120 §5.4).

use super::StartTlsError::{self, NotOffered, Refused, Unexpected};
use super::talk::Talk;
use crate::evidence::shown;

/// Features of a server before login; the longest seen hold a list of SASL mechanisms and some compressions.
const LONGEST: usize = 16 * 1024;

/// Opens a stream to `host` in the given namespace and asks for TLS.
pub(super) async fn start(
    talk: &mut Talk,
    namespace: &str,
    host: &str,
) -> Result<(), StartTlsError> {
    let opening = format!(
        "<?xml version='1.0'?><stream:stream to='{}' version='1.0' xmlns='{namespace}' \
         xmlns:stream='http://etherx.jabber.org/streams'>",
        escaped(host)
    );
    talk.say(opening.as_bytes()).await?;
    let ends = ["</stream:features>", "<stream:features/>", "</stream:error>", "</stream:stream>"];
    let answer = talk.until(LONGEST, |bytes| end_of_any(bytes, &ends)).await?;
    if !holds(&answer, "<stream:features") {
        return Err(if holds(&answer, "<stream:error") {
            Refused(shown(&answer))
        } else {
            Unexpected(shown(&answer))
        });
    }
    if !holds(&answer, "<starttls") || !holds(&answer, "urn:ietf:params:xml:ns:xmpp-tls") {
        return Err(NotOffered(shown(&answer)));
    }
    talk.say(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await?;
    let ends = ["/>", "</proceed>", "</stream:stream>"];
    let answer = talk.until(LONGEST, |bytes| end_of_any(bytes, &ends)).await?;
    if holds(&answer, "<proceed") { Ok(()) } else { Err(Refused(shown(&answer))) }
}

/// The end of the first of these words.
fn end_of_any(bytes: &[u8], words: &[&str]) -> Option<usize> {
    words.iter().filter_map(|word| Some(find(bytes, word)? + word.len())).min()
}

fn holds(bytes: &[u8], word: &str) -> bool {
    find(bytes, word).is_some()
}

fn find(bytes: &[u8], word: &str) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word.as_bytes())
}

/// A name inside an attribute in single quotes.
fn escaped(host: &str) -> String {
    host.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}
