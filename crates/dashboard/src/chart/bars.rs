//! Bars over time, one series on top of the other.

use maud::{Markup, html};

use super::axis::Axis;
use super::{Plot, number};

/// Draws the series on top of each other, one bar for each place.
pub fn bars(plot: &Plot) -> Markup {
    let height_of =
        |place| plot.series.iter().filter_map(|series| series.figures.get(place).copied().flatten()).sum();
    let most = (0..plot.places.len()).map(height_of).fold(0.0, f64::max);
    let axis = Axis::reaching(most, plot.unit);
    let drawing = html! {
        @for place in 0..plot.places.len() { (bar(plot, &axis, place)) }
    };
    plot.framed(&plot.grid(&axis, &drawing))
}

fn bar(plot: &Plot, axis: &Axis, place: usize) -> Markup {
    let (x, width) = plot.slot(place);
    let gap = (width * 0.15).min(4.0);
    let mut below = 0.0;
    let parts: Vec<(&str, f64, f64)> = plot
        .series
        .iter()
        .filter_map(|series| {
            let figure = series.figures.get(place).copied().flatten().filter(|figure| *figure > 0.0)?;
            let (bottom, top) = (axis.y(below), axis.y(below + figure));
            below += figure;
            Some((series.class, top, bottom - top))
        })
        .collect();
    html! {
        @for (class, y, height) in parts {
            rect class=(class) x=(number(x + gap / 2.0)) y=(number(y)) width=(number(width - gap)) height=(number(height)) {}
        }
    }
}
