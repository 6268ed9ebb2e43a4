//! `herder goal edit`.

use herder_domain::event::What;
use herder_domain::goal::{Goal, GoalDocument, GoalState, GoalText, MAX_BODY_BYTES, Revision, Wanted};
use herder_domain::repo::GoalRef;
use serde_json::json;

use super::create::{pen, refuse_hopeless};
use super::editor::read_text;
use super::moving::chosen;
use super::{Judged, Session, Subject, errors_of, findings, load};
use crate::args::{Edit, YesNo};
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Changes a goal: by flags, from a file, or in an editor.
pub fn edit(call: &Call, args: Edit) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.goal.number)?;
    let goal = load(&opened, &id)?;
    refuse_settled(&goal)?;
    if !opens_editor(&args) {
        let mut document = from_flags(&goal, &args)?;
        document.body = args.times.written(&document.body, call.now);
        return revise(call, &mut opened, &goal, document, &args);
    }
    let name = format!("{}-{}-{}", id.repo.owner(), id.repo.name(), id.number);
    let session = Session::begin(&opened.state, &name, &GoalDocument::compose(&goal.title, &goal.body))?;
    let document = session.write(|text| judge(call, &opened, &goal, text))?;
    let reply = revise(call, &mut opened, &goal, document, &args).map_err(|failure| session.kept(failure))?;
    session.end();
    Ok(reply)
}

fn opens_editor(args: &Edit) -> bool {
    args.title.is_none()
        && args.from.is_none()
        && args.story.is_none()
        && args.depends.is_none()
        && args.times.is_empty()
        && args.spot_check.is_none()
}

fn refuse_settled(goal: &Goal) -> Result<(), Failure> {
    if goal.state.is_settled() {
        return Err(Failure::refused(format!("{} is {} and stays as it is", goal.id, goal.state.word()))
            .hint("`herder goal new` writes another one"));
    }
    Ok(())
}

fn from_flags(goal: &Goal, args: &Edit) -> Result<GoalDocument, Failure> {
    let read = match &args.from {
        Some(file) => {
            let text = read_text(&format!("{}", file.display()), file, MAX_BODY_BYTES as u64)?;
            GoalDocument::read(&text)
        }
        None => GoalDocument { title: String::new(), body: goal.body.clone() },
    };
    let own = Some(read.title).filter(|title| !title.is_empty());
    let title = args.title.clone().or(own).unwrap_or_else(|| goal.title.clone());
    Ok(GoalDocument { title, body: read.body })
}

fn judge(call: &Call, opened: &Opened, goal: &Goal, text: &str) -> Result<Judged<GoalDocument>, Failure> {
    if text.trim().is_empty() {
        return Ok(Judged::Empty);
    }
    let document = GoalDocument::read(text);
    let GoalDocument { title, body } = &document;
    let subject = Subject { repo: &goal.id.repo, id: Some(&goal.id), title, body, depends: &[], story: None };
    let errors = errors_of(&findings(call, opened, &subject)?);
    Ok(if errors.is_empty() { Judged::Good(document) } else { Judged::Bad(errors) })
}

fn revise(
    call: &Call,
    opened: &mut Opened,
    goal: &Goal,
    document: GoalDocument,
    args: &Edit,
) -> Result<Reply, Failure> {
    let revision = revision(call, opened, goal, &document, args)?;
    let words = revision.edit.words();
    let mut whats = Vec::new();
    if !revision.edit.is_empty() {
        whats.push(What::GoalEdited { edit: Box::new(revision.edit) });
    }
    whats.extend(revision.story.map(|story| What::GoalMoved { story }));
    if whats.is_empty() {
        return Reply::one(&changed(goal, &[]), format!("nothing of {} was changed\n", goal.id));
    }
    let is_draft = matches!(goal.state, GoalState::Draft { .. } | GoalState::Queued { .. });
    let is_unqueued = matches!(goal.state, GoalState::Queued { .. }) && !words.is_empty();
    if args.queue && is_draft && (is_unqueued || matches!(goal.state, GoalState::Draft { .. })) {
        whats.push(What::GoalQueued);
    }
    if let Some(pen) = pen(call, opened, &goal.id.repo)? {
        refuse_beside(args)?;
        let changed = |is_it: bool, text| is_it.then_some(text);
        let title = changed(words.contains(&"title"), document.title.as_str());
        let body = changed(words.contains(&"text"), document.body.as_str());
        pen.revise(goal, title, body)?;
    }
    opened.store.revise(goal, whats, call.now)?;
    herder_orchestrator::wake(&opened.state);
    let now = load(opened, &goal.id)?;
    let changes: Vec<&str> = words.into_iter().chain(revision.story.map(|_| "story")).collect();
    Reply::one(&changed(&now, &changes), said(goal, &now, &changes))
}

