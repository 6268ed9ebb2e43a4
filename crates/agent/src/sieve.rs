//! Finding the structured answer among everything that a program prints.
//!
//! Whatever stands around it: a log, a fence, a prefix, line breaks within. Objects are looked for in
//! windows of the output, so memory is bounded; each window is read a bounded number of times, since the
//! JSON reader gives up below [128 levels](https://docs.rs/serde_json/1/serde_json/struct.Deserializer.html).

use herder_domain::agent::Answer;
use serde_json::{Deserializer, Value};

use crate::answer::{self, Invalid, STATUSES};
use crate::session::tail;

/// The end of the output that is kept, bytes; an answer that is longer is not one.
pub(crate) const WINDOW: usize = 64 << 10;

/// Takes what is printed, keeps its end and the last answer in it.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    kept: String,
    answer: Option<Answer>,
    problem: Option<Invalid>,
}

impl Sieve {
    /// Takes one printed line.
    pub(crate) fn line(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.floor_char_boundary(WINDOW));
            self.push(piece);
            rest = more;
        }
        self.push("\n");
    }

    fn push(&mut self, piece: &str) {
        self.kept.push_str(piece);
        if self.kept.len() > 2 * WINDOW {
            self.sift();
            self.kept = tail(&self.kept, WINDOW).to_owned();
        }
    }

    /// The end of what was printed, at most [`WINDOW`] bytes.
    pub(crate) fn printed(&self) -> &str {
        tail(self.kept.trim(), WINDOW)
    }

    /// The last valid answer; without one, what is wrong with the last thing that was meant as one;
    /// nothing where there is neither.
    pub(crate) fn answer(&mut self) -> Option<Result<Answer, Invalid>> {
        self.sift();
        let problem = self.problem.take();
        self.answer.take().map(Ok).or(problem.map(Err))
    }

    /// Looks at every object of the window, in the order of their ends.
    fn sift(&mut self) {
        let text = std::mem::take(&mut self.kept);
        let (mut from, mut suspected) = (0, 0);
        while let Some(start) = text[from..].find('{').map(|at| from + at) {
            let mut values = Deserializer::from_str(&text[start..]).into_iter::<Value>();
            from = match values.next() {
                Some(Ok(value)) => {
                    self.consider(&value);
                    start + values.byte_offset()
                }
                Some(Err(error)) => {
                    if start >= suspected {
                        suspected = start + self.suspect(&text[start..], &error);
                    }
                    // What follows the brace may still hold an object: `{` is common in prose and code.
                    start + 1
                }
                None => text.len(),
            };
        }
        self.kept = text;
    }

    fn consider(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.consider(item)),
            Value::Object(fields) => {
                fields.values().for_each(|field| self.consider(field));
                match answer::judge(value) {
                    Ok(answer) => self.answer = Some(answer),
                    Err(problem) if is_meant(value) => self.problem = Some(problem),
                    Err(_) => {}
                }
            }
            Value::String(text) => self.unwrap(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Looks into a text that is itself JSON: a program that prints its model's last message as JSON puts
    /// the answer there. Once, not for ever.
    fn unwrap(&mut self, text: &str) {
        if !text.trim_start().starts_with('{') {
            return;
        }
        if let Ok(value) = serde_json::from_str::<Value>(text)
            && let Ok(answer) = answer::judge(&value)
        {
            self.answer = Some(answer);
        }
    }

    /// Notes an object that cannot be read but names a status: a text with line breaks, single quotes.
    /// Gives how much of the text has been looked at.
    fn suspect(&mut self, text: &str, error: &serde_json::Error) -> usize {
        if !text[1..].trim_start().starts_with(['"', '\'']) {
            return 1;
        }
        let fragment = text.split_once('}').map_or(text, |(fragment, _)| fragment);
        let quoted: Vec<&str> = fragment.split(['"', '\'']).map(str::trim).collect();
        let names_status = quoted.windows(3).any(|it| it[0] == "status" && it[1] == ":" && is_close(it[2]));
        if names_status && quoted.contains(&"summary") {
            self.problem = Some(Invalid::Syntax(error.to_string()));
        }
        fragment.len()
    }
}

/// Whether an object that is no valid answer was meant as one: it has both fields with a word for a
/// status, or at least nearly one of the four words. `{"status":200}` and `{"status":"ok"}` are logs, and
/// `{"status":"...","summary":"..."}` is an instruction that somebody repeats.
fn is_meant(value: &Value) -> bool {
    let Some(status) = value.get("status").and_then(Value::as_str) else { return false };
    let is_word = status.chars().any(char::is_alphabetic)
        && status.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '\''));
    is_close(status) || is_word && value.get("summary").is_some()
}

/// Whether a word is one of the four but for its spelling: "Blocked", "needs-review", "continued".
fn is_close(word: &str) -> bool {
    let letters = |word: &str| -> String {
        word.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
    };
    let said = letters(word);
    STATUSES.into_iter().map(|status| letters(status.as_str())).any(|known| {
        let is_beginning = said.len() >= 4 && known.starts_with(&said);
        let is_inflected = said.starts_with(&known) && said.len() <= known.len() + 3;
        is_beginning || is_inflected
    })
}

#[cfg(test)]
mod tests;
