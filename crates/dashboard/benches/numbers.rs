//! A million rows of `stats.jsonl`: reading them, and every page of numbers, beside DuckDB and jq with the same question.
//!
//! `cargo bench -p herder-dashboard`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use herder_dashboard::numbers::{Answer, Dimension, Question};
use herder_dashboard::{Bind, Book, Site, serve};
use herder_testkit::pairs::{Bar, Failure, Figure, Pair, interleaved, is_quick, pairs, seconds};
use herder_testkit::until::until;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

type Result<T> = std::result::Result<T, Failure>;

const ROWS: u64 = 1_000_000;
const ROWS_IN_HASTE: u64 = 2_000;

/// How often a file of half a gigabyte is read by each.
const READINGS: usize = 3;

const HOPELESS: Duration = Duration::from_secs(600);

/// The question of [`median_cost`], as SQL.
const SQL: &str = "SELECT model, count(*), quantile_cont(cost_usd, 0.5), quantile_cont(cost_usd, 0.9) FROM runs GROUP BY model";

/// The same for jq: cost by model, sorted, the middle and nine tenths.
const JQ: &str = "reduce inputs as $row ({}; .[$row.model] += [$row.cost_usd]) | map_values(sort | [length, .[length / 2 | floor], .[length * 9 / 10 | floor]])";

fn main() -> Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (rows, file) = (if is_quick() { ROWS_IN_HASTE } else { ROWS }, dir.path().join("stats.jsonl"));
    write_rows(&file, rows)?;
    let database = dir.path().join("runs.duckdb");
    reading(&file, rows, &database)?;
    pages(&file, &database)?;
    from_the_file(&file)
}

/// Rows as herder writes them, some 500 bytes each: two years, 40 repositories, three runs of four done.
fn write_rows(path: &Path, rows: u64) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut file = BufWriter::new(File::create(path)?);
    let began = 1_700_000_000;
    for number in 0..rows {
        let at = |more: i64| {
            Timestamp::from_second(began + (number * 63_000_000 / rows) as i64 + more)
                .map(|at| at.to_string())
        };
        let (llm, tools) = (random.f64() * 3000.0, random.f64() * 2000.0);
        let repo = random.u8(..40);
        let row = json!({
            "goal_file": "goal.md", "started_at": at(0)?, "ended_at": at(60)?,
            "exit_reason": *random.choice(["done", "done", "done", "failed", "timeout"].iter()).unwrap_or(&"done"),
            "model": format!("model-{}", random.u8(..5)), "reasoning": "med", "iterations": random.u8(1..40),
            "tokens": { "input": random.u32(..9000), "output": random.u32(..9000), "cache_read": random.u32(..), "cache_create": 7 },
            "cost_usd": if random.u8(..20) == 0 { None } else { Some(random.f64() * 20.0) },
            "time_seconds": { "llm": llm, "tools": tools, "other": 10.5, "total": llm + tools + 10.5 },
            "lines_added": random.u16(..500), "lines_deleted": random.u16(..90), "name": "Make the thing do what it says",
            "schema": 1, "run": format!("run-{number}"), "goal": number / 3, "repo": format!("github.com/acme/repository-{repo}"),
            "story": random.u16(..300), "attempt": 1, "agent": "claude", "outcome": "accepted", "host": "box",
            "waiting_seconds": 0.0, "queue_seconds": random.f64() * 900.0, "labels": ["goal", format!("kind-{}", random.u8(..8))],
        });
        writeln!(file, "{row}")?;
    }
    Ok(file.flush()?)
}

/// The rows of a file in memory.
fn open(file: &Path) -> Arc<Book> {
    let book = Book::open(file, TimeZone::UTC);
    until("all rows read", HOPELESS, || book.reading().is_whole.then_some(()));
    book
}

fn reading(file: &Path, rows: u64, database: &Path) -> Result<()> {
    let rate = |seconds: f64| rows as f64 / seconds;
    let ours = || {
        Ok(rate(seconds(|| {
            drop(open(file));
            Ok(())
        })?))
    };
    let load = format!(
        "CREATE OR REPLACE TABLE runs AS SELECT * FROM read_json('{}', format='newline_delimited')",
        file.display()
    );
    let pairs =
        beside("duckdb", READINGS.min(pairs()), ours, || Ok(rate(seconds(|| duckdb(database, &load))?)))?;
    let Some((pairs, peer)) = pairs else { return Ok(()) };
    Figure::new("reading rows", "/s", peer, pairs).aiming_at(Bar::AtLeast(50_000.0)).tell()
}

fn pages(file: &Path, database: &Path) -> Result<()> {
    let book = open(file);
    let serving = serve(
        Site::of_numbers(Arc::clone(&book))?,
        &Bind::new(([127, 0, 0, 1], 0).into(), None)?,
        Vec::new(),
    )?;
    let asked = |by: Dimension| {
        let address = format!("http://{}/numbers?by={by}", serving.address());
        seconds(|| {
            ureq::get(&address).call()?.body_mut().read_to_vec()?;
            Ok(())
        })
    };
    for by in Dimension::ALL {
        let name = format!("the page of numbers by {by}");
        let pairs = beside("duckdb", pairs(), || asked(by), || seconds(|| duckdb(database, SQL)))?;
        let Some((pairs, peer)) = pairs else { continue };
        let peer = format!("{peer}, two quantiles of one figure by model, its start included");
        Figure::new(name, "s", peer, pairs).aiming_at(Bar::AtMost(0.1)).tell()?;
    }
    Ok(())
}

/// A question to a file that nobody has read yet.
fn from_the_file(file: &Path) -> Result<()> {
    let question = Question { by: Dimension::Model, ..Question::default() };
    let ours = || {
        seconds(|| {
            std::hint::black_box(Answer::to(&question, &open(file).columns()));
            Ok(())
        })
    };
    let jq = || seconds(|| ran(Command::new("jq").args(["-nc", JQ]).arg(file)));
    let Some((pairs, peer)) = beside("jq", 1, ours, jq)? else { return Ok(()) };
    Figure::new("a question to a file that was never read", "s", peer, pairs)
        .aiming_at(Bar::RatioAtMost(1.0))
        .tell()
}

/// Pairs with a peer. Without the peer ours is told alone.
#[expect(clippy::print_stdout, reason = "a figure is to be read")]
fn beside(
    peer: &'static str,
    count: usize,
    mut ours: impl FnMut() -> Result<f64>,
    theirs: impl FnMut() -> Result<f64>,
) -> Result<Option<(Vec<Pair>, String)>> {
    if Command::new(peer).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        println!("{:.3}; left out: {peer} is not on PATH", ours()?);
        return Ok(None);
    }
    Ok(Some((interleaved(count, ours, theirs)?, peer.to_owned())))
}

fn duckdb(database: &Path, sql: &str) -> Result<()> {
    ran(Command::new("duckdb").arg(database).args(["-c", sql]))
}

fn ran(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output()?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
}
