//! What a page asks to be done: its blocks of commands and files, and the comments that direct them.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::stage::Base;

/// A page, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it takes place.
    pub base: Base,
    /// What is done.
    pub pieces: Vec<Piece>,
}

/// One thing to do, with the line at which it stands, from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// The line of its first word.
    pub line: usize,
    /// What.
    pub what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// `sh`: a script that must go well.
    Script(String),
    /// `console`: commands behind `$`, with what they print; the last one ends with this code.
    Transcript { text: String, code: i32 },
    /// `<!-- setup ... -->`: a script that readers do not see.
    Setup(String),
    /// `<!-- file: PATH -->` before any block.
    File { path: String, text: String },
    /// `<!-- not run: WHY -->` before a block of commands.
    NotRun { why: String, text: String },
}

/// What a comment says of the block behind it.
#[derive(Debug)]
enum Mark {
    NotRun(String),
    File(String),
    Fails(i32),
}

/// Reads a page, or says what is wrong with its markup, with the line.
pub fn read(text: &str) -> Result<Page, (usize, String)> {
    let mut reader = Reader { page: Page { base: Base::Empty, pieces: Vec::new() }, mark: None };
    let (mut fence, mut code, mut html) = (None, String::new(), String::new());
    for (event, range) in Parser::new(text).into_offset_iter() {
        let line = text[..range.start].matches('\n').count() + 1;
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                fence = Some((line, info.into_string()))
            }
            Event::Text(part) if fence.is_some() => code.push_str(&part),
            Event::End(TagEnd::CodeBlock) => {
                if let Some((line, info)) = fence.take() {
                    reader.block(line, &info, std::mem::take(&mut code)).map_err(|why| (line, why))?;
                }
            }
            Event::Html(part) => html.push_str(&part),
            Event::End(TagEnd::HtmlBlock) => {
                reader.comment(line, &std::mem::take(&mut html)).map_err(|why| (line, why))?;
            }
            _ => {}
        }
    }
    match reader.mark {
        None => Ok(reader.page),
        Some(mark) => Err((1, format!("a comment has no block behind it: {mark:?}"))),
    }
}

struct Reader {
    page: Page,
    mark: Option<Mark>,
}

impl Reader {
    fn push(&mut self, line: usize, what: What) {
        self.page.pieces.push(Piece { line, what });
    }

    fn block(&mut self, line: usize, info: &str, text: String) -> Result<(), String> {
        let mark = self.mark.take();
        let is_shell = matches!(info, "sh" | "console");
        let looks_like_shell = matches!(info, "bash" | "shell" | "zsh") || text.starts_with("$ ");
        let what = match (mark, info) {
            (Some(Mark::NotRun(why)), _) if is_shell => What::NotRun { why, text },
            (Some(Mark::NotRun(_)), _) => return Err("\"not run\" stands before a block of commands".into()),
            (Some(Mark::File(path)), _) => What::File { path, text },
            (Some(Mark::Fails(code)), "console") => What::Transcript { text, code },
            (Some(Mark::Fails(_)), _) => return Err("\"fails\" stands before a console block".into()),
            (None, "sh") => What::Script(text),
            (None, "console") => What::Transcript { text, code: 0 },
            (None, _) if looks_like_shell => {
                return Err("a block of commands is fenced as sh or console".into());
            }
            (None, _) => return Ok(()),
        };
        self.push(line, what);
        Ok(())
    }

    /// A comment that is none of ours is a remark, but it may not look like one of ours.
    fn comment(&mut self, line: usize, html: &str) -> Result<(), String> {
        let Some(text) = html.trim().strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) else {
            return Ok(());
        };
        let (word, rest) = text.trim().split_once(['\n', ':']).unwrap_or((text.trim(), ""));
        let rest = rest.trim();
        match word.trim() {
            "setup" => self.push(line, What::Setup(rest.to_owned() + "\n")),
            "scene" => {
                self.page.base = Base::named(rest).ok_or_else(|| format!("no scene is called {rest:?}"))?
            }
            "not run" if rest.split_whitespace().count() < 2 => return Err("\"not run\" says why".into()),
            "not run" => self.mark = Some(Mark::NotRun(rest.to_owned())),
            "file" => self.mark = Some(Mark::File(rest.to_owned())),
            "fails" => {
                let code = rest.parse().map_err(|_| format!("{rest:?} is no exit code"))?;
                self.mark = Some(Mark::Fails(code));
            }
            _ => {}
        }
        Ok(())
    }
}
