//! TOML: `[[decision]]`, `[[system]]`, `[[ssid]]`, `[[exception]]`.

use portvakt_model::LineState;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::columns::Kind;
use super::reader::Reader;
use super::reasons;
use super::record::Value;
use super::spell::Why;
use super::tree::{Member, Object, Tree, UNKNOWN_LIST};
use crate::lines::Lines;

/// What the first list that is one of the tables holds; `None` when there is none.
pub(super) fn sniff(head: &str) -> Option<Kind> {
    head.lines().find_map(|line| {
        let name = line.trim().strip_prefix("[[")?.split("]]").next()?;
        Kind::of_key(name.trim())
    })
}

/// Reads the whole text.
pub(super) fn read(text: &str, reader: &mut Reader<'_, '_>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut tree = Tree::new(text, reader);
    for error in &errors {
        let span = error.span().unwrap_or(0..text.len());
        tree.broken(span.start, invalid());
        tree.mark_span(span.start, span.end, LineState::Unsupported(reasons::TOML));
    }
    for (key, value) in table.get_ref() {
        group(key, value, &mut tree);
    }
    for line in Lines::new(text) {
        let body = line.text.trim();
        if body.is_empty() || body.starts_with('#') {
            tree.reader.mark((line.number, line.number), LineState::Neutral);
        }
    }
}

fn invalid() -> Why {
    Why::new(
        "raden är inte giltig TOML; det den säger är inte läst",
        "the line is not valid TOML; what it says is not read",
    )
}

type Node<'t> = Spanned<DeValue<'t>>;

fn group(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Node<'_>,
    tree: &mut Tree<'_, '_, '_, '_>,
) {
    let kind = Kind::of_key(key.get_ref());
    let objects = match value.get_ref() {
        DeValue::Array(items) if kind.is_some() => items.iter().map(object).collect(),
        DeValue::Table(_) if kind.is_some() => vec![object(value)],
        _ => Vec::new(),
    };
    tree.mark_span(key.span().start, key.span().end, LineState::Neutral);
    if objects.is_empty() {
        let spans = spans(value);
        tree.mark(&Object { spans, members: Vec::new() }, UNKNOWN_LIST);
    } else {
        tree.list(kind, &objects);
    }
}

fn object(value: &Node<'_>) -> Object {
    let DeValue::Table(table) = value.get_ref() else {
        return Object { spans: spans(value), members: Vec::new() };
    };
    let mut members: Vec<Member> = table
        .iter()
        .map(|(key, value)| Member {
            key: key.get_ref().to_string(),
            value: self::value(value),
            span: (value.span().start, value.span().end),
        })
        .collect();
    members.sort_by_key(|m| m.span);
    Object { spans: spans(value), members }
}

/// The byte ranges of a value and of what it holds: the span of a table is that of its header.
fn spans(value: &Node<'_>) -> Vec<(usize, usize)> {
    let mut all = vec![(value.span().start, value.span().end)];
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                all.push((key.span().start, key.span().end));
                all.extend(spans(value));
            }
        }
        DeValue::Array(items) => all.extend(items.iter().flat_map(spans)),
        _ => {}
    }
    all
}

fn value(value: &Node<'_>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(on) => Value::Flag(*on),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Integer(number) => Value::Text(number.to_string()),
        DeValue::Float(number) => Value::Text(number.to_string()),
        DeValue::Array(items) => list(items.iter()),
        DeValue::Table(_) => Value::Fault("{…}".into()),
    }
}

/// A list of plain values is one cell with a line for each.
fn list<'n, 't: 'n>(items: impl Iterator<Item = &'n Node<'t>>) -> Value {
    let values: Vec<Value> = items.map(value).collect();
    match values.iter().find(|v| matches!(v, Value::Fault(_))) {
        Some(fault) => fault.clone(),
        None => Value::Text(values.iter().map(Value::text).collect::<Vec<_>>().join("\n")),
    }
}
