//! Every option with its source, for `config explain`.

use crate::resolve::{GatePolicy, Resolved};
use crate::settings::Settings;
use crate::source::{Source, Sourced};

/// One option as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The key, dotted.
    pub key: &'static str,
    /// The value; `-` where there is none.
    pub value: String,
    /// Who said so.
    pub source: Source,
}

fn line<T>(key: &'static str, of: &Sourced<T>, value: impl FnOnce(&T) -> String) -> Explained {
    Explained { key, value: value(&of.value), source: of.source.clone() }
}

fn or_dash<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "-".to_owned(), T::to_string)
}

impl Resolved {
    /// The options of one goal.
    pub fn explain(&self) -> Vec<Explained> {
        let mut all = vec![
            line("agent", &self.agent, String::clone),
            line("model", &self.model, String::clone),
            line("reasoning", &self.reasoning, ToString::to_string),
            line("duration", &self.duration, ToString::to_string),
            line("max_age", &self.max_age, or_dash),
            line("budget.iterations", &self.iterations, or_dash),
            line("budget.tokens", &self.tokens, or_dash),
            line("budget.usd", &self.usd, or_dash),
            line("gate", &self.gate, |policy| match policy {
                GatePolicy::Required => "required".to_owned(),
                GatePolicy::Waived => "none".to_owned(),
            }),
            line("gate.protect", &self.protect, |globs| globs.join(", ")),
            line("test_globs", &self.test_globs, |globs| globs.join(", ")),
        ];
        all.extend(self.base.as_ref().map(|base| line("base", base, String::clone)));
        all
    }
}

impl Settings {
    /// The settings of the orchestrator. Of secrets, only names are shown.
    pub fn explain(&self) -> Vec<Explained> {
        vec![
            line("max", &self.max, ToString::to_string),
            line("root", &self.root, |root| root.display().to_string()),
            line("author", &self.author, |author| format!("{} <{}>", author.name, author.email)),
            line("backoff.first", &self.backoff_first, ToString::to_string),
            line("backoff.longest", &self.backoff_longest, ToString::to_string),
        ]
    }
}
