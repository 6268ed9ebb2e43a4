//! Which repository and which goal is meant.

use std::path::{Path, PathBuf};

use herder_config::UserConfig;
use herder_domain::event::Repo;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::RunSpec;
use herder_orchestrator::{AddRepo, GoalsAt, add_repo};
use herder_record::{RunDir, StateDir, sweep};
use herder_store::Store;
use herder_workspace::{JobsGround, UserEnvironment, Vault, inspect_remote};

use crate::args::Reference;
use crate::call::{Call, Opened, env};
use crate::command::repo::not_added;
use crate::failure::Failure;

/// What the current directory is.
#[derive(Clone, Debug, PartialEq)]
enum Here {
    /// In a repository that is registered.
    Registered(RepoId),
    /// In one that is not.
    Unregistered(PathBuf),
    /// In none.
    Nowhere,
}

/// Whose the ground is that a directory lies on.
#[derive(Debug)]
pub enum Ground {
    /// A person's.
    Own,
    /// It is the clone of a run of this state directory, where an agent may have worked.
    Workspace(RunDir, Box<RunSpec>),
    /// Jobs write there, and it belongs to no run that is known here.
    Jobs,
}

/// Whose the ground is that a directory lies on. No git is asked: in a clone it would say what an agent wants.
pub fn ground(state: &StateDir, directory: &Path) -> Result<Ground, Failure> {
    Ok(match JobsGround::around(directory) {
        None => Ground::Own,
        Some(JobsGround::Room) => Ground::Jobs,
        Some(JobsGround::Clone(clone)) => match sweep::with_clone(state, &clone)? {
            Some((dir, spec)) => Ground::Workspace(dir, Box::new(spec)),
            None => Ground::Jobs,
        },
    })
}

/// The repository that `--repo` names, else the one of the current directory, else none.
pub fn scope(call: &Call, store: &Store) -> Result<Option<RepoId>, Failure> {
    if let Some(name) = &call.repo {
        return named(store, name).map(Some);
    }
    Ok(match here(&call.state()?, store)? {
        Here::Registered(repo) => Some(repo),
        Here::Unregistered(_) | Here::Nowhere => None,
    })
}

/// The repository for something new: `--repo`, the current directory's (which is registered where it is
/// not yet), or the only one there is. The second part says that it was registered just now.
pub fn home(call: &Call, opened: &mut Opened) -> Result<(RepoId, Option<String>), Failure> {
    if let Some(name) = &call.repo {
        return Ok((named(&opened.store, name)?, None));
    }
    match here(&opened.state, &opened.store)? {
        Here::Registered(repo) => Ok((repo, None)),
        Here::Unregistered(top) => {
            let repo = register(opened, &top)?;
            let note = format!("registered {} ({}, branch {})", repo.id.short(), repo.url, repo.base_branch);
            Ok((repo.id, Some(note)))
        }
        Here::Nowhere => only_one(&opened.store).map(|repo| (repo, None)),
    }
}

/// Registers the current directory's repository, where it is one and is not registered; gives it then.
pub fn register_here(opened: &mut Opened) -> Result<Option<Repo>, Failure> {
    match here(&opened.state, &opened.store)? {
        Here::Unregistered(top) => register(opened, &top).map(Some),
        Here::Registered(_) | Here::Nowhere => Ok(None),
    }
}

fn register(opened: &mut Opened, top: &Path) -> Result<Repo, Failure> {
    let goals = GoalsAt::HostIfKnown(Box::new(UserConfig::load(env)?));
    let order = AddRepo { what: top.display().to_string(), goals, ..AddRepo::default() };
    add_repo(&mut opened.store, &opened.state, &order).map_err(not_added)
}

fn only_one(store: &Store) -> Result<RepoId, Failure> {
    let repos = store.repos()?;
    match repos.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => {
            Err(Failure::not_found("no repository is registered")
                .hint("`herder repo add PATH` registers one"))
        }
        [_, _, ..] => Err(Failure::usage("it is not clear which repository is meant")
            .hint(format!("name one with --repo: {}", names(&repos)))),
    }
}

fn names(repos: &[Repo]) -> String {
    repos.iter().map(|repo| repo.id.short()).collect::<Vec<_>>().join(", ")
}

/// The registered repository that a person calls so: by its name, or by a path.
pub fn named(store: &Store, text: &str) -> Result<RepoId, Failure> {
    let repos = store.repos()?;
    let path = std::fs::canonicalize(text).ok();
    let is_meant = |repo: &&Repo| repo.id.answers_to(text) || path.as_deref() == Some(Path::new(&repo.url));
    let found: Vec<&Repo> = repos.iter().filter(is_meant).collect();
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => {
            let unknown = Failure::not_found(format!("no repository is called {text:?}"));
            Err(match repos.is_empty() {
                true => unknown.hint("`herder repo add PATH` registers one"),
                false => {
                    unknown.hint(format!("registered are {}; `herder repo add` adds one", names(&repos)))
                }
            })
        }
        [_, _, ..] => {
            let full: Vec<String> = found.iter().map(|repo| repo.id.to_string()).collect();
            Err(Failure::usage(format!("more than one repository is called {text:?}"))
                .hint(format!("write the whole name: {}", full.join(", "))))
        }
    }
}

