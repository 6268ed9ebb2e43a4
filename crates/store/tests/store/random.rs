//! Whatever people, runs and landings do, in whatever order: the rows agree with the journal, a second
//! planning finds nothing to do, and what is refused leaves nothing behind.

use herder_domain::event::{Event, What};
use herder_domain::hand::HandEnd;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::repo::GoalRef;
use herder_domain::run::{RunId, RunState};
use herder_domain::undo::{AfterUndo, Undo, UndoGate};
use herder_store::{AppendError, Store};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::agreement::assert_agrees;
use crate::scene::{Fate, Scene, accepted, app, at, failed, process, queued, results, settings, text};

#[derive(Clone, Debug)]
enum Deed {
    CreateStory,
    CreateGoal { depends: Option<u8>, in_story: bool },
    Person { goal: u8, deed: u8 },
    Stray { goal: u8, run: u8, deed: u8 },
    Plan { seconds: u16 },
    Work { place: u8, fate: Fate, is_repeated: bool },
    Postpone { place: u8 },
    End { run: u8, how: u8 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let fate = prop_oneof![
        3 => Just(Fate::Green),
        1 => Just(Fate::Red),
        1 => Just(Fate::Conflict),
        1 => Just(Fate::Postponed)
    ];
    prop_oneof![
        1 => Just(Deed::CreateStory),
        3 => (any::<Option<u8>>(), any::<bool>())
            .prop_map(|(depends, in_story)| Deed::CreateGoal { depends, in_story }),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(goal, deed)| Deed::Person { goal, deed }),
        1 => (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(goal, run, deed)| Deed::Stray { goal, run, deed }),
        8 => (0u16..2_000).prop_map(|seconds| Deed::Plan { seconds }),
        16 => (any::<u8>(), fate, any::<bool>())
            .prop_map(|(place, fate, is_repeated)| Deed::Work { place, fate, is_repeated }),
        1 => any::<u8>().prop_map(|place| Deed::Postpone { place }),
        4 => (any::<u8>(), any::<u8>()).prop_map(|(run, how)| Deed::End { run, how }),
    ]
}

struct Play {
    scene: Scene,
    /// Another handle, which sees whether anything was written.
    other: Store,
    goals: Vec<GoalRef>,
    story: Option<GoalRef>,
    now: Timestamp,
}

impl Play {
    fn new() -> Self {
        let scene = Scene::new();
        let other = scene.second();
        Self { scene, other, goals: Vec::new(), story: None, now: at(0) }
    }

    fn play(&mut self, deed: &Deed) {
        match deed {
            Deed::CreateStory => {
                self.story = Some(self.scene.store.create_story(&app(), "S", "", self.now).unwrap());
            }
            Deed::CreateGoal { depends, in_story } => self.create(*depends, *in_story),
            Deed::Person { goal, deed } => self.person(*goal, *deed),
            Deed::Stray { goal, run, deed } => self.stray(*goal, *run, *deed),
            Deed::Plan { seconds } => self.plan(i64::from(*seconds)),
            Deed::Work { place, fate, is_repeated } => self.work(*place, *fate, *is_repeated),
            Deed::Postpone { place } => self.postpone(*place),
            Deed::End { run, how } => self.end(*run, *how),
        }
    }

    fn create(&mut self, depends: Option<u8>, in_story: bool) {
        let mut new = queued(text(&app(), "G", ""));
        new.depends = depends.iter().filter_map(|n| pick(&self.goals, *n)).cloned().collect();
        new.story = self.story.as_ref().filter(|_| in_story).map(|story| story.number);
        new.is_queued = depends != Some(0);
        self.goals.push(self.scene.store.create_goal(&app(), new, self.now).unwrap());
    }

    fn person(&mut self, goal: u8, deed: u8) {
        let Some(goal) = pick(&self.goals, goal).cloned() else { return };
        let what = match deed % 12 {
            0 => What::GoalQueued,
            1 => What::GoalRetried,
            2 => What::GoalCancelled,
            3 => What::GoalResolved,
            4 | 5 => What::GoalApproved,
            6 => What::GoalTaken { by: "ada".into() },
            7 => match self.scene.goal(&goal).current_run().cloned() {
                Some(run) => What::GoalGiven { run, end: HandEnd::Dropped, say: None },
                None => return,
            },
            8 => match self.scene.goal(&goal).current_run().cloned() {
                Some(run) => What::UndoOrdered { run, undo: undo() },
                None => return,
            },
            9 => What::GoalTold { text: "Mind the tabs.".into() },
            10 => What::GoalAnswered { answer: "The second.".into() },
            _ => What::GoalRejected { feedback: "Not like this.".into() },
        };
        self.append(&goal, what);
    }

