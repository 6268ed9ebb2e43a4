//! Errors in full: a person who reads that something failed wants to know why.

use std::error::Error;

/// An error and its causes in one line, outermost first.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors repeat their cause in their own text.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("write a file")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_cause_is_told_and_told_once() {
        let error = Outer(std::io::Error::other("the disk is full"));
        assert_eq!(with_causes(&error), "write a file: the disk is full");
    }
}
