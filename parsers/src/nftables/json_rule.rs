//! Statements and expressions of libnftables-json(5).

use serde_json::Value as Json;

use super::keys::{self, CHANCE, CONNECTION, HEADER, PACKET, ROUTING};
use super::rule::{LIMIT, REWRITTEN};
use super::syntax::{
    Config, Data, Element, Key, Match, Nat, NatStatement, Op, Statement, Target, Text, Value,
    Verdict,
};

/// Reads the statements of one rule.
pub(super) struct Statements<'s, 'a> {
    pub(super) config: &'s mut Config<'a>,
    pub(super) table: usize,
    /// Line of the rule or set.
    pub(super) line: u32,
}

impl<'a> Statements<'_, 'a> {
    pub(super) fn statement(&mut self, json: &Json) -> Statement<'a> {
        let unknown = || Statement::Unknown(words(json), None);
        let Some((name, body)) = only(json) else { return unknown() };
        if let Some(verdict) = verdict(json) {
            return Statement::Verdict(verdict);
        }
        self.named(name, body, json).unwrap_or_else(unknown)
    }

    fn named(&mut self, name: &str, body: &Json, json: &Json) -> Option<Statement<'a>> {
        Some(match name {
            "match" => Statement::Match(self.comparison(body, json)?),
            "vmap" => {
                let map = self.value(body.get("data")?, true);
                Statement::Vmap { keys: keys_of(body.get("key")?), map, words: words(json) }
            }
            "counter" => {
                let packets = body.get("packets").and_then(Json::as_u64);
                packets.map_or(Statement::Neutral, Statement::Counter)
            }
            "log" => Statement::Log,
            "limit" | "quota" | "ct count" | "meter" => Statement::Narrow(words(json), LIMIT),
            "snat" | "dnat" | "masquerade" | "redirect" => Statement::Nat(self.nat(name, body)?),
            "mangle" => {
                let rewrites = matches!(key(body.get("key")?), Key::Address(..) | Key::Port(..));
                if rewrites { Statement::Lost(REWRITTEN) } else { Statement::Neutral }
            }
            "set" | "map" => self.update(body, json),
            "notrack" => Statement::Untrack,
            "flow" | "dup" | "ct helper" | "ct timeout" | "ct expectation" | "secmark" | "last"
            | "reset" => Statement::Neutral,
            "tproxy" | "fwd" | "synproxy" => Statement::Divert(words(json)),
            _ => return None,
        })
    }

    /// `{"set": {"op": "add", "elem": …, "set": "@name"}}`.
    fn update(&mut self, body: &Json, json: &Json) -> Statement<'a> {
        for name in ["set", "map"] {
            if let Some(set) = body.get(name).and_then(Json::as_str) {
                let set = set.strip_prefix('@').unwrap_or(set).to_owned();
                self.config.refer(self.table, set.into());
            }
        }
        let text = json.to_string();
        let limited = ["\"limit\"", "\"quota\"", "\"ct count\""].iter().any(|w| text.contains(w));
        if limited { Statement::Narrow(words(json), LIMIT) } else { Statement::Neutral }
    }

    fn comparison(&mut self, body: &Json, json: &Json) -> Option<Match<'a>> {
        let left = body.get("left")?;
        let op = match body.get("op").and_then(Json::as_str).unwrap_or("in") {
            "in" => Op::Implicit,
            "==" => Op::Eq,
            "!=" => Op::Ne,
            "<" => Op::Lt,
            ">" => Op::Gt,
            "<=" => Op::Le,
            ">=" => Op::Ge,
            "!" => Op::Without,
            _ => return None,
        };
        let (keys, mask) = self.left(left);
        let right = body.get("right")?;
        let value = self.value(right, false);
        Some(Match { keys, mask, op, value, words: written(json, &body["op"], left, right) })
    }

    /// What is compared, and the mask on it.
    fn left(&mut self, left: &Json) -> (Vec<Key<'a>>, Option<Value<'a>>) {
        match only(left) {
            Some(("&", Json::Array(both))) if both.len() == 2 => {
                (keys_of(&both[0]), Some(self.value(&both[1], false)))
            }
            Some(("|" | "^" | "<<" | ">>", Json::Array(both))) if !both.is_empty() => {
                (keys_of(&both[0]), Some(Value::Opaque(words(left))))
            }
            _ => (keys_of(left), None),
        }
    }

    /// A right-hand side. In a map the elements are pairs.
    pub(super) fn value(&mut self, json: &Json, is_map: bool) -> Value<'a> {
        match json {
            Json::String(text) => self.text(text),
            Json::Number(number) => Value::Word(number.to_string().into()),
            Json::Bool(flag) => Value::Word(if *flag { "exists" } else { "missing" }.into()),
            Json::Array(items) => Value::List(items.iter().map(|v| self.value(v, false)).collect()),
            Json::Object(_) => {
                self.object(json, is_map).unwrap_or_else(|| Value::Opaque(words(json)))
            }
            Json::Null => Value::Opaque(words(json)),
        }
    }

    fn text(&mut self, text: &str) -> Value<'a> {
        match text.strip_prefix('@') {
            Some(name) => {
                self.config.refer(self.table, name.to_owned().into());
                Value::Named(name.to_owned().into())
            }
            None if text == "*" => Value::All,
            None => Value::Word(text.to_owned().into()),
        }
    }

    fn object(&mut self, json: &Json, is_map: bool) -> Option<Value<'a>> {
        let (name, body) = only(json)?;
        Some(match name {
            "prefix" => {
                let len = u8::try_from(body.get("len")?.as_u64()?).ok()?;
                Value::Prefix(Box::new(self.value(body.get("addr")?, false)), len)
            }
            "range" => {
                let [lo, hi] = &body.as_array()?[..] else { return None };
                Value::Range(Box::new(self.value(lo, false)), Box::new(self.value(hi, false)))
            }
            "set" => {
                let found: Vec<_> = match body {
                    Json::Array(all) => all.iter().map(|e| self.element(e, is_map)).collect(),
                    one => vec![self.element(one, is_map)],
                };
                Value::Set(found.into())
            }
            "concat" => {
                let parts = body.as_array()?;
                Value::Concat(parts.iter().map(|v| self.value(v, false)).collect())
            }
            "|" => {
                let parts = body.as_array()?;
                Value::List(parts.iter().map(|v| self.value(v, false)).collect())
            }
            "elem" => self.value(body.get("val")?, false),
            _ => return None,
        })
    }

    /// An element of a set, or the pair of a map.
    pub(super) fn element(&mut self, json: &Json, is_map: bool) -> Element<'a> {
        let (key, data) = match json {
            Json::Array(pair) if is_map && pair.len() == 2 => (&pair[0], Some(&pair[1])),
            other => (other, None),
        };
        let body = only(key).filter(|(name, _)| *name == "elem").map(|(_, body)| body);
        let comes_and_goes = ["timeout", "expires", "limit", "quota", "ct count"];
        let fleeting = body.is_some_and(|b| comes_and_goes.iter().any(|n| b.get(n).is_some()));
        let data = data.map(|d| match verdict(d) {
            Some(verdict) => Data::Verdict(verdict),
            None => Data::Value(self.value(d, false)),
        });
        Element { key: self.value(key, false), data, fleeting, line: self.line }
    }

    fn nat(&mut self, name: &str, body: &Json) -> Option<Nat<'a>> {
        let kind = match name {
            "snat" => NatStatement::Snat,
            "dnat" => NatStatement::Dnat,
            "masquerade" => NatStatement::Masquerade,
            _ => NatStatement::Redirect,
        };
        let target = match body.get("addr") {
            None => Target::None,
            Some(addr) => match only(addr) {
                Some(("map", map)) => Target::Map {
                    keys: keys_of(map.get("key")?),
                    map: self.value(map.get("data")?, true),
                },
                _ => Target::Address(self.value(addr, false)),
            },
        };
        let port = body.get("port").map(|port| self.value(port, false));
        Some(Nat { kind, target, port })
    }
}

