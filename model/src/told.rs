//! What is told to a person, in either language.

use std::fmt;

use crate::Message;

/// Words for a reader of either language. As text they are English, as in logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// As a file writes it: `-m recent`, `fqdn a.example.com`.
    Written(String),
    /// In words of ours; `{name}` stands for the value of that name.
    Said(&'static Message, Vec<(&'static str, String)>),
}

impl Told {
    /// Words about the one `{name}` that is in them.
    pub fn of(words: &'static Message, name: impl Into<String>) -> Self {
        Self::Said(words, vec![("name", name.into())])
    }

    /// As a file writes it; `None` where it is told in words of ours.
    pub fn written(&self) -> Option<&str> {
        match self {
            Self::Written(text) => Some(text),
            Self::Said(..) => None,
        }
    }

    /// The text, where `pick` takes the words of a language.
    pub fn text(&self, pick: impl FnOnce(&'static Message) -> &'static str) -> String {
        match self {
            Self::Written(text) => text.clone(),
            Self::Said(words, values) => filled(pick(words), |name| {
                values.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
            }),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(|words| words.en))
    }
}

impl From<String> for Told {
    fn from(text: String) -> Self {
        Self::Written(text)
    }
}

impl From<&String> for Told {
    fn from(text: &String) -> Self {
        Self::Written(text.clone())
    }
}

impl From<&str> for Told {
    fn from(text: &str) -> Self {
        Self::Written(text.to_owned())
    }
}

impl From<&'static Message> for Told {
    fn from(words: &'static Message) -> Self {
        Self::Said(words, Vec::new())
    }
}

/// A sentence with the value of each `{name}` put in; one without a value stays as it is.
pub fn filled(words: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), words);
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        out.push_str(before);
        match value(name) {
            Some(text) => out.push_str(&text),
            None => out.extend(["{", name, "}"]),
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once() {
        let words: &Message = &Message { sv: "{b} före {a}, {c}", en: "{a} after {b}, {c}" };
        let told = Told::Said(words, vec![("a", "{b}".to_owned()), ("b", "x".to_owned())]);
        assert_eq!(told.text(|words| words.sv), "x före {b}, {c}");
        assert_eq!(told.to_string(), "{b} after x, {c}");
        assert_eq!(Told::from("as it is {a}").to_string(), "as it is {a}");
    }
}
