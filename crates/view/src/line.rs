//! What a line of a run's log is, as ralph writes it.

/// What a line of a run's log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// The agent calls a tool, or that failed.
    Tool,
    /// The gate was asked, or answered.
    Gate,
    /// The ralph says where it is: an iteration, a wait, the end.
    Mark,
    /// The agent says something.
    Text,
}

impl LineKind {
    /// That of a line.
    pub fn of(line: &str) -> Self {
        match line {
            _ if line.starts_with("> ") => Self::Tool,
            _ if line.starts_with("== gate:") => Self::Gate,
            _ if line.starts_with("-- ") || line.starts_with("== ") => Self::Mark,
            _ => Self::Text,
        }
    }

    /// Its name, one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Gate => "gate",
            Self::Mark => "mark",
            Self::Text => "text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_by_how_it_begins() {
        for (line, name) in [
            ("> Bash cargo test", "tool"),
            ("== gate: red after 2.0 s", "gate"),
            ("== ended: done", "mark"),
            ("-- iteration 3", "mark"),
            ("I look at the tests.", "text"),
        ] {
            assert_eq!(LineKind::of(line).name(), name, "{line}");
        }
    }
}
