//! The first flight of a server, put together from records (RFC 5246 §6.2.1) as bytes come in.
//!
//! It does no input and no output. It keeps no more than [`FLIGHT_MOST`] bytes, whatever is sent.

use portvakt_model::TlsVersion;

use super::answer::{self, Chosen};
use super::hello::kind;
use super::refusal::Refusal;

/// Bytes that a server may send in answer to one hello. Chains of some 20 KiB are the largest that
/// are met; OpenSSL itself refuses those above 100 KiB.
pub const FLIGHT_MOST: usize = 256 * 1024;
/// The largest record there is (RFC 5246 §6.2.3).
const RECORD_MOST: usize = (1 << 14) + 2048;
/// Warnings that are passed over before an answer. There is one in practice, `unrecognized_name`.
const WARNINGS_MOST: u8 = 8;

/// What a server answered to one hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It chose.
    Chosen(Box<Chosen>),
    /// It did not.
    Refused(Refusal),
}

impl Answer {
    /// What was chosen.
    pub fn chosen(&self) -> Option<&Chosen> {
        match self {
            Self::Chosen(chosen) => Some(chosen),
            Self::Refused(_) => None,
        }
    }
}

/// A flight in the making.
#[derive(Debug, Default)]
pub struct Flight {
    /// Bytes that are not yet a whole record.
    records: Vec<u8>,
    /// Bytes of handshake records that are not yet a whole message.
    messages: Vec<u8>,
    /// All bytes so far.
    total: usize,
    warnings: u8,
    chosen: Option<Box<Chosen>>,
}

impl Flight {
    /// Takes bytes as they came; the answer, when they complete it.
    pub fn read(&mut self, bytes: &[u8]) -> Option<Answer> {
        self.total += bytes.len();
        if self.total > FLIGHT_MOST {
            return Some(self.garbage("more bytes than any answer has"));
        }
        self.records.extend_from_slice(bytes);
        while let Some(record) = self.next_record() {
            let over = match record {
                Ok((kind, payload)) => self.record(kind, &payload),
                Err(fault) => Some(self.garbage(fault)),
            };
            if over.is_some() {
                return over;
            }
        }
        None
    }

    /// The answer when nothing more comes, for that reason. A choice that was not carried through is
    /// still told, with [`Chosen::whole`] unset.
    pub fn ended(&mut self, why: Refusal) -> Answer {
        self.chosen.take().map_or(Answer::Refused(why), Answer::Chosen)
    }

    fn garbage(&mut self, what: &'static str) -> Answer {
        self.ended(Refusal::Garbage(what))
    }

    fn next_record(&mut self) -> Option<Result<(u8, Vec<u8>), &'static str>> {
        let head = self.records.get(..2)?;
        if !(20..=24).contains(&head[0]) || head[1] != 3 {
            return Some(Err("bytes that are not TLS"));
        }
        let length = self.records.get(3..5)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length > RECORD_MOST {
            return Some(Err("a record longer than any may be"));
        }
        let kind = head[0];
        let payload = self.records.get(5..5 + length)?.to_vec();
        self.records.drain(..5 + length);
        Some(Ok((kind, payload)))
    }

    fn record(&mut self, kind: u8, payload: &[u8]) -> Option<Answer> {
        match (kind, payload) {
            (21, [1, description, ..]) if *description != CLOSE_NOTIFY => {
                self.warnings += 1;
                (self.warnings > WARNINGS_MOST).then(|| self.garbage("warnings without end"))
            }
            (21, [_, description, ..]) => Some(self.ended(Refusal::Alert(*description))),
            (22, bytes) => {
                self.messages.extend_from_slice(bytes);
                self.messages()
            }
            // Compatibility mode of TLS 1.3 (RFC 8446 §D.4).
            (20, _) => None,
            _ => Some(self.garbage("a record that has no place in a handshake")),
        }
    }

    fn messages(&mut self) -> Option<Answer> {
        loop {
            let head = *self.messages.first_chunk::<4>()?;
            let length = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
            if length > FLIGHT_MOST {
                return Some(self.garbage("a message longer than any is"));
            }
            let body = self.messages.get(4..4 + length)?.to_vec();
            self.messages.drain(..4 + length);
            let over = self.message(head[0], &body);
            if over.is_some() {
                return over;
            }
        }
    }

    fn message(&mut self, kind: u8, body: &[u8]) -> Option<Answer> {
        match (kind, &mut self.chosen) {
            (HELLO_REQUEST, None) => None,
            (SERVER_HELLO, None) => match answer::server_hello(body) {
                Some(chosen) => self.hello(chosen),
                None => Some(self.garbage("a ServerHello that cannot be read")),
            },
            (_, None) | (SERVER_HELLO, Some(_)) => Some(self.garbage("a message out of place")),
            (DONE, Some(chosen)) => {
                chosen.whole = true;
                self.chosen.take().map(Answer::Chosen)
            }
            (kind, Some(chosen)) => match follow(kind, body, chosen) {
                Some(()) => None,
                None => Some(self.garbage("a message that cannot be read")),
            },
        }
    }

    /// A HelloRetryRequest has already said all; so has a ServerHello of TLS 1.3, after which all is
    /// encrypted.
    fn hello(&mut self, chosen: Chosen) -> Option<Answer> {
        if chosen.version == Some(TlsVersion::Tls13) {
            return Some(Answer::Chosen(Box::new(chosen)));
        }
        self.chosen = Some(Box::new(chosen));
        None
    }
}

