//! What a person is told.

use herder_domain::level::Level;
use herder_domain::repo::GoalRef;

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The same for the same notice, however often it is told.
    pub key: String,
    /// One line.
    pub title: String,
    /// Some lines.
    pub message: String,
    /// The goal that it is about.
    pub goal: Option<GoalRef>,
    /// The story of that goal.
    pub story: Option<GoalRef>,
    /// Where to look.
    pub url: Option<String>,
    /// What can be done about it at once.
    pub links: Vec<Link>,
    /// How much it matters.
    pub level: Level,
}

/// A deed that is one address away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is called, a word or two.
    pub label: String,
    /// Where it is done.
    pub url: String,
}

/// The longest title that is told, in bytes.
const TITLE_MAX: usize = 250;

/// The longest message that is told, in bytes. ntfy takes 4,096 (its documentation, "Limitations").
const MESSAGE_MAX: usize = 4000;

impl Notice {
    /// A notice that is about no goal and leads nowhere.
    pub fn new(key: &str, title: &str, message: &str, level: Level) -> Self {
        Self {
            key: key.to_owned(),
            title: title.to_owned(),
            message: message.to_owned(),
            goal: None,
            story: None,
            url: None,
            links: Vec::new(),
            level,
        }
    }

    /// The title, as one line of printable text.
    pub(crate) fn short_title(&self) -> String {
        let line: String = self.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        cut(line.trim(), TITLE_MAX)
    }

    /// The message, without what would move a terminal's cursor.
    pub(crate) fn short_message(&self) -> String {
        self.message_within(MESSAGE_MAX)
    }

    /// The same in at most so many bytes.
    pub(crate) fn message_within(&self, most: usize) -> String {
        let is_plain = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        let text: String = self.message.chars().filter(is_plain).collect();
        cut(text.trim(), most)
    }

    /// Where it leads, each with what is there.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&str, &str)> {
        let look = self.url.as_deref().map(|url| ("Look", url));
        look.into_iter().chain(self.links.iter().map(|link| (link.label.as_str(), link.url.as_str())))
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most.saturating_sub('…'.len_utf8()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_plain_and_bounded() {
        let title = format!("a\nb\u{1b}[2J{}", "é".repeat(300));
        let message = format!(" one\n\u{7}two\0{}", "é".repeat(5000));
        let notice = Notice::new("k", &title, &message, Level::Info);
        let (title, message) = (notice.short_title(), notice.short_message());
        assert!(title.starts_with("a b [2J") && title.ends_with('…') && title.len() <= TITLE_MAX, "{title}");
        assert!(message.starts_with("one\ntwoé") && message.len() <= MESSAGE_MAX);
    }
}
