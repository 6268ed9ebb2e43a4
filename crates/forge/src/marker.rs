//! The block by which herder knows its own text again: an HTML comment, unseen by readers, with a line of JSON.
//!
//! `<!-- herder: {"kind":"status","goal":"acme/app#42"} -->`
//!
//! Whatever a person writes around it stays; a block that was mangled is not a block.

use serde_json::{Map, Value};

const OPEN: &str = "<!-- herder:";
const CLOSE: &str = "-->";

/// One block: a kind, a key that tells it from others of its kind, and more fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// What the text is: `status`, `post-mortem`, `hand-over`, ...
    pub kind: String,
    /// The same for the same text, however often it is written.
    pub key: String,
    /// More, for who reads it back.
    pub fields: Map<String, Value>,
}

impl Marker {
    /// A block without more fields.
    pub fn new(kind: impl Into<String>, key: impl Into<String>) -> Self {
        Self { kind: kind.into(), key: key.into(), fields: Map::new() }
    }

    /// The same with one more field. `kind` and `key` are not fields.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The block as text. No value can end the comment: `<`, `>` and `-` are escaped as JSON may have them.
    pub fn encode(&self) -> String {
        let mut object = self.fields.clone();
        object.insert("kind".to_owned(), self.kind.clone().into());
        object.insert("key".to_owned(), self.key.clone().into());
        let json = Value::Object(object).to_string();
        // A minus outside of strings belongs to a number, where it must stay.
        let (mut text, mut is_string, mut is_escaped) = (String::with_capacity(json.len()), false, false);
        for c in json.chars() {
            match c {
                '<' => text.push_str("\\u003c"),
                '>' => text.push_str("\\u003e"),
                '-' if is_string => text.push_str("\\u002d"),
                _ => text.push(c),
            }
            is_string ^= c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
        }
        format!("{OPEN} {text} {CLOSE}")
    }

    /// All blocks in a text, in their order.
    pub fn all(text: &str) -> Vec<Self> {
        let parts = text.split(OPEN).skip(1);
        parts.filter_map(|part| Self::decode(part.split_once(CLOSE)?.0)).collect()
    }

    /// Whether a text has a block of this kind and key.
    pub fn is_in(&self, text: &str) -> bool {
        Self::all(text).iter().any(|found| found.kind == self.kind && found.key == self.key)
    }

    /// A text with this block: in place of one of its kind and key, else at the end.
    pub fn put_into(&self, text: &str) -> String {
        let mut rest = text;
        let mut done = String::new();
        while let Some((before, after)) = rest.split_once(OPEN) {
            let Some((inside, behind)) = after.split_once(CLOSE) else { break };
            let is_it = Self::decode(inside).is_some_and(|one| one.kind == self.kind && one.key == self.key);
            done.push_str(before);
            if is_it {
                return done + &self.encode() + behind;
            }
            done.push_str(OPEN);
            done.push_str(inside);
            done.push_str(CLOSE);
            rest = behind;
        }
        format!("{}\n\n{}\n", text.trim_end(), self.encode()).trim_start().to_owned()
    }

    fn decode(inside: &str) -> Option<Self> {
        let Value::Object(mut fields) = serde_json::from_str(inside.trim()).ok()? else { return None };
        let mut word = |name: &str| match fields.remove(name) {
            Some(Value::String(word)) => Some(word),
            Some(_) | None => None,
        };
        Some(Self { kind: word("kind")?, key: word("key")?, fields })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_survives_what_people_write_around_it() {
        let marker = Marker::new("status", "acme/app#42").with("run", "r-1").with("spend", -1.5);
        let text = marker.put_into("Running.");
        assert_eq!(Marker::all(&text), std::slice::from_ref(&marker));
        let edited = format!("A person's word.\r\n{text}\n> quoted <!-- a comment --> more");
        assert_eq!(Marker::all(&edited), std::slice::from_ref(&marker));
        let newer = Marker::new("status", "acme/app#42").with("run", "r-2");
        let replaced = newer.put_into(&edited);
        assert_eq!(Marker::all(&replaced), [newer]);
        assert!(replaced.starts_with("A person's word.") && replaced.ends_with("<!-- a comment --> more"));
    }

    #[test]
    fn what_is_mangled_or_another_is_none() {
        let marker = Marker::new("status", "42");
        let text = marker.encode();
        assert!(!Marker::new("status", "43").is_in(&text) && !Marker::new("notice", "42").is_in(&text));
        for bad in [&text[..text.len() - 3], "<!-- herder: {} -->", "<!-- herder: hello -->", ""] {
            assert!(Marker::all(bad).is_empty(), "{bad}");
        }
        let both = format!("<!-- herder: broken --> {text}");
        assert_eq!(Marker::all(&both), [marker]);
    }

    proptest! {
        #[test]
        fn any_text_in_it_comes_back_and_never_ends_the_comment(
            kind in ".*", key in ".*", value in ".*", number in any::<i32>(), around in ".*",
        ) {
            let marker = Marker::new(kind, key).with("value", value).with("number", number);
            let block = marker.encode();
            prop_assert_eq!(block.matches("--").count(), 2);
            let text = marker.put_into(&around.replace(OPEN, ""));
            prop_assert_eq!(Marker::all(&text), vec![marker]);
        }
    }
}
