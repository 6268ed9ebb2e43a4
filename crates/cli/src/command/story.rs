//! `herder story ...`.

mod edit;
mod queue;

pub use edit::edit;
pub use queue::queue;

use std::fmt::Write;

use herder_domain::goal::{MAX_BODY_BYTES, MAX_TITLE_CHARS, is_title};
use herder_domain::repo::GoalRef;
use herder_domain::story::Story;
use herder_view::{StoryItem, WholeStory};
use serde_json::json;

use crate::args::{Everywhere, Named, StoryCreate};
use crate::call::{Call, Opened, refuse_control, stdin_text};
use crate::command::goal::pen;
use crate::failure::Failure;
use crate::item::{comments_text, goal_table, story_table};
use crate::output::Reply;
use crate::place;

/// Writes a story.
pub fn create(call: &Call, args: StoryCreate) -> Result<Reply, Failure> {
    let title = title(&args.title)?;
    let body = body(args.body)?;
    let mut opened = call.open()?;
    let (repo, registered) = place::home(call, &mut opened)?;
    let id = match pen(call, &opened, &repo)? {
        Some(pen) => pen.story(&mut opened.store, title, &body, call.now)?,
        None => opened.store.create_story(&repo, title, &body, call.now)?,
    };
    herder_orchestrator::wake(&opened.state);
    let note = registered.as_ref().map(|note| format!("{note}\n")).unwrap_or_default();
    let mut json = json!({ "number": id.number, "repo": id.repo, "status": "open" });
    if let Some(registered) = registered {
        json["registered"] = registered.into();
    }
    Reply::one(&json, format!("{note}story {id} is open\n"))
}

/// A story's text; `-` stands for standard input.
fn body(given: String) -> Result<String, Failure> {
    let body = match given.as_str() {
        "-" => stdin_text("a story's text", "echo 'Why.' | herder story create --title T --body -")?,
        _ => given,
    };
    refuse_control("the text", &body)?;
    if body.len() > MAX_BODY_BYTES {
        let message =
            format!("the text has {} bytes, more than the {MAX_BODY_BYTES} that are taken", body.len());
        return Err(
            Failure::usage(message).hint("put what is long into a file of the repository and name it")
        );
    }
    Ok(body)
}

fn title(text: &str) -> Result<&str, Failure> {
    if is_title(text) {
        return Ok(text.trim());
    }
    Err(Failure::usage(format!("the title must be one line of 1 to {MAX_TITLE_CHARS} characters"))
        .hint("say it with --title"))
}

/// Lists stories.
pub fn list(call: &Call, args: &Everywhere) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let repo = if args.all { None } else { place::scope(call, &opened.store)? };
    let items = StoryItem::all(&opened.store, repo.as_ref())?;
    Reply::list(&items, story_table(&items))
}

/// Shows a story with its goals.
pub fn show(call: &Call, args: &Named) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let id = place::story(call, &opened.store, &args.number)?;
    let story = load(&opened, &id)?;
    let whole = WholeStory::of(story, &opened.state, &opened.store)?;
    let text = text(&id.to_string(), &whole);
    Reply::one(&whole, text)
}

/// A story that is known to be there.
fn load(opened: &Opened, id: &GoalRef) -> Result<Story, Failure> {
    let gone = || Failure::not_found(format!("there is no story {id}"));
    opened.store.story(id)?.ok_or_else(gone)
}

fn text(id: &str, whole: &WholeStory) -> String {
    let mut text = format!("{id}  {}\nstate       {}\n\n", whole.item.title, whole.item.status);
    if !whole.body.trim().is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\n", whole.body.trim_end());
    }
    text + &goal_table(&whole.items) + &comments_text(&whole.comments)
}
