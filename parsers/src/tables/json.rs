//! JSON: an array of objects, or an object of such arrays.

use portvakt_model::LineState;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::{Judged, Kind, judge};
use super::reader::Reader;
use super::reasons;
use super::record::Value;
use super::spell::Why;
use super::tree::{Member, Object, Tree, UNKNOWN_LIST};
use crate::Context;

/// Tells by the keys of the first part of a text what it is.
pub(super) fn sniff(head: &str, context: &Context) -> Option<Judged> {
    head.trim_start().starts_with(['{', '[']).then_some(())?;
    let mut keys: Vec<&str> = Vec::new();
    for part in head.split("\":").take(2000) {
        if let Some((_, key)) = part.rsplit_once('"')
            && Kind::of_key(key).is_none_or(|_| !keys.is_empty())
            && !keys.contains(&key)
            && keys.len() < 200
        {
            keys.push(key);
        }
    }
    judge(keys, context)
}

/// Reads the whole text.
pub(super) fn read(text: &str, reader: &mut Reader<'_, '_>) {
    let mut tree = Tree::new(text, reader);
    let whole = match serde_json::from_str::<&RawValue>(text) {
        Ok(whole) => whole,
        Err(error) => return broken(text, &error, &mut tree),
    };
    let start = offset(text, whole.get());
    match whole.get().as_bytes().first() {
        Some(b'[') => array(text, None, whole.get(), &mut tree),
        Some(b'{') => {
            for (key, value) in members(whole.get()) {
                group(text, &key, value.get(), &mut tree);
            }
        }
        _ => {}
    }
    // Brackets and commas on lines of their own belong to what they hold together.
    tree.mark_span(start, start + whole.get().len(), LineState::Used);
}

/// A member of the outer object: a list that is one of the tables, or something else.
fn group(text: &str, key: &str, value: &str, tree: &mut Tree<'_, '_, '_, '_>) {
    let start = offset(text, value);
    match (Kind::of_key(key), value.as_bytes().first()) {
        (kind, Some(b'[')) => array(text, kind, value, tree),
        // A version or a date of export beside the lists has no bearing.
        (None, first) if first != Some(&b'{') => {}
        _ => tree.mark_span(start, start + value.len(), UNKNOWN_LIST),
    }
}

fn array(text: &str, kind: Option<Kind>, raw: &str, tree: &mut Tree<'_, '_, '_, '_>) {
    let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
    let (mut objects, mut strays) = (Vec::new(), Vec::new());
    for item in items {
        let from = offset(text, item.get());
        let span = (from, from + item.get().len());
        if item.get().starts_with('{') {
            objects.push(object(text, item.get(), span));
        } else {
            strays.push(span);
        }
    }
    tree.list(kind, &objects);
    for (from, to) in strays {
        tree.mark_span(from, to, LineState::Unsupported(reasons::NO_OBJECT));
    }
}

fn object(text: &str, raw: &str, span: (usize, usize)) -> Object {
    let member = |(key, value): (String, &RawValue)| {
        let at = offset(text, value.get());
        let span = (at, at + value.get().len());
        Member { key, value: self::value(value.get()), span }
    };
    Object { spans: vec![span], members: members(raw).into_iter().map(member).collect() }
}

fn value(raw: &str) -> Value {
    match raw.as_bytes().first() {
        Some(b'"') => Value::Text(serde_json::from_str(raw).unwrap_or_default()),
        Some(b't') => Value::Flag(true),
        Some(b'f') => Value::Flag(false),
        Some(b'n') => Value::Text(String::new()),
        Some(b'[') => list(raw),
        Some(b'{') | None => Value::Fault(raw.to_owned()),
        Some(_) => raw.parse().map_or(Value::Fault(raw.to_owned()), Value::Number),
    }
}

/// A list of plain values is one cell with a line for each.
fn list(raw: &str) -> Value {
    let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
    let values: Vec<Value> = items
        .iter()
        .map(|item| match item.get().as_bytes().first() {
            Some(b'[' | b'{') => Value::Fault(raw.to_owned()),
            _ => value(item.get()),
        })
        .collect();
    if values.iter().any(|v| matches!(v, Value::Fault(_))) {
        return Value::Fault(raw.to_owned());
    }
    Value::Text(values.iter().map(Value::text).collect::<Vec<_>>().join("\n"))
}

/// The members of an object in order; a key that stands twice is kept twice.
fn members(raw: &str) -> Vec<(String, &RawValue)> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(entry) = map.next_entry()? {
                all.push(entry);
            }
            Ok(all)
        }
    }
    serde_json::Deserializer::from_str(raw).deserialize_map(Members).unwrap_or_default()
}

/// The byte offset of a part of `text`.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len())
}

fn broken(text: &str, error: &serde_json::Error, tree: &mut Tree<'_, '_, '_, '_>) {
    let at = tree.start(error.line()) + error.column().saturating_sub(1);
    tree.broken(
        at.min(text.len()),
        Why::new(
            "texten är inte giltig JSON här; inget i filen läses",
            "the text is not valid JSON here; nothing in the file is read",
        ),
    );
    tree.mark_span(0, text.len(), LineState::Unsupported(reasons::JSON));
}
