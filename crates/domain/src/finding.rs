//! What a look at the surroundings found: the one shape in which every crate answers `herder doctor`.

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// herder works, with less than it could have, or with something that a person should know of.
    Warning,
    /// herder cannot work because of it.
    Error,
}

impl Verdict {
    /// Its word, as a person reads it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "ERROR",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: a word or two.
    pub subject: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen and what follows from it, one sentence.
    pub detail: String,
    /// What to do about it, where there is something to be done.
    pub hint: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Ok, detail: detail.into(), hint: None }
    }

    /// Something a person should know of. An empty hint is none.
    pub fn warning(subject: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, ..Self::error(subject, detail, hint) }
    }

    /// Something without which herder cannot work. An empty hint is none.
    pub fn error(subject: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        Self { verdict: Verdict::Error, hint, ..Self::ok(subject, detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_is_the_greatest() {
        let found = [
            Finding::ok("a", "fine"),
            Finding::error("b", "bad", "mend it"),
            Finding::warning("c", "so so", ""),
        ];
        let worst = found.iter().max_by_key(|finding| finding.verdict).unwrap();
        assert_eq!((worst.subject.as_str(), worst.hint.as_deref()), ("b", Some("mend it")));
        assert_eq!(found[2].hint, None);
    }
}
