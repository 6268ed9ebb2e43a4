//! Lines over time.

use maud::{Markup, html};

use super::axis::Axis;
use super::{Plot, Series, number};

/// Draws a line for each series; where nobody knows a figure the line has a gap.
pub fn lines(plot: &Plot) -> Markup {
    let figures = plot.series.iter().flat_map(|series| series.figures.iter().copied().flatten());
    let axis = Axis::reaching(figures.fold(0.0, f64::max), plot.unit);
    let drawing = html! {
        @for series in &plot.series {
            @for stretch in stretches(plot, &axis, series) {
                @match stretch.as_slice() {
                    [(x, y)] => circle class={ (series.class) " dot" } cx=(number(*x)) cy=(number(*y)) r="2.5" {},
                    points => polyline class={ (series.class) " line" } points=(joined(points)) {},
                }
            }
        }
    };
    plot.framed(&plot.grid(&axis, &drawing))
}

/// The points between two gaps.
fn stretches(plot: &Plot, axis: &Axis, series: &Series) -> Vec<Vec<(f64, f64)>> {
    let placed: Vec<(usize, Option<f64>)> = series.figures.iter().copied().enumerate().collect();
    let point = |(place, figure): &(usize, Option<f64>)| {
        let (x, width) = plot.slot(*place);
        figure.map(|figure| (x + width / 2.0, axis.y(figure)))
    };
    let stretches = placed.split(|(_, figure)| figure.is_none()).filter(|stretch| !stretch.is_empty());
    stretches.map(|stretch| stretch.iter().filter_map(point).collect()).collect()
}

fn joined(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
    points.join(" ")
}
