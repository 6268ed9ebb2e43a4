//! A run directory is written by one ralph and read by everyone, at any moment.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

mod scene;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use herder_domain::finding::Verdict;
use herder_domain::goal::Told;
use herder_domain::ledger::{Cost, CostSource, Spend};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::RunId;
use herder_record::{
    Abandoned, Ending, Liveness, RecordError, Redactor, RunDir, RunLock, RunWriter, StateDir, StatsFile,
    StatsRow, Tail, abandoned, check, unrecorded,
};
use scene::{SECRET, Scene, iteration, order, progress, spend, status, time};

fn crashed() -> Outcome {
    Outcome::Interrupted { cause: Interruption::Crashed, detail: "ralph died".into() }
}

#[test]
fn what_is_written_is_read_back() {
    let scene = Scene::new();
    let writer = scene.started(42);
    writer.status(&status(1)).unwrap();
    writer.progress(&progress(1, "one")).unwrap();
    writer.progress(&progress(2, "two")).unwrap();
    writer.iteration(&iteration(1)).unwrap();
    writer.summary("so far", 5).unwrap();
    writer.gate_log(1).unwrap().write_all(b"ok\n").unwrap();

    let dir = RunDir::at(writer.dir().path()).unwrap();
    assert_eq!(dir.spec().unwrap(), Some(order(42)));
    assert_eq!(dir.goal_text().unwrap().unwrap(), "## Objective\nDo it.\n");
    assert_eq!(dir.status().unwrap(), Some(status(1)));
    assert_eq!(dir.progress().unwrap(), [progress(1, "one"), progress(2, "two")]);
    assert_eq!(dir.iterations().unwrap()[0].snapshot.as_deref(), Some("snapshot-1"));
    let summary = dir.summary().unwrap().unwrap();
    assert_eq!((summary.text.as_str(), summary.covers_up_to), ("so far", 5));
    assert_eq!(dir.gate_logs(), [dir.gate_log_path(1)]);
}

#[test]
fn a_directory_that_does_not_exist_reads_as_nothing() {
    let scene = Scene::new();
    let dir = RunDir::of(&scene.state, order(1).run);
    assert_eq!(dir.spec().unwrap(), None);
    assert_eq!(dir.status().unwrap(), None);
    assert_eq!(dir.summary().unwrap(), None);
    assert!(dir.progress().unwrap().is_empty() && dir.gate_logs().is_empty());
    assert_eq!(dir.liveness().unwrap(), Liveness::NotStarted);
}

#[test]
fn an_order_is_created_once() {
    let scene = Scene::new();
    scene.created(42);
    scene.created(42);
    let mut other = order(42);
    other.model = "opus".into();
    let error = RunDir::create(&scene.state, &other, "text", &scene.redactor).unwrap_err();
    assert!(matches!(error, RecordError::AnotherRun { .. }), "{error}");
    assert_eq!(RunDir::of(&scene.state, other.run).spec().unwrap(), Some(order(42)));
}

