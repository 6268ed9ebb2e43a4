//! `herder stats`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use herder_domain::duration::Span;
use herder_domain::repo::RepoId;
use herder_record::StatsFile;
use herder_record::Totals;
use herder_record::stats::{BrokenLine, Sum};
use serde::Serialize;
use serde_json::json;

use crate::args::{self, Group};
use crate::call::Call;
use crate::failure::Failure;
use crate::item::money;
use crate::output::{Reply, Table, encoded};

/// How many flaky items are shown by name.
const FLAKY_SHOWN: usize = 5;

#[derive(Debug, Serialize)]
struct GroupItem<'t> {
    name: &'t str,
    #[serde(flatten)]
    sum: &'t Sum,
}

/// Adds up what runs cost.
pub fn stats(call: &Call, args: &args::Stats) -> Result<Reply, Failure> {
    let path = match &args.file {
        Some(file) if !file.is_file() => {
            return Err(Failure::not_found(format!("there is no file {}", file.display()))
                .hint("without --file it is stats.jsonl of the state directory"));
        }
        Some(file) => file.clone(),
        None => call.state()?.stats(),
    };
    let of_repo = |repo: Option<&str>| match &call.repo {
        Some(name) => {
            repo.and_then(|repo| repo.parse::<RepoId>().ok()).is_some_and(|repo| repo.answers_to(name))
        }
        None => true,
    };
    let (totals, broken) = StatsFile::at(path).totals_of(|row| of_repo(row.repo()))?;
    match args.by {
        Some(group) => by(&totals, group, &broken),
        None => all(&totals, &broken),
    }
}

fn groups(totals: &Totals, group: Group) -> (&'static str, &BTreeMap<String, Sum>) {
    match group {
        Group::Repo => ("repo", &totals.by_repo),
        Group::Model => ("model", &totals.by_model),
        Group::Outcome => ("outcome", &totals.by_outcome),
    }
}

fn by(totals: &Totals, group: Group, broken: &[BrokenLine]) -> Result<Reply, Failure> {
    let (word, sums) = groups(totals, group);
    let items: Vec<GroupItem<'_>> = sums.iter().map(|(name, sum)| GroupItem { name, sum }).collect();
    let json = json!({
        "by": word,
        "items": encoded(&items)?,
        "all": encoded(&totals.all)?,
        "flaky": totals.flaky,
        "broken": lines(broken),
    });
    Ok(Reply::one(&json, table(totals, &[group]))?.and(&flakes(totals)).and(&complaint(broken)))
}

fn all(totals: &Totals, broken: &[BrokenLine]) -> Result<Reply, Failure> {
    let json = json!({
        "all": encoded(&totals.all)?,
        "by_repo": encoded(&totals.by_repo)?,
        "by_model": encoded(&totals.by_model)?,
        "by_outcome": encoded(&totals.by_outcome)?,
        "flaky": totals.flaky,
        "broken": lines(broken),
    });
    let text = table(totals, &[Group::Repo, Group::Model, Group::Outcome]);
    Ok(Reply::one(&json, text)?.and(&flakes(totals)).and(&complaint(broken)))
}

/// How often gates changed their mind, and about what most often.
fn flakes(totals: &Totals) -> String {
    let count = totals.all.gate_flakes;
    if count == 0 {
        return String::new();
    }
    let mut names: Vec<(&String, &u64)> = totals.flaky.iter().collect();
    names.sort_by_key(|(name, runs)| (Reverse(**runs), *name));
    let shown =
        names.iter().take(FLAKY_SHOWN).map(|(name, runs)| format!("  {name} ({})\n", counted(**runs, "run")));
    let rest = match names.len().saturating_sub(FLAKY_SHOWN) {
        0 => String::new(),
        more => format!("  and {more} more\n"),
    };
    let times = counted(count, "time");
    std::iter::once(format!("gates changed their mind {times}\n")).chain(shown).chain([rest]).collect()
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn lines(broken: &[BrokenLine]) -> Vec<u64> {
    broken.iter().map(|broken| broken.line).collect()
}

fn complaint(broken: &[BrokenLine]) -> String {
    match broken.first() {
        Some(first) => format!(
            "{} lines are no rows and were left out; the first is line {}: {}\n",
            broken.len(),
            first.line,
            first.reason
        ),
        None => String::new(),
    }
}

fn table(totals: &Totals, shown: &[Group]) -> String {
    let mut table = Table::new(&["", "runs", "done", "cost", "tokens", "working", "waiting", "lines"]);
    if totals.all.runs == 0 {
        return table.or("no run has ended yet");
    }
    for group in shown {
        let (word, sums) = groups(totals, *group);
        for (name, sum) in sums {
            let name = if name.is_empty() { "-" } else { name };
            table.row(row(&format!("{word} {name}"), sum));
        }
    }
    table.row(row("all", &totals.all));
    table.or("")
}

fn row(name: &str, sum: &Sum) -> [String; 8] {
    let known = match sum.unknown_costs {
        0 => money(sum.cost()),
        unknown => format!("${:.2} + {unknown} unknown", sum.known_cost_usd),
    };
    [
        name.to_owned(),
        sum.runs.to_string(),
        sum.successes.to_string(),
        known,
        tokens(sum),
        span(sum.time_seconds.total),
        span(sum.waiting_seconds),
        format!("+{} -{}", sum.lines_added, sum.lines_deleted),
    ]
}

/// What is known of tokens, and of how many runs nothing is.
fn tokens(sum: &Sum) -> String {
    match sum.unknown_tokens {
        0 => sum.tokens.total().to_string(),
        unknown if unknown == sum.runs => "unknown".to_owned(),
        unknown => format!("{} + {unknown} unknown", sum.tokens.total()),
    }
}

fn span(seconds: f64) -> String {
    Span(Duration::try_from_secs_f64(seconds).unwrap_or_default()).to_string()
}