fn here(state: &StateDir, store: &Store) -> Result<Here, Failure> {
    let Ok(directory) = std::env::current_dir() else { return Ok(Here::Nowhere) };
    match ground(state, &directory)? {
        Ground::Own => {}
        Ground::Workspace(_, spec) => return of_run(store, &spec),
        Ground::Jobs => return Ok(Here::Nowhere),
    }
    let Some(directory) = directory.to_str() else { return Ok(Here::Nowhere) };
    // Without git, or in no repository, the current directory says nothing; that is no error yet.
    let Ok(facts) = inspect_remote(directory, &UserEnvironment::of_this_process()) else {
        return Ok(Here::Nowhere);
    };
    let Some(top) = facts.top.filter(|_| facts.is_repository) else { return Ok(Here::Nowhere) };
    let mut own: Vec<String> = vec![address(&top.display().to_string())];
    own.extend(facts.origin_url.map(|origin| address(&from(&top, &origin))));
    let registered = store.repos()?.into_iter().find(|repo| own.contains(&address(&repo.url)));
    Ok(registered.map_or(Here::Unregistered(top), |repo| Here::Registered(repo.id)))
}

/// The repository of a run, as long as it is registered.
fn of_run(store: &Store, spec: &RunSpec) -> Result<Here, Failure> {
    let Some(goal) = &spec.goal else { return Ok(Here::Nowhere) };
    Ok(store.repo(&goal.repo)?.map_or(Here::Nowhere, |repo| Here::Registered(repo.id)))
}

/// An origin that is a relative path is meant from the top of its repository.
fn from(top: &Path, origin: &str) -> String {
    let is_relative = origin.starts_with("./") || origin.starts_with("../");
    if is_relative { top.join(origin).display().to_string() } else { origin.to_owned() }
}

/// An address so that two ways to write it are the same: `host/path` of a URL, the real path of a directory.
fn address(url: &str) -> String {
    let url = url.strip_prefix("file://").unwrap_or(url);
    if let Ok(real) = std::fs::canonicalize(url) {
        return real.display().to_string();
    }
    let plain = url.trim_end_matches('/').trim_end_matches(".git");
    let (_, rest) = plain.split_once("://").unwrap_or(("", plain));
    let (_, rest) = rest.split_once('@').unwrap_or(("", rest));
    rest.replacen(':', "/", 1)
}

/// The goal that is meant, which exists.
pub fn goal(call: &Call, store: &Store, reference: &Reference) -> Result<GoalRef, Failure> {
    let id = one_of(call, store, reference, store.find_goal_number(reference.number)?, "goal")?;
    if store.goal(&id)?.is_some() {
        return Ok(id);
    }
    let unknown = Failure::not_found(format!("there is no goal {id}"));
    Err(match store.story(&id)? {
        Some(_) => unknown.hint(format!("{id} is a story; `herder story show {}` shows it", id.number)),
        None => unknown.hint("`herder goal list` shows the goals that there are"),
    })
}

/// The goal that is meant, for a question that herder's vault answers: its repository may be forgotten, and the
/// goal's row gone with the database.
pub fn kept_goal(call: &Call, state: &StateDir, reference: &Reference) -> Result<GoalRef, Failure> {
    let number = reference.number;
    let name = reference.repo.as_ref().or(call.repo.as_ref());
    // A database that cannot be opened must not stand between a person and their work.
    let store = call.open().ok().map(|opened| opened.store);
    let known = match (&store, name) {
        (Some(store), Some(name)) => named(store, name).ok(),
        (Some(store), None) => scope(call, store).ok().flatten(),
        (None, _) => None,
    };
    if let Some(repo) = known {
        return Ok(GoalRef { repo, number });
    }
    let mut found = Vec::new();
    for repo in state.vaults()?.into_iter().filter(|repo| name.is_none_or(|name| repo.answers_to(name))) {
        if !Vault::at(&state.vault(&repo)).saved(number.0)?.is_empty() {
            found.push(GoalRef { repo, number });
        }
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::not_found(format!("no vault keeps work of a goal #{number}"))
            .hint("`herder goal list --all` shows the goals that there are")),
        [_, _, ..] => {
            let candidates: Vec<String> = found.iter().map(GoalRef::to_string).collect();
            Err(Failure::usage(format!("more than one vault keeps work of a goal #{number}"))
                .hint(format!("write one of {}", candidates.join(", "))))
        }
    }
}

/// The story that is meant, which exists.
pub fn story(call: &Call, store: &Store, reference: &Reference) -> Result<GoalRef, Failure> {
    let id = one_of(call, store, reference, store.find_story_number(reference.number)?, "story")?;
    if store.story(&id)?.is_some() {
        return Ok(id);
    }
    let unknown = Failure::not_found(format!("there is no story {id}"));
    Err(match store.goal(&id)? {
        Some(_) => unknown.hint(format!("{id} is a goal; `herder goal show {}` shows it", id.number)),
        None => unknown.hint("`herder story list` shows the stories that there are"),
    })
}

fn one_of(
    call: &Call,
    store: &Store,
    reference: &Reference,
    everywhere: Vec<GoalRef>,
    what: &str,
) -> Result<GoalRef, Failure> {
    let number = reference.number;
    let repo = match &reference.repo {
        Some(name) => Some(named(store, name)?),
        None => scope(call, store)?,
    };
    if let Some(repo) = repo {
        return Ok(GoalRef { repo, number });
    }
    match everywhere.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::not_found(format!("there is no {what} #{number}"))
            .hint(format!("`herder {what} list` shows what there is"))),
        [_, _, ..] => {
            let candidates: Vec<String> = everywhere.iter().map(GoalRef::to_string).collect();
            Err(Failure::usage(format!("more than one {what} has the number {number}"))
                .hint(format!("write one of {}, or name its repository with --repo", candidates.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_write_an_address_are_the_same() {
        for url in [
            "https://github.com/acme/app",
            "https://github.com/acme/app.git",
            "git@github.com:acme/app.git",
            "ssh://git@github.com/acme/app/",
        ] {
            assert_eq!(address(url), "github.com/acme/app", "{url}");
        }
        assert_ne!(address("https://github.com/acme/app"), address("https://example.org/acme/app"));
    }
}