/// RFC 5246 §7.2.1: a warning that ends the connection.
const CLOSE_NOTIFY: u8 = 0;
/// Handshake messages (RFC 5246 §7.4).
const HELLO_REQUEST: u8 = 0;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const DONE: u8 = 14;
const CERTIFICATE_STATUS: u8 = 22;

/// Takes up a message after the ServerHello.
fn follow(kind: u8, body: &[u8], chosen: &mut Chosen) -> Option<()> {
    match kind {
        CERTIFICATE => chosen.chain = answer::certificates(body)?,
        KEY_EXCHANGE => answer::key_exchange(body, chosen)?,
        CERTIFICATE_REQUEST => chosen.client_certificate = true,
        // It is announced in the hello (RFC 6066 §8), but where it is not, it is there all the same.
        CERTIFICATE_STATUS => chosen.extensions.push(kind::STATUS_REQUEST),
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// ServerHello, Certificate, ServerHelloDone of `TLS_RSA_WITH_AES_128_CBC_SHA`, as messages.
    fn flight() -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 38, 3, 3];
        bytes.extend([7; 32]);
        bytes.extend([0, 0, 0x2F, 0]);
        bytes.extend([11, 0, 0, 8, 0, 0, 5, 0, 0, 2, 0x30, 0]);
        bytes.extend([14, 0, 0, 0]);
        bytes
    }

    fn records(messages: &[u8], size: usize) -> Vec<u8> {
        let record = |part: &[u8]| [&[22, 3, 3, 0, part.len() as u8], part].concat();
        messages.chunks(size).flat_map(record).collect()
    }

    #[test]
    fn however_it_is_cut_the_flight_is_the_same() {
        for size in 1..60 {
            for step in [1, 2, 7, 1000] {
                let bytes = records(&flight(), size);
                let mut flight = Flight::default();
                let answers: Vec<Answer> =
                    bytes.chunks(step).filter_map(|b| flight.read(b)).collect();
                let [Answer::Chosen(chosen)] = answers.as_slice() else { panic!("{answers:?}") };
                assert_eq!((chosen.suite, chosen.whole), (0x2F, true));
                assert_eq!(chosen.chain, [[0x30, 0]]);
            }
        }
    }

    #[test]
    fn a_choice_that_is_not_carried_through_is_told_so() {
        let mut flight = Flight::default();
        assert_eq!(flight.read(&records(&self::flight()[..42], 50)), None);
        let answer = flight.read(&[21, 3, 3, 0, 2, 2, 80]).unwrap();
        assert!(answer.chosen().is_some_and(|c| c.suite == 0x2F && !c.whole));
    }

    #[test]
    fn warnings_are_passed_over_and_not_for_ever() {
        let warning = [21, 3, 1, 0, 2, 1, 112];
        let mut flight = Flight::default();
        assert_eq!(flight.read(&warning), None);
        assert!(flight.read(&records(&self::flight(), 50)).is_some());
        let garbage = Answer::Refused(Refusal::Garbage("warnings without end"));
        assert_eq!(Flight::default().read(&warning.repeat(9)), Some(garbage));
    }

    #[test]
    fn an_alert_is_a_refusal_and_http_is_none() {
        let alert = Flight::default().read(&[21, 3, 1, 0, 2, 2, 40]);
        assert_eq!(alert, Some(Answer::Refused(Refusal::Alert(40))));
        let http = Flight::default().read(b"HTTP/1.1 400 Bad Request");
        assert_eq!(http, Some(Answer::Refused(Refusal::Garbage("bytes that are not TLS"))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_borne(bytes: Vec<u8>, kind in 20u8..25, cut in 1usize..50) {
            let mut flight = Flight::default();
            for part in bytes.chunks(cut) {
                let _ = flight.read(&[&[kind, 3, 3, 0, part.len() as u8], part].concat());
            }
            prop_assert!(flight.messages.len() + flight.records.len() <= FLIGHT_MOST);
            let _ = flight.ended(Refusal::Closed);
        }
    }
}
