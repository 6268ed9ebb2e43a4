//! `herder goal import`.

mod known;

use std::collections::BTreeMap;

use herder_domain::backlog::{Backlog, BacklogGoal, BacklogLink, BadBacklog};
use herder_domain::goal::{Finding, GoalText, Severity};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_store::{NewBacklog, NewEntry, NewGoal, NewStory, Written};
use serde::Serialize;
use serde_json::json;

use super::editor::read_text;
use super::{Subject, findings};
use crate::args::Import;
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;
use known::Known;

/// The largest file that is taken, in bytes.
const FILE_MAX: u64 = 8 << 20;

/// What becomes of a story or a goal of the file.
#[derive(Debug, Serialize)]
struct Item {
    kind: &'static str,
    line: usize,
    title: String,
    /// Null in a dry run, for what is new.
    number: Option<Number>,
    /// Whether it was there before.
    known: bool,
}

/// Writes the stories and goals of a file: all of them, or none. What is there already is left as it is.
pub fn import(call: &Call, args: &Import) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let (repo, registered) = place::home(call, &mut opened)?;
    let text = read_text(&args.file.display().to_string(), &args.file, FILE_MAX)?;
    let backlog = Backlog::read(&repo, &text).map_err(not_read)?;
    let known = Known::of(&opened, &repo, &backlog)?;
    refuse_errors(call, &opened, &repo, &backlog)?;
    let warnings = known.warnings(&backlog);
    if let Some(first) = warnings.first().filter(|_| !args.force && !args.dry_run) {
        return Err(Failure::refused(first.clone()).hint(format!(
            "{} in all; --dry-run lists them, --force writes them all the same",
            warnings.len()
        )));
    }
    let new = new_backlog(&repo, &backlog, &known, args.queue)?;
    let written = if args.dry_run { None } else { Some(opened.store.import(&repo, new, call.now)?) };
    if written.is_some() {
        herder_orchestrator::wake(&opened.state);
    }
    let items = items(&backlog, &known, written.as_ref());
    let json = json!({ "repo": repo, "dry_run": args.dry_run, "registered": registered, "items": items });
    Ok(Reply::one(&json, said(&repo, &items, registered.as_deref(), args))?.warning(warnings))
}

fn not_read(error: BadBacklog) -> Failure {
    Failure::usage(error.to_string()).hint(error.hint())
}

/// Every goal is one that could be queued, or nothing is written.
fn refuse_errors(call: &Call, opened: &Opened, repo: &RepoId, backlog: &Backlog) -> Result<(), Failure> {
    let mut errors = Vec::new();
    for goal in &backlog.goals {
        let elsewhere: Vec<GoalRef> = goal.depends.iter().filter_map(elsewhere).collect();
        let BacklogGoal { title, body, .. } = goal;
        let subject = Subject { repo, id: None, title, body, depends: &elsewhere, story: None };
        let found = findings(call, opened, &subject)?;
        let of_goal = found.into_iter().filter(|finding| finding.severity == Severity::Error);
        errors.extend(
            of_goal.map(|Finding { message, .. }| format!("line {}: {title:?}: {message}", goal.line)),
        );
    }
    match errors.split_first() {
        None => Ok(()),
        Some((first, others)) => {
            let failure =
                others.iter().fold(Failure::usage(first.clone()), |failure, other| failure.hint(other));
            Err(failure.hint("nothing was written; a section of a goal begins with \"### \""))
        }
    }
}

fn elsewhere(link: &BacklogLink) -> Option<GoalRef> {
    match link {
        BacklogLink::Elsewhere(goal) => Some(goal.clone()),
        BacklogLink::Here(_) => None,
    }
}

