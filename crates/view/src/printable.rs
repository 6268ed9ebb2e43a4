//! Text from agents and issues, made safe for a terminal.

use std::borrow::Cow;

/// The text with what a terminal would obey replaced by `U+FFFD`: all control characters but the tab and the
/// line feed.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace(is_obeyed, "\u{fffd}"))
}

fn is_obeyed(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_replaced() {
        assert_eq!(printable("a\tb\nc"), "a\tb\nc");
        assert_eq!(printable("a\u{1b}[2J\u{9b}b\r\n"), "a\u{fffd}[2J\u{fffd}b\n");
    }
}
