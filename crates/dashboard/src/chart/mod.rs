//! Charts as SVG that the server draws: no script, no style of their own beyond classes, and a table behind each.

mod axis;
mod bars;
mod lines;
mod share;
mod waterfall;

use maud::{Markup, html};

pub use bars::bars;
pub use lines::lines;
pub use share::share;
pub use waterfall::{Lane, Part, waterfall};

use crate::numbers::Unit;
use crate::page::format;

/// The width of a chart, in its own units; it is as wide as its column on the page.
const WIDTH: f64 = 720.0;

/// The height of a chart over time.
const HEIGHT: f64 = 180.0;

/// Room for the texts at the left, at the bottom and above.
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 10.0;

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it shows, in a few words.
    pub title: String,
    /// What one place on the line at the bottom is called, from left to right.
    pub places: Vec<String>,
    /// What is drawn at the places.
    pub series: Vec<Series>,
    /// In which unit.
    pub unit: Unit,
}

/// Figures of one kind, one for each place.
#[derive(Clone, Debug)]
pub struct Series {
    /// What they are.
    pub name: &'static str,
    /// The class that gives them their colour: `c1` to `c4`.
    pub class: &'static str,
    /// The figures; `None` where nobody knows.
    pub figures: Vec<Option<f64>>,
}

impl Plot {
    /// The chart with its title, its key and its table.
    fn framed(&self, drawing: &Markup) -> Markup {
        html! {
            figure class="chart" {
                figcaption {
                    (self.title)
                    @if self.series.len() > 1 {
                        span class="key" {
                            @for series in &self.series { span class=(series.class) { (series.name) } " " }
                        }
                    }
                }
                (drawing)
                details { summary { "Table" } (self.table()) }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            div class="wide" { table {
                thead { tr { th scope="col" { "From" } @for series in &self.series { th scope="col" { (series.name) } } } }
                tbody {
                    @for (number, place) in self.places.iter().enumerate() {
                        tr {
                            th scope="row" { (place) }
                            @for series in &self.series {
                                td { (format::known(self.unit, series.figures.get(number).copied().flatten())) }
                            }
                        }
                    }
                }
            } }
        }
    }

    /// The frame that all drawings over time share: lines with their figures, and the first and last place.
    fn grid(&self, axis: &axis::Axis, drawing: &Markup) -> Markup {
        let bottom = HEIGHT - BOTTOM;
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(self.summary()) {
                @for tick in axis.ticks() {
                    @let y = axis.y(tick);
                    line class="grid" x1=(LEFT) x2=(WIDTH) y1=(number(y)) y2=(number(y)) {}
                    text class="tick" x=(LEFT - 6.0) y=(number(y + 4.0)) text-anchor="end" { (format::figure(self.unit, tick)) }
                }
                (drawing)
                @if let (Some(first), Some(last)) = (self.places.first(), self.places.last()) {
                    text class="tick" x=(LEFT) y=(bottom + 16.0) { (first) }
                    @if first != last {
                        text class="tick" x=(WIDTH) y=(bottom + 16.0) text-anchor="end" { (last) }
                    }
                }
            }
        }
    }

    /// What the drawing says to somebody who does not see it.
    fn summary(&self) -> String {
        let of = |series: &Series| {
            let known: Vec<f64> = series.figures.iter().copied().flatten().collect();
            let least = known.iter().copied().reduce(f64::min);
            let most = known.iter().copied().reduce(f64::max);
            let last = known.last().copied();
            let told = |figure| format::known(self.unit, figure);
            format!("{}: least {}, most {}, last {}", series.name, told(least), told(most), told(last))
        };
        let series: Vec<String> = self.series.iter().map(of).collect();
        format!("{}. {}", self.title, series.join("; "))
    }

    /// Where a place begins, and how wide it is.
    fn slot(&self, number: usize) -> (f64, f64) {
        let width = (WIDTH - LEFT) / self.places.len().max(1) as f64;
        (LEFT + width * number as f64, width)
    }
}

/// A coordinate with as many places as can be seen.
fn number(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}
