//! Watching one host: a thread that polls it, looks at each issue that changed, and tells what it saw. It keeps
//! nothing that could not be asked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use herder_domain::ailment::Ailment;
use herder_domain::event::Repo;
use herder_domain::forge::Home;
use herder_domain::landing::{Landing, LandingState};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::RunId;
use herder_domain::sight::{Sighting, Standing};
use herder_domain::story::Story;
use herder_forge::budget::Resource;
use herder_forge::poll::{BaseBrief, Found, Polled, Poller, PullBrief, Rhythm};
use herder_forge::{Client, Lookup, Why};
use herder_store::{GoalFilter, Store, StoreError};
use jiff::Timestamp;

use super::checks::Checks;
use super::health::{Health, Red};
use super::sight::{self, GOAL, Kind};

/// How long the thread waits at most before it looks whether a repository was added.
const LOOK: Duration = Duration::from_secs(1);

/// How long what could not be seen is left alone.
const AGAIN: Duration = Duration::from_secs(10);

/// What a watcher is asked to do.
pub(crate) enum Asked {
    /// Look at a goal again.
    Look(GoalRef),
    /// Ask for a repository before its turn.
    Wake(RepoId),
    /// The base branch of a repository is this one, whatever was registered.
    Base(RepoId, String),
}

/// What a watcher tells.
pub(crate) enum Saw {
    /// A goal, as it is now.
    Goal(Box<Sighting>),
    /// A story that may be new.
    Story(Story),
    /// A pull request that is in landing is not as it was.
    Pull(RepoId, Number),
    /// What is the matter with a repository, or that nothing is any more.
    Health(RepoId, Option<Ailment>),
    /// A repository, or the whole host, cannot be read.
    Nothing(String),
    /// All repositories of the host were looked at for the first time.
    Everything,
}

/// One host.
struct Watch {
    client: Client,
    store: Store,
    poller: Poller,
    /// Goals to be looked at, with the time from which on.
    open: BTreeSet<(Timestamp, GoalRef)>,
    unseen: BTreeSet<RepoId>,
    /// The repositories that are watched.
    repos: BTreeMap<RepoId, Watched>,
    has_told: bool,
    me: Option<String>,
    tell: Box<dyn Fn(Saw) -> bool + Send>,
}

/// A repository that is watched.
struct Watched {
    base: String,
    health: Health,
    /// Pull requests in landing, as they were told of last.
    pulls: BTreeMap<Number, PullBrief>,
}

/// Starts watching a host; `tell` gives whether anybody listens still.
pub(crate) fn watch(
    client: Client,
    database: PathBuf,
    fast: Duration,
    tell: Box<dyn Fn(Saw) -> bool + Send>,
) -> io::Result<Sender<Asked>> {
    let (ask, asked) = channel();
    thread::Builder::new().name("forge".into()).spawn(move || {
        let store = match Store::open(&database) {
            Ok(store) => store,
            Err(error) => {
                tell(Saw::Nothing(error.to_string()));
                return;
            }
        };
        let usual = Rhythm::default();
        let rhythm = Rhythm { fast, slow: usual.slow.max(fast), ..usual };
        let poller = Poller::new(GOAL, rhythm, client.server_now());
        let (open, unseen, repos) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        Watch { client, store, poller, open, unseen, repos, has_told: false, me: None, tell }.run(&asked);
    })?;
    Ok(ask)
}

