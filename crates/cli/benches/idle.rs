//! What herder costs while nothing happens: memory (proportional set size) and context switches of an idle
//! orchestrator, and of a ralph whose agent waits for its model, beside pueue's idle daemon.
//!
//! `cargo bench -p herder --bench idle`; takes a minute for each.

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

fn main() -> Result<(), Failure> {
    let pueue = pueue()?;
    tell("idle orchestrator", orchestrator()?, pueue)?;
    tell("idle ralph with its keeper", ralph()?, pueue)
}

/// What a number of processes cost together.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Proportional set size, MiB.
    memory: f64,
    /// Context switches a second, voluntary ones and others.
    switches: f64,
}

fn tell(name: &str, ours: Cost, theirs: Option<Cost>) -> Result<(), Failure> {
    let Some(theirs) = theirs else {
        say(&format!("{name}: {:.1} MiB, {:.2} switches/s, without a peer", ours.memory, ours.switches));
        return Ok(());
    };
    let pair = |ours, theirs| vec![Pair { ours, theirs }];
    let memory = Figure::new(format!("{name}, memory"), "MiB", "pueued", pair(ours.memory, theirs.memory));
    memory.aiming_at(Bar::AtMost(20.0)).tell()?;
    let switches = Figure::new(
        format!("{name}, switches"),
        "switches/s",
        "pueued",
        pair(ours.switches, theirs.switches),
    );
    switches.aiming_at(Bar::AtMost(2.0)).tell()
}

fn orchestrator() -> Result<Cost, Failure> {
    let stage = Stage::new(20)?;
    let up = stage.up(&[])?;
    until("the orchestrator to be up", PATIENCE, || {
        stage.home.state().join("wake.sock").exists().then_some(())
    });
    watched(&[up.pid()])
}

/// A ralph whose agent waits: all processes of its run but the agent's own.
fn ralph() -> Result<Cost, Failure> {
    let mut stage = Stage::new(20)?;
    let waits = "#!/bin/sh\necho started >\"$0.starts\"\nexec tail -f /dev/null\n";
    let agent = stage.home.install_program("agent", waits);
    let starts = stage.home.path().join("starts/pipe");
    std::os::unix::fs::symlink(starts, agent.with_extension("starts"))?;
    let goal = stage.goals(1)?.remove(0);
    stage.ok(&["goal", "queue", &goal])?;
    let _up = stage.up(&["--max", "1"])?;
    stage.until_start(Instant::now())?;
    let ours: Vec<u32> = processes_with(stage.home.marker())
        .into_iter()
        .filter(|pid| is_called(*pid, &["herder-ralph", "ralph", "herder-keeper", "keeper"]))
        .collect();
    if ours.is_empty() {
        return Err("no ralph is at work".into());
    }
    watched(&ours)
}

fn is_called(pid: u32, names: &[&str]) -> bool {
    let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0).take(3).map(String::from_utf8_lossy);
    words.into_iter().any(|word| names.contains(&word.as_ref()))
}

fn pueue() -> Result<Option<Cost>, Failure> {
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
    Ok(Some(watched(&[daemon.pid()])?))
}

fn watched(pids: &[u32]) -> Result<Cost, Failure> {
    let before = switches(pids)?;
    let_pass(watched_for());
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
