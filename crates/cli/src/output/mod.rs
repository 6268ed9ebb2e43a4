//! Where text and JSON leave the program.

mod colour;
mod paint;
mod progress;
mod table;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::failure::{Failure, Kind};
pub use colour::colour;
use colour::{ERROR, HINT, WARNING};
pub use herder_watch::printable;
pub use paint::Tint;
use paint::painted;
pub use progress::Progress;
pub use table::Table;
pub use terminal::width;
use terminal::{width_of_stderr, wrapped};

/// What a command has to say, in both tongues.
#[derive(Debug, Default)]
pub struct Reply {
    fields: Map<String, Value>,
    text: String,
    warnings: Vec<String>,
    failure: Option<Failure>,
}

impl Reply {
    /// Nothing more: the command has said all while it worked.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// One thing: its fields as JSON, or a text.
    pub fn one<T: Serialize>(value: &T, text: impl Into<String>) -> Result<Self, Failure> {
        let fields = match encoded(value)? {
            Value::Object(fields) => fields,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Ok(Self { fields, text: text.into(), ..Self::default() })
    }

    /// A list: `items` as JSON, or a text.
    pub fn list<T: Serialize>(items: &[T], text: impl Into<String>) -> Result<Self, Failure> {
        Self::one(&json!({ "items": encoded(&items)? }), text)
    }

    /// The same reply, and the command failed all the same.
    #[must_use]
    pub fn but(self, failure: Failure) -> Self {
        Self { failure: Some(failure), ..self }
    }

    /// The same with what a person had better know: `warnings` in JSON, where there are any, or lines on
    /// standard error.
    #[must_use]
    pub fn warning(self, warnings: Vec<String>) -> Self {
        Self { warnings, ..self }
    }

    /// The same with one more line of text.
    #[must_use]
    pub fn and(mut self, line: &str) -> Self {
        self.text.push_str(line);
        self
    }
}

/// A value as JSON.
pub fn encoded<T: Serialize>(value: &T) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::of(Kind::Internal, &error).about("JSON"))
}

/// Standard output and standard error.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    is_json: bool,
}

impl Output {
    /// Speaks JSON, or text.
    pub fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    /// Whether it speaks JSON.
    pub fn is_json(self) -> bool {
        self.is_json
    }

    /// Says one thing while the command goes on: a line of JSON, or a line of text. A closed pipe is the
    /// reader's way to say that it has seen enough.
    pub fn say(self, value: &Value, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self.is_json {
            true => writeln!(out, "{value}")?,
            false => writeln!(out, "{}", printable(text))?,
        }
        out.flush()
    }

    /// Says a text as it is.
    pub fn text(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Says what came of a command, and how the program ends.
    pub fn finish(self, result: Result<Reply, Failure>) -> ExitCode {
        let (reply, failure) = match result {
            Ok(mut reply) => {
                let failure = reply.failure.take();
                (reply, failure)
            }
            Err(failure) => (Reply::nothing(), Some(failure)),
        };
        let said = match self.is_json {
            true => self.finish_json(reply, failure.as_ref()),
            false => self.finish_text(&reply, failure.as_ref()),
        };
        match (failure, said) {
            (Some(failure), _) => ExitCode::from(failure.kind.exit_code()),
            (None, Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
                ExitCode::from(Kind::Environment.exit_code())
            }
            (None, Ok(()) | Err(_)) => ExitCode::SUCCESS,
        }
    }

    fn finish_json(self, reply: Reply, failure: Option<&Failure>) -> io::Result<()> {
        if reply.fields.is_empty() && failure.is_none() {
            return Ok(());
        }
        let mut fields = reply.fields;
        if !reply.warnings.is_empty() {
            fields.insert("warnings".to_owned(), json!(reply.warnings));
        }
        fields.extend(failure.map(|failure| ("error".to_owned(), json!(failure))));
        // Whether it went well is read first, by people at least.
        let rest = Value::Object(fields).to_string();
        let comma = if rest == "{}" { "" } else { "," };
        self.text(&format!("{{\"ok\":{}{comma}{}\n", failure.is_none(), rest.trim_start_matches('{')))
    }

    fn finish_text(self, reply: &Reply, failure: Option<&Failure>) -> io::Result<()> {
        let text = wrapped(&painted(&printable(&reply.text)), width());
        anstream::stdout().lock().write_all(text.as_bytes())?;
        let mut err = anstream::stderr().lock();
        let room = width_of_stderr();
        let mut line = |style: anstyle::Style, word: &str, text: &str| {
            let whole = wrapped(&printable(&format!("{word}: {text}")), room);
            let rest = whole.strip_prefix(word).unwrap_or(&whole);
            writeln!(err, "{style}{word}{style:#}{rest}")
        };
        reply.warnings.iter().try_for_each(|warning| line(WARNING, "warning", warning))?;
        let Some(failure) = failure else { return Ok(()) };
        line(ERROR, "error", &failure.message)?;
        failure.hints.iter().try_for_each(|hint| line(HINT, "hint", hint))
    }
}

/// How much was found to be wrong, in words.
pub fn counted(errors: usize, warnings: usize) -> String {
    let count = |count: usize, one: &str| match count {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    };
    format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
}
