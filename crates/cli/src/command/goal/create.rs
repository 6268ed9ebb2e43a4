//! `herder goal create`.

use herder_config::{Flags, RepositoryConfig, resolve};
use herder_domain::forge::Home;
use herder_domain::goal::{GoalState, GoalText};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_orchestrator::Pen;
use herder_store::{AppendError, Missing, NewGoal};
use serde::Serialize;

use super::alike;
use crate::args::{Beside, Create, Reference};
use crate::call::{Call, Opened, env, stdin_text};
use crate::command::config::repository_config;
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

const EXAMPLE: &str = "printf '## Objective\\nSay hello.\\n' | herder goal create --title Hello";

/// What is said of a new goal.
#[derive(Debug, Serialize)]
struct Created {
    number: u64,
    repo: RepoId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    registered: Option<String>,
}

/// Writes a goal, as a draft or queued.
pub fn create(call: &Call, args: &Create) -> Result<Reply, Failure> {
    let body = stdin_text("a goal's text", EXAMPLE)?;
    let mut opened = call.open()?;
    let (repo, registered) = place::home(call, &mut opened)?;
    let draft = Draft { title: &args.title, body: &body, beside: &args.beside };
    write(call, &mut opened, (&repo, registered), &draft)
}

/// A goal as a person wrote it.
#[derive(Clone, Copy)]
pub(super) struct Draft<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// What was said beside its text.
    pub beside: &'a Beside,
}

/// Writes a goal of a repository, which may have been registered for it just now.
pub(super) fn write(
    call: &Call,
    opened: &mut Opened,
    (repo, registered): (&RepoId, Option<String>),
    draft: &Draft<'_>,
) -> Result<Reply, Failure> {
    let body = &draft.beside.times.written(draft.body, call.now);
    let new = new_goal(call, opened, repo, &Draft { body, ..*draft })?;
    let warnings = alike::warnings(opened, repo, (&new.text.title, &new.text.body), draft.beside.force)?;
    let id = match pen(call, opened, repo)? {
        Some(pen) => pen.goal(&mut opened.store, &new, call.now)?,
        None => opened.store.create_goal(repo, new, call.now).map_err(not_created)?,
    };
    herder_orchestrator::wake(&opened.state);
    let text = said(&id, draft.beside.queue, registered.as_deref());
    let status = if draft.beside.queue { "queued" } else { "draft" };
    let created = Created { number: id.number.0, repo: id.repo, status, registered };
    Ok(Reply::one(&created, text)?.warning(warnings))
}

/// What writes the goals and stories of a repository where they are issues.
pub fn pen(call: &Call, opened: &Opened, repo: &RepoId) -> Result<Option<Pen>, Failure> {
    match opened.store.repo(repo)?.map(|repo| repo.home) {
        Some(Home::Github) => Ok(Some(Pen::new(&opened.state, &call.config()?, repo)?)),
        Some(Home::Local) | None => Ok(None),
    }
}

fn said(id: &GoalRef, is_queued: bool, registered: Option<&str>) -> String {
    let note = registered.map(|note| format!("{note}\n")).unwrap_or_default();
    match is_queued {
        true => format!("{note}{id} is queued\n"),
        false => format!("{note}{id} is a draft; `herder goal queue {}` queues it\n", id.number),
    }
}

fn new_goal(call: &Call, opened: &Opened, repo: &RepoId, draft: &Draft<'_>) -> Result<NewGoal, Failure> {
    let beside = draft.beside;
    let text = GoalText::read(repo, draft.title, draft.body)?;
    let depends = GoalRef::read_list(repo, beside.depends.as_deref().unwrap_or_default())?;
    for on in text.depends.iter().chain(&depends) {
        refuse_hopeless(opened, on)?;
    }
    // What cannot run is better refused now than at night.
    let repository = repository_config(opened, repo).unwrap_or_else(|_| RepositoryConfig::empty());
    resolve(&text.options, &Flags::default(), Some(repo), &repository, &call.config()?, env)?;
    let story = beside.story.as_ref().map(|story| own_story(opened, repo, story)).transpose()?;
    Ok(NewGoal { text, story, depends, wants_spot_check: beside.spot_check, is_queued: beside.queue })
}

/// A goal's story lives where the goal does.
pub(super) fn own_story(opened: &Opened, repo: &RepoId, story: &Reference) -> Result<Number, Failure> {
    let elsewhere = match &story.repo {
        Some(name) => Some(place::named(&opened.store, name)?).filter(|named| named != repo),
        None => None,
    };
    match elsewhere {
        None => Ok(story.number),
        Some(other) => {
            Err(Failure::usage(format!("the story is in {}, the goal in {}", other.short(), repo.short()))
                .hint("a story groups goals of one repository; name the other with --repo"))
        }
    }
}

/// Refuses a dependency that will never land.
pub(super) fn refuse_hopeless(opened: &Opened, on: &GoalRef) -> Result<(), Failure> {
    match opened.store.goal(on)?.map(|goal| goal.state) {
        Some(GoalState::Cancelled) => {
            Err(Failure::refused(format!("it would depend on {on}, which was cancelled"))
                .hint("leave that dependency out, or name another goal"))
        }
        Some(
            GoalState::Draft { .. }
            | GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::Offered { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Done { .. }
            | GoalState::Stuck { .. }
            | GoalState::Resolved,
        ) => Ok(()),
        None => {
            let unknown = Failure::not_found(format!("it would depend on {on}, which does not exist"));
            Err(match opened.store.story(on)? {
                Some(_) => unknown.hint(format!("{on} is a story; name the goals in it")),
                None => unknown
                    .hint("create that goal first; `herder goal list --all` shows those that there are"),
            })
        }
    }
}

pub(super) fn not_created(error: AppendError) -> Failure {
    let is_story = matches!(error, AppendError::Unknown(Missing::Story(_)));
    let failure = Failure::from(error);
    if is_story { failure.hint("`herder story create --title T` makes one") } else { failure }
}
