//! Goals that live on a forge: who watches it, and what is recorded of what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;

use herder_domain::ailment::Ailment;
use herder_domain::effect::Effect;
use herder_domain::event::{Event, Repo};
use herder_domain::forge::Home;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::sight::Sighting;
use herder_domain::story::Story;
use herder_store::AppendError;
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use super::inbox::Message;
use crate::context::Context;
use crate::github::{Asked, Saw, watch};
use crate::told::Told;

/// The hosts that goals live on, as far as this process watches them.
#[derive(Default)]
pub(super) struct Forges {
    watchers: BTreeMap<String, Sender<Asked>>,
    /// The base branch of each repository, as its watcher knows it.
    bases: BTreeMap<RepoId, String>,
    /// Hosts that cannot be watched, which was said.
    unwatched: BTreeSet<String>,
    /// Hosts of which not everything was seen once.
    looking: BTreeSet<String>,
    /// What was last said of each host.
    troubles: BTreeMap<String, String>,
    /// Goals that were seen while they were written to.
    look_again: BTreeSet<GoalRef>,
}

impl Forges {
    /// Whether all that is watched was seen once, and nothing waits to be seen again.
    pub(super) fn are_known(&self) -> bool {
        self.looking.is_empty() && self.look_again.is_empty()
    }

    /// Has a repository asked for before its turn.
    pub(super) fn wake(&self, repo: RepoId) {
        if let Some(ask) = self.watchers.get(repo.host()) {
            // A watcher that is gone has said why.
            let _ = ask.send(Asked::Wake(repo));
        }
    }
}

/// Sees to it that every host is watched that a registered repository's goals live on.
pub(super) fn observe(daemon: &mut Daemon) -> Result<(), UpError> {
    if daemon.sees_one_through() {
        return Ok(());
    }
    watch_hosts(daemon)?;
    look_again(daemon)
}

fn watch_hosts(daemon: &mut Daemon) -> Result<(), UpError> {
    let repos = daemon.store.repos()?;
    for repo in repos.iter().filter(|repo| repo.home == Home::Github) {
        let host = repo.id.host();
        if !daemon.forges.watchers.contains_key(host) {
            watch_host(daemon, repo)?;
        }
        tell_base(daemon, repo);
    }
    Ok(())
}

/// Has the branch watched that goals land on by the present configuration.
fn tell_base(daemon: &mut Daemon, repo: &Repo) {
    let said = daemon.context.config.base_of(&repo.id).map(|base| base.value);
    let base = said.unwrap_or_else(|| repo.base_branch.clone());
    let known = daemon.forges.bases.entry(repo.id.clone()).or_insert_with(|| repo.base_branch.clone());
    if *known != base
        && let Some(ask) = daemon.forges.watchers.get(repo.id.host())
    {
        known.clone_from(&base);
        // A watcher that is gone has said why.
        let _ = ask.send(Asked::Base(repo.id.clone(), base));
    }
}

fn watch_host(daemon: &mut Daemon, repo: &Repo) -> Result<(), UpError> {
    let host = repo.id.host().to_owned();
    let settings = daemon.context.config.forge(&host);
    let (Ok(client), Some(settings)) = (daemon.context.client(repo), settings) else {
        let text = format!("{host} is not watched: the configuration has no table [forge.{host:?}] for it");
        if daemon.forges.unwatched.insert(host) {
            daemon.say(&Told::note(Timestamp::now(), text));
        }
        return Ok(());
    };
    let (tell, of) = (daemon.sender.clone(), host.clone());
    let tell = Box::new(move |saw| tell.send(Message::Saw(of.clone(), saw)).is_ok());
    let ask = watch(client, daemon.context.state.database(), settings.poll, tell)?;
    daemon.forges.looking.insert(host.clone());
    daemon.forges.watchers.insert(host, ask);
    Ok(())
}

