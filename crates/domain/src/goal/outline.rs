//! The lines of a Markdown text, and which of them are code: a `#` in a script is no heading.

/// A line of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    /// From 1.
    pub number: usize,
    /// Without its line end.
    pub text: &'t str,
    /// Inside of a fenced block, fences included.
    pub is_code: bool,
}

/// The lines of a text, the first with number `first`.
pub(crate) fn lines(text: &str, first: usize) -> Vec<Line<'_>> {
    let mut fence: Option<&str> = None;
    let read = |(index, text)| {
        let mark = fence_of(text);
        let is_code = fence.is_some() || mark.is_some();
        fence = match (fence, mark) {
            (None, mark) => mark,
            (Some(open), Some(mark)) if closes(text, mark, open) => None,
            (open, _) => open,
        };
        Line { number: first + index, text, is_code }
    };
    text.lines().enumerate().map(read).collect()
}

/// The backticks or tildes that a line begins with, where they open or close a block.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    line.get(..length).filter(|fence| fence.len() >= 3)
}

fn closes(line: &str, mark: &str, open: &str) -> bool {
    line.trim() == mark && mark.len() >= open.len() && mark.starts_with(&open[..1])
}

impl<'t> Line<'t> {
    /// The title of a heading of this level, if it is one.
    pub(crate) fn heading(&self, level: usize) -> Option<&'t str> {
        let rest = self.text.strip_prefix(&"#".repeat(level)).filter(|_| !self.is_code)?;
        rest.strip_prefix(' ').map(str::trim)
    }

    /// The text of a list's item, if it is one.
    pub(crate) fn item(&self) -> Option<&'t str> {
        let text = self.text.trim_start();
        let bullet = ["- ", "* ", "+ "].iter().find_map(|bullet| text.strip_prefix(bullet));
        let numbered = || {
            let digits = text.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
            text.get(digits..)?.strip_prefix([')', '.'])?.strip_prefix(' ')
        };
        bullet.or_else(numbered).filter(|_| !self.is_code).map(str::trim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_in_a_block_of_code_is_none() {
        let text = "## A\n```sh\n## no\n~~~\n```\n## B\n````\n```\n## no\n````\n## C\n";
        let found: Vec<_> = lines(text, 1).iter().filter_map(|line| line.heading(2)).collect();
        assert_eq!(found, ["A", "B", "C"]);
    }

    #[test]
    fn items_are_found_however_they_are_marked() {
        let found: Vec<_> = lines("- a\n* b\n  + c\n1. d\n2) e\nf\n1.5 g\n-h\n", 1)
            .iter()
            .filter_map(Line::item)
            .map(str::to_owned)
            .collect();
        assert_eq!(found, ["a", "b", "c", "d", "e"]);
    }
}
