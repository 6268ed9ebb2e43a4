//! `cargo xtask bench`: every benchmark of the workspace, one after the other, and a table of what came out.
//!
//! Each one measures in pairs (`testkit::pairs`) and appends its figures to one file of JSON lines; nothing here
//! judges a time, for a machine that others use has no bar that a test may hold.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::root::target_directory;
use crate::step;

/// The variable that tells benchmarks where their figures go; `testkit::pairs::RESULTS` is the same.
const RESULTS: &str = "HERDER_BENCH_RESULTS";

/// The variable that has them show that they run, and no more; `testkit::pairs::QUICK` is the same.
const QUICK: &str = "HERDER_BENCH_QUICK";

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All of it, by optimised programs.
    Full,
    /// One pair of each at the smallest size, by the programs that tests use: whether they still run.
    Quick,
}

/// One benchmark: `crates/*/benches/<target>.rs`.
#[derive(Debug)]
pub struct Bench {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The name of its target, which no other package has.
    pub target: &'static str,
    /// One line for a person.
    pub about: &'static str,
}

impl Bench {
    fn command(&self, root: &Path, depth: Depth) -> Command {
        // Of the whole workspace, so that all are built with the same features: of a package alone cargo would
        // choose others and build all again. In haste as tests are built.
        let profile = match depth {
            Depth::Full => "bench",
            Depth::Quick => "dev",
        };
        let args = ["bench", "--quiet", "--workspace", "--profile", profile, "--bench", self.target];
        let mut cargo = step::cargo(root, args);
        if depth == Depth::Quick {
            cargo.env(QUICK, "1");
        }
        cargo
    }
}

/// All benchmarks, in the order in which they are run.
pub const BENCHES: &[Bench] = &[
    Bench { name: "plan", target: "plan", about: "the planner over long queues, beside sorting them" },
    Bench {
        name: "capacity",
        target: "capacity",
        about: "a week of 187 goals on 48 virtual processors, auto beside 2, 3 and more slots",
    },
    Bench { name: "store", target: "append", about: "durable transitions, beside bare SQLite transactions" },
    Bench { name: "screen", target: "screen", about: "the terminal view while 50 runs write" },
    Bench { name: "sample", target: "sample", about: "what 50 runs use, looked at once, beside ps" },
    Bench {
        name: "stream",
        target: "stream",
        about: "an agent's events through decoder, redaction, log and ledger, beside jq",
    },
    Bench { name: "workspace", target: "prepare", about: "a run's workspace, beside tar and git clone" },
    Bench {
        name: "iterate",
        target: "iterate",
        about: "what an iteration costs beside the agent, beside the bare git calls",
    },
    Bench {
        name: "start",
        target: "start",
        about: "from the queue to the agent's start, beside git clone, pueue, task-spooler and nq",
    },
    Bench {
        name: "night",
        target: "night",
        about: "200 goals from queued to landed, beside pueue with a script",
    },
    Bench {
        name: "idle",
        target: "idle",
        about: "memory and context switches while nothing happens, beside pueue's daemon",
    },
    Bench {
        name: "live",
        target: "live",
        about: "each page of what is at work with 100,000 goals in the database",
    },
    Bench {
        name: "numbers",
        target: "numbers",
        about: "a million rows of stats.jsonl: reading them and each page of numbers, beside DuckDB and jq",
    },
];

/// Runs the benchmarks that are named (all when none is) and says whether each ran to its end.
///
/// # Errors
/// When a name is not that of a benchmark, cargo cannot be started, or the figures cannot be read.
pub fn run(root: &Path, names: &[String], depth: Depth) -> Result<bool> {
    let chosen = choose(names)?;
    let results = target_directory(root).join("bench.jsonl");
    fs_err::create_dir_all(target_directory(root))?;
    fs_err::write(&results, "")?;
    let mut failed = Vec::new();
    for bench in chosen {
        println!("\n--> {}: {}", bench.name, bench.about);
        if !step::run(bench.command(root, depth).env(RESULTS, &results))? {
            failed.push(bench.name);
        }
    }
    println!("\n{}", table(&fs_err::read_to_string(&results)?)?);
    if !failed.is_empty() {
        println!("did not run to the end: {}", failed.join(", "));
    }
    Ok(failed.is_empty())
}

fn choose(names: &[String]) -> Result<Vec<&'static Bench>> {
    let is_known = |name: &&String| BENCHES.iter().any(|bench| bench.name == name.as_str());
    if let Some(stranger) = names.iter().find(|name| !is_known(name)) {
        let known: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("no benchmark is called {stranger:?}; there are: {}", known.join(", "));
    }
    let is_chosen = |bench: &&Bench| names.is_empty() || names.iter().any(|name| name == bench.name);
    Ok(BENCHES.iter().filter(is_chosen).collect())
}

/// The figures as a table in Markdown.
fn table(lines: &str) -> Result<String> {
    let mut text =
        String::from("| what | herder [95 %] | peer | ratio [95 %] | bars |\n|---|---|---|---|---|\n");
    for line in lines.lines() {
        text += &row(line).with_context(|| format!("failed to read a figure: {line}"))?;
    }
    Ok(text)
}

fn row(line: &str) -> Result<String> {
    let figure: serde_json::Value = serde_json::from_str(line)?;
    let word = |key: &str| figure[key].as_str().with_context(|| format!("no {key}"));
    // Beside a peer's zero there is no ratio.
    let number = |key: &str| match &figure[key] {
        serde_json::Value::Null => Ok(f64::NAN),
        value => value.as_f64().with_context(|| format!("no {key}")),
    };
    let (name, unit, peer) = (word("name")?, word("unit")?, word("peer")?);
    let bars = figure["bars"].as_array().context("no bars")?;
    let judged =
        |one: &serde_json::Value| Some(format!("{}: {}", one["bar"].as_str()?, one["verdict"].as_str()?));
    let bars: Option<Vec<String>> = bars.iter().map(judged).collect();
    let bars = bars.context("a bar without a verdict")?.join("; ");
    let (ours, theirs) = (number("ours")?, number("theirs")?);
    let (least, most) = (number("least")?, number("most")?);
    let (ratio, low, high) = (number("ratio")?, number("low")?, number("high")?);
    Ok(format!(
        "| {name} | {ours:.2} [{least:.2}, {most:.2}] {unit} | {peer}: {theirs:.2} | \
         {ratio:.2} [{low:.2}, {high:.2}] | {bars} |\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_become_rows() {
        let line = r#"{"name":"plan","unit":"ms","peer":"a sort","pairs":9,"ours":0.5,"least":0.4,"most":0.7,
            "theirs":0.1,"ratio":5.0,"low":4.0,"high":6.0,"bars":[{"bar":"<= 1 ms","verdict":"met"}]}"#
            .replace('\n', "");
        let text = table(&line).unwrap();
        let row = "| plan | 0.50 [0.40, 0.70] ms | a sort: 0.10 | 5.00 [4.00, 6.00] | <= 1 ms: met |\n";
        assert!(text.ends_with(row), "{text}");
        let unrelated = line.replace("5.0", "null").replace("4.0", "null").replace("6.0", "null");
        assert!(table(&unrelated).unwrap().contains("NaN [NaN, NaN]"));
        assert!(table("{}").is_err());
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = choose(&["nihgt".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("nihgt") && error.contains("night"), "{error}");
        assert_eq!(choose(&[]).unwrap().len(), BENCHES.len());
    }
}