/// Records what was seen on a host.
pub(super) fn saw(daemon: &mut Daemon, host: &str, saw: Saw) -> Result<(), UpError> {
    match saw {
        Saw::Goal(mut sighting) => {
            redact(&daemon.context, &mut sighting);
            sighted(daemon, &sighting)
        }
        Saw::Story(story) => told_of(daemon, story),
        Saw::Pull(repo, pull) => {
            daemon.following.told_of(repo, pull);
            Ok(())
        }
        Saw::Health(repo, ailment) => felt(daemon, repo, ailment),
        Saw::Nothing(why) => {
            // Said once, not with every try.
            if daemon.forges.troubles.insert(host.to_owned(), why.clone()).as_ref() != Some(&why) {
                daemon.say(&Told::note(Timestamp::now(), why));
            }
            Ok(())
        }
        Saw::Everything => {
            daemon.forges.looking.remove(host);
            Ok(())
        }
    }
}

/// Records what is the matter with a repository, or that nothing is any more.
fn felt(daemon: &mut Daemon, repo: RepoId, ailment: Option<Ailment>) -> Result<(), UpError> {
    let known = daemon.store.ailments()?.remove(&repo).map(|known| known.ailment);
    match ailment {
        ailment if ailment == known => Ok(()),
        Some(ailment) => daemon.append(&Event::RepoAiling { repo, ailment: redacted(daemon, ailment) }),
        None => daemon.append(&Event::RepoMended { repo }),
    }
}

/// What a host says goes into the journal without the secrets that herder knows.
fn redacted(daemon: &Daemon, ailment: Ailment) -> Ailment {
    match ailment {
        Ailment::Unreadable { why } => {
            Ailment::Unreadable { why: daemon.context.redactor.line(&why).into_string() }
        }
        red @ Ailment::RedBase { .. } => red,
    }
}

fn sighted(daemon: &mut Daemon, sighting: &Sighting) -> Result<(), UpError> {
    if is_being_shown(daemon, &sighting.goal)? {
        // What is half written means nothing; it is looked at again when it is done.
        daemon.forges.look_again.insert(sighting.goal.clone());
        return Ok(());
    }
    let now = Timestamp::now();
    match daemon.store.sighted(sighting, now) {
        Ok(recorded) => recorded.iter().for_each(|event: &Event| daemon.tell_of(event, now)),
        Err(AppendError::Store(error)) => return Err(error.into()),
        Err(error @ (AppendError::Illegal(_) | AppendError::Unknown(_))) => {
            daemon.say(&Told::note(now, format!("not recorded: {error}")));
        }
    }
    Ok(())
}

/// Takes note of a story, unless that was done: two goals of it may have been seen at once.
fn told_of(daemon: &mut Daemon, story: Story) -> Result<(), UpError> {
    if daemon.store.story(&story.id)?.is_some() {
        return Ok(());
    }
    daemon.append(&Event::StoryCreated { story })
}

/// What people order goes into the journal without the secrets that herder knows.
fn redact(context: &Context, sighting: &mut Sighting) {
    let clean = |text: &str| {
        let lines: Vec<String> = text.lines().map(|line| context.redactor.line(line).into_string()).collect();
        lines.join("\n")
    };
    for spoken in &mut sighting.spoken {
        spoken.command = spoken.command.clone().map_words(clean);
    }
}

fn is_being_shown(daemon: &Daemon, goal: &GoalRef) -> Result<bool, UpError> {
    let open = daemon.store.open_effects()?;
    Ok(open.iter().any(|open| matches!(&open.effect, Effect::ShowState { goal: of, .. } if of == goal)))
}

/// Looks again at what could not be taken note of while it was written to.
fn look_again(daemon: &mut Daemon) -> Result<(), UpError> {
    for goal in std::mem::take(&mut daemon.forges.look_again) {
        if is_being_shown(daemon, &goal)? {
            daemon.forges.look_again.insert(goal);
        } else if let Some(ask) = daemon.forges.watchers.get(goal.repo.host()) {
            // A watcher that is gone has said why.
            let _ = ask.send(Asked::Look(goal));
        }
    }
    Ok(())
}
