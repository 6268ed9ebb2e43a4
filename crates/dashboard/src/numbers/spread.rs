//! How figures are spread.

use serde::Serialize;

/// How the known figures among some runs are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// How many runs tell the figure.
    pub known: u64,
    /// How many do not.
    pub unknown: u64,
    /// The sum of the known ones.
    pub sum: f64,
    /// The middle one; of an even number the mean of the two in the middle.
    pub median: Option<f64>,
    /// What nine of ten do not exceed, interpolated between two neighbours (definition 7 of Hyndman and Fan, as
    /// `quantile_cont` of SQL).
    pub p90: Option<f64>,
}

impl Spread {
    /// The spread of figures, of which `unknown` more exist. Their order is lost.
    pub fn of(figures: &mut [f64], unknown: u64) -> Self {
        let sum = figures.iter().fold(0.0, |sum, figure| sum + figure);
        let known = figures.len() as u64;
        let (p90, below) = quantile(figures, 0.9);
        // The middle lies below nine tenths; what is above those needs no second look.
        let median = match below {
            Some(below) if place(figures.len(), 0.5).ceil() as usize <= below => {
                within(&mut figures[..=below], place(known as usize, 0.5))
            }
            Some(_) | None => quantile(figures, 0.5).0,
        };
        Self { known, unknown, sum, median, p90 }
    }
}

/// Where a quantile of so many sorted figures lies, by definition 7 of Hyndman and Fan.
fn place(count: usize, q: f64) -> f64 {
    q * count.saturating_sub(1) as f64
}

/// The quantile of figures without NaN, and the index up to which they are now the smaller ones.
fn quantile(figures: &mut [f64], q: f64) -> (Option<f64>, Option<usize>) {
    let place = place(figures.len(), q);
    (within(figures, place), (!figures.is_empty()).then_some(place.floor() as usize))
}

/// What would stand at a place between two indices if the figures were sorted.
fn within(figures: &mut [f64], place: f64) -> Option<f64> {
    let (below, part) = (place.floor() as usize, place.fract());
    if below >= figures.len() {
        return None;
    }
    let (_, low, above) = figures.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let next = if part > 0.0 { above.iter().copied().reduce(f64::min) } else { None };
    Some(next.map_or(low, |high| low + (high - low) * part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_sql() {
        let mut figures = [5.0, 1.0, 4.0, 2.0, 3.0, 10.0];
        let spread = Spread::of(&mut figures, 2);
        assert_eq!(spread, Spread { known: 6, unknown: 2, sum: 25.0, median: Some(3.5), p90: Some(7.5) });
        assert_eq!(Spread::of(&mut [], 3), Spread { unknown: 3, ..Spread::default() });
        assert_eq!(Spread::of(&mut [7.0], 0).p90, Some(7.0));
    }
}
