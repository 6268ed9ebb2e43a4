//! All that the planner looks at: the live goals, their runs and landings, and what is settled.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::ailment::{Ailing, Ailment, Ailments};
use crate::capacity::{Capacity, Limits, Room, Slots};
use crate::case::{Case, Folded};
use crate::effect::Effect;
use crate::event::{Event, GoalHappening, Repo, What};
use crate::goal::{Goal, GoalState};
use crate::hours::{Hour, Hours};
use crate::illegal::IllegalEvent;
use crate::judge::Policy;
use crate::landing::Landing;
use crate::pause::{Pause, Pauses};
use crate::purse::Purse;
use crate::repo::{GoalRef, RepoId};
use crate::run::{Run, RunId, RunState};
use crate::share::Shares;
use crate::story::{Story, StoryEvent, StoryState};

/// The whole picture.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// What may run now.
    pub capacity: Capacity,
    /// What the machine has room for; slots alone decide where absent.
    pub room: Option<Room>,
    /// The numbers behind judgements.
    pub policy: Policy,
    /// The agent of goals that name none.
    pub default_agent: String,
    /// Work off this repository alone.
    pub only: Option<RepoId>,
    /// How many runs may be at work at once in a repository, where it has a bound of its own.
    pub max_in: BTreeMap<RepoId, usize>,
    /// When work may begin.
    pub hours: Hours,
    /// What may be spent, and what was.
    pub purse: Purse,
    /// What each repository has had, and is to have.
    pub shares: Shares,
    /// What a person said of both bounds; it goes before them.
    pub limits: Limits,
    /// Where nothing new is to start.
    pub pauses: Pauses,
    /// Repositories with which something is the matter.
    pub ailments: Ailments,
    /// Repositories whose goals start although the base branch is red.
    pub starts_on_red: BTreeSet<RepoId>,
    /// The registered repositories.
    pub repos: BTreeMap<RepoId, Repo>,
    /// Goals that are not settled, and settled ones whose run or landing is still open.
    pub goals: BTreeMap<GoalRef, Goal>,
    /// How settled goals ended.
    pub settled: BTreeMap<GoalRef, Settled>,
    /// Stories, with what is left of them.
    pub stories: BTreeMap<GoalRef, StoryStanding>,
    /// Runs that are not closed, those whose landing is open, and those that their goal names: work
    /// that waits for a person's look is landed long after its run was closed.
    pub runs: BTreeMap<RunId, Run>,
    /// Landings that are not ended, or whose bounce was not judged yet, and those that are being undone.
    pub landings: BTreeMap<RunId, Landing>,
    /// Accounts that can spend no more for now, by agent.
    pub parked: BTreeMap<String, Parked>,
    /// Effects that were ordered and are not done, by key.
    pub open: BTreeMap<String, Effect>,
    /// Keys of effects that are done, of runs that are not closed.
    pub done: BTreeSet<String>,
    /// Runs whose landing is past its gate: the next one's gate may be asked while they are pushed.
    pub past_gate: BTreeSet<RunId>,
}

/// How a goal ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Its work is part of the base branch.
    Landed,
    /// A person closed it as completed.
    Resolved,
    /// A person closed it as not planned.
    Cancelled,
}

/// An account that can spend no more for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Until then; until a person acts where absent.
    pub until: Option<Timestamp>,
    /// One sentence.
    pub why: String,
}

/// A story and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryStanding {
    /// Where it stands.
    pub state: StoryState,
    /// How many goals it has.
    pub goals: usize,
    /// How many of them are not settled.
    pub unsettled: usize,
}

impl Settled {
    /// How a state ended, where it did.
    pub fn of(state: &GoalState) -> Option<Self> {
        match state {
            GoalState::Done { .. } => Some(Self::Landed),
            GoalState::Resolved => Some(Self::Resolved),
            GoalState::Cancelled => Some(Self::Cancelled),
            GoalState::Draft { .. }
            | GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Stuck { .. } => None,
        }
    }
}

impl World {
    /// A world without anything in it.
    pub fn new(capacity: Capacity, policy: Policy, default_agent: &str) -> Self {
        Self {
            capacity,
            room: None,
            policy,
            default_agent: default_agent.into(),
            only: None,
            max_in: BTreeMap::new(),
            hours: Hours::default(),
            purse: Purse::default(),
            shares: Shares::default(),
            limits: Limits::default(),
            pauses: Pauses::new(),
            ailments: Ailments::new(),
            starts_on_red: BTreeSet::new(),
            repos: BTreeMap::new(),
            goals: BTreeMap::new(),
            settled: BTreeMap::new(),
            stories: BTreeMap::new(),
            runs: BTreeMap::new(),
            landings: BTreeMap::new(),
            parked: BTreeMap::new(),
            open: BTreeMap::new(),
            done: BTreeSet::new(),
            past_gate: BTreeSet::new(),
        }
    }