impl Watch {
    fn run(mut self, asked: &Receiver<Asked>) {
        loop {
            if let Err(trouble) = self.round()
                && !(self.tell)(Saw::Nothing(trouble))
            {
                return;
            }
            let now = self.client.server_now();
            let next = self.poller.next().into_iter().chain(self.open.first().map(|(at, _)| *at)).min();
            let left =
                next.map_or(LOOK, |next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
            match asked.recv_timeout(left.min(LOOK)) {
                Ok(Asked::Look(goal)) => {
                    self.open.insert((now, goal));
                }
                Ok(Asked::Wake(repo)) => self.poller.wake(&repo),
                Ok(Asked::Base(repo, base)) => self.rebase(&repo, base),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// What is due now.
    fn round(&mut self) -> Result<(), String> {
        let failed = |error: StoreError| error.to_string();
        self.know_repos().map_err(failed)?;
        let now = self.client.server_now();
        let is_landing = self.follow().map_err(failed)?;
        let is_moving = is_landing || !self.store.active_runs().map_err(failed)?.is_empty();
        self.poller.moving(is_moving, now);
        if let Some(ask) = self.poller.due(now) {
            match self.client.poll(&ask) {
                Ok(Polled { answers, requests }) => {
                    self.pace(requests);
                    let found = self.poller.answered(ask, answers);
                    self.found(found).map_err(failed)?;
                }
                Err(why) => {
                    self.poller.failed(ask, &why, self.client.server_now());
                    // Where nothing can be read, none of them can.
                    let all: Vec<RepoId> = self.repos.keys().cloned().collect();
                    all.iter().for_each(|repo| self.unread(repo, &why));
                    return Err(format!("{} cannot be read: {why}", self.client.site().host()));
                }
            }
        }
        self.look(now)
    }

    /// Has rounds follow each other as slowly as they are dear, where they are made of requests that count.
    fn pace(&mut self, requests: u64) {
        if let Some(in_an_hour) = self.client.budget().in_an_hour(Resource::Core) {
            self.poller.spent(requests, in_an_hour);
        }
    }

    /// Watches what is registered, and nothing else.
    fn know_repos(&mut self) -> Result<(), StoreError> {
        let host = self.client.site().host().to_owned();
        let is_here = |repo: &Repo| repo.home == Home::Github && repo.id.host() == host;
        let repos: Vec<Repo> = self.store.repos()?.into_iter().filter(is_here).collect();
        for repo in repos {
            if self.repos.contains_key(&repo.id) {
                continue;
            }
            self.poller.watch(&repo.id, &repo.base_branch, self.client.server_now());
            let known = self.store.ailments()?.remove(&repo.id);
            let health = Health::known(known.map(|known| known.ailment));
            self.repos
                .insert(repo.id.clone(), Watched { base: repo.base_branch, health, pulls: BTreeMap::new() });
            self.unseen.insert(repo.id);
        }
        Ok(())
    }

    /// Has the pull requests in landing be part of every round; gives whether one of them is to be merged.
    fn follow(&mut self) -> Result<bool, StoreError> {
        let mut pulls: BTreeMap<RepoId, BTreeSet<Number>> = BTreeMap::new();
        let mut is_landing = false;
        for Landing { goal, offer, state, .. } in self.store.offers()? {
            if let Some(offer) = offer.filter(|_| self.repos.contains_key(&goal.repo)) {
                is_landing |= state.standing().is_some();
                pulls.entry(goal.repo).or_default().insert(offer.pull);
            }
        }
        for (repo, watched) in &mut self.repos {
            let followed = pulls.remove(repo).unwrap_or_default();
            watched.pulls.retain(|number, _| followed.contains(number));
            self.poller.follow(repo, followed);
        }
        Ok(is_landing)
    }

    /// Takes how a pull request stands, and tells where that is news.
    fn pull(&mut self, repo: &RepoId, pull: PullBrief) {
        let Some(watched) = self.repos.get_mut(repo) else { return };
        let number = pull.number;
        if watched.pulls.insert(number, pull.clone()) != Some(pull) {
            (self.tell)(Saw::Pull(repo.clone(), number));
        }
    }

    fn found(&mut self, found: Vec<Found>) -> Result<(), StoreError> {
        let now = self.client.server_now();
        for one in found {
            match one {
                Found::Issue { repo, issue } => {
                    self.open.insert((now, GoalRef { repo, number: issue.number }));
                }
                Found::All { repo, issues } => {
                    let listed: BTreeSet<_> = issues.seen().iter().map(|issue| issue.number).collect();
                    let filter = GoalFilter { repo: Some(repo.clone()), ..GoalFilter::default() };
                    let known = self.store.goals(&filter)?;
                    let live =
                        known.iter().filter(|goal| !goal.state.is_settled()).map(|goal| goal.id.number);
                    // One that is missing is looked up, and nothing follows from its being missing.
                    let odd: BTreeSet<_> = live.chain(listed).collect();
                    let odd = odd.into_iter().map(|number| (now, GoalRef { repo: repo.clone(), number }));
                    self.open.extend(odd);
                    self.unseen.remove(&repo);
                }
                Found::Pull { repo, pull } => self.pull(&repo, pull),
                Found::Base { repo, base } => self.base(&repo, base.as_ref()),
                Found::Unreadable { repo, why } => {
                    self.unread(&repo, &why);
                    (self.tell)(Saw::Nothing(format!("{repo} cannot be read: {why}")));
                }
            }
        }
        Ok(())
    }

    fn rebase(&mut self, repo: &RepoId, base: String) {
        self.poller.set_base(repo, &base);
        if let Some(watched) = self.repos.get_mut(repo) {
            watched.base = base;
        }
    }

    /// Takes that a repository could not be read, and tells it where that is news.
    fn unread(&mut self, repo: &RepoId, why: &Why) {
        let Some(watched) = self.repos.get_mut(repo) else { return };
        if watched.health.unread(why) {
            (self.tell)(Saw::Health(repo.clone(), watched.health.ailment().cloned()));
        }
    }

    /// Takes how a repository's base branch stands, and tells what follows where that is news. What could not be read
    /// says nothing; the next round asks again.
    fn base(&mut self, repo: &RepoId, base: Option<&BaseBrief>) {
        let Some(Watched { base: branch, health, .. }) = self.repos.get_mut(repo) else { return };
        let (client, now) = (self.client.patient(), self.client.server_now());
        let red = |Red { branch, commit }: Red<'_>| {
            let checks = Checks::of(&client, repo, branch, commit)?;
            Ok(checks.red().into_iter().map(|check| check.name.clone()).collect())
        };
        if health.read((branch, base), now, red) == Ok(true) {
            (self.tell)(Saw::Health(repo.clone(), health.ailment().cloned()));
        }
    }

    /// Looks at all goals whose time has come.
    fn look(&mut self, now: Timestamp) -> Result<(), String> {
        let due: Vec<_> = self.open.iter().take_while(|(at, _)| *at <= now).cloned().collect();
        for (at, goal) in due {
            self.open.remove(&(at, goal.clone()));
            match self.sighting(&goal) {
                Ok(seen) => seen.into_iter().for_each(|saw| {
                    (self.tell)(saw);
                }),
                Err(why) => {
                    let wait = if why == Why::Shifted { LOOK } else { AGAIN };
                    let again = self.client.server_now().checked_add(wait).unwrap_or(Timestamp::MAX);
                    self.open.insert((why.until().unwrap_or(again), goal.clone()));
                    if why == Why::Shifted {
                        continue;
                    }
                    return Err(format!("{goal} cannot be seen: {why}"));
                }
            }
        }
        if self.unseen.is_empty() && self.open.is_empty() && !self.has_told {
            self.has_told = (self.tell)(Saw::Everything);
        }
        Ok(())
    }

    /// What is to be told of an issue; the story of a goal before the goal.
    fn sighting(&mut self, goal: &GoalRef) -> Result<Vec<Saw>, Why> {
        // What cannot be read of it now is as if it were not known: the daemon that writes it down knows better.
        let known = self.store.goal(goal).ok().flatten();
        let heard = known.as_ref().and_then(|goal| goal.on_forge.as_ref()).map(|known| known.heard);
        let noted = known.as_ref().map(|goal| (goal.title.as_str(), goal.body.as_str()));
        let me = match &self.me {
            Some(me) => me.clone(),
            None => match self.client.login() {
                Lookup::Present(me) => me,
                Lookup::Gone => return Err(Why::Shifted),
                Lookup::Unknown(why) => return Err(why),
            },
        };
        self.me = Some(me.clone());
        let eyes = sight::Eyes { client: &self.client, me: &me, heard, noted };
        let found = sight::look(&eyes, &goal.repo, goal.number)?;
        Ok(match found {
            None => Vec::new(),
            Some(Kind::Story(story)) => {
                self.new_story(&story.id).then_some(Saw::Story(story)).into_iter().collect()
            }
            Some(Kind::Goal(mut sighting)) => {
                sighting.merged = self.merged(&sighting)?;
                let story = self.story_of(&sighting)?.map(Saw::Story);
                story.into_iter().chain([Saw::Goal(sighting)]).collect()
            }
        })
    }

    /// What became part of the base branch of a goal whose issue is closed, where a person's merge is what closed it: GitHub tells of
    /// the issue as soon as of the pull request. What cannot be read of the database now the daemon finds out by itself.
    fn merged(&self, sighting: &Sighting) -> Result<Option<(RunId, String)>, Why> {
        if sighting.seen.shown.standing != Standing::Completed {
            return Ok(None);
        }
        let came_back = |landing: &Landing| {
            landing.goal == sighting.goal
                && matches!(landing.state, LandingState::Bounced(_) | LandingState::Shown)
        };
        let offers = self.store.offers().unwrap_or_default();
        let Some((run, offer)) =
            offers.into_iter().find(came_back).and_then(|landing| Some((landing.run, landing.offer?)))
        else {
            return Ok(None);
        };
        match self.client.pull(&sighting.goal.repo, offer.pull) {
            Lookup::Present(pull) if pull.is_merged() => {
                Ok(pull.merge_commit_sha.map(|commit| (run, commit)))
            }
            Lookup::Present(_) | Lookup::Gone => Ok(None),
            Lookup::Unknown(why) => Err(why),
        }
    }

    /// The story that a goal names, where it is not known.
    fn story_of(&self, sighting: &Sighting) -> Result<Option<Story>, Why> {
        let Some(number) = sighting.draft().story else { return Ok(None) };
        let id = GoalRef { repo: sighting.goal.repo.clone(), number };
        if self.new_story(&id) { sight::story(&self.client, &id.repo, number) } else { Ok(None) }
    }

    /// Whether a story is not known. What cannot be read now is as if it were: the next look tells it.
    fn new_story(&self, id: &GoalRef) -> bool {
        self.store.story(id).is_ok_and(|story| story.is_none())
    }
}