/// The name and body of an object that has one member.
fn only(json: &Json) -> Option<(&str, &Json)> {
    let object = json.as_object()?;
    object.iter().next().filter(|_| object.len() == 1).map(|(name, body)| (name.as_str(), body))
}

pub(super) fn verdict<'a>(json: &Json) -> Option<Verdict<'a>> {
    let (name, body) = only(json)?;
    let target = || Some(Text::from(body.get("target")?.as_str()?.to_owned()));
    Some(match name {
        "accept" => Verdict::Accept,
        "drop" => Verdict::Drop,
        "reject" => Verdict::Reject,
        "queue" => Verdict::Queue,
        "continue" => Verdict::Continue,
        "return" => Verdict::Return,
        "jump" => Verdict::Jump(target()?),
        "goto" => Verdict::Goto(target()?),
        _ => return None,
    })
}

fn keys_of<'a>(json: &Json) -> Vec<Key<'a>> {
    match only(json) {
        Some(("concat", Json::Array(parts))) if !parts.is_empty() => {
            parts.iter().map(key).collect()
        }
        _ => vec![key(json)],
    }
}

/// What an expression reads from a packet.
pub(super) fn key<'a>(json: &Json) -> Key<'a> {
    let Some((name, body)) = only(json) else { return keys::unmodelled(words(json), PACKET) };
    let member = |of: &str| body.get(of).and_then(Json::as_str);
    match name {
        "payload" => match (member("protocol"), member("field")) {
            (Some(protocol), Some(field)) => keys::payload(protocol, field, words(json)),
            _ => keys::unmodelled(words(json), HEADER),
        },
        "meta" => keys::meta(member("key").or(body.as_str()).unwrap_or_default(), words(json)),
        "ct" => match (member("key"), body.get("dir")) {
            (Some("state"), None) => Key::State,
            _ => keys::unmodelled(words(json), CONNECTION),
        },
        "tcp option" | "sctp chunk" | "dccp option" => {
            let protocol = name.split(' ').next().unwrap_or_default();
            keys::other_payload(protocol, words(json))
        }
        "ip option" => keys::other_payload("ip", words(json)),
        "fib" | "rt" | "socket" | "osf" | "ipsec" | "tunnel" => {
            keys::unmodelled(words(json), ROUTING)
        }
        "numgen" | "jhash" | "symhash" => keys::unmodelled(words(json), CHANCE),
        "exthdr" => keys::unmodelled(words(json), HEADER),
        _ => keys::unmodelled(words(json), PACKET),
    }
}