    /// Whether an effect was ordered at any time.
    pub fn was_ordered(&self, key: &str) -> bool {
        self.open.contains_key(key) || self.done.contains(key)
    }

    /// Whether a goal waits for a person because its record contradicts itself.
    pub fn is_quarantined(&self, goal: &GoalRef) -> bool {
        self.goals.get(goal).is_some_and(|goal| goal.quarantine.is_some())
    }

    /// Whether a goal is one that is to be worked off.
    pub fn is_in_scope(&self, goal: &GoalRef) -> bool {
        self.only.as_ref().is_none_or(|only| goal.repo == *only)
    }

    /// How many runs may be at work at once in an hour: as many as a person said, else as the hour's window says.
    pub fn max(&self, hour: Hour<'_>) -> usize {
        let usual = || hour.window().map_or(self.capacity.max, |window| window.max.most());
        self.limits.everywhere.map_or_else(usual, Slots::most)
    }

    /// What the machine has room for, where that is to decide in an hour: a person said so, or the hour's window does.
    pub fn room_in(&self, hour: Hour<'_>) -> Option<&Room> {
        let is_said = self.limits.everywhere == Some(Slots::Auto);
        let is_asked = is_said || hour.window().is_none_or(|window| window.max == Slots::Auto);
        self.room.as_ref().filter(|_| is_asked)
    }

    /// How many runs may be at work at once in a repository, where it has a bound of its own.
    pub fn max_of(&self, repo: &RepoId) -> Option<usize> {
        let said = self.limits.in_repo.get(repo).map(|max| max.most());
        said.or_else(|| self.max_in.get(repo).copied())
    }

    /// What keeps all goals of a repository from starting.
    pub fn ailing(&self, repo: &RepoId) -> Option<&Ailing> {
        self.ailments.get(repo).filter(|ailing| match ailing.ailment {
            Ailment::Unreadable { .. } => true,
            Ailment::RedBase { .. } => !self.starts_on_red.contains(repo),
        })
    }

    /// Runs that take a slot.
    pub fn slots_taken(&self) -> usize {
        self.runs.values().filter(|run| run.takes_slot()).count()
    }

    /// Runs in a repository that take a slot.
    pub fn slots_taken_in(&self, repo: &RepoId) -> usize {
        self.runs.values().filter(|run| run.goal.repo == *repo && run.takes_slot()).count()
    }

    /// The account that a goal would spend from.
    pub fn agent_of<'a>(&'a self, goal: &'a Goal) -> &'a str {
        goal.options.agent.as_deref().unwrap_or(&self.default_agent)
    }

    /// Folds an event into the whole picture: what the store does row by row, for simulators and
    /// for the replay of a recorded night. Gives the effects that the event calls for.
    pub fn record(&mut self, event: &Event, at: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        match event {
            Event::Goal(happening) => return self.record_goal(happening, at),
            Event::RepoAdded { repo } => {
                self.repos.insert(repo.id.clone(), repo.clone());
            }
            Event::RepoAiling { repo, ailment } => {
                let ailing = Ailing::following(self.ailments.get(repo), ailment.clone(), at);
                self.ailments.insert(repo.clone(), ailing);
            }
            Event::RepoMended { repo } => {
                self.ailments.remove(repo);
            }
            Event::StoryCreated { story } => self.add_story(story)?,
            Event::StoryEdited { story, .. } => self.know_story(story)?,
            Event::StoryClosed { story } => {
                self.step_story(story, StoryEvent::Closed)?;
                return Ok(vec![self.opened(Effect::SumUp { story: story.clone(), closed_at: at })]);
            }
            Event::StoryReopened { story } => self.step_story(story, StoryEvent::Reopened)?,
            Event::AccountParked { agent, until, why } => {
                self.parked.insert(agent.clone(), Parked { until: *until, why: why.clone() });
            }
            Event::AccountFreed { agent } => {
                self.parked.remove(agent);
            }
            Event::Paused { scope, until, reason } => {
                let pause = Pause { since: at, until: *until, reason: reason.clone() };
                self.pauses.insert(scope.clone(), pause);
            }
            Event::Resumed { scope } => {
                self.pauses.remove(scope);
            }
            Event::MaxSet { repo, max } => self.limits.set(repo.as_ref(), *max),
            // The orchestrator that it names takes it up; the world is the same for the next one.
            Event::DownAsked { .. } => {}
        }
        Ok(Vec::new())
    }

