//! Clearing away while others are at work: whatever is made anew never goes from under anybody.

use std::time::Duration;

use herder_config::Retention;
use herder_orchestrator::gc::{self, Cleared, Gc, Kind};
use jiff::Timestamp;

use crate::stage::script::{easy, good, script, write};
use crate::stage::{GATE, Moment, Plan, Stage};

/// Clears away with no patience at all for what can be made anew.
fn clear(stage: &Stage) -> Cleared {
    let order = Gc {
        state: stage.state(),
        root: stage.home.root().to_path_buf(),
        retention: Retention { runs: Duration::ZERO, ..Retention::default() },
        clones: Vec::new(),
        now: Timestamp::now(),
    };
    let cleared = gc::clear(&order).unwrap();
    assert!(cleared.failed.is_empty(), "{:?}", cleared.failed);
    cleared
}

fn is_template(found: &&gc::Found) -> bool {
    found.kind == Kind::Template
}

#[test]
fn a_template_that_a_run_is_being_prepared_from_stays() {
    let mut stage = Stage::new(GATE);
    let first = stage.goal("First", "", &easy("a.txt"));
    stage.good_night();
    let second = stage.goal("Second", "", &easy("b.txt"));
    // The base has moved: its template is brought there, and copied then.
    let hold = stage.hold_git(Moment::Before, "read-tree");
    let up = stage.up_once();
    hold.until_reached();
    let cleared = clear(&stage);
    assert!(!cleared.gone.iter().any(|found| is_template(&found)), "{:?}", cleared.gone);
    let kept = cleared.kept.iter().find(is_template).unwrap();
    assert_eq!(kept.why, "somebody needs it just now");
    hold.let_go();
    assert!(up.finish().success());
    assert_eq!([&first, &second].map(|goal| stage.word(goal)), ["done"; 2]);
    let cleared = clear(&stage);
    assert!(cleared.gone.iter().any(|found| is_template(&found)), "{cleared:?}");
}

#[test]
fn a_night_does_not_notice_that_all_its_caches_are_cleared_away_over_and_over() {
    let mut stage =
        Plan::gate(&format!("cmp deps/installed deps.lock && mkdir -p out && echo x >out/x\n{GATE}"))
            .max(2)
            .file(".ralph/setup", "#!/bin/sh\nset -e\nmkdir deps\ncp deps.lock deps/installed\n")
            .file(
                ".ralph/config.toml",
                "[setup]\nkey = [\"deps.lock\"]\nkeep = [\"deps\"]\nseed = [\"out\"]\n",
            )
            .file(".gitignore", "/deps/\n/out/\n")
            .file("deps.lock", "one\n")
            .build();
    let session = |file: &str| script(&[[vec![write("notes.md", "x")], good(file)].concat()]);
    let files = ["1.txt", "2.txt", "3.txt", "4.txt"];
    let goals = files.map(|file| stage.goal(file, "", &session(file)));
    let (mut up, mut kinds) = (stage.up_once(), Vec::new());
    let ended = loop {
        kinds.extend(clear(&stage).gone.into_iter().map(|found| found.kind));
        if let Some(ended) = up.ended() {
            break ended;
        }
    };
    assert!(ended.success());
    assert_eq!(goals.each_ref().map(|goal| stage.outcomes(goal)), [(); 4].map(|()| vec!["done".to_owned()]));
    assert!(goals.iter().all(|goal| stage.word(goal) == "done"));
    assert!(kinds.contains(&Kind::Template) && kinds.contains(&Kind::Setup), "{kinds:?}");
    stage.home.assert_no_process_left();
}
