//! Figures as a person reads them.

use std::time::Duration;

use herder_domain::duration::Span;

use crate::numbers::{Share, Unit};

/// Stands where nobody knows.
pub const UNKNOWN: &str = "unknown";

/// A figure with its unit.
pub fn figure(unit: Unit, figure: f64) -> String {
    match unit {
        Unit::Dollars => dollars(figure),
        Unit::Seconds => seconds(figure),
        Unit::Count => count(figure),
        Unit::Share => percent(figure),
        Unit::Bytes => bytes(figure),
    }
}

/// A figure that may be unknown.
pub fn known(unit: Unit, known: Option<f64>) -> String {
    known.map_or_else(|| UNKNOWN.to_owned(), |known| figure(unit, known))
}

/// US dollars: cents, or more places where they are all there is.
pub fn dollars(figure: f64) -> String {
    match figure.abs() {
        size if size >= 1000.0 => format!("${}", count(figure)),
        size if size >= 0.01 || size == 0.0 => format!("${figure:.2}"),
        _ => format!("${figure:.4}"),
    }
}

/// Working hours and the like: two units, the smaller one left out where it is nothing.
pub fn seconds(figure: f64) -> String {
    let whole = match figure {
        of if of >= 36_000.0 => (of / 3600.0).round() * 3600.0,
        of if of >= 600.0 => (of / 60.0).round() * 60.0,
        of if of >= 1.0 || of == 0.0 => of.round(),
        _ => return format!("{:.0} ms", figure * 1000.0),
    };
    Span(Duration::try_from_secs_f64(whole).unwrap_or_default()).to_string()
}

/// A number of things: in full up to 9,999, then with three figures that count.
pub fn count(figure: f64) -> String {
    let scaled = [(1e9, "G"), (1e6, "M"), (1e4, "k")].into_iter().find(|(from, _)| figure.abs() >= *from);
    match scaled {
        Some((1e4, letter)) => significant(figure / 1e3, letter),
        Some((scale, letter)) => significant(figure / scale, letter),
        None if figure.fract() == 0.0 || figure.abs() >= 100.0 => grouped(figure),
        None => format!("{figure:.1}"),
    }
}

fn significant(figure: f64, letter: &str) -> String {
    let places = match figure.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{figure:.places$}{letter}")
}

fn grouped(figure: f64) -> String {
    let digits = format!("{:.0}", figure.abs());
    let sign = if figure < 0.0 { "-" } else { "" };
    match digits.len() {
        4.. => format!("{sign}{},{}", &digits[..digits.len() - 3], &digits[digits.len() - 3..]),
        _ => format!("{sign}{digits}"),
    }
}

/// A part of one, in percent.
pub fn percent(figure: f64) -> String {
    let percent = figure * 100.0;
    match percent {
        of if !(0.05..=99.95).contains(&of) || (10.0..=90.0).contains(&of) => format!("{of:.0} %"),
        of => format!("{of:.1} %"),
    }
}

/// A share with its interval.
pub fn share(share: Share) -> String {
    match share.value() {
        Some(value) => format!("{} ({} to {})", percent(value), percent(share.low), percent(share.high)),
        None => "none".to_owned(),
    }
}

/// Bytes, in powers of 1024.
pub fn bytes(figure: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = figure;
    let mut unit = 0;
    while scaled.abs() >= 1024.0 && unit + 1 < units.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    let places = usize::from(unit > 0 && scaled.abs() < 100.0);
    format!("{scaled:.places$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_say_their_unit() {
        let cases = [
            (Unit::Dollars, 0.0, "$0.00"),
            (Unit::Dollars, 0.0042, "$0.0042"),
            (Unit::Dollars, 281.77, "$281.77"),
            (Unit::Dollars, 12_345.0, "$12.3k"),
            (Unit::Seconds, 0.25, "250 ms"),
            (Unit::Seconds, 59.6, "1m"),
            (Unit::Seconds, 3661.0, "1h1m"),
            (Unit::Seconds, 261_000.0, "3d1h"),
            (Unit::Count, 187.0, "187"),
            (Unit::Count, 5.5, "5.5"),
            (Unit::Count, 534.8, "535"),
            (Unit::Count, 1_234.0, "1,234"),
            (Unit::Count, 18_942.0, "18.9k"),
            (Unit::Count, 3_400_000.0, "3.40M"),
            (Unit::Share, 0.0, "0 %"),
            (Unit::Share, 0.0001, "0 %"),
            (Unit::Share, 0.456, "46 %"),
            (Unit::Share, 0.987, "98.7 %"),
            (Unit::Bytes, 512.0, "512 B"),
            (Unit::Bytes, 1_610_612_736.0, "1.5 GiB"),
        ];
        for (unit, value, text) in cases {
            assert_eq!(figure(unit, value), text);
        }
        assert_eq!(known(Unit::Dollars, None), "unknown");
    }
}
