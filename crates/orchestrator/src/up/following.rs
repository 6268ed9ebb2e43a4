//! Following pull requests: every few seconds each that is in landing is looked at, in a thread of its own, and what
//! is new is recorded. The looks change nothing; what follows from them the planner orders.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use herder_domain::event::{Event, GoalHappening, Repo, What};
use herder_domain::forge::Trouble;
use herder_domain::landing::{Bounce, Landing};
use herder_store::AppendError;
use jiff::Timestamp;

use super::UpError;
use super::daemon::{Course, Daemon};
use super::inbox::Message;
use crate::context::Context;
use crate::github;
use crate::told::Told;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(10);

/// How soon after the last look somebody's wake may bring the next: a burst of them is one.
const GAP: Duration = Duration::from_secs(1);

/// What one look came to.
#[derive(Debug)]
pub(super) struct Looked {
    /// The landing as it was before the look.
    landing: Landing,
    found: Result<Option<What>, Trouble>,
}

/// When pull requests are looked at.
#[derive(Debug, Default)]
pub(super) struct Following {
    last: Option<Timestamp>,
    is_looking: bool,
    is_hasty: bool,
    has_offers: bool,
}

impl Following {
    /// Somebody says that something may have happened.
    pub(super) fn hasten(&mut self) {
        self.is_hasty = true;
    }

    /// When the next look is due; `None` while one is under way, or nothing is to be looked at.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let wait = if self.is_hasty { GAP } else { INTERVAL };
        let due = self.last.map_or(Timestamp::MIN, |last| last.checked_add(wait).unwrap_or(Timestamp::MAX));
        (self.has_offers && !self.is_looking).then_some(due)
    }
}

/// Begins a look where it is time.
pub(super) fn mind(daemon: &mut Daemon) -> Result<(), UpError> {
    let offers = daemon.store.offers()?;
    let now = Timestamp::now();
    daemon.following.has_offers = !offers.is_empty();
    if daemon.course == Course::Stopping || daemon.following.due().is_none_or(|due| due > now) {
        return Ok(());
    }
    let (context, sender) = (Arc::clone(&daemon.context), daemon.sender());
    let mut seen = Vec::new();
    for landing in offers {
        if let Some(repo) = daemon.store.repo(&landing.goal.repo)? {
            seen.push((repo, landing));
        }
    }
    spawn(context, sender, seen)?;
    daemon.following = Following { last: Some(now), is_looking: true, is_hasty: false, has_offers: true };
    Ok(())
}

fn spawn(context: Arc<Context>, sender: Sender<Message>, offers: Vec<(Repo, Landing)>) -> io::Result<()> {
    thread::Builder::new().name("pulls".into()).spawn(move || {
        let look = |(repo, landing): (Repo, Landing)| {
            let found = context
                .client(&repo)
                .and_then(|client| github::look_at(&client.patient(), &repo.id, &landing))
                .map(|found| found.map(|what| redacted(&context, what)));
            Looked { landing, found }
        };
        let looked = offers.into_iter().map(look).collect();
        // Nobody listens any more where the daemon has ended.
        let _ = sender.send(Message::Looked(looked));
    })?;
    Ok(())
}

/// What others wrote goes into the journal without the secrets that herder knows.
fn redacted(context: &Context, what: What) -> What {
    let clean = |text: &str| -> String {
        text.lines().map(|line| context.redactor.line(line).into_string() + "\n").collect()
    };
    match what {
        What::LandingBounced { run, bounce: Bounce::ChecksRed(refusal) } => {
            What::LandingBounced { run, bounce: Bounce::ChecksRed(refusal.map_texts(clean)) }
        }
        What::LandingBounced { run, bounce: Bounce::ChangesRequested { words } } => {
            What::LandingBounced { run, bounce: Bounce::ChangesRequested { words: clean(&words) } }
        }
        other => other,
    }
}

/// Records what looks have found.
pub(super) fn looked(daemon: &mut Daemon, all: Vec<Looked>) -> Result<(), UpError> {
    daemon.following.is_looking = false;
    for Looked { landing, found } in all {
        match found {
            Ok(Some(what)) => record(daemon, landing.turns, Event::of(&landing.goal, what))?,
            Ok(None) => {}
            // Nothing is known, so nothing follows; the next look may know.
            Err(trouble) => {
                let pull = landing.offer.as_ref().map_or(0, |offer| offer.pull.0);
                let text = format!("its pull request #{pull} cannot be read: {trouble}");
                let text = daemon.context.redactor.line(&text).into_string();
                daemon.log(&Told { at: Timestamp::now(), goal: Some(landing.goal), text });
            }
        }
    }
    Ok(())
}

/// Ends a deed about a pull request. What it told may have been seen meanwhile.
pub(super) fn followed(daemon: &mut Daemon, key: &str, turn: u32, events: Vec<Event>) -> Result<(), UpError> {
    for event in events {
        record(daemon, turn, event)?;
    }
    daemon.finish(key, &[], Timestamp::now())
}

/// Records what was heard of a pull request, unless something else was heard since `turn`: then it is past, and the
/// next look says how things are.
fn record(daemon: &mut Daemon, turn: u32, event: Event) -> Result<(), UpError> {
    if let Event::Goal(GoalHappening { what, .. }) = &event
        && let Some(run) = what.run()
        && daemon.store.landing(run)?.is_some_and(|now| now.turns != turn)
    {
        return Ok(());
    }
    let now = Timestamp::now();
    match daemon.store.append(&event, now) {
        Ok(_) => daemon.tell_of(&event, now),
        Err(AppendError::Store(error)) => return Err(error.into()),
        // Somebody's deed came first.
        Err(_) => {}
    }
    Ok(())
}
