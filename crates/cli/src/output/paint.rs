//! Colours inside a text: marked where the text is made, painted where it leaves the program.
//!
//! A mark is one of the code points that Unicode keeps for a program's internal use (noncharacters, Unicode
//! Standard 23.7): no text of a person's means anything by them, and a text with marks can be measured and
//! broken into lines before anybody knows whether colours are wanted.

use anstyle::{AnsiColor, Style};

/// Ends what another mark began.
const END: char = '\u{fdd0}';

/// What a word means to a person who looks over a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// All is well.
    Good,
    /// It waits for somebody's look.
    Attention,
    /// Something is wrong.
    Bad,
}

impl Tint {
    const ALL: [Self; 3] = [Self::Good, Self::Attention, Self::Bad];

    fn mark(self) -> char {
        match self {
            Self::Good => '\u{fdd1}',
            Self::Attention => '\u{fdd2}',
            Self::Bad => '\u{fdd3}',
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Attention => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
        }
    }

    /// The text, marked.
    pub(super) fn on(self, text: &str) -> String {
        format!("{}{text}{END}", self.mark())
    }
}

/// A text without marks, whoever put them there.
pub(super) fn unmarked(text: &str) -> String {
    text.replace(is_mark, "")
}

fn is_mark(c: char) -> bool {
    c == END || tint_of(c).is_some()
}

fn tint_of(c: char) -> Option<Tint> {
    Tint::ALL.into_iter().find(|tint| tint.mark() == c)
}

/// A text with colours in the place of its marks. None reaches over the end of its line.
pub(super) fn painted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut now: Option<Style> = None;
    for c in text.chars() {
        if let Some(tint) = tint_of(c) {
            let style = tint.style();
            out.push_str(&style.render().to_string());
            now = Some(style);
            continue;
        }
        if matches!(c, END | '\n')
            && let Some(style) = now.take()
        {
            out.push_str(&style.render_reset().to_string());
        }
        if c != END {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_word_is_painted_and_nothing_behind_it() {
        let text = format!("a {} b", Tint::Bad.on("stuck"));
        assert_eq!(painted(&text), "a \u{1b}[31mstuck\u{1b}[0m b");
        assert_eq!(unmarked(&text), "a stuck b");
        assert_eq!(painted("\u{fdd3}open\nend"), "\u{1b}[31mopen\u{1b}[0m\nend");
        assert_eq!(painted("plain"), "plain");
    }
}