    /// An event that came late, twice, or about a run of somebody else.
    fn stray(&mut self, goal: u8, run: u8, deed: u8) {
        let (Some(goal), Some(of)) = (pick(&self.goals, goal).cloned(), pick(&self.goals, run)) else {
            return;
        };
        let run = RunId::of(of, 1 + u32::from(run % 3));
        let what = match deed % 7 {
            0 => What::RunClaimed { run },
            1 => What::RunLaunched { run, process: process() },
            2 => What::RunReported { run, outcome: failed() },
            3 => What::RunClosed { run },
            4 => What::LandingWithdrawn { run },
            5 => What::Landed { run, commit: "c0ffee".into(), known: Vec::new() },
            _ => What::RunOrdered { run, attempt: 99 },
        };
        self.append(&goal, what);
    }

    fn append(&mut self, goal: &GoalRef, what: What) {
        let before = self.other.data_version().unwrap();
        match self.scene.store.append(&Event::of(goal, what), self.now) {
            Ok(_) => assert_ne!(self.other.data_version().unwrap(), before),
            Err(AppendError::Illegal(_) | AppendError::Unknown(_)) => {
                assert_eq!(self.other.data_version().unwrap(), before);
            }
            Err(error @ AppendError::Store(_)) => panic!("{error}"),
        }
    }

    fn plan(&mut self, seconds: i64) {
        self.now += jiff::SignedDuration::from_secs(seconds);
        self.scene.store.step(&settings(), self.now).unwrap();
        let again = self.scene.store.step(&settings(), self.now).unwrap();
        assert_eq!((again.decisions, again.effects), (Vec::new(), Vec::new()));
        let active = self.scene.store.active_runs().unwrap();
        assert!(active.iter().filter(|run| run.takes_slot()).count() <= settings().capacity.max);
    }

    fn work(&mut self, place: u8, fate: Fate, is_repeated: bool) {
        let due = self.scene.store.due_effects(self.now).unwrap();
        let Some(open) = pick(&due, place) else { return };
        let events = results(&open.effect, fate, self.now);
        assert!(!self.scene.store.finish(&open.key, &events, self.now).unwrap().was_done);
        if is_repeated {
            assert!(self.scene.store.finish(&open.key, &events, self.now).unwrap().was_done);
        }
    }

    fn postpone(&mut self, place: u8) {
        let due = self.scene.store.due_effects(self.now).unwrap();
        let Some(open) = pick(&due, place) else { return };
        let until = self.now + jiff::SignedDuration::from_secs(30);
        assert!(self.scene.store.postpone(&open.key, "no network", until).unwrap());
    }

    fn end(&mut self, run: u8, how: u8) {
        let active = self.scene.store.active_runs().unwrap();
        let at_work: Vec<_> =
            active.into_iter().filter(|run| matches!(run.state, RunState::Launched { .. })).collect();
        let Some(run) = pick(&at_work, run) else { return };
        let outcome = match how % 6 {
            0 | 1 => accepted(),
            2 => failed(),
            3 => Outcome::NeedsReview { summary: "?".into() },
            4 => Outcome::Misconfigured { detail: "no such model".into() },
            _ => Outcome::Interrupted {
                cause: Interruption::UsageLimit { resets_at: Some(self.now) },
                detail: "the limit is reached".into(),
            },
        };
        let (goal, run) = (run.goal.clone(), run.id.clone());
        self.append(&goal, What::RunReported { run, outcome });
    }
}

fn undo() -> Undo {
    Undo { by: "ada".into(), gate: UndoGate::Ask, then: AfterUndo::Queue, say: None }
}

fn pick<T>(all: &[T], n: u8) -> Option<&T> {
    all.get(usize::from(n).checked_rem(all.len())?)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_rows_agree_with_the_journal(deeds in prop::collection::vec(deed(), 1..150)) {
        let mut play = Play::new();
        for deed in &deeds {
            play.play(deed);
        }
        assert_agrees(&play.scene.store);
    }
}
