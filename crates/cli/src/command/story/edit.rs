//! `herder story edit`.

use herder_domain::goal::GoalDocument;
use herder_domain::story::Story;
use serde_json::json;

use super::{body, load, title};
use crate::args::StoryEdit;
use crate::call::{Call, Opened, refuse_control};
use crate::command::goal::{Judged, Session};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Changes a story's title or text: by flags, or in an editor.
pub fn edit(call: &Call, args: StoryEdit) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let id = place::story(call, &opened.store, &args.story.number)?;
    let story = load(&opened, &id)?;
    if args.title.is_some() || args.body.is_some() {
        let title = args.title.as_deref().map(title).transpose()?.unwrap_or(&story.title).to_owned();
        let body = args.body.map(body).transpose()?.unwrap_or_else(|| story.body.clone());
        return revise(call, &mut opened, &story, &GoalDocument { title, body });
    }
    let name = format!("{}-{}-story-{}", id.repo.owner(), id.repo.name(), id.number);
    let session = Session::begin(&opened.state, &name, &GoalDocument::compose(&story.title, &story.body))?;
    let written = session.write(|text| Ok(judge(text)))?;
    let reply = revise(call, &mut opened, &story, &written).map_err(|failure| session.kept(failure))?;
    session.end();
    Ok(reply)
}

fn judge(text: &str) -> Judged<GoalDocument> {
    if text.trim().is_empty() {
        return Judged::Empty;
    }
    let document = GoalDocument::read(text);
    let checks = [title(&document.title).map(drop), refuse_control("the text", &document.body)];
    let complaints: Vec<String> =
        checks.into_iter().filter_map(Result::err).map(|failure| failure.message).collect();
    if complaints.is_empty() { Judged::Good(document) } else { Judged::Bad(complaints) }
}

fn revise(call: &Call, opened: &mut Opened, seen: &Story, new: &GoalDocument) -> Result<Reply, Failure> {
    let id = &seen.id;
    let title = Some(&new.title).filter(|title| **title != seen.title).cloned();
    let body = Some(&new.body).filter(|body| **body != seen.body).cloned();
    let changes: Vec<&str> =
        [title.as_ref().map(|_| "title"), body.as_ref().map(|_| "text")].into_iter().flatten().collect();
    let said = match changes.as_slice() {
        [] => format!("nothing of the story {id} was changed\n"),
        [..] => format!("the story {id} is edited ({})\n", changes.join(", ")),
    };
    if !changes.is_empty() {
        opened.store.revise_story(seen, title, body, call.now)?;
    }
    Reply::one(&json!({ "number": id.number, "repo": id.repo, "changed": changes }), said)
}
