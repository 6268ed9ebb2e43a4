//! `herder config explain`.

use herder_config::{Explained, Flags, RepositoryConfig, resolve};
use herder_domain::goal::GoalOptions;
use herder_domain::repo::RepoId;
use herder_workspace::Bare;
use serde::Serialize;

use crate::args::Explain;
use crate::call::{Call, Opened, env};
use crate::failure::Failure;
use crate::output::{Reply, Table};
use crate::place;

/// The largest `.ralph/config.toml` that is read, in bytes.
const REPOSITORY_CONFIG_MAX: u64 = 256 << 10;

#[derive(Debug, Serialize)]
struct Setting {
    key: &'static str,
    value: String,
    source: String,
}

/// Shows each setting with its value and who said so.
pub fn explain(call: &Call, args: Explain) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let (options, repo) = match &args.goal {
        Some(reference) => {
            let id = place::goal(call, &opened.store, reference)?;
            let options = opened.store.goal(&id)?.map(|goal| goal.options);
            (options.unwrap_or_default(), Some(id.repo))
        }
        None => (GoalOptions::default(), place::scope(call, &opened.store)?),
    };
    let repository = match &repo {
        Some(repo) => repository_config(&opened, repo)?,
        None => RepositoryConfig::empty(),
    };
    let (user, flags) = (call.config()?, Flags::from(args.flags));
    let resolved = resolve(&options, &flags, repo.as_ref(), &repository, &user, env)?;
    let lines = user.settings(&flags, env)?.explain().into_iter().chain(resolved.explain());
    let items: Vec<Setting> = lines.map(Setting::from).collect();
    Reply::list(&items, text(&items))
}

impl From<Explained> for Setting {
    fn from(line: Explained) -> Self {
        Self { key: line.key, value: line.value, source: line.source.to_string() }
    }
}

fn text(items: &[Setting]) -> String {
    let mut table = Table::new(&["setting", "source", "value"]);
    for item in items {
        table.row([item.key.to_owned(), item.source.clone(), item.value.clone()]);
    }
    table.or("")
}

/// What the repository itself says, as its mirror has it: the state of the last fetch. Nothing is fetched.
pub fn repository_config(opened: &Opened, repo: &RepoId) -> Result<RepositoryConfig, Failure> {
    let Some(registered) = opened.store.repo(repo)? else { return Ok(RepositoryConfig::empty()) };
    let path = opened.state.mirror(repo);
    if !path.is_dir() {
        return Ok(RepositoryConfig::empty());
    }
    let mirror = Bare::at(path);
    let Some(base) = mirror.resolve(&format!("refs/remotes/origin/{}", registered.base_branch))? else {
        return Ok(RepositoryConfig::empty());
    };
    match mirror.read_file(&base, ".ralph/config.toml", REPOSITORY_CONFIG_MAX)? {
        Some(bytes) => Ok(RepositoryConfig::parse(&String::from_utf8_lossy(&bytes))?),
        None => Ok(RepositoryConfig::empty()),
    }
}
