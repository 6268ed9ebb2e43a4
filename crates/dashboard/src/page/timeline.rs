//! Where the time of runs went: a waterfall with a row for each run, and a table of a run's iterations.

use herder_view::{IterationItem, WholeRun};
use jiff::Timestamp;
use maud::{Markup, html};

use super::format;
use super::now::{moment, money};
use crate::chart::{Lane, Part, waterfall};
use crate::numbers::Unit;

/// The runs of a goal side by side, one lane each.
pub fn timeline(runs: &[WholeRun]) -> Markup {
    let first = runs.iter().map(|run| run.item.ordered_at).min();
    let Some(first) = first.filter(|_| runs.iter().any(|run| !run.steps.is_empty())) else {
        return html! {};
    };
    let lanes: Vec<Lane> = runs.iter().map(|run| lane(run, first)).collect();
    html! {
        section aria-labelledby="time" {
            h2 id="time" { "Where the time went" }
            (waterfall("Time line", &lanes))
        }
    }
}

fn lane(run: &WholeRun, first: Timestamp) -> Lane {
    let mut parts = Vec::new();
    for step in &run.steps {
        let mut from = seconds(first, step.started_at);
        let end = seconds(first, step.ended_at);
        // Within an iteration it is known how long each took, not when: they stand one after the other.
        for (name, class, length) in [
            ("thinking", "c1", step.llm_seconds),
            ("tools and gate", "c2", step.tools_seconds),
            ("waiting", "c4", step.waiting_seconds),
            ("overhead", "c3", step.overhead_seconds),
        ] {
            let to = (from + length).min(end);
            if to > from {
                parts.push(Part { name, class, from, to });
            }
            from = to;
        }
    }
    let from = seconds(first, run.item.ordered_at);
    let last = parts.iter().map(|part| part.to).fold(from, f64::max);
    let to = run.ended_at.map_or(last, |end| seconds(first, end).max(last));
    Lane { name: format!("attempt {}", run.item.attempt), from, to, parts }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

/// The iterations of a run.
pub fn steps(run: &WholeRun) -> Markup {
    html! {
        @if !run.steps.is_empty() {
            h3 { "Iterations of attempt " (run.item.attempt) }
            div class="wide" { table {
                thead { tr { @for title in ["Iteration", "Ended", "Gate", "Thinking", "Tools", "Overhead", "Waiting", "Cost", "Tokens", "Snapshot", "Begun"] { th scope="col" { (title) } } } }
                tbody { @for step in &run.steps { (row(step)) } }
            } }
            @for step in &run.steps {
                @if let Some(progress) = &step.progress { p { b { (step.iteration) ": " } (progress) } }
            }
        }
    }
}

fn row(step: &IterationItem) -> Markup {
    let time = |seconds| format::figure(Unit::Seconds, seconds);
    html! {
        tr {
            th scope="row" { (step.iteration) }
            td { (step.ending) }
            td { (step.gate.unwrap_or("not asked")) }
            td { (time(step.llm_seconds)) }
            td { (time(step.tools_seconds)) }
            td { (time(step.overhead_seconds)) }
            td { (time(step.waiting_seconds)) }
            td { (money(step.cost)) }
            td { (format::count(step.tokens as f64)) }
            td { @if let Some(commit) = &step.snapshot { code { (commit.chars().take(10).collect::<String>()) } } }
            td { (moment(step.started_at)) }
        }
    }
}
