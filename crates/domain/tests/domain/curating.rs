//! A backlog is put in order while it is worked off.

use herder_domain::case::Case;
use herder_domain::event::What;
use herder_domain::goal::{Goal, GoalEdit, GoalState, GoalText, Revision, Wanted};
use herder_domain::repo::{GoalRef, Number};
use herder_domain::why::why;

use crate::samples::{self, draft, id, repo, start};
use crate::sim::Sim;

fn after(goal: &Goal, what: &What) -> Option<Goal> {
    let case = Case { goal: goal.clone(), run: None, landing: None };
    case.apply(what, start()).ok().map(|folded| folded.case.goal)
}

fn in_state(state: GoalState) -> Goal {
    Goal { state, ..draft(42) }
}

#[test]
fn an_edited_text_is_queued_anew_and_a_goal_at_work_stays_where_it_is() {
    let edited = What::GoalEdited {
        edit: Box::new(GoalEdit { title: Some("Sort it well".into()), ..GoalEdit::default() }),
    };
    for state in samples::goal_states() {
        let is_settled = state.is_settled();
        let word = if state.word() == "queued" { "draft" } else { state.word() };
        let edited = after(&in_state(state), &edited);
        assert_eq!(edited.is_none(), is_settled);
        if let Some(edited) = edited {
            assert_eq!((edited.title.as_str(), edited.state.word()), ("Sort it well", word));
        }
    }
}

#[test]
fn priority_and_hold_are_for_goals_that_are_not_settled_and_a_story_is_for_all() {
    for state in samples::goal_states() {
        let (is_settled, goal) = (state.is_settled(), in_state(state));
        let raised = after(&goal, &What::GoalPrioritized { priority: 3 });
        assert_eq!(raised.map(|goal| goal.priority()), (!is_settled).then_some(3));
        let held = after(&goal, &What::GoalHeld { reason: None });
        assert_eq!(held.is_some_and(|held| held.hold.is_some() && held.state == goal.state), !is_settled);
        let moved = after(&goal, &What::GoalMoved { story: Some(Number(7)) });
        assert_eq!(moved.and_then(|goal| goal.story), Some(Number(7)));
    }
}

#[test]
fn what_is_not_held_cannot_be_released() {
    let held = after(&draft(42), &What::GoalHeld { reason: None }).unwrap();
    assert_eq!(after(&held, &What::GoalReleased), Some(draft(42)));
    assert_eq!(after(&draft(42), &What::GoalReleased), None);
}

#[test]
fn a_held_goal_says_so_in_every_state_and_what_ends_it() {
    for state in samples::goal_states() {
        let mut world = Sim::new(1).world;
        let held = What::GoalHeld { reason: Some("the vendor answers on Monday".into()) };
        let Some(goal) = after(&in_state(state), &held) else { continue };
        world.goals.insert(id(42), goal);
        let answer = why(&world, &id(42), start()).unwrap();
        assert!(answer.reasons.contains(&"it is held: the vendor answers on Monday".into()), "{answer:?}");
        assert!(answer.hints.contains(&"`herder goal release 42` lets it start".into()), "{answer:?}");
    }
}

fn written(body: &str) -> Goal {
    Goal::draft(id(42), read(body), start())
}

fn read(body: &str) -> GoalText {
    GoalText::read(&repo(), "Sort the list", body).unwrap()
}

fn revised(goal: &Goal, body: &str, depends: Option<Vec<GoalRef>>) -> Revision {
    Revision::of(goal, Wanted { text: read(body), depends, wants_spot_check: None }).unwrap()
}

#[test]
fn nothing_is_changed_by_the_same_text() {
    let goal = Goal { story: Some(Number(7)), depends: vec![id(1)], ..written("## Objective\nx\n") };
    assert!(revised(&goal, "## Objective\nx\n", None).is_empty());
}

#[test]
fn the_newest_word_on_priority_story_and_dependencies_counts() {
    let text = "---\npriority: 1\n---\nStory: #3\nDepends: #4\n\n## Objective\nx\n";
    let mut goal = written(text);
    goal.options.priority = Some(9);
    goal.story = Some(Number(7));
    goal.depends.push(id(5));
    let same = revised(&goal, &text.replace("\nx", "\ny"), None);
    assert_eq!(same.edit.words(), ["text"]);
    assert_eq!(same.story, None);
    let other = text.replace("priority: 1", "priority: 2").replace("#3", "#8").replace("#4", "#6");
    let other = revised(&goal, &other, None);
    assert_eq!(other.edit.options.unwrap().priority, Some(2));
    assert_eq!((other.story, other.edit.depends), (Some(Some(Number(8))), Some(vec![id(5), id(6)])));
    let named = revised(&goal, text, Some(vec![id(2)]));
    assert_eq!(named.edit.depends, Some(vec![id(2), id(4)]));
}
