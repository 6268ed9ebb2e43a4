//! One look at 50 runs of four processes each: what it costs in processor time.
//!
//! A look is taken once a second, so 10 ms are one percent of a core. The peer is `ps`, asked for the same of all
//! processes. Figures of cgroups are left out where none can be made.
//!
//! `cargo bench -p herder-executor`

use std::process::{Command, ExitCode, Stdio};

use herder_domain::run::RunId;
use herder_executor::{
    ChildStdio, Job, KeeperHandle, KeeperReports, Launcher, Sampler, Subject, keeper_main,
};
use herder_testkit::pairs::{Bar, Failure, Figure, cpu_seconds, interleaved, is_quick, pairs};
use jiff::Timestamp;

/// The processor time of a process is counted in hundredths of a second.
const LOOKS: u32 = 200;

fn main() -> ExitCode {
    // The keepers of the runs are this program.
    if std::env::args().nth(1).as_deref() == Some("keeper") {
        return keeper_main();
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a benchmark is a program for a developer")]
fn tell(error: &Failure) {
    eprintln!("{error}");
}

fn measure() -> Result<(), Failure> {
    let runs = (0..if is_quick() { 3 } else { 50 }).map(At::begin).collect::<Result<Vec<_>, _>>()?;
    let places = vec![std::env::temp_dir()];
    // In cgroups a run's place is its ralph's own; a benchmark is that of all of these.
    let own: Vec<Subject> = runs.iter().map(|run| run.subject(std::process::id())).collect();
    let each: Vec<Subject> = runs.iter().map(|run| run.subject(run.handle.process().pid)).collect();
    let mut by_cgroups = Sampler::new(places.clone());
    let has_cgroups = by_cgroups
        .sample(Timestamp::now(), &own)
        .runs
        .values()
        .all(|run| run.processes.known().is_some_and(|count| count > 1));
    if has_cgroups {
        figure(&mut by_cgroups, &own, "by their cgroups")?;
    }
    figure(&mut Sampler::of_processes(places), &each, "by their processes")?;
    for run in runs {
        run.end()?;
    }
    Ok(())
}

fn figure(sampler: &mut Sampler, subjects: &[Subject], how: &str) -> Result<(), Failure> {
    let looks = if is_quick() { 2 } else { LOOKS };
    let each = |seconds: f64| 1_000.0 * seconds / f64::from(looks);
    let pairs = interleaved(
        pairs(),
        || {
            let look = |_| std::hint::black_box(sampler.sample(Timestamp::now(), subjects));
            cpu_seconds(|| Ok((0..looks).map(look).count())).map(each)
        },
        || {
            let asked = looks.div_ceil(10);
            let seconds = cpu_seconds(|| (0..asked).try_for_each(|_| ask_ps()))?;
            Ok(1_000.0 * seconds / f64::from(asked))
        },
    )?;
    let name = format!("a look at {} runs, {how}", subjects.len());
    Figure::new(name, "ms of processor time", "ps", pairs).aiming_at(Bar::AtMost(10.0)).tell()
}

fn ask_ps() -> Result<(), Failure> {
    let args = ["-e", "-o", "pid,ppid,rss,cputimes"];
    let status = Command::new("ps").args(args).stdout(Stdio::null()).status()?;
    status.success().then_some(()).ok_or_else(|| "ps failed".into())
}

/// A run whose job waits, with three processes below it.
struct At {
    run: RunId,
    handle: KeeperHandle,
    reports: KeeperReports,
}

impl At {
    fn begin(number: usize) -> Result<Self, Failure> {
        let run = RunId::try_from(format!("bench-{}-{number}", std::process::id()))?;
        let mut job = Job::new("/bin/sh", std::env::temp_dir(), run.clone());
        let script = "sleep 1000 & sleep 1000 & sleep 1000 & wait";
        job.args = vec!["-c".to_owned(), script.to_owned()];
        job.env.insert("PATH".to_owned(), std::env::var("PATH")?);
        let launcher = Launcher::at(std::env::current_exe()?);
        let (handle, reports) = launcher.start(&job, ChildStdio::null()?)?;
        Ok(Self { run, handle, reports })
    }

    fn subject(&self, pid: u32) -> Subject {
        Subject { run: self.run.clone(), marker: self.run.clone(), pid }
    }

    fn end(self) -> Result<(), Failure> {
        self.handle.kill();
        self.reports.wait()?;
        Ok(())
    }
}
