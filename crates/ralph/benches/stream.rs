//! An agent's stream on its way through a ralph: lines, decoder, redaction, `events.jsonl`, `ralph.log`, spend.
//!
//! The peer reads the same file and writes it again as JSON: `jq -c .`. The stream is made of the shapes that
//! Claude Code prints, with tool results of a few kilobytes, and a second one has lines of 10 MiB.
//!
//! `cargo bench -p herder-ralph --bench stream`

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use herder_agent::{Expected, Invocation, Line, Lines, Registry, Session};
use herder_domain::agent::Reasoning;
use herder_domain::run::RunSpec;
use herder_ralph::voice;
use herder_record::run::EventsWriter;
use herder_record::{Redactor, RunDir, RunLock, RunWriter, StateDir};
use herder_testkit::pairs::{Bar, Failure, Figure, Pair, cpu_seconds, interleaved, is_quick, pairs};
use serde_json::{Value, json};

const MEGABYTE: f64 = 1e6;
const MEBIBYTE: f64 = 1_048_576.0;
/// The length of a long line.
const LONG_LINE: usize = 10 << 20;
/// What long lines may cost, MiB: what is kept of one (4 MiB) and one more copy of it need 8.
const MEMORY_BAR: f64 = 10.0;
/// The stream of short lines, and that of long ones.
const PLAIN: &str = "stream.jsonl";
const LONG: &str = "long.jsonl";
/// Processor time is told in hundredths of a second.
const SHORTEST: f64 = 0.01;
/// What is read at once, as a ralph reads an agent's pipe.
const CHUNK: usize = 64 << 10;

/// Runs this program again to hear one stream after another, and to tell how much memory the second took.
const MEMORY: &str = "HERDER_BENCH_MEMORY";

fn main() -> Result<(), Failure> {
    if let Some(dir) = std::env::var_os(MEMORY) {
        return hear_within(Path::new(&dir));
    }
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let plain = dir.path().join(PLAIN);
    fs_err::write(&plain, stream(if is_quick() { 100 } else { 8_000 }, 4 << 10)?)?;
    figure("an agent's stream", dir.path(), &plain)?;
    let long = dir.path().join(LONG);
    fs_err::write(&long, stream(6, LONG_LINE)?)?;
    figure("lines of 10 MiB", dir.path(), &long)?;
    memory("memory for lines of 10 MiB", dir.path())?;
    fs_err::write(&long, vec![b'x'; 20 * LONG_LINE])?;
    memory("memory for a line of 200 MiB that does not end", dir.path())
}

#[expect(clippy::print_stdout, reason = "a figure is to be read")]
fn figure(name: &str, dir: &Path, file: &Path) -> Result<(), Failure> {
    let size = fs_err::metadata(file)?.len() as f64 / MEGABYTE;
    let rate = |seconds: f64| size / seconds.max(SHORTEST);
    let mut round = 0;
    let mut ours = || {
        round += 1;
        let mut ralph = Ralph::new(&dir.join(format!("{name}-{round}")))?;
        Ok(rate(cpu_seconds(|| ralph.hear(file))?))
    };
    if Command::new("jq").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("{name}: {:.0} MB per second of a core; left out: jq is not on PATH", ours()?);
        return Ok(());
    }
    let pairs = interleaved(pairs(), ours, || Ok(rate(cpu_seconds(|| jq(file))?)))?;
    let figure = Figure::new(name, "MB per second of a core", "jq -c .", pairs);
    figure.aiming_at(Bar::RatioAtLeast(1.0)).aiming_at(Bar::AtLeast(100.0)).tell()
}

/// What a ralph does with what it hears, without the process that says it.
struct Ralph {
    writer: RunWriter,
    events: EventsWriter,
    session: Box<dyn Session>,
    begun: Instant,
}

impl Ralph {
    fn new(dir: &Path) -> Result<Self, Failure> {
        let state = StateDir::at(dir);
        state.create()?;
        let redactor = Arc::new(Redactor::new(["hunter2-secret-value", "another-long-secret"])?);
        let run = RunDir::create(&state, &order()?, "## Objective\nDo it.\n", &redactor)?;
        let lock = RunLock::try_take(&run)?.ok_or("the run is taken")?;
        let writer = RunWriter::new(run, lock, redactor);
        let events = writer.events()?;
        Ok(Self { writer, events, session: session()?, begun: Instant::now() })
    }

    fn hear(&mut self, file: &Path) -> Result<(), Failure> {
        let (mut file, mut lines, mut chunk) = (File::open(file)?, Lines::default(), vec![0; CHUNK]);
        let mut failed = None;
        loop {
            let length = file.read(&mut chunk)?;
            if length == 0 {
                return failed.map_or(Ok(()), Err);
            }
            lines.feed(&chunk[..length], |line| {
                if let Err(error) = self.line(line) {
                    failed = Some(error);
                }
            });
        }
    }

    fn line(&mut self, line: Line<'_>) -> Result<(), Failure> {
        let at = self.begun.elapsed();
        self.events.line(&String::from_utf8_lossy(line.bytes))?;
        for event in self.session.line(line, at) {
            if let Some(text) = voice::line(&event) {
                self.writer.log(&text)?;
            }
            std::hint::black_box(self.session.spend(at));
        }
        Ok(())
    }
}

