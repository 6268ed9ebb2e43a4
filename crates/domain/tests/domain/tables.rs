//! The four machines as tables: rows are states, columns events, a cell is the next state or `-` where the
//! event is refused.

use herder_domain::goal::{GoalEvent, GoalState};
use herder_domain::illegal::IllegalEvent;
use herder_domain::landing::{LandingEvent, LandingState};
use herder_domain::run::{RunEvent, RunId, RunState};
use herder_domain::story::{StoryEvent, StoryState};

use crate::samples;

const GOAL: &str = "
           | queued | retried | edited     | cancelled | resolved | started | queued again | sent to spot-check | approved | rejected | given up | returned to draft | offered | landed | taken up | put back | undone | shelved | reopened
draft      | queued | -       | draft      | cancelled | resolved | -       | -            | -                  | -        | -        | -        | draft             | - | done | queued | - | - | - | -
queued     | -      | -       | draft      | cancelled | resolved | running | -            | -                  | -        | -        | stuck    | draft             | - | done | - | - | - | draft | -
running    | -      | -       | running    | cancelled | resolved | -       | queued       | spot-check         | -        | -        | stuck    | draft             | offered | done | - | stuck | - | draft | -
spot-check | -      | -       | spot-check | cancelled | resolved | -       | -            | -                  | running  | queued   | -        | -                 | - | done | queued | - | - | draft | -
offered    | -      | -       | offered    | cancelled | -        | -       | queued       | spot-check         | -        | -        | stuck    | -                 | offered | done | - | - | - | - | -
done       | -      | -       | -          | -         | -        | -       | queued       | -                  | -        | -        | -        | -                 | - | - | - | - | running | - | draft
stuck      | -      | queued  | stuck      | cancelled | resolved | -       | -            | -                  | -        | -        | -        | -                 | - | done | queued | - | - | draft | -
cancelled  | -      | -       | -          | -         | -        | -       | -            | -                  | -        | -        | -        | -                 | - | - | - | - | - | - | draft
resolved   | -      | -       | -          | -         | -        | -       | -            | -                  | -        | -        | -        | -                 | - | - | - | - | - | - | draft
";

const RUN: &str = "
          | claimed | prepared | launched | held | reported | collected | judged | closed
ordered   | claimed | -        | -        | -    | reported | -         | -      | closed
claimed   | -       | prepared | -        | -    | reported | -         | -      | -
prepared  | -       | -        | launched | held | reported | -         | -      | -
launched  | -       | -        | -        | -    | reported | -         | -      | -
held      | -       | -        | -        | -    | reported | -         | -      | -
reported  | -       | -        | -        | -    | -        | collected | -      | -
collected | -       | -        | -        | -    | -        | -         | judged | -
judged    | -       | -        | -        | -    | -        | -         | -      | closed
closed    | -       | -        | -        | -    | -        | -         | -      | -
";

const LANDING: &str = "
          | postponed | offered | seen    | landed | bounced | withdrawn | undone    | reverted | kept
submitted | submitted | offered | -       | landed | bounced | withdrawn | -         | -        | -
offered   | -         | offered | offered | landed | bounced | withdrawn | -         | -        | -
shown     | -         | -       | -       | landed | -       | withdrawn | -         | -        | -
landed    | -         | -       | -       | -      | -       | -         | reverting | -        | -
bounced   | -         | -       | -       | landed | -       | -         | -         | -        | -
withdrawn | -         | -       | -       | landed | -       | -         | -         | -        | -
reverting | reverting | leaving | -       | -      | -       | -         | -         | reverted | landed
leaving   | -         | leaving | leaving | -      | -       | -         | -         | reverted | landed
reverted  | -         | -       | -       | -      | -       | -         | -         | -        | -
";

const STORY: &str = "
       | closed | reopened
open   | closed | -
closed | -      | open
";

/// A machine, as far as a table needs it.
struct Machine<S: 'static, E: 'static> {
    article: &'static str,
    states: Vec<S>,
    events: Vec<E>,
    state_word: fn(&S) -> &'static str,
    event_word: fn(&E) -> &'static str,
    next: fn(&S, &E) -> Result<S, IllegalEvent>,
}

impl<S, E> Machine<S, E> {
    fn table(&self) -> Vec<Vec<String>> {
        let mut header = vec![String::new()];
        header.extend(self.events.iter().map(|event| (self.event_word)(event).to_owned()));
        let mut rows = vec![header];
        for state in &self.states {
            let mut row = vec![(self.state_word)(state).to_owned()];
            row.extend(self.events.iter().map(|event| self.cell(state, event)));
            rows.push(row);
        }
        rows
    }

