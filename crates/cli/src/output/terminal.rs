//! What the terminal can show, where there is one.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use textwrap::{Options, WordSplitter};

/// The narrowest terminal that text is broken for.
const NARROWEST: usize = 40;

/// How many columns a person has before them; nothing where standard output is no terminal, so that programs
/// get whole lines.
pub fn width() -> Option<usize> {
    width_of(&std::io::stdout())
}

/// The same for standard error.
pub fn width_of_stderr() -> Option<usize> {
    width_of(&std::io::stderr())
}

fn width_of<T: IsTerminal + AsFd>(out: &T) -> Option<usize> {
    if !out.is_terminal() {
        return None;
    }
    let columns = rustix::termios::tcgetwinsize(out).ok().map(|size| usize::from(size.ws_col));
    columns.filter(|columns| *columns > 0).map(|columns| columns.max(NARROWEST))
}

/// A text whose long lines are broken between words. A word that is too long stays whole: a path or an
/// address is to be copied.
pub fn wrapped(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let indent = format!("{}  ", " ".repeat(line.len() - line.trim_start_matches(' ').len()));
        let options = Options::new(width)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation)
            .subsequent_indent(&indent);
        out.push_str(&textwrap::wrap(line, options).join("\n"));
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_broken_between_words() {
        let text = "short\n  one two three four\n/a/path/that/is/very/long end";
        assert_eq!(wrapped(text, None), text);
        assert_eq!(
            wrapped(text, Some(12)),
            "short\n  one two\n    three\n    four\n/a/path/that/is/very/long\n  end"
        );
    }
}
