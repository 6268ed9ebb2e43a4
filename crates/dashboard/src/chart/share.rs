//! One bar that is divided.

use maud::{Markup, html};

use super::number;
use crate::numbers::Unit;
use crate::page::format;

/// The width of the bar, in its own units.
const WIDTH: f64 = 200.0;

/// A part: its name, the class that gives it its colour, and its figure.
pub type Part = (&'static str, &'static str, f64);

/// Draws parts of a whole beside each other; nothing where the whole is nothing.
pub fn share(unit: Unit, parts: &[Part]) -> Markup {
    let whole: f64 = parts.iter().map(|(_, _, figure)| figure).sum();
    let told: Vec<String> = parts
        .iter()
        .map(|(name, _, figure)| {
            format!("{name} {} ({})", format::percent(figure / whole), format::figure(unit, *figure))
        })
        .collect();
    let mut end = 0.0;
    let drawn = parts.iter().map(|(_, class, figure)| {
        let width = figure / whole * WIDTH;
        end += width;
        (*class, end - width, width)
    });
    html! {
        @if whole > 0.0 {
            svg class="share" viewBox={ "0 0 " (WIDTH) " 10" } role="img" aria-label=(told.join(", ")) preserveAspectRatio="none" {
                title { (told.join(", ")) }
                @for (class, x, width) in drawn {
                    rect class=(class) x=(number(x)) y="0" width=(number(width)) height="10" {}
                }
            }
        }
    }
}