/// What is not there yet, with links to what is.
fn new_backlog(
    repo: &RepoId,
    backlog: &Backlog,
    known: &Known,
    is_queued: bool,
) -> Result<NewBacklog, Failure> {
    let story_places = places(known.stories.iter().map(Option::is_none));
    let goal_places = places(known.goals.iter().map(Option::is_none));
    let mut new = NewBacklog::default();
    for (place, story) in backlog.stories.iter().enumerate() {
        if story_places.contains_key(&place) {
            new.stories.push(NewStory { title: story.title.clone(), body: story.body.clone() });
        }
    }
    for (place, goal) in backlog.goals.iter().enumerate() {
        if !goal_places.contains_key(&place) {
            continue;
        }
        let mut depends: Vec<GoalRef> = goal.depends.iter().filter_map(elsewhere).collect();
        let mut after = Vec::new();
        for on in here(goal) {
            match (goal_places.get(&on), known.goals.get(on).cloned().flatten()) {
                (Some(place), _) => after.push(*place),
                (None, Some(id)) => depends.push(id),
                (None, None) => {}
            }
        }
        let known_story = goal.story.and_then(|story| known.stories.get(story).cloned().flatten());
        let goal_of = NewGoal {
            text: GoalText::read(repo, &goal.title, &goal.body)?,
            story: known_story.map(|story| story.number),
            depends,
            wants_spot_check: goal.wants_spot_check,
            is_queued,
        };
        let story = goal.story.and_then(|story| story_places.get(&story).copied());
        new.goals.push(NewEntry { goal: goal_of, story, after });
    }
    Ok(new)
}

fn here(goal: &BacklogGoal) -> impl Iterator<Item = usize> {
    goal.depends.iter().filter_map(|link| match link {
        BacklogLink::Here(place) => Some(*place),
        BacklogLink::Elsewhere(_) => None,
    })
}

/// The place among the new ones, of each that is new.
fn places(are_new: impl Iterator<Item = bool>) -> BTreeMap<usize, usize> {
    let new = are_new.enumerate().filter(|(_, is_new)| *is_new);
    new.enumerate().map(|(place, (old, _))| (old, place)).collect()
}

fn items(backlog: &Backlog, known: &Known, written: Option<&Written>) -> Vec<Item> {
    let mut stories = written.map(|written| written.stories.iter()).into_iter().flatten();
    let mut goals = written.map(|written| written.goals.iter()).into_iter().flatten();
    let mut number = |id: &Option<GoalRef>, kind: &str| match (id, kind) {
        (Some(id), _) => Some(id.number),
        (None, "story") => stories.next().map(|id| id.number),
        (None, _) => goals.next().map(|id| id.number),
    };
    let mut all = Vec::new();
    for (story, id) in backlog.stories.iter().zip(&known.stories) {
        let (kind, number) = ("story", number(id, "story"));
        all.push(Item { kind, line: story.line, title: story.title.clone(), number, known: id.is_some() });
    }
    for (goal, id) in backlog.goals.iter().zip(&known.goals) {
        let (kind, number) = ("goal", number(id, "goal"));
        all.push(Item { kind, line: goal.line, title: goal.title.clone(), number, known: id.is_some() });
    }
    all.sort_by_key(|item| item.line);
    all
}

fn said(repo: &RepoId, items: &[Item], registered: Option<&str>, args: &Import) -> String {
    let mut text = registered.map(|note| format!("{note}\n")).unwrap_or_default();
    for Item { kind, title, number, known, .. } in items {
        let id = number.map_or_else(|| repo.short(), |number| format!("{}#{number}", repo.short()));
        let standing = match (*known, args.dry_run, args.queue && *kind == "goal") {
            (true, ..) => "there already",
            (false, true, _) => "would be written",
            (false, false, true) => "queued",
            (false, false, false) => "written",
        };
        text.push_str(&format!("{kind} {id}  {standing}: {title}\n"));
    }
    let new = items.iter().filter(|item| !item.known).count();
    let verb = if args.dry_run { "would be written" } else { "written" };
    text + &format!("{new} {verb}, {} there already\n", items.len() - new)
}
