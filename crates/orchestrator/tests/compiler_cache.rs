//! A compiler cache, the real ccache: the next run and the next gate find what was compiled before, and nothing that a
//! run put into its cache is believed by the gate of a landing.
//!
//! Ignored by default, because it needs ccache. `cargo xtask test --suite compiler-cache` runs it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failed test may panic")]
#![allow(dead_code, reason = "the stage is made for more than this")]

#[path = "inside/stage.rs"]
mod stage;

use herder_domain::repo::GoalRef;
use serde_json::{Value, json};
use stage::{Stage, answer};

/// Compiles `answer.c` with the cache and wants the program to say 42. What the cache did for it comes into the log.
const GATE: &str = "ccache --zero-stats >&2
ccache cc -c answer.c -o answer.o
cc answer.o -o answer
ccache --print-stats
test \"$(./answer)\" = 42";

/// A program that the gate accepts.
const PROGRAM: &str = "#include <stdio.h>\nint main(void) { return printf(\"42\\n\") < 0; }\n";

/// A stage whose origin has it.
fn stage() -> Stage {
    let stage = Stage::new(GATE, "");
    let ignored = Some("answer\nanswer.o\n");
    stage.repo.push("main", "Begin", &[("answer.c", Some(PROGRAM)), (".gitignore", ignored)]);
    stage
}

/// What a cache did.
#[derive(Debug, PartialEq, Eq)]
struct Used {
    hits: u32,
    misses: u32,
}

/// Reads what `ccache --print-stats` has said among other things.
fn used(text: &str) -> Used {
    let count = |name: &str| -> u32 {
        let values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        values.map(|value| value.parse::<u32>().unwrap()).sum()
    };
    Used { hits: count("direct_cache_hit") + count("preprocessed_cache_hit"), misses: count("cache_miss") }
}

/// What the gate of a goal's landing found in its cache.
fn at_landing(stage: &Stage, goal: &GoalRef) -> Used {
    let run = stage.runs(goal).pop().unwrap();
    used(&fs_err::read_to_string(run.path().join("gate/landing.log")).unwrap())
}

/// Compiles, and notes in `notes` what the cache did, and whether the cache of the gates could be read or written.
fn compile() -> Value {
    json!([[{"run": "ccache --zero-stats; ccache cc -c answer.c -o answer.o; ccache --print-stats >notes
            gates=$(dirname \"$(dirname \"$CCACHE_DIR\")\")/gates/ccache
            test -d \"$gates\" && echo 'the gates have a cache' >>notes
            ls \"$gates\" && echo 'and it was read' >>notes
            : >\"$gates/mine\" && echo 'and it was written' >>notes
            :"}, answer("done")]])
}

#[test]
#[ignore = "needs ccache; the suite compiler-cache"]
fn the_next_run_and_the_next_gate_find_what_was_compiled_before() {
    let mut stage = stage();
    let mut seen = Vec::new();
    for title in ["First", "Second"] {
        let goal = stage.goal(title, &compile());
        stage.night();
        assert_eq!(stage.word(&goal), "done");
        let notes = stage.repo.file_at("main", "notes").unwrap();
        seen.push((used(&notes), at_landing(&stage, &goal), notes));
    }
    let [(run, gate, _), (next_run, next_gate, notes)] = &seen[..] else { panic!("{seen:?}") };
    // The gate of the first landing compiled for itself what the run had compiled just before.
    assert_eq!([run, gate], [&Used { hits: 0, misses: 1 }; 2]);
    assert_eq!([next_run, next_gate], [&Used { hits: 1, misses: 0 }; 2]);
    assert!(notes.contains("the gates have a cache") && !notes.contains("it was"), "{notes}");
}

#[test]
#[ignore = "needs ccache; the suite compiler-cache"]
fn what_a_run_forged_in_its_cache_does_not_pass_a_landing() {
    let mut stage = stage();
    // ccache lets a prefix take part in the compilation and does not count it as a part of the question.
    let forge = "cp answer.c evil.c; sed -i s/42/41/ answer.c\n\
         printf '#!/bin/sh\\nexec $(echo \"$@\" | sed s/answer.c/evil.c/g)\\n' >evil; chmod +x evil\n\
         CCACHE_RECACHE=1 CCACHE_PREFIX=$PWD/evil ccache cc -c answer.c -o answer.o\n\
         rm evil evil.c answer.o; ccache cc -c answer.c -o answer.o; cc answer.o -o answer; ./answer >work";
    let sessions = json!([[{"run": forge}, answer("done")], [answer("needs_review")]]);
    let goal = stage.goal("Forge", &sessions);
    let before = stage.repo.tip("main");
    stage.night();
    let ended = stage.store.runs_of(&goal).unwrap().into_iter().map(|run| run.result.unwrap().outcome.word());
    assert_eq!(ended.collect::<Vec<_>>(), ["done", "needs_review"], "the run's own gate is deceived");
    assert_eq!(
        (stage.found(&goal).series.failed, stage.repo.tip("main")),
        (1, before),
        "the landing's is not"
    );
}
