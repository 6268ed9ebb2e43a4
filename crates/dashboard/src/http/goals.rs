//! Goals, stories and repositories.

use herder_domain::goal::{Goal, GoalState};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::Run;
use herder_domain::why::Answer;
use herder_store::Store;
use herder_view::{
    Costs, GateOutput, GoalItem, OrderKind, RepoItem, StoryItem, WholeGoal, WholeRun, WholeStory,
};
use serde_json::json;

use super::ask::Ask;
use super::reply::Reply;
use super::trouble::{Kind, Trouble};
use crate::live::Live;
use crate::page::{self, GoalPage, Tab};
use crate::site::Site;

/// How many goals a page lists.
const LISTED: u32 = 100;

/// How many lines of a gate's output a page shows.
const GATE_LINES: usize = 200;

/// The page of a goal.
pub fn goal(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let goal = found(live, &ask.goal()?)?;
    let whole = live.read(|store| WholeGoal::of(&goal, live.state(), store))?;
    let runs = live.read(|store| store.runs_of(&goal.id))?;
    let gate = runs.last().map(|run| GateOutput::all(live.state(), &run.id, GATE_LINES)).unwrap_or_default();
    let page = GoalPage {
        why: &live.why(&goal.id)?,
        orders: &orders(&goal, &runs),
        runs: &runs.iter().map(|run| WholeRun::of(run, live.state())).collect::<Vec<_>>(),
        gate: &gate,
        token: site.token().text(),
        whole: &whole,
    };
    Ok(Reply::page(Tab::None, whole.item.title.clone(), page::goal(&page)))
}

/// The same for programs.
pub fn api_goal(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let goal = found(live, &ask.goal()?)?;
    let whole = live.read(|store| WholeGoal::of(&goal, live.state(), store))?;
    let why: Answer = live.why(&goal.id)?;
    let runs = live.read(|store| store.runs_of(&goal.id))?;
    let orders: Vec<&str> = orders(&goal, &runs).into_iter().map(OrderKind::name).collect();
    Ok(Reply::Json(json!({ "goal": whole, "why": why, "orders": orders })))
}

/// The orders that a goal takes as it stands.
fn orders(goal: &Goal, runs: &[Run]) -> Vec<OrderKind> {
    let run = goal.current_run().and_then(|id| runs.iter().find(|run| run.id == *id));
    OrderKind::fitting(&goal.state, run)
}

/// A goal that is known to be there.
pub fn found(live: &Live, id: &GoalRef) -> Result<Goal, Trouble> {
    let gone = || Trouble::new(Kind::NotFound, format!("there is no goal {id}"));
    live.read(|store| store.goal(id))?.ok_or_else(gone)
}

/// The page of a repository's goals, the newest first.
pub fn goals(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let (repo, state) = (ask.repo()?, state(ask)?);
    let items = listed(site.live()?, &repo, state, ask)?;
    let next = items.last().filter(|_| items.len() == LISTED as usize).map(|item| item.number);
    Ok(Reply::page(Tab::Repos, repo.short(), page::goals(&repo, state, &items, next)))
}

/// Goals for programs: of one repository, or the newest of each.
pub fn api_goals(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let (live, state) = (site.live()?, state(ask)?);
    let items = match ask.parameter_as::<RepoId>("repo", "repository")? {
        Some(repo) => listed(live, &repo, state, ask)?,
        None => {
            let repos = live.read(Store::repos)?;
            let all = repos.iter().map(|repo| listed(live, &repo.id, state, ask));
            all.collect::<Result<Vec<_>, _>>()?.concat()
        }
    };
    Ok(Reply::Json(json!({ "items": items })))
}

/// A state by its word.
fn state(ask: &Ask) -> Result<Option<&str>, Trouble> {
    let Some(word) = ask.parameter("state") else { return Ok(None) };
    if GoalState::WORDS.contains(&word) {
        return Ok(Some(word));
    }
    let message = format!("`state={word}` is no state; there is {}", GoalState::WORDS.join(", "));
    Err(Trouble::new(Kind::Usage, message))
}

fn listed(live: &Live, repo: &RepoId, state: Option<&str>, ask: &Ask) -> Result<Vec<GoalItem>, Trouble> {
    let before = ask.parameter_as("before", "number of a goal")?.map(Number);
    live.read(|store| {
        let goals = store.newest_goals(repo, state, before, LISTED)?;
        let (costs, runs) = (Costs::of_goals(live.state(), store, &goals)?, store.active_runs()?);
        Ok(goals.iter().map(|goal| GoalItem::of(goal, &costs).among(&runs)).collect())
    })
}

/// The page of stories.
pub fn stories(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let items = site.live()?.read(|store| StoryItem::all(store, None))?;
    Ok(Reply::page(Tab::Stories, "Stories", page::stories(&items)))
}

/// The same for programs.
pub fn api_stories(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let items = site.live()?.read(|store| StoryItem::all(store, None))?;
    Ok(Reply::Json(json!({ "items": items })))
}

/// The page of a story.
pub fn story(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let whole = whole_story(site.live()?, &ask.goal()?)?;
    Ok(Reply::page(Tab::Stories, whole.item.title.clone(), page::story(&whole)))
}

/// The same for programs.
pub fn api_story(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let whole = whole_story(site.live()?, &ask.goal()?)?;
    Ok(Reply::Json(json!({ "story": whole })))
}

fn whole_story(live: &Live, id: &GoalRef) -> Result<WholeStory, Trouble> {
    let gone = || Trouble::new(Kind::NotFound, format!("there is no story {id}"));
    let story = live.read(|store| store.story(id))?.ok_or_else(gone)?;
    live.read(|store| WholeStory::of(story, live.state(), store))
}

/// The page of repositories.
pub fn repos(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let items = site.live()?.read(RepoItem::all)?;
    Ok(Reply::page(Tab::Repos, "Repositories", page::repos(&items)))
}

/// The same for programs.
pub fn api_repos(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let items = site.live()?.read(RepoItem::all)?;
    Ok(Reply::Json(json!({ "items": items })))
}
