//! What a person is told.

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Good to know.
    Info,
    /// A person has to act.
    Attention,
}

impl Level {
    /// The word for a command's environment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Attention => "attention",
        }
    }
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The same for the same notice, however often it is told.
    pub key: String,
    /// One line.
    pub title: String,
    /// Some lines.
    pub message: String,
    /// The goal that it is about, `owner/name#42`.
    pub goal: Option<String>,
    /// Where to look.
    pub url: Option<String>,
    /// How much it matters.
    pub level: Level,
}

/// The longest title that is told, in bytes.
const TITLE_MAX: usize = 250;

/// The longest message that is told, in bytes. ntfy takes 4,096 (its documentation, "Limitations").
const MESSAGE_MAX: usize = 4000;

impl Notice {
    /// The title, as one line of printable text.
    pub(crate) fn short_title(&self) -> String {
        let line: String = self.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        cut(line.trim(), TITLE_MAX)
    }

    /// The message, without what would move a terminal's cursor.
    pub(crate) fn short_message(&self) -> String {
        let is_plain = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let text: String = self.message.chars().filter(is_plain).collect();
        cut(text.trim(), MESSAGE_MAX)
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most - '…'.len_utf8())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_plain_and_bounded() {
        let notice = Notice {
            key: "k".into(),
            title: format!("a\nb\u{1b}[2J{}", "é".repeat(300)),
            message: format!(" one\n\u{7}two\0{}", "é".repeat(5000)),
            goal: None,
            url: None,
            level: Level::Info,
        };
        let (title, message) = (notice.short_title(), notice.short_message());
        assert!(title.starts_with("a b [2J") && title.ends_with('…') && title.len() <= TITLE_MAX, "{title}");
        assert!(message.starts_with("one\ntwoé") && message.len() <= MESSAGE_MAX);
    }
}
