//! Words in addresses.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself: <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One word of an address or a query, with a slash as part of the word.
pub(crate) fn encode(word: &str) -> String {
    utf8_percent_encode(word, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_leaves_its_place() {
        assert_eq!(encode("goal:queued"), "goal%3Aqueued");
        assert_eq!(encode("a/../b?c#d e&f=é"), "a%2F..%2Fb%3Fc%23d%20e%26f%3D%C3%A9");
    }
}