    fn opened(&mut self, effect: Effect) -> Effect {
        self.open.insert(effect.key(), effect.clone());
        effect
    }

    fn add_story(&mut self, story: &Story) -> Result<(), IllegalEvent> {
        if let Some(known) = self.stories.get(&story.id) {
            return Err(IllegalEvent { machine: "a story", state: known.state.word(), event: "created" });
        }
        self.stories.insert(story.id.clone(), StoryStanding { state: story.state, goals: 0, unsettled: 0 });
        self.recount_stories();
        Ok(())
    }

    /// The text of a story is nothing that is planned by.
    fn know_story(&self, story: &GoalRef) -> Result<(), IllegalEvent> {
        let unknown = IllegalEvent { machine: "a story", state: "unknown", event: "edited" };
        self.stories.get(story).map(|_| ()).ok_or(unknown)
    }

    fn step_story(&mut self, story: &GoalRef, event: StoryEvent) -> Result<(), IllegalEvent> {
        let unknown = IllegalEvent { machine: "a story", state: "unknown", event: event.word() };
        let standing = self.stories.get_mut(story).ok_or(unknown)?;
        standing.state = standing.state.next(event)?;
        Ok(())
    }

    fn record_goal(&mut self, happening: &GoalHappening, at: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        if let What::GoalCreated { draft } = &happening.what {
            self.add_goal(&happening.goal, draft)?;
            return Ok(Vec::new());
        }
        let unknown = IllegalEvent { machine: "a goal", state: "unknown", event: "changed" };
        let goal = self.goals.get(&happening.goal).cloned().ok_or(unknown)?;
        let run = Case::run_for(&goal, &happening.what);
        let case = Case {
            run: run.as_ref().and_then(|id| self.runs.get(id)).cloned(),
            landing: run.as_ref().and_then(|id| self.landings.get(id)).cloned(),
            goal,
        };
        let Folded { case, mut effects } = case.apply(&happening.what, at)?;
        self.keep(case);
        effects.retain(|effect| !self.was_ordered(&effect.key()));
        for effect in &effects {
            self.open.insert(effect.key(), effect.clone());
        }
        Ok(effects)
    }

    /// A goal begins as a draft, under its own name, once.
    fn add_goal(&mut self, id: &GoalRef, draft: &Goal) -> Result<(), IllegalEvent> {
        let known = self.goals.get(id).map(|goal| goal.state.word());
        let settled = self.settled.contains_key(id).then_some("settled");
        let odd = match &draft.state {
            GoalState::Draft { .. } if draft.id == *id => None,
            GoalState::Draft { .. } => Some("another"),
            GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Done { .. }
            | GoalState::Stuck { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => Some(draft.state.word()),
        };
        if let Some(state) = known.or(settled).or(odd) {
            return Err(IllegalEvent { machine: "a goal", state, event: "created" });
        }
        self.goals.insert(id.clone(), draft.clone());
        self.recount_stories();
        Ok(())
    }

    fn keep(&mut self, case: Case) {
        match Settled::of(&case.goal.state) {
            Some(settled) => self.settled.insert(case.goal.id.clone(), settled),
            None => self.settled.remove(&case.goal.id),
        };
        if let Some(landing) = case.landing {
            self.landings.insert(landing.run.clone(), landing);
        }
        if let Some(run) = case.run {
            let is_named = case.goal.named_runs().any(|named| *named == run.id);
            if matches!(run.state, RunState::Closed) && !is_named && !self.landings.contains_key(&run.id) {
                self.runs.remove(&run.id);
            } else {
                self.runs.insert(run.id.clone(), run);
            }
        }
        self.goals.insert(case.goal.id.clone(), case.goal);
        self.recount_stories();
    }

    fn recount_stories(&mut self) {
        for (id, standing) in &mut self.stories {
            let goals = self.goals.values().filter(|g| g.id.repo == id.repo && g.story == Some(id.number));
            let (settled, unsettled): (Vec<_>, Vec<_>) = goals.partition(|g| g.state.is_settled());
            standing.goals = settled.len() + unsettled.len();
            standing.unsettled = unsettled.len();
        }
    }
}
