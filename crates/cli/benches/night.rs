//! A night of many small goals, beside pueue working off a script that does the same by hand.
//!
//! The script clones, lets the agent work, commits, asks the gate, rebases, asks the gate again and pushes. It keeps
//! no record, no sandbox and no snapshots, and believes its own exit codes.
//!
//! Beside the time it tells what a goal costs in processor time, which bounds the rate by the number of processors, and
//! what does not depend on the machine: how many processes are forked, programs started, files synced and bytes
//! written for a goal, by what.
//!
//! `cargo bench -p herder --bench night`; `HERDER_BENCH_GOALS` sets the number of goals, 200 without it.

mod counted;
mod stage;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use counted::Counts;
use herder_testkit::pairs::{Bar, Failure, Figure, Pair, cpu_seconds, interleaved, is_quick};
use stage::{Background, PATIENCE, Stage, path, program, say};

/// At once, here and there.
const PARALLEL: &str = "4";
/// Nights are long; the fewest whose extremes bound the median with 95 % confidence.
const NIGHTS: usize = 6;

fn main() -> Result<(), Failure> {
    let (nights, usual) = if is_quick() { (1, 4) } else { (NIGHTS, 200) };
    let goals: usize = std::env::var("HERDER_BENCH_GOALS").ok().map_or(Ok(usual), |text| text.parse())?;
    count(goals)?;
    if program("pueue", "cargo install pueue").is_none() {
        let Night { rate, busy } = herder(goals)?;
        say(&format!("{goals} goals: {rate:.2} goals/s, {busy:.0} ms of a processor each, without a peer"));
        return Ok(());
    }
    let (ours, theirs) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let rates =
        interleaved(nights, || Ok(noted(&ours, herder(goals)?)), || Ok(noted(&theirs, pueue(goals)?)))?;
    let (peer, name) = ("pueue with a script", format!("{goals} goals from queued to landed"));
    let figure = Figure::new(&name, "goals/s", peer, rates);
    figure.aiming_at(Bar::AtLeast(10.0)).aiming_at(Bar::RatioAtLeast(1.0)).tell()?;
    let busy = ours.into_inner().into_iter().zip(theirs.into_inner());
    let busy = busy.map(|(ours, theirs)| Pair { ours, theirs }).collect();
    Figure::new(format!("{name}, processor time of each"), "ms", peer, busy).tell()
}

/// How a night went.
struct Night {
    /// Goals a second.
    rate: f64,
    /// Milliseconds of a processor for a goal, of all processes together.
    busy: f64,
}

impl Night {
    fn of(goals: usize, taken: Duration, busy: f64) -> Self {
        let goals = goals as f64;
        Self { rate: goals / taken.as_secs_f64(), busy: 1_000.0 * busy / goals }
    }
}

/// Its rate; the rest is remembered.
fn noted(busy: &RefCell<Vec<f64>>, night: Night) -> f64 {
    busy.borrow_mut().push(night.busy);
    night.rate
}

/// What a goal asks of the machine, and what the script asks of it.
fn count(goals: usize) -> Result<(), Failure> {
    if program("strace", "Debian: strace").is_none() {
        return Ok(());
    }
    let (ours, theirs) = (counted_night(goals)?, counted_script(goals)?);
    let per_goal = |sum: usize| sum as f64 / goals as f64;
    let figure = |name: &str, unit, ours: f64, theirs: f64| {
        Figure::new(name, unit, "the script", vec![Pair { ours, theirs }]).tell()
    };
    figure("forked for a goal", "processes", per_goal(ours.forks), per_goal(theirs.forks))?;
    figure("threads of a goal", "threads", per_goal(ours.threads), per_goal(theirs.threads))?;
    figure("started for a goal", "programs", per_goal(ours.started()), per_goal(theirs.started()))?;
    figure("synced for a goal", "times", per_goal(ours.synced()), per_goal(theirs.synced()))?;
    let kib = |bytes: u64| bytes as f64 / 1_024.0 / goals as f64;
    figure("written for a goal", "KiB", kib(ours.bytes), kib(theirs.bytes))?;
    tell_each("programs a goal", goals, &ours.programs);
    tell_each("programs a goal by the script", goals, &theirs.programs);
    tell_each("syncs a goal", goals, &ours.syncs);
    Ok(())
}

