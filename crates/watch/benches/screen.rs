//! The terminal view while 50 runs write: what it costs where they write 200 MB/s together beside 1 MB/s, and how far it
//! is behind where each writes 100 KB/s. The writer is a process of its own, so that its time is not counted.
//!
//! `cargo bench -p herder-watch`

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use herder_domain::ledger::Cost;
use herder_domain::run::RunId;
use herder_record::StateDir;
use herder_testkit::pairs::{
    Bar, Failure, Figure, Pair, cpu_seconds, interleaved, is_quick, let_pass, pairs,
};
use herder_view::Work;
use herder_watch::{App, Item, Palette, Sight, Standing};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const RUNS: u64 = 50;

/// How often the writer writes to each log.
const BEATS: u64 = 20;

/// How large a log grows before it is rotated, as ralph's does (`herder_record`), bytes.
const LOG_LIMIT: u64 = 8 << 20;

/// How often the view looks, as on a terminal.
const TICK: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "write", state, bytes] => {
            bytes.parse().map_err(Failure::from).and_then(|bytes| write(Path::new(state), bytes))
        }
        _ => measure(),
    };
    match done {
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
    let span = Duration::from_secs(if is_quick() { 1 } else { 4 });
    let cost = |bytes: u64| -> Result<f64, Failure> {
        let mut scene = Scene::begin(bytes)?;
        let seconds = cpu_seconds(|| scene.look_for(span))?;
        Ok(100.0 * seconds / span.as_secs_f64())
    };
    let cpu = interleaved(pairs(), || cost(200_000_000), || cost(1_000_000))?;
    let name = "the terminal view, 50 runs that write 200 MB/s";
    Figure::new(name, "% of a core", "1 MB/s", cpu).aiming_at(Bar::RatioAtMost(1.5)).tell()?;
    let lag = |_| Ok::<_, Failure>(Pair { ours: Scene::begin(RUNS * 100_000)?.look_for(span)?, theirs: 1.0 });
    let lags = (0..pairs()).map(lag).collect::<Result<Vec<_>, _>>()?;
    let name = "how far the terminal view is behind, 50 runs that write 100 KB/s each";
    Figure::new(name, "s at most", "1 s", lags).aiming_at(Bar::AtMost(1.0)).tell()
}

/// 50 runs that write, and the view of them.
struct Scene {
    writer: Child,
    app: App,
    _temp: tempfile::TempDir,
}

impl Scene {
    fn begin(bytes: u64) -> Result<Self, Failure> {
        let temp = tempfile::tempdir()?;
        for number in 0..RUNS {
            fs::create_dir_all(log(temp.path(), number)?.parent().ok_or("a log has a directory")?)?;
        }
        let me = std::env::current_exe()?;
        let writer = Command::new(me).arg("write").arg(temp.path()).arg(bytes.to_string()).spawn()?;
        let mut app = App::new(StateDir::at(temp.path()), TimeZone::UTC, Palette::Colours);
        app.see(sight()?);
        let scene = Self { writer, app, _temp: temp };
        let first = log(scene._temp.path(), 0)?;
        while !first.exists() {
            let_pass(TICK);
        }
        Ok(scene)
    }

    /// Looks as a session on a terminal does; gives how far the screen was behind at most, in seconds.
    fn look_for(&mut self, span: Duration) -> Result<f64, Failure> {
        let mut terminal = Terminal::new(TestBackend::new(80, 24))?;
        let (begun, mut worst) = (Instant::now(), 0.0_f64);
        while begun.elapsed() < span {
            let_pass(TICK);
            // What stands there is older by a pause than when it was drawn.
            worst = worst.max(behind(terminal.backend()).unwrap_or_default());
            if self.app.is_stale() {
                terminal.draw(|frame| self.app.draw(frame))?;
            }
        }
        Ok(worst)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Where it has ended there is nothing to end.
        let _ = self.writer.kill();
        let _ = self.writer.wait();
    }
}

/// How old the newest line on the screen is.
fn behind(screen: &TestBackend) -> Option<f64> {
    let text = screen.to_string();
    let newest = text
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("at-")?.parse::<f64>().ok())
        .reduce(f64::max)?;
    Some(clock() - newest)
}

fn clock() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn run(number: u64) -> Result<RunId, Failure> {
    Ok(RunId::try_from(format!("app-{number}-1-abcdef"))?)
}

fn log(state: &Path, number: u64) -> Result<PathBuf, Failure> {
    Ok(state.join("runs").join(run(number)?.as_str()).join("ralph.log"))
}

/// Writes so many bytes a second into 50 logs together, until it is killed.
fn write(state: &Path, bytes: u64) -> Result<(), Failure> {
    let part = usize::try_from(bytes / RUNS / BEATS)?;
    let mut logs = Vec::new();
    for number in 0..RUNS {
        let path = log(state, number)?;
        logs.push((open(&path)?, path));
    }
    loop {
        let begun = Instant::now();
        for (file, path) in &mut logs {
            let line = format!("> Bash cargo test at-{:.3}\n", clock());
            let text = line.repeat((part / line.len()).max(1));
            file.write_all(text.as_bytes())?;
            if file.metadata()?.len() > LOG_LIMIT {
                fs::rename(&path, path.with_file_name("ralph.log.1"))?;
                *file = open(path)?;
            }
        }
        let_pass(Duration::from_millis(1000 / BEATS).saturating_sub(begun.elapsed()));
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    Ok(OpenOptions::new().create(true).append(true).open(path)?)
}

fn sight() -> Result<Sight, Failure> {
    let items =
        (0..RUNS).map(|number| Ok::<_, Failure>(item(run(number)?))).collect::<Result<Vec<_>, _>>()?;
    Ok(Sight { at: Timestamp::now(), items, needing: 0, queued: 0, gauges: Vec::new(), warnings: Vec::new() })
}

fn item(run: RunId) -> Item {
    let work = Work {
        goal: None,
        title: "Add a bell".into(),
        run: run.clone(),
        attempt: 1,
        agent: None,
        phase: "working".into(),
        detail: None,
        waiting_for: None,
        waiting_until: None,
        iteration: 1,
        ordered_at: Timestamp::now(),
        age_seconds: 0,
        cost: Cost::ZERO,
        tokens: 0,
        working_seconds: 0,
        cores: None,
        memory_bytes: None,
    };
    let standing = Standing::Works(work);
    Item { goal: None, title: "Add a bell".into(), run: Some(run), standing, orders: Vec::new(), pull: None }
}
