//! Following pull requests: each that is in landing is looked at when it is new, when the poller says that it is not as it
//! was, and every now and then, in a thread of its own, and what is new is recorded. The looks change nothing; what
//! follows from them the planner orders.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use herder_domain::event::{Event, GoalHappening, Repo, What};
use herder_domain::forge::Trouble;
use herder_domain::landing::{Bounce, Landing};
use herder_domain::repo::{Number, RepoId};
use herder_domain::run::RunId;
use herder_domain::undo::UndoTrouble;
use herder_store::AppendError;
use jiff::Timestamp;

use super::UpError;
use super::daemon::{Course, Daemon};
use super::inbox::Message;
use crate::context::Context;
use crate::github;
use crate::told::Told;

/// Between two looks at all of them, which see what the poller does not tell of, or could not.
const SAFETY: Duration = Duration::from_secs(60);

/// The same where no poller is at work.
const ALONE: Duration = Duration::from_secs(10);

/// How soon after the last look news may bring the next: a burst of them is one.
const GAP: Duration = Duration::from_secs(1);

/// What one look came to.
#[derive(Debug)]
pub(super) struct Looked {
    /// The landing as it was before the look.
    landing: Landing,
    found: Result<Option<What>, Trouble>,
}

/// When which pull requests are looked at.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// The last look at any of them, and at all.
    last: Option<Timestamp>,
    last_at_all: Option<Timestamp>,
    is_looking: bool,
    is_hasty: bool,
    /// Those of which the poller has told something new.
    told: BTreeSet<(RepoId, Number)>,
    /// Runs whose pull requests were looked at since they are followed.
    looked: BTreeSet<RunId>,
    /// Where one is to be looked at, or more: not before this.
    due: Option<Timestamp>,
}

impl Following {
    /// Somebody says that something may have happened to any of them.
    pub(super) fn hasten(&mut self) {
        self.is_hasty = true;
    }

    /// The poller says that one of them is not as it was.
    pub(super) fn told_of(&mut self, repo: RepoId, pull: Number) {
        self.told.insert((repo, pull));
    }

    /// When the next look is due; `None` while one is under way, or nothing is to be looked at.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.filter(|_| !self.is_looking)
    }

    /// Those of all that are followed which are to be looked at now: what is new among them, and every now and then all.
    fn select(&mut self, offers: Vec<Landing>, safety: Duration, now: Timestamp) -> Vec<Landing> {
        self.looked.retain(|run| offers.iter().any(|landing| landing.run == *run));
        self.told.retain(|told| offers.iter().any(|landing| named(landing).as_ref() == Some(told)));
        let is_news = |landing: &Landing| {
            !self.looked.contains(&landing.run)
                || named(landing).is_some_and(|name| self.told.contains(&name))
        };
        let has_news = self.is_hasty || offers.iter().any(is_news);
        let after = |last: Option<Timestamp>, wait: Duration| {
            last.map_or(Timestamp::MIN, |last| last.checked_add(wait).unwrap_or(Timestamp::MAX))
        };
        let all_due = after(self.last_at_all, safety);
        let due = if has_news { after(self.last, GAP).min(all_due) } else { all_due };
        self.due = (!offers.is_empty()).then_some(due);
        if self.due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        let is_of_all = self.is_hasty || all_due <= now;
        let chosen: Vec<Landing> = offers.iter().filter(|one| is_of_all || is_news(one)).cloned().collect();
        self.last_at_all = if is_of_all { Some(now) } else { self.last_at_all };
        self.looked.extend(chosen.iter().map(|landing| landing.run.clone()));
        self.told.clear();
        (self.last, self.is_looking, self.is_hasty) = (Some(now), true, false);
        chosen
    }
}

/// The name of a landing's pull request.
fn named(landing: &Landing) -> Option<(RepoId, Number)> {
    landing.offer.as_ref().map(|offer| (landing.goal.repo.clone(), offer.pull))
}

