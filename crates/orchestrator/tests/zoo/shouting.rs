//! Agents that print more than anybody wants to hold: ralph and keeper stay small, and so do the logs.

use herder_domain::repo::GoalRef;
use herder_record::run::{EVENTS_LIMIT, LOG_LIMIT};

use crate::stage::{GATE, Plan, Stage};

/// What a ralph or a keeper may have held at its peak, in KiB: of a line no more than 4 MiB are kept, some copies of
/// that are made, and no second one of that length waits.
const PEAK_MAX: u64 = 72 << 10;

/// A run whose agent shouts a gibibyte, waits to be looked at, and is done.
fn shouted(shout: &str) -> (Stage, GoalRef) {
    let mut stage = Plan::gate(GATE).config("[agents.mine]\nkind = \"command\"\nprogram = \"mine\"").build();
    let wait = "touch .herder/waiting; while [ ! -e .herder/go ]; do sleep 0.02; done";
    let script = format!("#!/bin/sh\ncat >/dev/null\n{shout}\n{wait}\necho ok >new.txt\necho Wrote it.");
    stage.home.install_program("mine", &script);
    let goal = stage.goal("Write a file", "---\nagent: mine\n---", "[]");
    let up = stage.up_once();
    stage.until_waiting(&goal, 1);
    for process in [stage.ralph_of(&goal, 1), stage.keeper_of(&goal, 1)] {
        let peak = peak(process);
        assert!(peak < PEAK_MAX, "{peak} KiB");
    }
    stage.let_go(&goal, 1);
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("done", vec!["done".to_owned()]));
    (stage, goal)
}

/// The most that a process has had resident, in KiB: VmHWM of proc_pid_status(5).
fn peak(pid: u32) -> u64 {
    let status = fs_err::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn size(paths: impl IntoIterator<Item = std::path::PathBuf>) -> u64 {
    paths.into_iter().map(|path| std::fs::metadata(path).map_or(0, |file| file.len())).sum()
}

#[test]
fn a_gibibyte_of_complaints_is_read_and_not_kept() {
    let (stage, goal) = shouted("head -c 1073741824 /dev/zero >&2");
    let dir = stage.run_dir(&goal, 1);
    assert!(size(dir.log_parts()) < 64 << 10);
    assert!(size([dir.events_path()]) < 64 << 10);
}

#[test]
#[ignore = "some seconds: the suite zoo"]
fn a_gibibyte_of_output_is_cut_line_by_line_and_the_answer_behind_it_counts() {
    let (stage, goal) =
        shouted("for i in 1 2 3 4 5 6 7 8; do head -c 134217728 /dev/zero | tr '\\000' a; echo; done");
    let dir = stage.run_dir(&goal, 1);
    let log = fs_err::read_to_string(dir.log_path()).unwrap();
    assert_eq!(log.matches("(a line of 134217728 bytes was cut)").count(), 8, "{log}");
    assert!(log.contains("Wrote it.") && size(dir.log_parts()) < LOG_LIMIT);
    assert!(size([dir.events_path()]) <= EVENTS_LIMIT);
}
