//! Thirty hours in short: a real ralph over more than two hundred iterations, each with a real agent
//! process, a snapshot and its books. What it holds and what it leaves stays bounded.

use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::event::What;
use herder_record::run::{EVENTS_LIMIT, LOG_LIMIT};
use herder_testkit::until;
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::stage::script::{done, expect, script};

/// More than thirty hours of iterations of nine minutes.
const ITERATIONS: u32 = 210;

/// How long the whole of it may take on a machine with much else to do.
const HOPELESS: Duration = Duration::from_secs(900);

/// The longest prompt that is borne, without the script: the summary, ten entries of progress, the frame.
const PROMPT_MAX: usize = 72 << 10;

/// Prints what an agent prints that shows all of its work: 92 KiB that a person may read, and one long line that says
/// nothing to one. In 210 iterations 19 MiB for `ralph.log` and 75 MiB for `events.jsonl`: more than either holds.
const PRINTS: &str = "t=$(head -c 4000 /dev/zero | tr '\\000' t); for i in $(seq 23); do \
    printf '{\"type\":\"text\",\"text\":\"%s\"}\\n' \"$t\"; done; head -c 270336 /dev/zero | tr '\\000' g; echo";

/// An iteration of nine minutes, that nobody waits for: something new in the tree, many words, and a claim
/// that the gate refuses until the end.
fn session(fact: &str, expected: &[Value]) -> Vec<Value> {
    let talk = format!("{fact}Went on. {}", "Looked at one more file and found little. ".repeat(80));
    let steps = [
        json!({"think": {"text": "hm", "seconds": 540}}),
        json!({ "run_attached": PRINTS }),
        json!({"usage": {"input": 900, "output": 40}}),
        json!({"run": "echo $(( $(cat count 2>/dev/null) + 1 )) > count"}),
        done(&talk),
    ];
    [expected, &steps].concat()
}

/// What a process holds: resident KiB and open descriptors.
fn held(pid: u32) -> Option<(u64, usize)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let resident = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some((resident, std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count()))
}

/// A file has come to its limit, in bytes: its older part is full, and there is no third.
#[track_caller]
fn assert_full(path: PathBuf, limit: u64) {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let (newer, older) = (size(&path), size(&path.with_added_extension("1")));
    // What no longer fits begins the next part: a line, or what is logged at once.
    assert!(
        newer > 0 && newer <= limit && older > limit / 10 * 9 && older <= limit,
        "{newer} and {older} bytes"
    );
    assert!(!path.with_added_extension("2").exists());
}

#[test]
fn thirty_hours_leave_memory_descriptors_logs_and_prompt_bounded_and_early_facts_known() {
    let gate = format!(
        "count=$(cat count 2>/dev/null || echo {ITERATIONS}); echo \"counted $count\"; [ \"$count\" -ge {ITERATIONS} ]"
    );
    let mut stage = Stage::new(&gate);
    let fact = "The port is 4711, because 80 is taken.";
    let known = [expect(fact), json!({"expect_within": PROMPT_MAX})];
    // The last session is played again and again: each time the fact of the third has to be known.
    let sessions =
        [session("", &[]), session("", &[]), session(&format!("{fact} "), &[]), session("", &known)];
    let goal = stage.goal("Endure", "---\nduration: 40h\n---", &script(&sessions));
    let up = stage.up();
    let ralph = stage.ralph_of(&goal, 1);
    let mut seen: Vec<(u32, u64, usize)> = Vec::new();
    until("thirty hours to pass", HOPELESS, || {
        if let (Some(status), Some((resident, open))) = (stage.status(&goal, 1), held(ralph)) {
            seen.push((status.iteration, resident, open));
        }
        let is_over = |what: &What| matches!(what, What::RunReported { .. });
        stage.happened(&goal).iter().any(|(_, what)| is_over(what)).then_some(())
    });
    stage.until_word(&goal, "done");
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    let row = stage.row(&goal, 1);
    assert_eq!((row.exit_reason.as_str(), row.iterations), ("done", u64::from(ITERATIONS)));
    assert!(row.time_seconds.llm > 30.0 * 3600.0, "{:?}", row.time_seconds);

    // After a warm-up it holds what it holds: the last third no more than the second.
    let worst = |from: u32, to: u32| {
        let part = seen.iter().filter(|(iteration, ..)| (from..to).contains(iteration));
        part.fold((0, 0), |(memory, open), seen| (seen.1.max(memory), seen.2.max(open)))
    };
    let third = ITERATIONS / 3;
    let (before, after) = (worst(third, 2 * third), worst(2 * third, ITERATIONS + 1));
    assert!(before.0 > 0 && after.0 > 0, "too few looks: {}", seen.len());
    assert!(after.0 < 64 << 10, "{} KiB resident", after.0);
    assert!(after.0 <= before.0 + (4 << 10), "grew from {} to {} KiB", before.0, after.0);
    assert!(after.1 <= before.1 + 2 && after.1 < 40, "{} and then {} descriptors", before.1, after.1);

    let dir = stage.run_dir(&goal, 1);
    let summary = dir.summary().unwrap().unwrap();
    assert!(
        summary.text.len() <= 41 << 10 && summary.covers_up_to >= ITERATIONS - 10,
        "{}",
        summary.covers_up_to
    );
    assert_full(dir.log_path(), LOG_LIMIT);
    assert_full(dir.events_path(), EVENTS_LIMIT);
    assert_eq!((dir.iterations().unwrap().len(), dir.gate_logs().len()), (ITERATIONS as usize, 20));
}
