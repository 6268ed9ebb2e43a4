//! What must always hold, said without the planner's own words.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use herder_domain::ailment::Ailment;
use herder_domain::capacity::{Admission, Slots};
use herder_domain::effect::Effect;
use herder_domain::event::{Event, GoalHappening, What};
use herder_domain::goal::{Goal, GoalState, StuckCause};
use herder_domain::hand::HandEnd;
use herder_domain::hours::Hour;
use herder_domain::judge::Judgement;
use herder_domain::landing::{Bounce, LandingState};
use herder_domain::pause::Scope;
use herder_domain::plan::{Plan, Wait, plan};
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::{RunId, RunState};
use herder_domain::story::StoryState;
use herder_domain::why::why;
use herder_domain::world::World;
use jiff::Timestamp;

use super::Sim;

fn is_start(event: &Event) -> bool {
    matches!(event, Event::Goal(GoalHappening { what: What::RunOrdered { .. }, .. }))
}

impl Sim {
    /// After each event.
    pub fn check_event(&mut self, before: &World, event: &Event, effects: &[Effect]) {
        for effect in effects {
            let key = effect.key();
            assert!(self.world.open.contains_key(&key), "{key} was called for and is not open");
            assert!(self.ordered.insert(key.clone()), "{key} was ordered before: nobody would hear of it");
        }
        let Event::Goal(GoalHappening { goal, what }) = event else {
            let is_closing = matches!(event, Event::StoryClosed { .. });
            let is_sum = |effect: &Effect| matches!(effect, Effect::SumUp { .. });
            assert!(effects.len() == usize::from(is_closing) && effects.iter().all(is_sum), "{effects:?}");
            return;
        };
        self.check_messages(before, goal, what, effects);
        self.check_row(what, effects);
        self.check_series(before, goal, what);
        if let What::RunOrdered { run, attempt } = what {
            self.check_attempt(before, goal, run, *attempt);
        }
        if let What::RunPrepared { run, base_branch, .. } = what {
            self.branches.insert(run.clone(), base_branch.clone());
        }
        match self.world.goals[goal].state {
            GoalState::Done { .. } | GoalState::Resolved => self.satisfied.insert(goal.clone()),
            // What was undone satisfies nobody any more.
            _ => self.satisfied.remove(goal),
        };
    }

    /// Each spot-check and each stuck goal is said once in a comment and once to a person.
    fn check_messages(&self, before: &World, goal: &GoalRef, what: &What, effects: &[Effect]) {
        let was = before.goals.get(goal).map_or("nothing", |goal| goal.state.word());
        let is = self.world.goals[goal].state.word();
        let is_put_back = matches!(what, What::RunJudged { judgement: Judgement::PutBack, .. });
        let is_undo = matches!(what, What::Undone { .. } | What::UndoRefused { .. });
        let expected = match (was != is, was, is) {
            _ if is_put_back => (0, 0),
            _ if is_undo => (1, 0),
            (true, _, "spot-check" | "stuck") => (1, 1),
            (true, "running", "draft") => (0, 1),
            _ if matches!(what, What::GoalOverdue { .. }) => (0, 1),
            _ => (0, 0),
        };
        let comments = effects.iter().filter(|effect| matches!(effect, Effect::Comment { .. })).count();
        let notices = effects.iter().filter(|effect| matches!(effect, Effect::Notify { .. })).count();
        assert_eq!((comments, notices), expected, "{goal} went from {was} to {is}");
    }