#[test]
fn drafts_of_a_killed_ralph_are_removed_and_nothing_else() {
    let scene = Scene::new();
    let dir = scene.created(1);
    let names = || {
        let entries = std::fs::read_dir(dir.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = names();
    let drafts = [".outcome.json.4711-0.new", "gate/.base.json.4711-1.new"].map(|name| dir.path().join(name));
    drafts.iter().for_each(|draft| std::fs::write(draft, "{").unwrap());
    dir.remove_drafts().unwrap();
    assert_eq!(names(), before);
    assert!(!drafts.iter().any(|draft| draft.exists()));
    RunDir::of(&scene.state, order(2).run).remove_drafts().unwrap();
}

#[test]
fn no_file_of_a_run_holds_a_secret_and_all_are_private() {
    let scene = Scene::new();
    let mut spec = order(7);
    spec.title = format!("title {SECRET}");
    let dir = RunDir::create(&scene.state, &spec, &format!("goal {SECRET}\n"), &scene.redactor).unwrap();
    let lock = RunLock::try_take(&dir).unwrap().unwrap();
    let writer = RunWriter::new(dir, lock, Arc::clone(&scene.redactor));
    let mut said = status(1);
    said.detail = Some(SECRET.into());
    writer.status(&said).unwrap();
    writer.progress(&progress(1, SECRET)).unwrap();
    writer.iteration(&iteration(1)).unwrap();
    writer.summary(&format!("tried {SECRET}"), 1).unwrap();
    writer.log(&format!("log {SECRET}")).unwrap();
    writer.events().unwrap().line(&format!(r#"{{"text":"{SECRET}"}}"#)).unwrap();
    let mut gate = writer.gate_log(1).unwrap();
    gate.write_all(&SECRET.as_bytes()[..5]).unwrap();
    gate.write_all(&SECRET.as_bytes()[5..]).unwrap();
    drop(gate);
    let outcome = Outcome::Blocked { question: SECRET.into() };
    writer.finish(&Ending::new(outcome, time(9))).unwrap();

    let files = all_files(writer.dir().path());
    assert_eq!(files.len(), 12, "{files:?}");
    for (path, text) in files {
        assert!(!text.contains(SECRET), "{path}: {text}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    assert!(writer.dir().ending().unwrap().is_some(), "what was redacted is still understood");
}

fn all_files(path: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(all_files(&path)),
            false => files.push((path.display().to_string(), fs::read_to_string(&path).unwrap())),
        }
    }
    files
}

#[test]
fn readers_take_what_a_crash_or_a_later_version_left() {
    let scene = Scene::new();
    let writer = scene.started(42);
    writer.progress(&progress(1, "one")).unwrap();
    let path = writer.dir().path().join("progress.jsonl");
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(br#"{"iteration":2,"timestamp":"2026-02-03T00:00:11Z","progress":"two","mood":1}"#)
        .unwrap();
    file.write_all(b"\n{\"iteration\":3,\"times").unwrap();
    let numbers = || writer.dir().progress().unwrap().iter().map(|line| line.iteration).collect::<Vec<_>>();
    assert_eq!(numbers(), [1, 2]);
    writer.progress(&progress(4, "four")).unwrap();
    assert_eq!(numbers(), [1, 2, 4]);
    fs::write(writer.dir().path().join("status.json"), "{\"schema\":1,\"st").unwrap();
    assert_eq!(writer.dir().status().unwrap(), None);
}

#[test]
fn a_lock_is_had_by_one_and_looking_at_it_takes_it_from_nobody() {
    let scene = Scene::new();
    let dir = scene.created(42);
    assert!(!RunLock::is_held(&dir).unwrap());
    let lock = RunLock::try_take(&dir).unwrap().unwrap();
    assert!(RunLock::is_held(&dir).unwrap());
    assert!(RunLock::try_take(&dir).unwrap().is_none());
    drop(lock);
    assert!(!RunLock::is_held(&dir).unwrap());
    let looker = thread::spawn({
        let dir = dir.clone();
        move || {
            for _ in 0..500 {
                RunLock::is_held(&dir).unwrap();
            }
        }
    });
    for _ in 0..50 {
        assert!(RunLock::try_take(&dir).unwrap().is_some());
    }
    looker.join().unwrap();
}

#[test]
fn liveness_follows_lock_status_and_outcome() {
    let scene = Scene::new();
    let writer = scene.started(42);
    let dir = writer.dir().clone();
    assert_eq!(dir.liveness().unwrap(), Liveness::Alive);
    drop(writer);
    assert_eq!(dir.liveness().unwrap(), Liveness::NotStarted);

    let writer = scene.started(42);
    writer.status(&status(1)).unwrap();
    drop(writer);
    assert_eq!(dir.liveness().unwrap(), Liveness::Crashed);

    let writer = scene.started(42);
    let ending = Ending::new(Outcome::Accepted { gated: true }, time(9));
    writer.finish(&ending).unwrap();
    assert_eq!(dir.liveness().unwrap(), Liveness::Ended(Box::new(ending.clone())));
    assert!(matches!(writer.finish(&ending), Err(RecordError::AlreadyEnded { .. })));
}

#[test]
fn a_run_whose_process_was_killed_is_found_and_settled_once() {
    let scene = Scene::new();
    let dir = scene.created(42);
    let mut holder = Holder::start(dir.path());
    assert!(RunLock::is_held(&dir).unwrap() && abandoned(&scene.state).unwrap().is_empty());
    holder.kill();
    assert_eq!(abandoned(&scene.state).unwrap(), std::slice::from_ref(&dir));

    let found = Abandoned::take(dir.clone()).unwrap().unwrap();
    assert!(Abandoned::take(dir.clone()).unwrap().is_none(), "one settles it, not two");
    let ending = found.settle(crashed(), time(9), &scene.redactor).unwrap();
    assert_eq!((ending.iterations, ending.gate_runs), (1, 1));
    assert_eq!(ending.snapshot.as_deref(), Some("snapshot-1"));
    let known = Spend { cost: Cost::UNKNOWN, cost_source: CostSource::Unknown, ..spend(2) };
    assert_eq!(ending.spend, known, "the status knew more than the ledger, but not what the last call cost");
    assert_eq!(dir.liveness().unwrap(), Liveness::Ended(Box::new(ending.clone())));
    assert!(abandoned(&scene.state).unwrap().is_empty());

    let row = StatsRow::of(&order(42), &ending, "goal.md".into());
    assert_eq!((row.exit_reason.as_str(), row.outcome.as_deref()), ("crashed", Some("interrupted")));
    assert_eq!((row.time_seconds.llm, row.time_seconds.total), (3.0, 3.0));
}

/// This test binary once more, as a ralph that works until it is killed.
struct Holder(Child);

impl Holder {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "holds_the_lock_when_asked", "--nocapture"])
            .env("HERDER_TEST_HOLD", dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("held")), "it never had the lock");
        Self(child)
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn holds_the_lock_when_asked() {
    let Some(path) = std::env::var_os("HERDER_TEST_HOLD") else { return };
    let dir = RunDir::at(Path::new(&path)).unwrap();
    let lock = RunLock::try_take(&dir).unwrap().unwrap();
    let writer = RunWriter::new(dir, lock, Arc::new(Redactor::new::<&str>([]).unwrap()));
    writer.iteration(&iteration(1)).unwrap();
    writer.status(&status(2)).unwrap();
    println!("held");
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_standalone_run_killed_before_its_row_is_found() {
    let scene = Scene::new();
    let mut spec = order(42);
    (spec.goal, spec.run) = (None, RunId::standalone(time(0), 7));
    for spec in [&spec, &order(1)] {
        let dir = RunDir::create(&scene.state, spec, "goal", &scene.redactor).unwrap();
        let lock = RunLock::try_take(&dir).unwrap().unwrap();
        let writer = RunWriter::new(dir, lock, Arc::clone(&scene.redactor));
        writer.finish(&Ending::new(crashed(), time(9))).unwrap();
    }
    let found = unrecorded(&scene.state).unwrap();
    assert_eq!(
        found.iter().map(RunDir::run).collect::<Vec<_>>(),
        [&spec.run],
        "the other is an orchestrator's"
    );
    let row = StatsRow::of(&spec, &found[0].ending().unwrap().unwrap(), "goal.md".into());
    StatsFile::at(scene.state.stats()).append_once(&row, &scene.redactor).unwrap();
    assert_eq!(unrecorded(&scene.state).unwrap(), []);
    assert!(found[0].is_recorded());
    // A file that grows for ever is not read by every command.
    std::fs::remove_file(scene.state.stats()).unwrap();
    assert_eq!(unrecorded(&scene.state).unwrap(), []);
}

#[test]
fn a_full_disk_leaves_whole_lines_and_a_typed_error() {
    let scene = Scene::new();
    let dir = scene.created(42);
    // Files of this process may hold 4 KiB (8 blocks of 512 bytes); a write beyond that is short.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "writes_until_it_cannot_when_asked", "--nocapture"])
        .env("HERDER_TEST_FILL", dir.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(child.success(), "{child}");
    let text = fs::read_to_string(dir.path().join("progress.jsonl")).unwrap();
    assert!(text.ends_with("}\n") && text.len() <= 4096, "{text}");
    let count = u32::try_from(text.lines().count()).unwrap();
    assert_eq!(dir.progress().unwrap().last().unwrap().iteration, count, "each line is whole");
    assert!(dir.status().unwrap().is_some(), "what stood before is not lost by a failed replacement");
    let litter = fs::read_dir(dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".new"));
    assert_eq!(litter.count(), 0);
}

#[test]
fn writes_until_it_cannot_when_asked() {
    let Some(path) = std::env::var_os("HERDER_TEST_FILL") else { return };
    let dir = RunDir::at(Path::new(&path)).unwrap();
    let lock = RunLock::try_take(&dir).unwrap().unwrap();
    let writer = RunWriter::new(dir, lock, Arc::new(Redactor::new::<&str>([]).unwrap()));
    writer.status(&status(1)).unwrap();
    let error = (1..).find_map(|number| writer.progress(&progress(number, &"x".repeat(333))).err()).unwrap();
    assert!(matches!(error, RecordError::Io { .. }), "{error}");
    let mut long = status(2);
    long.detail = Some("x".repeat(9000));
    writer.status(&long).unwrap_err();
    writer.progress(&progress(99, &"x".repeat(333))).unwrap_err();
}

#[test]
fn the_stream_is_bounded() {
    let scene = Scene::new();
    let writer = scene.started(42);
    let mut events = writer.events().unwrap().with_limit(100);
    for number in 10..40 {
        events.line(&format!("{{\"number\":{number}}}\n")).unwrap();
    }
    events.line(&"x".repeat(1000)).unwrap();
    let newer = fs::read_to_string(writer.dir().events_path()).unwrap();
    let older = fs::read_to_string(writer.dir().path().join("events.jsonl.1")).unwrap();
    assert!(newer.len() <= 100 + 50 && older.len() <= 100, "{older}---{newer}");
    assert!(newer.contains("\"omitted_bytes\":1001"), "{newer}");
    let last = |text: &str| text.lines().rfind(|line| line.contains("number")).map(ToOwned::to_owned);
    assert_eq!(last(&newer).or_else(|| last(&older)).as_deref(), Some("{\"number\":39}"));
}

#[test]
fn the_log_is_one_line_after_the_other() {
    let scene = Scene::new();
    let writer = scene.started(42);
    writer.log("one\n").unwrap();
    writer.log("two\nthree").unwrap();
    assert_eq!(fs::read_to_string(writer.dir().log_path()).unwrap(), "one\ntwo\nthree\n");
}

#[test]
fn the_log_is_bounded_and_whoever_follows_it_misses_nothing() {
    let scene = Scene::new();
    let writer = scene.started(42);
    let dir = writer.dir().clone();
    let mut tail = Tail::from_start(dir.log_path());
    let mut followed = Vec::new();
    for number in 0..200 {
        writer.log_within(300, &format!("line {number}")).unwrap();
        while let Some(chunk) = tail.read().unwrap() {
            followed.extend(chunk.bytes);
        }
    }
    let all: String = (0..200).map(|number| format!("line {number}\n")).collect();
    assert_eq!(String::from_utf8(followed).unwrap(), all);
    let parts = dir.log_parts();
    assert_eq!(parts.len(), 2);
    let kept: String = parts.iter().map(|part| fs::read_to_string(part).unwrap()).collect();
    assert!(kept.len() <= 600 && all.ends_with(&kept) && kept.lines().count() > 30, "{kept}");
}

#[test]
fn what_a_run_is_told_stands_once_and_in_order_whoever_tells_it() {
    let scene = Scene::new();
    let dir = RunDir::of(&scene.state, order(42).run);
    let redactor = Redactor::new(["hunter2-hunter2"]).unwrap();
    let told = |id: u32| Told { id, at: time(3), text: format!("{id}: hunter2-hunter2"), question: None };
    assert!(dir.told().unwrap().is_empty());
    thread::scope(|scope| {
        for id in [3, 1, 2, 3, 1] {
            let (dir, redactor) = (&dir, &redactor);
            scope.spawn(move || dir.tell(&told(id), redactor).unwrap());
        }
    });
    let found: Vec<_> = dir.told().unwrap().into_iter().map(|told| (told.id, told.text)).collect();
    assert_eq!(found, [1, 2, 3].map(|id| (id, format!("{id}: [redacted]"))));
    // Told before it was created, it is created all the same.
    RunDir::create(&scene.state, &order(42), "text", &redactor).unwrap();
    assert_eq!(dir.told().unwrap().len(), 3);
}

#[test]
fn the_gates_logs_are_bounded_in_number() {
    let scene = Scene::new();
    let writer = scene.started(42);
    for count in 1..=50 {
        writer.gate_log(count).unwrap();
    }
    let newest: Vec<_> = (31..=50).map(|count| writer.dir().gate_log_path(count)).collect();
    assert_eq!((writer.dir().gate_logs(), newest.len()), (newest, 20));
}

#[test]
fn the_doctor_is_told_of_an_open_directory_and_of_broken_rows() {
    let scene = Scene::new();
    let bad = |state: &StateDir| -> Vec<String> {
        let found = check(state).into_iter();
        found.filter(|found| found.verdict != Verdict::Ok).map(|found| found.detail).collect()
    };
    assert_eq!(bad(&scene.state), Vec::<String>::new());
    assert_eq!(bad(&StateDir::at("/nowhere/at/all")), Vec::<String>::new());
    fs::set_permissions(scene.state.root(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(scene.state.stats(), "{}\n").unwrap();
    let messages = bad(&scene.state);
    assert!(messages[0].contains("open to other users"), "{messages:?}");
    assert!(messages[1].contains("line 1"), "{messages:?}");
}
