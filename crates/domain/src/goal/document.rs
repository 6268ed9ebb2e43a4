//! A goal as one Markdown text in which the title stands too: what a person writes in an editor.

use super::outline::{Line, lines};
use super::text::parts;

/// A goal's title and body, as one text holds them: front matter, `# Title`, the rest of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalDocument {
    /// The title; empty where the text has none.
    pub title: String,
    /// The body without the title's line.
    pub body: String,
}

impl GoalDocument {
    /// The text for an editor. What is read from it again is the same goal.
    pub fn compose(title: &str, body: &str) -> String {
        let (matter, rest) = parts(body).unwrap_or((None, body));
        let head = matter.map(|matter| format!("---\n{matter}---\n")).unwrap_or_default();
        format!("{head}# {title}\n\n{rest}")
    }

    /// Takes the title out of a text: the first line `# Title` before the first `## `.
    pub fn read(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (matter, rest) = parts(&text).unwrap_or((None, &text));
        let head = matter.map(|matter| format!("---\n{matter}---\n")).unwrap_or_default();
        let all = lines(rest, 0);
        let is_before_sections = |line: &&Line<'_>| line.heading(2).is_none();
        let titled =
            all.iter().take_while(is_before_sections).find_map(|line| Some((line, line.heading(1)?)));
        let Some((line, title)) = titled else { return Self { title: String::new(), body: head + rest } };
        let kept = |index: usize| {
            let is_gap =
                index == line.number + 1 && all.get(index).is_some_and(|line| line.text.trim().is_empty());
            index != line.number && !is_gap
        };
        let pieces = rest.split_inclusive('\n').enumerate();
        let body: String = pieces.filter(|(index, _)| kept(*index)).map(|(_, piece)| piece).collect();
        Self { title: title.to_owned(), body: head + &body }
    }

    /// The text without the HTML comments that stand on lines of their own: what a template explains.
    pub fn without_comments(text: &str) -> String {
        let (mut kept, mut is_comment) = (String::new(), false);
        for (line, piece) in lines(text, 0).iter().zip(text.split_inclusive('\n')) {
            let trimmed = line.text.trim();
            is_comment |= !line.is_code && trimmed.starts_with("<!--");
            if !is_comment {
                kept.push_str(piece);
            }
            is_comment &= !trimmed.ends_with("-->");
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_composed_is_read_back_as_it_was() {
        for body in [
            "## Objective\nx\n",
            "---\nmodel: opus\n---\nStory: #1\n\n## Objective\nx\n",
            "\n\nStory: #1\n## Objective\n# not the title\nx",
            "```\n# code\n```\n## Objective\nx\n",
            "",
        ] {
            let read = GoalDocument::read(&GoalDocument::compose("Sort it", body));
            assert_eq!(read, GoalDocument { title: "Sort it".into(), body: body.into() });
        }
    }

    #[test]
    fn a_text_without_a_title_has_none() {
        let body = "## Objective\n# late\n";
        assert_eq!(GoalDocument::read(body), GoalDocument { title: String::new(), body: body.into() });
    }

    #[test]
    fn comments_are_left_out_and_code_stays() {
        let text = "<!-- one\nmore -->\na <!-- b -->\n```\n<!-- code -->\n```\n<!-- two -->\nc\n";
        assert_eq!(GoalDocument::without_comments(text), "a <!-- b -->\n```\n<!-- code -->\n```\nc\n");
    }
}
