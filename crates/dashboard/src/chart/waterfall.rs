//! Lanes along a line of time, each with the parts that its time went into.

use maud::{Markup, html};

use super::{LEFT, WIDTH, number};
use crate::numbers::Unit;
use crate::page::format;

/// How high a lane is, and the room around its bar.
const LANE: f64 = 24.0;
const GAP: f64 = 5.0;
const BOTTOM: f64 = 20.0;

/// One row.
#[derive(Clone, Debug)]
pub struct Lane {
    /// What it is of.
    pub name: String,
    /// Where it begins and ends, in seconds from the beginning of the drawing.
    pub from: f64,
    /// The end.
    pub to: f64,
    /// What its time went into; what no part covers went by without a record.
    pub parts: Vec<Part>,
}

/// A stretch of one kind.
#[derive(Clone, Debug)]
pub struct Part {
    /// The kind.
    pub name: &'static str,
    /// The class that gives it its colour: `c1` to `c4`.
    pub class: &'static str,
    /// Where it begins, in seconds from the beginning of the drawing.
    pub from: f64,
    /// The end.
    pub to: f64,
}

/// Draws lanes below each other, with a key and a table.
pub fn waterfall(title: &str, lanes: &[Lane]) -> Markup {
    let end = lanes.iter().map(|lane| lane.to).fold(1.0, f64::max);
    let height = LANE * lanes.len() as f64 + BOTTOM;
    let kinds = kinds(lanes);
    html! {
        figure class="chart" {
            figcaption {
                (title)
                span class="key" { @for (name, class) in &kinds { span class=(class) { (name) } " " } }
            }
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label=(summary(lanes)) {
                @for (place, lane) in lanes.iter().enumerate() { (drawn(lane, LANE * place as f64, end)) }
                text class="tick" x=(LEFT) y=(number(height - GAP)) { "0" }
                text class="tick" x=(WIDTH) y=(number(height - GAP)) text-anchor="end" { (format::seconds(end)) }
            }
            details { summary { "Table" } (table(lanes, &kinds)) }
        }
    }
}

fn drawn(lane: &Lane, top: f64, end: f64) -> Markup {
    let x = |seconds: f64| LEFT + (WIDTH - LEFT) * (seconds / end).clamp(0.0, 1.0);
    // What is short is seen all the same.
    let width = |from: f64, to: f64| number((x(to) - x(from)).max(0.6));
    html! {
        text class="tick" x="0" y=(number(top + LANE - 8.0)) { (lane.name) }
        rect class="lane" x=(number(x(lane.from))) y=(number(top + GAP)) width=(width(lane.from, lane.to)) height=(number(LANE - 2.0 * GAP)) {}
        @for part in &lane.parts {
            rect class=(part.class) x=(number(x(part.from))) y=(number(top + GAP)) width=(width(part.from, part.to)) height=(number(LANE - 2.0 * GAP)) {
                title { (part.name) " " (format::seconds(part.to - part.from)) }
            }
        }
    }
}

/// The kinds of parts that there are, each once.
fn kinds(lanes: &[Lane]) -> Vec<(&'static str, &'static str)> {
    let mut kinds = Vec::new();
    for part in lanes.iter().flat_map(|lane| &lane.parts) {
        if !kinds.contains(&(part.name, part.class)) {
            kinds.push((part.name, part.class));
        }
    }
    kinds
}

fn sum(lane: &Lane, name: &str) -> f64 {
    lane.parts.iter().filter(|part| part.name == name).map(|part| part.to - part.from).sum()
}

fn summary(lanes: &[Lane]) -> String {
    let of = |lane: &Lane| {
        let parts = kinds(std::slice::from_ref(lane));
        let parts: Vec<String> =
            parts.iter().map(|(name, _)| format!("{name} {}", format::seconds(sum(lane, name)))).collect();
        format!("{}: {}", lane.name, parts.join(", "))
    };
    lanes.iter().map(of).collect::<Vec<_>>().join("; ")
}

fn table(lanes: &[Lane], kinds: &[(&'static str, &'static str)]) -> Markup {
    html! {
        div class="wide" { table {
            thead { tr { th scope="col" { "Run" } @for (name, _) in kinds { th scope="col" { (name) } } th scope="col" { "In all" } } }
            tbody { @for lane in lanes {
                tr {
                    th scope="row" { (lane.name) }
                    @for (name, _) in kinds { td { (format::figure(Unit::Seconds, sum(lane, name))) } }
                    td { (format::figure(Unit::Seconds, lane.to - lane.from)) }
                }
            } }
        } }
    }
}