    fn cell(&self, state: &S, event: &E) -> String {
        match (self.next)(state, event) {
            Ok(next) => (self.state_word)(&next).to_owned(),
            Err(refusal) => {
                let (machine, state, event) =
                    (self.article, (self.state_word)(state), (self.event_word)(event));
                assert_eq!(refusal, IllegalEvent { machine, state, event });
                assert_eq!(refusal.to_string(), format!("{machine} that is {state} cannot be {event}"));
                "-".to_owned()
            }
        }
    }

    fn does(&self, expected: &str) {
        let expected: Vec<Vec<String>> = expected
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
            .collect();
        let found = self.table();
        let shown: Vec<String> = found.iter().map(|row| row.join(" | ")).collect();
        assert_eq!(found, expected, "the machine does this:\n{}", shown.join("\n"));
    }
}

#[test]
fn a_goal_goes_its_way() {
    let machine = Machine {
        article: "a goal",
        states: samples::goal_states(),
        events: samples::goal_events(),
        state_word: GoalState::word,
        event_word: GoalEvent::word,
        next: GoalState::next,
    };
    machine.does(GOAL);
    assert_eq!(machine.states.iter().map(GoalState::word).collect::<Vec<_>>(), GoalState::WORDS);
}

#[test]
fn a_run_goes_its_way() {
    Machine {
        article: "a run",
        states: samples::run_states(),
        events: samples::run_events(),
        state_word: RunState::word,
        event_word: RunEvent::word,
        next: RunState::next,
    }
    .does(RUN);
}

#[test]
fn a_landing_goes_its_way() {
    Machine {
        article: "a landing",
        states: samples::landing_states(),
        events: samples::landing_events(),
        state_word: LandingState::word,
        event_word: LandingEvent::word,
        next: LandingState::next,
    }
    .does(LANDING);
}

#[test]
fn a_story_goes_its_way() {
    Machine {
        article: "a story",
        states: samples::story_states(),
        events: samples::story_events(),
        state_word: |state: &StoryState| state.word(),
        event_word: |event: &StoryEvent| event.word(),
        next: |state, event| state.next(*event),
    }
    .does(STORY);
}

#[test]
fn a_spot_check_is_refused_for_another_run_than_the_one_at_work() {
    let running = GoalState::Running { run: samples::run() };
    let other = RunId::of(&samples::id(42), 2);
    assert!(running.next(&GoalEvent::SentToSpotCheck(other, Vec::new())).is_err());
}

#[test]
fn what_an_event_carries_is_what_the_state_keeps() {
    let run = samples::run();
    let running = GoalState::Running { run: run.clone() };
    let at = samples::after(5);
    assert_eq!(running.next(&GoalEvent::Requeued(at)), Ok(GoalState::Queued { since: at }));
    assert_eq!(
        running.next(&GoalEvent::Landed(run.clone(), "c0ffee".into())),
        Ok(GoalState::Done { run: run.clone(), commit: "c0ffee".into() })
    );
    let postponed =
        LandingState::FRESH.next(&LandingEvent::Postponed { until: at, why: "a lost race".into() }).unwrap();
    assert_eq!(
        postponed,
        LandingState::Submitted { rounds: 1, not_before: Some(at), why: Some("a lost race".into()) }
    );
    let kept = RunState::Collected {
        outcome: samples::outcomes().remove(0),
        harvest: herder_domain::run::Harvest { keeps_clone: true, ..samples::harvest() },
    };
    assert_eq!(kept.next(&RunEvent::Judged), Ok(RunState::Judged { keeps_clone: true }));
}

#[test]
fn slots_are_taken_while_a_run_may_work_and_a_goal_is_free_when_its_work_is_safe() {
    let words = |is: fn(&RunState) -> bool| -> Vec<&str> {
        samples::run_states().iter().filter(|state| is(state)).map(RunState::word).collect()
    };
    assert_eq!(words(RunState::takes_slot), ["ordered", "claimed", "prepared", "launched"]);
    assert_eq!(words(RunState::is_over), ["judged", "closed"]);
    let settled: Vec<&str> =
        samples::goal_states().iter().filter(|state| state.is_settled()).map(GoalState::word).collect();
    assert_eq!(settled, ["done", "cancelled", "resolved"]);
}
