//! `herder set ...`.

use herder_domain::capacity::Slots;
use herder_domain::event::Event;
use serde_json::json;

use crate::args::SetMax;
use crate::call::{Call, env};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Sets how many ralphs work at once, everywhere or in one repository.
pub fn max(call: &Call, args: &SetMax) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let repo = call.repo.as_ref().map(|name| place::named(&opened.store, name)).transpose()?;
    let max = args.max.0;
    opened.store.append(&Event::MaxSet { repo: repo.clone(), max }, call.now)?;
    herder_orchestrator::wake(&opened.state);
    let place = repo.as_ref().map(|repo| format!(" in {}", repo.short())).unwrap_or_default();
    let text = match max {
        Some(max) => format!(
            "{}{place}, from now on and until `herder set max default`; what runs already goes on\n",
            at_once(max)
        ),
        None => format!("as configured{place}: {}\n", configured(call, repo.as_ref())?),
    };
    Reply::one(&json!({ "repo": repo, "max": max }), text)
}

fn configured(call: &Call, repo: Option<&herder_domain::repo::RepoId>) -> Result<String, Failure> {
    let config = call.config()?;
    Ok(match repo {
        Some(repo) => config
            .max_in(repo)
            .map_or_else(|| "no bound of its own".to_owned(), |max| format!("{} at once", max.value)),
        None => at_once(config.settings(&herder_config::Flags::default(), env)?.max.value),
    })
}

fn at_once(max: Slots) -> String {
    match max {
        Slots::Fixed(max) => format!("{max} at once"),
        Slots::Auto => "as many at once as there is room for".to_owned(),
    }
}
