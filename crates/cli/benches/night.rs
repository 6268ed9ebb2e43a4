//! A night of many small goals, beside pueue working off a script that does the same by hand.
//!
//! The script clones, lets the agent work, commits, asks the gate, rebases, asks the gate again and pushes. It keeps
//! no record, no sandbox and no snapshots, and believes its own exit codes.
//!
//! Beside the time it tells what does not depend on the machine: how many programs are started, files synced and
//! bytes written for a goal, by what.
//!
//! `cargo bench -p herder --bench night`; `HERDER_BENCH_GOALS` sets the number of goals, 200 without it.

mod counted;
mod stage;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use counted::Counts;
use herder_testkit::pairs::{Failure, Figure, Pair, Target, interleaved, is_quick, seconds};
use stage::{Background, PATIENCE, Stage, path, program, say};

/// At once, here and there.
const PARALLEL: &str = "4";
/// Nights are long; three tell enough.
const NIGHTS: usize = 3;
/// How many goals are counted.
const COUNTED: usize = 10;

fn main() -> Result<(), Failure> {
    let (nights, usual) = if is_quick() { (1, 4) } else { (NIGHTS, 200) };
    let goals: usize = std::env::var("HERDER_BENCH_GOALS").ok().map_or(Ok(usual), |text| text.parse())?;
    count()?;
    let rate = |taken: f64| goals as f64 / taken;
    if program("pueue", "cargo install pueue").is_none() {
        let alone = rate(herder(goals)?);
        say(&format!("{goals} goals from queued to landed: {alone:.2} goals/s, without a peer"));
        return Ok(());
    }
    let pairs = interleaved(nights, || Ok(rate(herder(goals)?)), || Ok(rate(pueue(goals)?)))?;
    let name = format!("{goals} goals from queued to landed");
    let figure = Figure::new(name, "goals/s", "pueue with a script", pairs);
    figure.aiming_at(Target::AtLeast(10.0)).tell()
}

/// What a goal asks of the machine, and what the script asks of it.
fn count() -> Result<(), Failure> {
    if program("strace", "Debian: strace").is_none() {
        return Ok(());
    }
    let (ours, theirs) = (counted_night()?, counted_script()?);
    let per_goal = |sum: usize| sum as f64 / COUNTED as f64;
    let figure = |name: &str, unit, ours: f64, theirs: f64| {
        Figure::new(name, unit, "the script", vec![Pair { ours, theirs }]).tell()
    };
    figure("started for a goal", "programs", per_goal(ours.started()), per_goal(theirs.started()))?;
    figure("synced for a goal", "times", per_goal(ours.synced()), per_goal(theirs.synced()))?;
    let kib = |bytes: u64| bytes as f64 / 1_024.0 / COUNTED as f64;
    figure("written for a goal", "KiB", kib(ours.bytes), kib(theirs.bytes))?;
    tell_each("programs a goal", &ours.programs);
    tell_each("programs a goal by the script", &theirs.programs);
    tell_each("syncs a goal", &ours.syncs);
    Ok(())
}

fn tell_each(title: &str, counts: &BTreeMap<String, usize>) {
    say(&format!("{title}:"));
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    for (name, count) in counts {
        say(&format!("  {:6.1} {name}", *count as f64 / COUNTED as f64));
    }
}

fn counted_night() -> Result<Counts, Failure> {
    let stage = queued(COUNTED)?;
    let mut up = stage.home.herder(stage::HERDER);
    let counts = Counts::of(up.args(["up", "--once", "--max", PARALLEL]), stage.home.path())?;
    landed(&stage, COUNTED)?;
    Ok(counts)
}

fn counted_script() -> Result<Counts, Failure> {
    let stage = Stage::new(20)?;
    let script = stage.home.install_program("by-hand", &by_hand(&stage));
    let each = format!("for goal in $(seq {COUNTED}); do {} $goal || exit 1; done", path(&script));
    let mut shell: Command = stage.home.herder("sh");
    let counts = Counts::of(shell.args(["-c", &each]), stage.home.path())?;
    landed(&stage, COUNTED)?;
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

fn herder(goals: usize) -> Result<f64, Failure> {
    let stage = queued(goals)?;
    let taken = seconds(|| stage.ok(&["up", "--once", "--max", PARALLEL]))?;
    landed(&stage, goals)?;
    Ok(taken)
}

fn pueue(goals: usize) -> Result<f64, Failure> {
    let stage = Stage::new(20)?;
    fs_err::create_dir_all(stage.home.path().join("run"))?;
    let call = |name: &str| {
        let mut command = stage.home.herder(name);
        command.env("XDG_RUNTIME_DIR", stage.home.path().join("run"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    let _daemon = Background::start(&mut call("pueued"))?;
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
    let taken = seconds(|| {
        call("pueue").arg("start").status()?;
        Ok(call("pueue").args(["wait", "--quiet"]).status()?)
    })?;
    landed(&stage, goals)?;
    Ok(taken)
}

fn by_hand(stage: &Stage) -> String {
    format!(
        "#!/bin/sh\nset -e\nexport GIT_CONFIG_GLOBAL=/dev/null\n\
         export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org\n\
         export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org\n\
         dir={work}/$1\ngit clone --quiet --no-hardlinks {origin} \"$dir\"\ncd \"$dir\"\ngit checkout --quiet -b goal-$1\n\
         {agent} </dev/null >/dev/null\ngit add --all\ngit commit --quiet -m \"Goal $1\"\n./.ralph/check\n\
         until git fetch --quiet origin && git rebase --quiet origin/main && ./.ralph/check &&\n\
         git push --quiet origin HEAD:main 2>/dev/null; do :; done\nrm -rf \"$dir\"\n",
        work = stage.home.path().join("by-hand-work").display(),
        origin = stage.origin.path().display(),
        agent = stage.home.bin().join("agent").display(),
    )
}

/// A night that lost work is no figure.
fn landed(stage: &Stage, goals: usize) -> Result<(), Failure> {
    let commits = stage.origin.log().len() - 1;
    if commits == goals { Ok(()) } else { Err(format!("{commits} of {goals} goals landed").into()) }
}
