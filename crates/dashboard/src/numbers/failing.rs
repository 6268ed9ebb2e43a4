//! Which kinds of goals are met less often than others, and not by chance.

use serde::Serialize;

use super::answer::Group;
use super::columns::Columns;
use super::dimension::Dimension;
use super::question::Question;
use super::{answer, share::Share};

/// What makes a kind of goal: not how its runs ended, nor where they ran.
const KINDS: [Dimension; 7] = [
    Dimension::Label,
    Dimension::Repo,
    Dimension::Story,
    Dimension::Size,
    Dimension::Agent,
    Dimension::Model,
    Dimension::Reasoning,
];

/// Goals of one kind that are met less often than all that are meant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failing {
    /// What tells the kind.
    pub by: Dimension,
    /// The kind, and what its runs come to.
    pub group: Group,
}

/// What fails among the runs that are meant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failures {
    /// Goals that were met, of all that are meant.
    pub goals_done: Share,
    /// The kinds that are met less often: all of the 95 % interval of a kind lies below the share of all. The one
    /// that is farthest below comes first.
    pub kinds: Vec<Failing>,
    /// How runs ended that did not meet their goal, the most frequent first.
    pub outcomes: Vec<Group>,
}

impl Failures {
    /// Looks at all kinds of goals among the runs that are meant.
    pub fn among(question: &Question, columns: &Columns) -> Self {
        let rows = question.rows(columns);
        let mut seen = answer::Seen::new(columns);
        let goals_done = seen.sum(&rows).goals_done;
        let usual = goals_done.value().unwrap_or(0.0);
        let mut kinds = Vec::new();
        for by in KINDS {
            let groups = answer::groups(by, &rows, &mut seen);
            let failing = groups.into_iter().filter(|group| group.sum.goals_done.high < usual);
            kinds.extend(failing.map(|group| Failing { by, group }));
        }
        kinds.sort_by(|one, other| {
            let most = |failing: &Failing| failing.group.sum.goals_done.high;
            most(one).total_cmp(&most(other))
        });
        let outcomes = answer::groups(Dimension::Outcome, &rows, &mut seen);
        let outcomes = outcomes.into_iter().filter(|group| group.sum.done.count == 0).collect();
        Self { goals_done, kinds, outcomes }
    }
}
