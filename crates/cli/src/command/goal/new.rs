//! `herder goal new`.

use herder_domain::goal::{GoalDocument, MAX_BODY_BYTES};
use herder_domain::repo::{GoalRef, RepoId};

use super::create::{Draft, write};
use super::editor::read_text;
use super::{Judged, Session, Subject, errors_of, findings};
use crate::args::New;
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// What an editor opens with. Comments and empty settings are left out of the goal.
const TEMPLATE: &str = include_str!("new.md");

/// Writes a goal in an editor, or from a file.
pub fn new(call: &Call, args: New) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let (repo, registered) = place::home(call, &mut opened)?;
    let New { title, from, beside } = args;
    if let Some(file) = from {
        let text = read_text(&format!("{}", file.display()), &file, MAX_BODY_BYTES as u64)?;
        let document = GoalDocument::read(&text);
        let title = title.unwrap_or(document.title);
        let draft = Draft { title: &title, body: &document.body, beside: &beside };
        return write(call, &mut opened, (&repo, registered), &draft);
    }
    let template = TEMPLATE.replace("# TITLE", &format!("# {}", title.clone().unwrap_or_default()));
    let session = Session::begin(&opened.state, "new-goal", &template)?;
    let depends = GoalRef::read_list(&repo, beside.depends.as_deref().unwrap_or_default())?;
    let document = session.write(|text| judge(call, &opened, &repo, &depends, text))?;
    let draft = Draft { title: &document.title, body: &document.body, beside: &beside };
    let written =
        write(call, &mut opened, (&repo, registered), &draft).map_err(|failure| session.kept(failure))?;
    session.end();
    Ok(written)
}

fn judge(
    call: &Call,
    opened: &Opened,
    repo: &RepoId,
    depends: &[GoalRef],
    text: &str,
) -> Result<Judged<GoalDocument>, Failure> {
    let document = written(text);
    if document.body.trim().is_empty() || said(&document.body) == said(&written(TEMPLATE).body) {
        return Ok(Judged::Empty);
    }
    let GoalDocument { title, body } = &document;
    let subject = Subject { repo, id: None, title, body, depends, story: None };
    let errors = errors_of(&findings(call, opened, &subject)?);
    Ok(if errors.is_empty() { Judged::Good(document) } else { Judged::Bad(errors) })
}

/// What a person wrote, without what the template explains.
fn written(text: &str) -> GoalDocument {
    GoalDocument::read(&GoalDocument::without_comments(text))
}

fn said(body: &str) -> Vec<&str> {
    body.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}
