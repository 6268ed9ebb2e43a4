//! What herder costs while nothing happens: memory (proportional set size) and context switches of an idle
//! orchestrator, and of a ralph whose agent waits for its model, beside pueue's idle daemon.
//!
//! `cargo bench -p herder --bench idle`; takes some minutes.

mod stage;

use std::process::Stdio;
use std::time::{Duration, Instant};

use herder_testkit::pairs::{Bar, Failure, Figure, Pair, is_quick, let_pass};
use herder_testkit::{processes_with, until};
use stage::{Background, PATIENCE, Stage, program, say};

/// How long each is watched.
fn watched_for() -> Duration {
    Duration::from_secs(if is_quick() { 2 } else { 60 })
}

/// How many times each is watched.
fn rounds() -> usize {
    if is_quick() { 1 } else { 3 }
}

fn main() -> Result<(), Failure> {
    let (mut orchestrators, mut ralphs, mut pueueds) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds() {
        // Never two of ours at once: what they share would count half for each.
        let watched = watched(&[Some(orchestrator()?), pueue()?])?;
        orchestrators.extend(watched.first());
        pueueds.extend(watched.get(1));
        ralphs.extend(self::watched(&[Some(ralph()?)])?);
    }
    tell("idle orchestrator", &orchestrators, &pueueds)?;
    tell("idle ralph with its keeper", &ralphs, &pueueds)
}

/// What some that idle cost, all over the same time.
fn watched(all: &[Option<Idle>]) -> Result<Vec<Cost>, Failure> {
    let all = || all.iter().flatten();
    let before = all().map(|one| switches(&one.pids)).collect::<Result<Vec<_>, _>>()?;
    let_pass(watched_for());
    all().zip(before).map(|(one, before)| cost(&one.pids, before)).collect()
}

/// Processes that do nothing, and all that they need to go on doing so.
struct Idle {
    pids: Vec<u32>,
    _programs: Vec<Background>,
    _stage: Stage,
}

/// What a number of processes cost together.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Proportional set size, MiB.
    memory: f64,
    /// Context switches a second, voluntary ones and others.
    switches: f64,
}

fn tell(name: &str, ours: &[Cost], theirs: &[Cost]) -> Result<(), Failure> {
    for (what, unit, bar, of) in [
        ("memory", "MiB", 20.0, (|cost| cost.memory) as fn(&Cost) -> f64),
        ("switches", "switches/s", 2.0, |cost| cost.switches),
    ] {
        if theirs.is_empty() {
            let each: Vec<String> = ours.iter().map(|cost| format!("{:.2}", of(cost))).collect();
            say(&format!("{name}, {what}: {} {unit}, without a peer", each.join(", ")));
            continue;
        }
        let pair = |(ours, theirs): (&Cost, &Cost)| Pair { ours: of(ours), theirs: of(theirs) };
        let pairs = ours.iter().zip(theirs).map(pair).collect();
        let figure = Figure::new(format!("{name}, {what}"), unit, "pueued", pairs);
        figure.aiming_at(Bar::AtMost(bar)).tell()?;
    }
    Ok(())
}

fn orchestrator() -> Result<Idle, Failure> {
    let stage = Stage::new(20)?;
    let up = stage.up(&[])?;
    until("the orchestrator to be up", PATIENCE, || {
        stage.home.state().join("wake.sock").exists().then_some(())
    });
    Ok(Idle { pids: vec![up.pid()], _programs: vec![up], _stage: stage })
}

/// A ralph whose agent waits: all processes of its run but the agent's own.
fn ralph() -> Result<Idle, Failure> {
    let mut stage = Stage::new(20)?;
    let waits = "#!/bin/sh\necho started >\"$0.starts\"\nexec tail -f /dev/null\n";
    let agent = stage.home.install_program("agent", waits);
    let starts = stage.home.path().join("starts/pipe");
    std::os::unix::fs::symlink(starts, agent.with_extension("starts"))?;
    let goal = stage.goals(1)?.remove(0);
    stage.ok(&["goal", "queue", &goal])?;
    let up = stage.up(&["--max", "1"])?;
    stage.until_start(Instant::now())?;
    let pids: Vec<u32> = processes_with(stage.home.marker())
        .into_iter()
        .filter(|pid| is_called(*pid, &["herder-ralph", "ralph", "herder-keeper", "keeper"]))
        .collect();
    if pids.is_empty() {
        return Err("no ralph is at work".into());
    }
    Ok(Idle { pids, _programs: vec![up], _stage: stage })
}

fn is_called(pid: u32, names: &[&str]) -> bool {
    let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0).take(3).map(String::from_utf8_lossy);
    words.into_iter().any(|word| names.contains(&word.as_ref()))
}

fn pueue() -> Result<Option<Idle>, Failure> {
    if program("pueued", "cargo install pueue").is_none() {
        return Ok(None);
    }
    let stage = Stage::new(1)?;
    let call = |name: &str| {
        let mut command = stage.home.herder(name);
        command.env("XDG_RUNTIME_DIR", stage.home.path()).stdin(Stdio::null());
        command
    };
    let daemon = Background::start(&mut call("pueued"))?;
    until("pueued to answer", PATIENCE, || {
        call("pueue").arg("status").output().is_ok_and(|said| said.status.success()).then_some(())
    });
    Ok(Some(Idle { pids: vec![daemon.pid()], _programs: vec![daemon], _stage: stage }))
}

fn cost(pids: &[u32], before: u64) -> Result<Cost, Failure> {
    let switches = (switches(pids)? - before) as f64 / watched_for().as_secs_f64();
    Ok(Cost { memory: pss(pids)? as f64 / 1_024.0, switches })
}

/// Context switches of all threads (`*_ctxt_switches` of proc_pid_status(5)).
fn switches(pids: &[u32]) -> Result<u64, Failure> {
    let mut sum = 0;
    for pid in pids {
        for thread in fs_err::read_dir(format!("/proc/{pid}/task"))? {
            let status = fs_err::read_to_string(thread?.path().join("status"))?;
            let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
            sum += counts.filter_map(|line| line.rsplit('\t').next()?.parse::<u64>().ok()).sum::<u64>();
        }
    }
    Ok(sum)
}

/// Proportional set size in KiB (`Pss` of `smaps_rollup`, proc_pid_smaps(5)).
fn pss(pids: &[u32]) -> Result<u64, Failure> {
    let mut sum = 0;
    for pid in pids {
        let text = fs_err::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("no Pss")?;
        sum += line.trim().trim_end_matches(" kB").parse::<u64>()?;
    }
    Ok(sum)
}