fn session() -> Result<Box<dyn Session>, Failure> {
    let agent = Registry::new("herder".into(), [])?.agent("claude")?;
    let env = BTreeMap::new();
    Ok(agent.session(&Invocation {
        prompt: "",
        model: "sonnet",
        reasoning: Reasoning::Med,
        expected: Expected::Answer,
        home: Path::new("/"),
        tmpdir: Path::new("/"),
        budget_usd: None,
        credential: None,
        env: &env,
        is_root: false,
        place: None,
    }))
}

fn order() -> Result<RunSpec, Failure> {
    let clocks = serde_json::to_value(herder_domain::setup::Clocks::default())?;
    Ok(serde_json::from_value(json!({
        "schema": RunSpec::SCHEMA, "run": "app-1-1-abcdef", "goal": null, "title": "T", "story": null, "attempt": 1,
        "agent": "claude", "model": "sonnet", "reasoning": "med",
        "budget": {"duration": 60.0, "iterations": null, "tokens": null, "usd": null},
        "base_branch": "main", "base_commit": "5bd86d40fc891b4a6a50df4db4d66a3a47469a4d",
        "created_at": "2026-11-01T22:00:00Z", "queue_seconds": 0.0,
        "context": {"is_resumed": false, "conflicts": []},
        "setup": {
            "clone": "/c", "room": "/r", "caches": "/k", "clocks": clocks,
            "agent": {"kind": "claude", "program": null, "args": [], "base_url": null, "credential": null,
                "summarizer": null},
            "gate": {"gate": "missing"}, "read": [], "write": [], "pass": [], "secrets": [],
            "author": {"name": "herder", "email": "herder@localhost"},
        },
    }))?)
}

/// `turns` calls of a tool, each with a result of about `size` bytes.
fn stream(turns: usize, size: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut add = |event: Value| -> Result<(), Failure> {
        serde_json::to_writer(&mut bytes, &event)?;
        bytes.push(b'\n');
        Ok(())
    };
    add(json!({"type": "system", "subtype": "init", "model": "sonnet", "claude_code_version": "2.1.330"}))?;
    let output =
        "test wording::a_sentence ... \"ok\"\n\tat src/main.rs:17:5 in café::größe\n".repeat(size / 72);
    for turn in 0..turns {
        let (id, message) = (format!("toolu_{turn:08}"), format!("msg_{turn:08}"));
        let usage = json!({"input_tokens": 100, "cache_read_input_tokens": 1_000, "output_tokens": 20});
        let block =
            json!({"type": "tool_use", "id": id, "name": "Bash", "input": {"command": "cargo test -p app"}});
        add(json!({"type": "assistant", "message": {"id": message, "role": "assistant", "model": "sonnet",
            "content": [{"type": "text", "text": "Now I run the tests."}, block], "usage": usage}}))?;
        let result = json!({"type": "tool_result", "tool_use_id": id, "content": output, "is_error": false});
        add(json!({"type": "user", "message": {"role": "user", "content": [result]},
            "tool_use_result": {"stdout": output, "stderr": "", "interrupted": false}}))?;
    }
    add(json!({"type": "result", "subtype": "success", "is_error": false, "total_cost_usd": 1.0,
        "structured_output": {"status": "done", "summary": "It is done."}}))?;
    Ok(bytes)
}

fn jq(file: &Path) -> Result<(), Failure> {
    let input = Stdio::from(File::open(file)?);
    let status = Command::new("jq").args(["-c", "."]).stdin(input).stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err("jq failed".into()) }
}

/// How much more memory a ralph that has heard a stream of short lines needs for long ones, as told by another process
/// of this program: this one has had them in memory itself.
fn memory(name: &str, dir: &Path) -> Result<(), Failure> {
    let output = Command::new(std::env::current_exe()?).env(MEMORY, dir).output()?;
    let text = String::from_utf8(output.stdout)?;
    let ours: f64 = text.trim().parse().map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let pair = Pair { ours, theirs: LONG_LINE as f64 / MEBIBYTE };
    Figure::new(name, "MiB", "such a line", vec![pair]).aiming_at(Bar::AtMost(MEMORY_BAR)).tell()
}

/// Hears the stream of short lines, and prints how many MiB more than before the other one needs at its peak.
#[expect(clippy::print_stdout, reason = "it is asked for it")]
fn hear_within(dir: &Path) -> Result<(), Failure> {
    let mut ralph = Ralph::new(&dir.join(format!("memory-{}", std::process::id())))?;
    ralph.hear(&dir.join(PLAIN))?;
    // Sets the peak back to what is resident now (proc_pid_clear_refs(5)).
    fs_err::write("/proc/self/clear_refs", "5")?;
    let before = peak_resident()?;
    ralph.hear(&dir.join(LONG))?;
    println!("{:.2}", (peak_resident()? - before) as f64 / MEBIBYTE);
    Ok(())
}

/// The most memory that this process has had resident, bytes (`VmHWM` of proc_pid_status(5)).
fn peak_resident() -> Result<u64, Failure> {
    let text = fs_err::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}
