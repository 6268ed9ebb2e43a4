//! One broken rule at one place.

use std::fmt;

/// One broken rule at one place. Ordered by path, then line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what the rule is for, as a sentence.
    pub sentence: String,
}

impl Violation {
    /// A violation at a place.
    pub fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Violation { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_reads_as_place_and_sentence() {
        let violation = Violation::new("src/lib.rs", 3, "too long");
        assert_eq!(violation.to_string(), "src/lib.rs:3: too long");
    }
}
