//! Goals that say what another one says already.

use herder_domain::goal::{Goal, Likeness, likeness};
use herder_domain::repo::RepoId;
use herder_store::GoalFilter;

use crate::call::Opened;
use crate::failure::Failure;

/// The goals of a repository that are not settled.
pub(super) fn open_goals(opened: &Opened, repo: &RepoId) -> Result<Vec<Goal>, Failure> {
    let filter = GoalFilter { repo: Some(repo.clone()), ..GoalFilter::default() };
    let goals = opened.store.goals(&filter)?;
    Ok(goals.into_iter().filter(|goal| !goal.state.is_settled()).collect())
}

/// What a new goal, title and body, is said to repeat. One that repeats an open goal to the letter is refused,
/// unless that is what is wanted.
pub(super) fn warnings(
    opened: &Opened,
    repo: &RepoId,
    new: (&str, &str),
    is_forced: bool,
) -> Result<Vec<String>, Failure> {
    let mut warnings = Vec::new();
    for goal in open_goals(opened, repo)? {
        match likeness((&goal.title, &goal.body), new) {
            Some(Likeness::Same) if !is_forced => {
                return Err(Failure::refused(format!("{} says exactly this already", goal.id))
                    .hint("--force writes it once more"));
            }
            Some(likeness) => warnings.push(sentence(&goal, likeness)),
            None => {}
        }
    }
    Ok(warnings)
}

fn sentence(goal: &Goal, likeness: Likeness) -> String {
    let (id, state) = (&goal.id, goal.state.word());
    match likeness {
        Likeness::Same => format!("{id}, which is {state}, says exactly this"),
        Likeness::SameTitle => format!("{id}, which is {state}, has the same title"),
        Likeness::SimilarText { percent } => {
            format!("{id}, which is {state}, says nearly the same ({percent} %): {}", goal.title)
        }
    }
}
