//! `herder repo ...`.

use herder_domain::ailment::Ailing;
use herder_domain::event::Repo;
use herder_domain::forge::Home;
use herder_orchestrator::{AddRepo, AddRepoError, GoalsAt, add_repo};
use serde::Serialize;

use crate::args::{Goals, RepoAdd};
use crate::call::Call;
use crate::failure::{Failure, Kind};
use crate::output::{Progress, Reply, Table};
use crate::place;

#[derive(Debug, Serialize)]
struct RepoItem {
    repo: String,
    url: String,
    base_branch: String,
    pushes: bool,
    goals: Home,
    /// What is the matter with it as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    ailing: Option<Ailing>,
}

impl RepoItem {
    fn of(repo: &Repo, ailing: Option<Ailing>) -> Self {
        Self {
            repo: repo.id.to_string(),
            url: repo.url.clone(),
            base_branch: repo.base_branch.clone(),
            pushes: repo.pushes,
            goals: repo.home,
            ailing,
        }
    }
}

/// Registers a repository.
pub fn add(call: &Call, args: RepoAdd) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let goals = match args.goals {
        Some(Goals::Local) => GoalsAt::Here,
        Some(Goals::Github) => GoalsAt::Host(Box::new(call.config()?)),
        // A name of the person's own is none that its host would know.
        None if args.name.is_some() => GoalsAt::Here,
        None => GoalsAt::HostIfKnown(Box::new(call.config()?)),
    };
    let order = AddRepo { what: args.what, name: args.name, base: args.base, push: args.push, goals };
    let progress = Progress::begin(call.output, format!("fetching {}", order.what));
    let repo = add_repo(&mut opened.store, &opened.state, &order).map_err(not_added)?;
    drop(progress);
    herder_orchestrator::wake(&opened.state);
    Reply::one(&RepoItem::of(&repo, None), said(&repo))
}

fn said(repo: &Repo) -> String {
    if !repo.home.is_local() {
        return format!(
            "registered {} ({}); its goals are the issues there, and finished work stays in herder's vault as branch \
             goal-N\n",
            repo.id.short(),
            repo.url
        );
    }
    let lands = if repo.pushes {
        format!("work lands on {}", repo.base_branch)
    } else {
        "work stays in herder's vault as branch goal-N; `repo add --push` lets it be pushed".to_owned()
    };
    format!("registered {} ({}); {lands}\n", repo.id.short(), repo.url)
}

/// Why a repository was not registered.
pub fn not_added(error: AddRepoError) -> Failure {
    let text = error.to_string();
    match error {
        AddRepoError::NotARepository { .. } => Failure::not_found(text)
            .hint("name a directory that is a git repository, or an address that git can fetch"),
        AddRepoError::Empty { .. } => {
            Failure::refused(text).hint("commit something first, or name a branch with --base")
        }
        AddRepoError::Credential { .. } => Failure::refused(text)
            .hint("`git config credential.helper` shows the helper; `git remote set-url` the address"),
        AddRepoError::AlreadyThere { name, .. } => {
            Failure::refused(text).hint(format!("use that name, for example with --repo {name}"))
        }
        AddRepoError::OtherHome { home: Home::Local, .. } => {
            Failure::refused(text).hint("say `--goals local`, or use another state directory (RALPH_DIR)")
        }
        AddRepoError::OtherHome { home: Home::Github, .. } => Failure::refused(text)
            .hint("leave `--goals local` away, or use another state directory (RALPH_DIR)"),
        AddRepoError::NoForge { .. } => {
            Failure::refused(text).hint("an Enterprise server gets a table [forge.HOST] in config.toml")
        }
        AddRepoError::Host { .. } => Failure::environment(text)
            .hint("`gh auth login`, or a token in GITHUB_TOKEN, lets herder in")
            .hint("`--goals local` keeps the goals in herder's own database"),
        AddRepoError::Connect(_) => {
            Failure::new(Kind::Config, text).hint("docs/configuration.md tells of the keys of an app")
        }
        AddRepoError::NoBase { .. } => Failure::not_found(text).hint("name another branch with --base"),
        AddRepoError::CheckedOut { base, .. } => Failure::refused(text)
            .hint(format!("or check out another branch there than {base}, or name another one with --base")),
        AddRepoError::BadName(_) => Failure::usage(text).hint("say another one with --name OWNER/NAME"),
        AddRepoError::Workspace(error) => error.into(),
        AddRepoError::Append(error) => error.into(),
        AddRepoError::Store(error) => error.into(),
        AddRepoError::Open(error) => error.into(),
        AddRepoError::Record(error) => error.into(),
    }
}

/// Lists registered repositories.
pub fn list(call: &Call) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let only = call.repo.as_ref().map(|name| place::named(&opened.store, name)).transpose()?;
    let repos =
        opened.store.repos()?.into_iter().filter(|repo| only.as_ref().is_none_or(|only| repo.id == *only));
    let mut ailments = opened.store.ailments()?;
    let items: Vec<RepoItem> = repos.map(|repo| RepoItem::of(&repo, ailments.remove(&repo.id))).collect();
    let mut table = Table::new(&["repository", "branch", "lands", "address"]);
    for item in &items {
        let lands = if item.pushes { "pushed" } else { "in the vault" };
        table.row([item.repo.clone(), item.base_branch.clone(), lands.to_owned(), item.url.clone()]);
    }
    let table = table.or("no repository is registered; `herder repo add PATH` registers one");
    Reply::list(&items, table + &ailing_text(&items))
}

/// What is the matter with listed repositories, a line each.
fn ailing_text(items: &[RepoItem]) -> String {
    let line = |item: &RepoItem| {
        let Ailing { since, ailment } = item.ailing.as_ref()?;
        Some(format!("{} {ailment} (since {since:.0})\n", item.repo))
    };
    items.iter().filter_map(line).collect()
}
