//! States that a dead orchestrator leaves behind, made one at a time.

use std::fs::File;
use std::process::{Child, Stdio};

use herder_domain::event::{Event, What};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_testkit::until;
use jiff::Timestamp;

use super::look::settings;
use super::{Moment, PATIENCE, Stage, stand_in};

impl Stage {
    /// Plans as an orchestrator would, and does nothing of it.
    pub fn plan_only(&mut self) {
        self.store.step(&settings(), Timestamp::now()).unwrap();
    }

    /// Ends the effect of a run, with what came of it.
    pub fn finish(&mut self, verb: &str, goal: &GoalRef, what: What) {
        let key = format!("{verb}/{}", RunId::of(goal, 1));
        let finished = self.store.finish(&key, &[Event::of(goal, what)], Timestamp::now()).unwrap();
        assert!(finished.refusals.is_empty() && !finished.was_done, "{key}: {finished:?}");
    }

    /// Keys of the effects that are open.
    pub fn open_effects(&self) -> Vec<String> {
        self.store.open_effects().unwrap().into_iter().map(|open| open.key).collect()
    }

    /// Leaves the goal's first run prepared and its launch open: whatever is in a launch's way there, the
    /// orchestrator is killed before it tries again.
    pub fn prepare_only(&self, goal: &GoalRef) {
        let in_the_way = self.run_dir(goal, 1).path().join("ralph.stderr");
        let hold = self.hold_git(Moment::Before, "checkout-index");
        let up = self.up();
        hold.until_reached();
        fs_err::create_dir_all(&in_the_way).unwrap();
        hold.let_go();
        let launch = format!("launch/{}", RunId::of(goal, 1));
        until("a launch in vain", PATIENCE, || {
            let open = self.store.open_effects().unwrap();
            open.iter().any(|open| open.key == launch && open.attempts > 0).then_some(())
        });
        up.kill();
        fs_err::remove_dir(in_the_way).unwrap();
        assert_eq!((self.run(goal, 1).state.word(), self.open_effects()), ("prepared", vec![launch]));
    }

    /// The ralph of the goal's first run, as an orchestrator starts it that dies at once.
    pub fn start_ralph(&self, goal: &GoalRef) -> Child {
        let dir = self.run_dir(goal, 1);
        let log = File::create(dir.path().join("ralph.stderr")).unwrap();
        let mut command = self.home.herder(stand_in());
        command.arg("ralph").arg("--run").arg(dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }
}