fn tell_each(title: &str, goals: usize, counts: &BTreeMap<String, usize>) {
    say(&format!("{title}:"));
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    for (name, count) in counts {
        say(&format!("  {:6.1} {name}", *count as f64 / goals as f64));
    }
}

fn counted_night(goals: usize) -> Result<Counts, Failure> {
    let mut stage = queued(goals)?;
    let mut up = stage.home.herder(stage::HERDER);
    let counts = Counts::of(up.args(["up", "--once", "--max", PARALLEL]), stage.home.path())?;
    landed(&mut stage, goals, "herder")?;
    Ok(counts)
}

fn counted_script(goals: usize) -> Result<Counts, Failure> {
    let mut stage = Stage::new(20)?;
    let script = stage.home.install_program("by-hand", &by_hand(&stage));
    let each = format!("for goal in $(seq {goals}); do {} $goal || exit 1; done", path(&script));
    let mut shell: Command = stage.home.herder("sh");
    let counts = Counts::of(shell.args(["-c", &each]), stage.home.path())?;
    landed(&mut stage, goals, "the script")?;
    Ok(counts)
}

/// A stage with so many goals in its queue.
fn queued(goals: usize) -> Result<Stage, Failure> {
    let stage = Stage::new(20)?;
    for goal in stage.goals(goals)? {
        stage.ok(&["goal", "queue", &goal])?;
    }
    Ok(stage)
}

fn herder(goals: usize) -> Result<Night, Failure> {
    let mut stage = queued(goals)?;
    let begun = Instant::now();
    let busy = cpu_seconds(|| stage.ok(&["up", "--once", "--max", PARALLEL]))?;
    let night = Night::of(goals, begun.elapsed(), busy);
    landed(&mut stage, goals, "herder")?;
    Ok(night)
}

fn pueue(goals: usize) -> Result<Night, Failure> {
    let mut stage = Stage::new(20)?;
    fs_err::create_dir_all(stage.home.path().join("run"))?;
    let call = |name: &str| {
        let mut command = stage.home.herder(name);
        command.env("XDG_RUNTIME_DIR", stage.home.path().join("run"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    let daemon = Background::start(&mut call("pueued"))?;
    herder_testkit::until("pueued to answer", PATIENCE, || {
        call("pueue")
            .args(["parallel", PARALLEL])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|said| said.success())
            .then_some(())
    });
    let script = stage.home.install_program("by-hand", &by_hand(&stage));
    call("pueue").arg("pause").status()?;
    for number in 1..=goals {
        call("pueue").args(["add", "--", path(&script), &number.to_string()]).status()?;
    }
    let begun = Instant::now();
    let mut taken = Duration::ZERO;
    // What the daemon and its children have used is told when it has ended.
    let busy = cpu_seconds(|| {
        call("pueue").arg("start").status()?;
        call("pueue").args(["wait", "--quiet"]).status()?;
        taken = begun.elapsed();
        drop(daemon);
        Ok(())
    })?;
    landed(&mut stage, goals, "pueue with the script")?;
    Ok(Night::of(goals, taken, busy))
}

/// A clone that copies files meets those that a push of another script is just taking away, and begins again.
fn by_hand(stage: &Stage) -> String {
    format!(
        "#!/bin/sh\nset -e\nexport GIT_CONFIG_GLOBAL=/dev/null\n\
         export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org\n\
         export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org\n\
         dir={work}/$1\n\
         until git clone --quiet --no-hardlinks {origin} \"$dir\"; do rm -rf \"$dir\"; done\ncd \"$dir\"\ngit checkout --quiet -b goal-$1\n\
         {agent} </dev/null >/dev/null\ngit add --all\ngit commit --quiet -m \"Goal $1\"\n./.ralph/check\n\
         until git fetch --quiet origin && git rebase --quiet origin/main && ./.ralph/check &&\n\
         git push --quiet origin HEAD:main 2>/dev/null; do :; done\nrm -rf \"$dir\"\n",
        work = stage.home.path().join("by-hand-work").display(),
        origin = stage.origin.path().display(),
        agent = stage.home.bin().join("agent").display(),
    )
}

/// A night that lost work is no figure; what is left of it says why.
fn landed(stage: &mut Stage, goals: usize, by: &str) -> Result<(), Failure> {
    let commits = stage.origin.log().len() - 1;
    if commits == goals {
        return Ok(());
    }
    let left = stage.home.keep();
    Err(format!("{commits} of {goals} goals landed by {by}; see {}", left.display()).into())
}