/// An expression as JSON writes it, without blanks, cut where it goes on and on.
fn words<'a>(json: &Json) -> Text<'a> {
    const LONGEST: usize = 200;
    let mut text = json.to_string();
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text.into()
}

/// A comparison much as a script would write it, where that is short.
fn written<'a>(json: &Json, op: &Json, left: &Json, right: &Json) -> Text<'a> {
    let (Some(left), Some(right)) = (left_words(left), right_words(right)) else {
        return words(json);
    };
    match op.as_str() {
        Some("==" | "in") | None => format!("{left} {right}").into(),
        Some(op) => format!("{left} {op} {right}").into(),
    }
}

fn left_words(json: &Json) -> Option<String> {
    let (name, body) = only(json)?;
    let member = |of: &str| body.get(of).and_then(Json::as_str);
    match name {
        "payload" => Some(format!("{} {}", member("protocol")?, member("field")?)),
        "meta" | "ct" => Some(format!("{name} {}", member("key")?)),
        _ => None,
    }
}

fn right_words(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Array(items) => {
            Some(items.iter().map(right_words).collect::<Option<Vec<_>>>()?.join(","))
        }
        _ => match only(json)? {
            ("prefix", p) => Some(format!("{}/{}", right_words(p.get("addr")?)?, p.get("len")?)),
            ("range", Json::Array(r)) if r.len() == 2 => {
                Some(format!("{}-{}", right_words(&r[0])?, right_words(&r[1])?))
            }
            ("set", Json::Array(items)) if items.len() <= 20 => {
                let parts: Option<Vec<_>> = items.iter().map(right_words).collect();
                Some(format!("{{ {} }}", parts?.join(", ")))
            }
            _ => None,
        },
    }
}
