//! Secrets are taken out of every text before it reaches a file.
//!
//! Two kinds are known: values that somebody registered, found wherever they stand, and tokens that
//! are recognized by their shape (`patterns.rs`). Both are looked for in the text as it is and as a
//! JSON reader would see it, so that `\u002d` for `-` hides nothing.

mod assignments;
mod escapes;
mod patterns;
mod writer;

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::AhoCorasick;
use herder_domain::gate::Said;
use regex::Regex;
use serde::Serialize;
use serde_json::Value;

use crate::error::RecordError;
pub use assignments::assigned_values;
pub use writer::{LineRedactor, RedactingWriter};

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Shorter values are not taken for secrets: they would be found everywhere.
pub const SHORTEST: usize = 6;

/// JSON in JSON in JSON: deeper than this nobody nests by accident.
const DEEPEST: usize = 4;

/// A text without the secrets that its redactor knows. Only a [`Redactor`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted<'t>(Cow<'t, str>);

impl Redacted<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }

    pub(crate) fn end_line(&mut self) {
        self.0.to_mut().push('\n');
    }
}

/// Knows the secrets.
#[derive(Clone, Debug)]
pub struct Redactor {
    values: Option<AhoCorasick>,
    tokens: Regex,
    longest: usize,
}

impl Redactor {
    /// A redactor for these values and for all known shapes of tokens.
    ///
    /// White space around a value does not belong to it; each long enough line of a value of several
    /// lines is a secret too, because files are redacted line by line. Values shorter than
    /// [`SHORTEST`] bytes are passed over.
    pub fn new<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Result<Self, RecordError> {
        let mut needles: Vec<String> =
            values.into_iter().flat_map(|value| variants(value.as_ref().trim())).collect();
        needles.sort_unstable();
        needles.dedup();
        let longest = needles.iter().map(String::len).max().unwrap_or(0);
        let build = |error: &dyn std::fmt::Display| RecordError::Redaction(error.to_string());
        let values = match needles.is_empty() {
            true => None,
            false => Some(AhoCorasick::new(&needles).map_err(|error| build(&error))?),
        };
        let tokens = Regex::new(&patterns::all()).map_err(|error| build(&error))?;
        Ok(Self { values, tokens, longest })
    }

    /// A gate's word without the secrets that it told: others read it.
    pub fn said(&self, said: Said) -> Said {
        match said {
            Said::Yes => Said::Yes,
            Said::No(refusal) => Said::No(refusal.map_texts(|text| self.line(text).into_string())),
        }
    }

    /// Takes the secrets out of a text. A text without any is not copied.
    pub fn line<'t>(&self, text: &'t str) -> Redacted<'t> {
        let mut clean = Cow::Borrowed(text);
        // What is left after a replacement may, in theory, join to a secret once more.
        for _ in 0..DEEPEST {
            let found = self.find(&clean);
            if found.is_empty() {
                return Redacted(clean);
            }
            clean = Cow::Owned(cut(&clean, &found));
        }
        Redacted(Cow::Borrowed(MARK))
    }

    /// A value as one line of JSON without secrets, still JSON.
    pub fn json<T: Serialize>(&self, value: &T) -> Result<Redacted<'static>, RecordError> {
        let encode = |source| RecordError::Encode { what: "a record", source };
        let text = serde_json::to_string(value).map_err(encode)?;
        let clean = self.line(&text);
        if clean.as_str() == text || serde_json::from_str::<serde::de::IgnoredAny>(clean.as_str()).is_ok() {
            return Ok(Redacted(Cow::Owned(clean.into_string())));
        }
        // A secret that looks like a piece of JSON broke the line: go through it string by string.
        let mut tree: Value = serde_json::from_str(&text).map_err(encode)?;
        self.clean_strings(&mut tree);
        Ok(Redacted(Cow::Owned(tree.to_string())))
    }

    fn clean_strings(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.line(text).into_string(),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean_strings(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.clean_strings(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Bytes that must stay together at a cut of an overlong line: the longest secret, each of its
    /// bytes written as `\u002d` in a string in a string.
    fn reach(&self) -> usize {
        (self.longest * 12).max(16 * 1024)
    }

    /// Where the secrets are, in order, not overlapping.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = self.search(text);
        let mut view = Cow::Borrowed(text);
        for depth in 1..=DEEPEST {
            let Some(decoded) = escapes::decode(&view) else { break };
            let hits = self.search(&decoded);
            if !hits.is_empty() {
                let origin = escapes::origin(text, depth);
                found.extend(hits.into_iter().map(|hit| origin[hit.start]..origin[hit.end]));
            }
            view = Cow::Owned(decoded);
        }
        joined(found)
    }

    fn search(&self, text: &str) -> Vec<Range<usize>> {
        let values = self.values.iter().flat_map(|values| values.find_overlapping_iter(text));
        values.map(|hit| hit.range()).chain(self.tokens.find_iter(text).map(|hit| hit.range())).collect()
    }
}

/// The value and what else gives it away: its lines, and its form in a URL.
fn variants(value: &str) -> Vec<String> {
    let lines = value.lines().map(str::trim);
    let encoded = percent_encoded(value);
    let all = [value, &encoded].into_iter().chain(lines);
    all.filter(|text| text.len() >= SHORTEST && !MARK.contains(text)).map(Into::into).collect()
}

fn percent_encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => out.push(range),
        }
    }
    out
}

fn cut(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for range in ranges {
        out.push_str(&text[kept..range.start]);
        out.push_str(MARK);
        kept = range.end;
    }
    out.push_str(&text[kept..]);
    out
}

#[cfg(test)]
mod tests;