/// Begins a look where it is time.
pub(super) fn mind(daemon: &mut Daemon) -> Result<(), UpError> {
    if daemon.course == Course::Stopping {
        return Ok(());
    }
    let safety = if daemon.sees_one_through() { ALONE } else { SAFETY };
    let chosen = daemon.following.select(daemon.store.offers()?, safety, Timestamp::now());
    if chosen.is_empty() {
        return Ok(());
    }
    let (context, sender) = (Arc::clone(&daemon.context), daemon.sender());
    let mut seen = Vec::new();
    for landing in chosen {
        if let Some(repo) = daemon.store.repo(&landing.goal.repo)? {
            seen.push((repo, landing));
        }
    }
    Ok(spawn(context, sender, seen)?)
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
        What::UndoRefused { run, trouble: UndoTrouble::Red { tail } } => {
            What::UndoRefused { run, trouble: UndoTrouble::Red { tail: clean(&tail) } }
        }
        What::UndoRefused { run, trouble: UndoTrouble::Unwanted { words } } => {
            What::UndoRefused { run, trouble: UndoTrouble::Unwanted { words: clean(&words) } }
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

#[cfg(test)]
mod tests {
    use herder_domain::landing::{LandingState, Merging, Offer, Standing, Warrant};
    use herder_domain::repo::GoalRef;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn repo() -> RepoId {
        "github.com/acme/app".parse().unwrap()
    }

    /// The landing of a goal whose pull request has ten times its number.
    fn offered(goal: u64) -> Landing {
        let id = GoalRef::new(repo(), goal);
        let state = LandingState::Offered { standing: Standing::Updating };
        let offer = Offer {
            pull: Number(goal * 10),
            head: "7ee".into(),
            merging: Merging::Herder { why: "".into() },
        };
        Landing {
            run: RunId::of(&id, 1),
            goal: id,
            base_branch: "main".into(),
            state,
            undos: 0,
            warrant: Warrant::default(),
            returns: 0,
            offer: Some(offer),
            turns: 0,
        }
    }

    /// The goals whose pull requests are looked at at this second; the look is over at once.
    fn looked(following: &mut Following, goals: &[u64], second: i64) -> Vec<u64> {
        let offers = goals.iter().copied().map(offered).collect();
        let chosen = following.select(offers, SAFETY, at(second));
        following.is_looking = false;
        chosen.iter().map(|landing| landing.goal.number.0).collect()
    }

    #[test]
    fn only_what_is_new_is_looked_at_and_now_and_then_all() {
        let mut following = Following::default();
        assert_eq!(looked(&mut following, &[1, 2], 0), [1, 2]);
        assert_eq!(looked(&mut following, &[1, 2], 30), [0; 0]);
        assert_eq!(following.due(), Some(at(60)));
        assert_eq!(looked(&mut following, &[1, 2, 3], 31), [3], "it is offered just now");
        following.told_of(repo(), Number(20));
        assert_eq!(looked(&mut following, &[1, 2, 3], 31), [0; 0], "a burst is one look");
        assert_eq!(following.due(), Some(at(32)));
        assert_eq!(looked(&mut following, &[1, 2, 3], 32), [2]);
        assert_eq!(looked(&mut following, &[1, 2, 3], 59), [0; 0]);
        assert_eq!(looked(&mut following, &[1, 2, 3], 60), [1, 2, 3], "what nobody told of");
        assert_eq!(looked(&mut following, &[1, 3], 70), [0; 0]);
        assert_eq!(looked(&mut following, &[1, 2, 3], 71), [2], "it is offered anew");
        following.hasten();
        assert_eq!(looked(&mut following, &[1, 2, 3], 73), [1, 2, 3]);
        following.told_of(repo(), Number(990));
        assert_eq!(looked(&mut following, &[1, 2, 3], 80), [0; 0], "nobody follows that one");
        assert_eq!((looked(&mut following, &[], 99), following.due()), (vec![], None));
    }

    #[test]
    fn what_is_told_during_a_look_is_looked_at_after_it() {
        let mut following = Following::default();
        assert_eq!(following.select(vec![offered(1)], SAFETY, at(0)).len(), 1);
        following.told_of(repo(), Number(10));
        assert_eq!(following.select(vec![offered(1)], SAFETY, at(5)), []);
        assert_eq!(following.due(), None);
        following.is_looking = false;
        assert_eq!(looked(&mut following, &[1], 6), [1]);
    }
}
