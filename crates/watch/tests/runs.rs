//! Running ralphs are found by their locks, and shown from their files alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

use std::ops::ControlFlow;
use std::sync::Arc;

use herder_domain::outcome::Outcome;
use herder_domain::run::{RunId, RunSpec};
use herder_record::{Ending, LiveStatus, Redactor, RunDir, RunLock, RunWriter, StateDir};
use herder_watch::{Block, Watch, WatchError, follow, page};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn spec(goal: u64, attempt: u32) -> RunSpec {
    let goal = herder_domain::repo::GoalRef::new("acme/app".parse().unwrap(), goal);
    serde_json::from_value(serde_json::json!({
        "schema": 1, "run": RunId::of(&goal, attempt), "goal": goal, "title": format!("Goal\u{1b}[2J {attempt}"),
        "story": null, "attempt": attempt, "agent": "replay", "model": "default", "reasoning": "med",
        "budget": {"duration": 3600.0, "iterations": null, "tokens": null, "usd": null},
        "base_branch": "main", "base_commit": "0".repeat(40), "created_at": "2026-02-01T12:00:00Z",
        "queue_seconds": 1.0,
        "context": {"feedback": null, "last_outcome": null, "gate_output": null, "last_progress": null,
                    "is_resumed": false, "conflicts": []},
        "setup": {"clone": "/c", "room": "/r", "caches": "/k",
                  "agent": {"kind": "replay", "program": null, "args": [], "base_url": null,
                            "credential": null, "summarizer": null},
                  "clocks": {"silence": 1.0, "tool": 1.0, "iteration": 1.0, "gate": 1.0, "wait": 1.0,
                             "backoff": 1.0},
                  "gate": {"gate": "missing"}, "read": [], "write": [], "pass": [], "secrets": [],
                  "author": {"name": "h", "email": "h@localhost"}}
    }))
    .unwrap()
}

fn begin(state: &StateDir, spec: &RunSpec) -> RunWriter {
    let redactor = Arc::new(Redactor::new::<&str>([]).unwrap());
    let dir = RunDir::create(state, spec, "goal", &redactor).unwrap();
    let lock = RunLock::try_take(&dir).unwrap().unwrap();
    RunWriter::new(dir, lock, redactor)
}

fn status(iteration: u32) -> LiveStatus {
    serde_json::from_value(serde_json::json!({
        "schema": 1, "state": "working", "iteration": iteration, "pid": 1, "start_time": 1, "boot_id": "b",
        "heartbeat": "2026-02-01T12:00:00Z"
    }))
    .unwrap()
}

fn name(block: &Block) -> String {
    block.work.goal.as_ref().unwrap().to_string()
}

fn end(writer: &RunWriter) {
    writer.finish(&Ending::new(Outcome::Accepted { gated: true }, at("2026-02-01T13:00:00Z"))).unwrap();
}

#[test]
fn only_runs_with_a_living_ralph_are_shown() {
    let home = tempfile::tempdir().unwrap();
    let state = StateDir::at(home.path());
    state.create().unwrap();
    let mut watch = Watch::new(state.clone(), None);
    let now = at("2026-02-01T12:01:30Z");
    assert!(watch.blocks(now, 3).unwrap().is_empty());

    let living = begin(&state, &spec(7, 1));
    living.status(&status(2)).unwrap();
    for line in ["one", "two", "three", "four"] {
        living.log(line).unwrap();
    }
    end(&begin(&state, &spec(8, 1)));

    let blocks = watch.blocks(now, 3).unwrap();
    assert_eq!(blocks.len(), 1);
    assert_eq!(name(&blocks[0]), "acme/app#7");
    let work = &blocks[0].work;
    assert_eq!((work.phase.as_str(), work.iteration, work.age_seconds), ("working", 2, 90));
    assert_eq!(blocks[0].log.len(), 3);
    assert!(blocks[0].log[2].ends_with("four"));

    let text = page(&blocks);
    assert!(text.contains("working") && text.contains("iteration 2") && text.contains("1m30s"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");

    end(&living);
    assert_eq!(page(&watch.blocks(now, 3).unwrap()), "no ralph is running\n");
}

#[test]
fn each_living_ralph_has_a_block_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let state = StateDir::at(home.path());
    state.create().unwrap();
    let living = [(7, "seven"), (8, "eight")].map(|(goal, line)| {
        let writer = begin(&state, &spec(goal, 1));
        writer.status(&status(1)).unwrap();
        writer.log(line).unwrap();
        writer
    });
    let mut watch = Watch::new(state.clone(), None);
    let now = at("2026-02-01T12:00:10Z");
    let blocks = watch.blocks(now, 3).unwrap();
    let mut seen: Vec<(String, &str)> =
        blocks.iter().map(|block| (name(block), block.log[0].rsplit(' ').next().unwrap())).collect();
    seen.sort_unstable();
    assert_eq!(seen, [("acme/app#7".to_owned(), "seven"), ("acme/app#8".to_owned(), "eight")]);
    let text = page(&blocks);
    assert!(text.contains("acme/app#7") && text.contains("acme/app#8"), "{text}");

    end(&living[0]);
    let left = watch.blocks(now, 3).unwrap();
    assert_eq!((left.len(), name(&left[0])), (1, "acme/app#8".to_owned()));
}

#[test]
fn one_repository_can_be_looked_at_alone() {
    let home = tempfile::tempdir().unwrap();
    let state = StateDir::at(home.path());
    state.create().unwrap();
    let _living = begin(&state, &spec(7, 1));
    let of = |name: &str| Watch::new(state.clone(), Some(name.parse().unwrap())).running().unwrap().len();
    assert_eq!((of("acme/app"), of("acme/other")), (1, 0));
}

#[test]
fn the_stream_goes_on_with_a_retry() {
    let home = tempfile::tempdir().unwrap();
    let state = StateDir::at(home.path());
    state.create().unwrap();
    let first = begin(&state, &spec(7, 1));
    first.log("first").unwrap();
    let mut second = None;
    let mut told = Vec::new();
    let ended = follow(&mut Watch::new(state.clone(), None), &mut |run, line| {
        told.push((run.to_string(), line.to_owned()));
        let next = match told.len() {
            1 => {
                first.log("last words").unwrap();
                end(&first);
                ControlFlow::Continue(())
            }
            2 => {
                let writer = begin(&state, &spec(7, 2));
                writer.log("second").unwrap();
                second = Some(writer);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(()),
        };
        match next {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    });
    assert!(matches!(ended, Err(WatchError::Write(_))));
    let lines: Vec<&str> = told.iter().map(|(_, line)| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(lines, ["first", "words", "second"]);
    assert!(told[0].0 != told[2].0);
}
