//! A table of groups of runs.

use maud::{Markup, html};

use super::format;
use crate::chart::share;
use crate::http::query;
use crate::numbers::{Dimension, Group, Question, Summary, Unit};

/// How many groups a page shows; all of them are in the download.
const SHOWN: usize = 50;

/// The groups, each a link to the same question about it alone.
pub fn table(question: &Question, by: Dimension, groups: &[Group]) -> Markup {
    html! {
        div class="wide" { table {
            thead { tr {
                th scope="col" { (by.title()) }
                @for title in ["Runs", "Goals", "Goals met", "Retried", "Cost", "Per goal met", "Working time"] {
                    th scope="col" { (title) }
                }
                th scope="col" { "Thinking, tools, overhead" }
                th scope="col" { "Lines" }
            } }
            tbody { @for group in groups.iter().take(SHOWN) { (row(question, by, group)) } }
        } }
        @if groups.len() > SHOWN {
            p { "The " (SHOWN) " with the most runs of " (groups.len()) "; the download has all." }
        }
    }
}

fn row(question: &Question, by: Dimension, group: &Group) -> Markup {
    let sum = &group.sum;
    html! {
        tr {
            th scope="row" {
                @if group.name.is_empty() { "none" } @else {
                    a href={ "/numbers?" (query(&question.narrowed(by, &group.name))) } { (group.name) }
                }
            }
            td { (format::count(sum.done.of as f64)) }
            td { (format::count(sum.goals_done.of as f64)) }
            td { (format::share(sum.goals_done)) }
            td { (sum.retried.value().map_or_else(String::new, format::percent)) }
            td { (cost(sum)) }
            td { (format::known(Unit::Dollars, sum.cost_per_done_goal)) }
            td { (format::seconds(working(sum))) }
            td { (time_split(sum)) }
            td { (format::count(sum.lines)) }
        }
    }
}

/// What runs cost, with how many nobody knows of.
pub fn cost(sum: &Summary) -> String {
    match sum.unknown_costs {
        0 => format::dollars(sum.known_cost_usd),
        unknown => format!("{} + {unknown} unknown", format::dollars(sum.known_cost_usd)),
    }
}

/// Working time in seconds.
pub fn working(sum: &Summary) -> f64 {
    sum.llm_seconds + sum.tools_seconds + sum.overhead_seconds
}

/// Thinking against tools against overhead.
pub fn time_split(sum: &Summary) -> Markup {
    share(
        Unit::Seconds,
        &[
            ("thinking", "c1", sum.llm_seconds),
            ("tools", "c2", sum.tools_seconds),
            ("overhead", "c3", sum.overhead_seconds),
        ],
    )
}