/// Where a goal is an issue, what is not its text is said by labels and links.
fn refuse_beside(args: &Edit) -> Result<(), Failure> {
    if args.story.is_none() && args.depends.is_none() && args.spot_check.is_none() {
        return Ok(());
    }
    Err(Failure::usage("the goal is an issue, and its links and its label spot-check are changed there")
        .hint("make it a sub-issue of its story, mark what blocks it, or put the label spot-check on it"))
}

fn changed(goal: &Goal, changes: &[&str]) -> serde_json::Value {
    json!({ "number": goal.id.number, "repo": goal.id.repo, "status": goal.state.word(), "changed": changes })
}

/// What of a goal is to change, checked as a new goal is.
fn revision(
    call: &Call,
    opened: &Opened,
    goal: &Goal,
    document: &GoalDocument,
    args: &Edit,
) -> Result<Revision, Failure> {
    let GoalDocument { title, body } = document;
    let repo = &goal.id.repo;
    let text = GoalText::read(repo, title, body)?;
    let depends = args.depends.as_deref().map(|list| GoalRef::read_list(repo, list)).transpose()?;
    for on in text.depends.iter().chain(depends.iter().flatten()) {
        refuse_hopeless(opened, on)?;
    }
    let named = depends.as_deref().unwrap_or_default();
    let subject = Subject { repo, id: Some(&goal.id), title, body, depends: named, story: None };
    if let Some(error) = errors_of(&findings(call, opened, &subject)?).into_iter().next() {
        return Err(Failure::usage(error)
            .hint(format!("`herder goal lint {}` says more of it once it is written", goal.id.number)));
    }
    let wants_spot_check = args.spot_check.map(|wants| wants == YesNo::Yes);
    let mut revision = Revision::of(goal, Wanted { text, depends, wants_spot_check })?;
    if args.story.is_some() {
        let story = chosen(opened, repo, args.story.as_ref())?;
        revision.story = Some(story).filter(|story| *story != goal.story);
    }
    Ok(revision)
}

/// What an edit means depends on where the goal stands.
fn said(before: &Goal, now: &Goal, changes: &[&str]) -> String {
    let (id, number) = (&now.id, now.id.number);
    let more = match (&before.state, &now.state) {
        (GoalState::Queued { .. }, GoalState::Draft { .. }) => format!(
            "it is a draft again, for what runs is what was queued; `herder goal queue {number}` queues it"
        ),
        (_, GoalState::Queued { .. }) => "it is queued".to_owned(),
        (_, GoalState::Running { .. }) => {
            "the run at work goes on with the old text; the next one has the new".to_owned()
        }
        (_, GoalState::Offered { pull, .. }) => {
            format!("pull request #{pull} offers what was made for the old text; the next run has the new")
        }
        (_, GoalState::SpotCheck { .. }) => format!(
            "what waits for you was made for the old text; `herder goal reject {number}` has it done over"
        ),
        (_, GoalState::Stuck { .. }) => format!("`herder goal retry {number}` tries again with the new text"),
        (_, GoalState::Draft { .. }) => format!("`herder goal queue {number}` queues it"),
        (_, GoalState::Done { .. } | GoalState::Cancelled | GoalState::Resolved) => String::new(),
    };
    format!("{id} is edited ({})\n{more}\n", changes.join(", "))
}
