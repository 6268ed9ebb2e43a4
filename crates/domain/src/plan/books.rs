//! The books: who has spent how much of what, when it is to be warned of, and what may not go on.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Plan;
use crate::effect::{Effect, Once};
use crate::goal::Goal;
use crate::level::Level;
use crate::purse::{Amount, Excess, Purse, Spender, Spent, UnknownCost};
use crate::repo::GoalRef;
use crate::run::Run;
use crate::world::World;

/// At so many hundredths of a budget a person is told.
const WARN_AT: u128 = 80;

/// What each spender has spent, where anything is bounded.
pub(super) struct Books<'w> {
    purse: &'w Purse,
    /// Of those that have a run under way; the rest stands in the purse.
    live: BTreeMap<Spender, Spent>,
}

impl<'w> Books<'w> {
    /// None, where nothing is bounded.
    pub(super) fn of(world: &'w World, now: Timestamp) -> Option<Self> {
        let purse = &world.purse;
        if purse.allowances.is_empty() {
            return None;
        }
        let mut live: BTreeMap<Spender, Spent> = BTreeMap::new();
        for (run, spent) in &purse.live {
            let Some(run) = world.runs.get(run) else { continue };
            let spent = Spent { time: since(run, now), ..*spent };
            let story = world.goals.get(&run.goal).and_then(|goal| goal.story);
            for spender in
                spenders(&run.goal, story.map(|story| GoalRef { number: story, ..run.goal.clone() }))
            {
                *live.entry(spender).or_default() += spent;
            }
        }
        Some(Self { purse, live })
    }

    fn spent(&self, spender: &Spender) -> Spent {
        let ended = &self.purse.ended;
        let of = match spender {
            Spender::Goal { goal } => ended.goals.get(goal),
            Spender::Story { story } => ended.stories.get(story),
            Spender::Repo { repo } => ended.repos.get(repo),
            Spender::Day => Some(&ended.day),
        };
        let mut spent = of.copied().unwrap_or_default();
        spent += self.live.get(spender).copied().unwrap_or_default();
        spent
    }

    /// The budgets that let nothing of a goal begin.
    pub(super) fn excesses(&self, goal: &Goal) -> Vec<Excess> {
        spenders_of(goal).into_iter().flat_map(|spender| self.excesses_of(spender)).collect()
    }

    fn excesses_of(&self, spender: Spender) -> Vec<Excess> {
        let spent = self.spent(&spender);
        let is_unknown = spent.unknown > 0 && self.purse.allowances.unknown_cost == UnknownCost::Hold;
        let bounds = self.purse.allowances.of(&spender).bounds(&spent);
        let excess = |(spent_of, limit): (Amount, Amount)| {
            let unknown = match limit {
                Amount::UsdMicros(_) if is_unknown => spent.unknown,
                Amount::UsdMicros(_) | Amount::Tokens(_) | Amount::Seconds(_) => 0,
            };
            (unknown > 0 || spent_of >= limit).then(|| Excess {
                spender: spender.clone(),
                spent: spent_of,
                limit,
                // What is spent is spent, whatever else nobody knows.
                unknown: if spent_of >= limit { 0 } else { unknown },
                until: self.until(&spender),
            })
        };
        bounds.into_iter().filter_map(excess).collect()
    }

    fn until(&self, spender: &Spender) -> Option<Timestamp> {
        match spender {
            Spender::Goal { .. } | Spender::Story { .. } => None,
            Spender::Repo { .. } | Spender::Day => self.purse.today.ends,
        }
    }

    /// Whether a run at work is to be stopped: a budget that it spends from is spent. What nobody knows stops nothing that
    /// was begun.
    pub(super) fn is_spent(&self, goal: &Goal) -> bool {
        self.excesses(goal).iter().any(|excess| excess.unknown == 0)
    }

    /// Tells a person, once for each budget, that most of it is spent.
    pub(super) fn warn(&self, world: &World, plan: &mut Plan) {
        let mut seen = std::collections::BTreeSet::new();
        let is_live = |goal: &&Goal| goal.state.moves_by_itself();
        for goal in world.goals.values().filter(is_live) {
            for spender in spenders_of(goal).into_iter().filter(|spender| seen.insert(spender.clone())) {
                for (spent, limit) in self.purse.allowances.of(&spender).bounds(&self.spent(&spender)) {
                    if spent.is_share_of(limit, WARN_AT) {
                        plan.order(world, self.warning(goal, &spender, spent, limit));
                    }
                }
            }
        }
    }

    fn warning(&self, goal: &Goal, spender: &Spender, spent: Amount, limit: Amount) -> Effect {
        let excess =
            Excess { spender: spender.clone(), spent, limit, unknown: 0, until: self.until(spender) };
        let period = excess.until.map_or_else(String::new, |_| format!("/{}", self.purse.today.name));
        Effect::Notify {
            goal: goal.id.clone(),
            key: format!("budget/{}{period}/{}/{limit}", spender, excess.key()),
            title: format!("{spent} of {limit} are spent for {spender}"),
            message: format!(
                "At {limit} what is at work on it is stopped, and nothing more of it begins. `{}` in your configuration \
                 changes that at once.",
                excess.key()
            ),
            level: Level::Attention,
            once: Once::All,
        }
    }
}

fn since(run: &Run, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(run.ordered_at)).unwrap_or_default()
}

fn spenders_of(goal: &Goal) -> Vec<Spender> {
    spenders(&goal.id, goal.story.map(|story| GoalRef { number: story, ..goal.id.clone() }))
}

fn spenders(goal: &GoalRef, story: Option<GoalRef>) -> Vec<Spender> {
    let (of_goal, repo) = (Spender::Goal { goal: goal.clone() }, Spender::Repo { repo: goal.repo.clone() });
    let story = story.map(|story| Spender::Story { story });
    [Some(of_goal), story, Some(repo), Some(Spender::Day)].into_iter().flatten().collect()
}