    fn check_row(&mut self, what: &What, effects: &[Effect]) {
        let rows: Vec<&Effect> =
            effects.iter().filter(|effect| matches!(effect, Effect::WriteStats { .. })).collect();
        if let What::RunJudged { run, .. } = what {
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].key(), format!("stats/{run}"));
            assert!(self.rows.insert(run.clone()), "{run} has two rows");
        } else {
            assert!(rows.is_empty());
        }
    }

    /// Three failed runs are three.
    fn check_series(&mut self, before: &World, goal: &GoalRef, what: &What) {
        let has_failed = if let What::RunJudged { run, .. } = what {
            let is_failure = |state: &RunState| match state {
                RunState::Collected { outcome, .. } => outcome.is_failure(),
                other => panic!("judged when {}", other.word()),
            };
            let is_taken = before.goals[goal].taken.is_some();
            is_failure(&before.runs[run].state) && before.goals[goal].is_running(run) && !is_taken
        } else if let What::BounceJudged { run, .. } = what {
            matches!(before.landings[run].state, LandingState::Bounced(Bounce::Red(_) | Bounce::ChecksRed(_)))
        } else {
            false
        };
        let failed = self.failed.entry(goal.clone()).or_default();
        *failed += u32::from(has_failed);
        let is_given = matches!(what, What::GoalGiven { end: HandEnd::Finished | HandEnd::Back, .. });
        let is_undone = matches!(what, What::Undone { .. });
        if is_given || is_undone || matches!(what, What::GoalRetried | What::GoalRejected { .. }) {
            *failed = 0;
        }
        let state = &self.world.goals[goal].state;
        let is_given_up = matches!(state, GoalState::Stuck { cause: StuckCause::Failed, .. });
        assert!(*failed <= 3, "{goal} failed a fourth time");
        if has_failed {
            assert_eq!(is_given_up, *failed == 3, "{goal} failed {failed} times and is {}", state.word());
        }
    }

    fn check_attempt(&mut self, before: &World, goal: &GoalRef, run: &RunId, attempt: u32) {
        assert_eq!(before.goals[goal].state.word(), "queued");
        assert!(self.attempts.insert(run.clone()), "the attempt {run} was used before");
        assert_eq!(self.world.goals[goal].runs, attempt);
        let live = before.runs.values().find(|run| run.goal == *goal && is_live(&run.state));
        assert_eq!(live, None, "{goal} has two live runs");
    }

    /// Each plan starts what it must, in order, and nothing else.
    pub fn check_plan(&self, planned: &Plan) {
        let started: Vec<&GoalRef> = planned.decisions.iter().filter_map(started_goal).collect();
        assert_eq!(started, self.expected_starts(), "in {:#?}", planned.waits);
        assert!(planned.wake_at.is_none_or(|at| at > self.now), "it would wake in the past");
        self.check_lanes(planned);
        self.check_beginnings(planned);
        for goal in self.world.goals.values().filter(|goal| goal.state.word() == "queued") {
            let waits = planned.waits.get(&goal.id).map_or(0, Vec::len);
            assert_eq!(waits == 0, started.contains(&&goal.id), "{} neither starts nor says why", goal.id);
            assert!(waits == 0 || planned.waits[&goal.id].iter().all(|wait| !wait.to_string().is_empty()));
        }
        let postponed = self.world.landings.values().filter_map(|landing| match &landing.state {
            LandingState::Submitted { not_before, .. } | LandingState::Reverting { not_before, .. } => {
                not_before.filter(|at| *at > self.now)
            }
            LandingState::Offered { .. }
            | LandingState::Shown
            | LandingState::Landed { .. }
            | LandingState::Bounced(_)
            | LandingState::Withdrawn
            | LandingState::Leaving { .. }
            | LandingState::Reverted { .. } => None,
        });
        let closed = planned.decisions.iter().any(|event| !is_start(event));
        let postponed = postponed.filter(|_| !closed);
        let soonest = planned.waits.values().flatten().filter_map(Wait::until).chain(postponed).min();
        if let Some(soonest) = soonest {
            assert!(planned.wake_at.is_some_and(|at| at <= soonest), "nothing wakes it at {soonest}");
        }
    }

    /// Nothing begins for a goal that was closed, or that another run works at.
    fn check_beginnings(&self, planned: &Plan) {
        for effect in &planned.effects {
            let (Effect::Claim { goal, run } | Effect::Prepare { goal, run } | Effect::Launch { goal, run }) =
                effect
            else {
                continue;
            };
            let state = &self.world.goals[goal].state;
            let is_wanted = matches!(state, GoalState::Running { run: current } if current == run);
            assert!(is_wanted, "{} begins although its goal is {}", effect.key(), state.word());
            let is_by_hand = self.world.runs[run].by.is_some();
            assert_eq!(is_by_hand, self.world.goals[goal].taken.is_some(), "{}", effect.key());
            assert!(!(is_by_hand && matches!(effect, Effect::Launch { .. })), "a ralph beside a person");
        }
    }

    fn expected_starts(&self) -> Vec<&GoalRef> {
        let world = &self.world;
        let taken = world
            .runs
            .values()
            .filter(|run| ["ordered", "claimed", "prepared", "launched"].contains(&run.state.word()))
            .filter(|run| run.by.is_none());
        let mut room = match world.capacity.admission {
            Admission::Open => self.most().saturating_sub(taken.clone().count()),
            Admission::Draining => 0,
        };
        let mut room_in: BTreeMap<_, usize> = world
            .limits
            .in_repo
            .iter()
            .map(|(repo, max)| {
                (repo, max.most().saturating_sub(taken.clone().filter(|run| run.goal.repo == *repo).count()))
            })
            .collect();
        let mut ready: Vec<_> = world
            .goals
            .values()
            .filter(|goal| self.can_start(goal))
            .filter_map(|goal| {
                let GoalState::Queued { since } = &goal.state else { return None };
                Some((goal, *since))
            })
            .collect();
        let mut starts = Vec::new();
        let mut begun = BTreeMap::new();
        let is_open = world.capacity.admission == Admission::Open;
        loop {
            // A person needs no slot.
            let has_room = |goal: &Goal| match goal.taken {
                Some(_) => is_open,
                None => room > 0 && room_in.get(&goal.id.repo).is_none_or(|room| *room > 0),
            };
            ready.retain(|(goal, _)| has_room(goal));
            let Some(at) = (0..ready.len()).min_by_key(|at| self.rank(ready[*at], &begun)) else {
                return starts;
            };
            let (goal, _) = ready.remove(at);
            starts.push(&goal.id);
            if goal.taken.is_none() {
                room -= 1;
                *begun.entry(&goal.id.repo).or_insert(0) += 1;
                room_in.entry(&goal.id.repo).and_modify(|room| *room -= 1);
            }
        }
    }

    /// Whose turn it is: the smallest, where repositories have begun so many runs just now.
    fn rank<'s>(
        &'s self,
        (goal, since): (&'s Goal, Timestamp),
        begun: &BTreeMap<&RepoId, u32>,
    ) -> (bool, Reverse<i32>, u128, Timestamp, bool, Timestamp, &'s GoalRef) {
        const MINUTE: u128 = 60_000_000_000;
        let (world, repo) = (&self.world, &goal.id.repo);
        let begun = begun.get(repo).copied().unwrap_or_default();
        let at_work = world.runs.values().filter(|run| run.goal.repo == *repo && run.takes_slot());
        let had: u128 = at_work
            .map(|run| self.now.duration_since(run.ordered_at).as_nanos().unsigned_abs().max(10 * MINUTE))
            .chain((0..begun).map(|_| 10 * MINUTE))
            .chain(world.shares.had.get(repo).map(std::time::Duration::as_nanos))
            .sum();
        let mut queued = world.goals.values().filter(|goal| goal.id.repo == *repo);
        let waits_long = queued.any(|goal| {
            goal.state.queued_since().is_some_and(|since| self.now.duration_since(since).as_hours() >= 24)
        });
        let weight = world.shares.weights.get(repo).map_or(1, |weight| u128::from(weight.get()));
        let priority = Reverse(goal.options.priority.unwrap_or_default());
        let due = goal.options.deadline.unwrap_or(Timestamp::MAX);
        (had > 0 || !waits_long, priority, had / weight, due, goal.runs != 0, since, &goal.id)
    }

    /// How many runs may be at work now.
    pub fn most(&self) -> usize {
        let usual = match self.world.hours.at(self.now) {
            Hour::In(open) => open.window.max.most(),
            Hour::Any | Hour::Out { .. } => self.world.capacity.max,
        };
        self.world.limits.everywhere.map_or(usual, Slots::most)
    }

    fn is_ailing(&self, repo: &RepoId) -> bool {
        let is_red = |ailment: &Ailment| matches!(ailment, Ailment::RedBase { .. });
        let ailing = self.world.ailments.get(repo);
        ailing.is_some_and(|known| !(is_red(&known.ailment) && self.world.starts_on_red.contains(repo)))
    }

    fn is_paused(&self, goal: &Goal) -> bool {
        self.world.pauses.iter().any(|(scope, pause)| {
            let is_meant = match scope {
                Scope::Everything => true,
                Scope::Repo { repo } => *repo == goal.id.repo,
                Scope::Story { story } => goal.story == Some(story.number) && goal.id.repo == story.repo,
            };
            is_meant && pause.until.is_none_or(|until| until > self.now)
        }) || self.is_ailing(&goal.id.repo)
    }

    fn can_start(&self, goal: &Goal) -> bool {
        let world = &self.world;
        let agent = goal.options.agent.as_deref().unwrap_or(super::AGENT);
        let is_parked = world.parked.get(agent).is_some_and(|p| p.until.is_none_or(|until| until > self.now));
        let bound = world.purse.allowances.goal.usd.zip(world.purse.ended.goals.get(&goal.id));
        let is_spent = bound.is_some_and(|(limit, spent)| spent.usd >= limit);
        let is_by_hand = goal.taken.is_some();
        let is_free = goal.quarantine.is_none()
            && world.repos.contains_key(&goal.id.repo)
            && !world.runs.values().any(|run| run.goal == goal.id && is_live(&run.state));
        let is_ready = goal.hold.is_none()
            && goal.depends.iter().all(|on| self.satisfied.contains(on))
            && goal.retry_at.is_none_or(|at| at <= self.now)
            && goal.options.not_before.is_none_or(|at| at <= self.now)
            && goal.options.deadline.is_none_or(|at| at > self.now)
            && !is_parked
            && !is_spent
            && !matches!(world.hours.at(self.now), Hour::Out { .. })
            && !self.is_paused(goal)
            && !world.runs.values().any(|run| run.agent.as_deref() == Some(agent) && will_park(&run.state));
        is_free && (is_by_hand || is_ready)
    }

    /// A landing begins, on the branch that the run was made for, when no other's gate is asked there.
    fn check_lanes(&self, planned: &Plan) {
        let under_way = self.world.open.values().filter(|effect| !planned.effects.contains(effect));
        let mut lanes: BTreeSet<_> = under_way.filter_map(|effect| self.lane(effect)).collect();
        for effect in &planned.effects {
            let is_ahead = |other: &&Effect| match (effect, other) {
                (
                    Effect::Land { goal, base_branch, .. },
                    Effect::Land { goal: of, base_branch: onto, .. },
                ) => (&goal.repo, base_branch) == (&of.repo, onto) && !planned.effects.contains(other),
                _ => false,
            };
            assert!(self.world.open.values().filter(is_ahead).count() < 2, "too many are ahead: {planned:?}");
            if let Some(lane) = self.lane(effect) {
                assert!(lanes.insert(lane), "two gates at once: {planned:?}");
            }
        }
    }

    /// The branch whose gate is asked for an effect.
    fn lane<'e>(&self, effect: &'e Effect) -> Option<(&'e RepoId, &'e String)> {
        match effect {
            Effect::Land { goal, run, base_branch, .. } | Effect::Revert { goal, run, base_branch, .. } => {
                assert_eq!(Some(base_branch), self.branches.get(run), "{run} lands somewhere else");
                (!self.world.past_gate.contains(run)).then_some((&goal.repo, base_branch))
            }
            _ => None,
        }
    }

    /// When the planner is quiet.
    pub fn check_rest(&self, planned: &Plan) {
        for run in self.world.runs.values() {
            let goal = &self.world.goals[&run.goal];
            if matches!(goal.state, GoalState::Cancelled | GoalState::Resolved) && goal.quarantine.is_none() {
                self.check_unwanted(&run.id, &run.state);
            }
            if run.by.is_none() && goal.taken.is_some() && goal.quarantine.is_none() {
                self.check_unwanted(&run.id, &run.state);
            }
            let is_open = goal.quarantine.is_none() && !goal.state.is_settled();
            let is_given_up =
                matches!(goal.state, GoalState::Stuck { cause: StuckCause::ClosedUnmerged, .. });
            let is_anothers = goal.elsewhere.is_some() && !goal.is_running(&run.id);
            if is_open && (is_anothers || is_given_up) {
                self.check_unwanted(&run.id, &run.state);
            } else if is_live(&run.state) && is_open {
                assert!(goal.is_running(&run.id), "{} is {} beside its run", goal.id, goal.state.word());
            }
        }
        for goal in self.world.goals.values() {
            let answer = why(&self.world, &goal.id, self.now).unwrap();
            assert!(answer.standing.contains(&goal.id.to_string()));
            if matches!(goal.state, GoalState::Queued { .. }) {
                assert!(!answer.reasons.is_empty());
            }
        }
        if let Some(at) = planned.wake_at {
            assert_ne!(*planned, plan(&self.world, at), "it would wake for nothing");
        }
        self.check_stories();
    }

    /// A run whose goal was closed is stopped, or waits for the one deed that is under way.
    fn check_unwanted(&self, run: &RunId, state: &RunState) {
        let is_open = |verb: &str| self.world.open.contains_key(&format!("{verb}/{run}"));
        match state {
            RunState::Ordered => assert!(is_open("claim")),
            RunState::Claimed => assert!(is_open("prepare")),
            RunState::Prepared => assert!(is_open("launch")),
            RunState::Launched { .. } => assert!(self.ordered.contains(&format!("stop/{run}"))),
            RunState::Held { .. } => panic!("a person holds {run}, which nobody wants"),
            RunState::Reported { .. }
            | RunState::Collected { .. }
            | RunState::Judged { .. }
            | RunState::Closed => {}
        }
    }

    fn check_stories(&self) {
        for (id, standing) in &self.world.stories {
            let mut goals = self
                .world
                .goals
                .values()
                .filter(|goal| goal.story == Some(id.number) && goal.id.repo == id.repo)
                .peekable();
            if goals.peek().is_none() {
                // Its last goal may have been moved elsewhere after it was closed.
                continue;
            }
            let is_closed = goals.all(|goal| goal.state.is_settled());
            assert_eq!(standing.state == StoryState::Closed, is_closed, "story {id}: {standing:?}");
        }
    }

    /// After everything was worked off.
    pub fn check_end(&self, planned: &Plan) {
        assert_eq!(self.world.open.len(), 0, "effects are open for ever");
        for goal in self.world.goals.values().filter(|goal| goal.quarantine.is_none()) {
            let is_done_with = !matches!(goal.state.word(), "running" | "offered");
            assert!(is_done_with, "{} is {} for ever", goal.id, goal.state.word());
        }
        for (goal, waits) in &planned.waits {
            let is_held = |wait: &Wait| wait.needs_person() || matches!(wait, Wait::Dependency { .. });
            assert!(waits.iter().any(is_held), "{goal} waits for nothing: {waits:?}");
        }
    }
}

pub fn started_goal(event: &Event) -> Option<&GoalRef> {
    let Event::Goal(GoalHappening { goal, what: What::RunOrdered { .. } }) = event else { return None };
    Some(goal)
}

fn is_live(state: &RunState) -> bool {
    !["judged", "closed"].contains(&state.word())
}

/// A run whose end will park its account once it is judged.
fn will_park(state: &RunState) -> bool {
    let ended = match state {
        RunState::Reported { outcome } | RunState::Collected { outcome, .. } => outcome,
        _ => return false,
    };
    matches!(ended.word(), "usage_limit" | "login_failed")
}
