//! Round figures along an axis.

use super::{BOTTOM, HEIGHT, TOP};
use crate::numbers::Unit;

/// Spans of time that read well, in seconds.
const SPANS: [f64; 14] =
    [2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 18_000.0, 36_000.0, 86_400.0];

/// An axis from nothing to a round figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    step: f64,
    steps: u32,
}

impl Axis {
    /// The axis that reaches a figure, in at most five steps: 1, 2 or 5 times a power of ten, whole ones of things that
    /// are counted, and minutes or hours of time.
    pub fn reaching(most: f64, unit: Unit) -> Self {
        if !(most.is_finite() && most > 0.0) {
            return Self { step: 1.0, steps: 1 };
        }
        let step = step(most, unit);
        Self { step, steps: (1..=5).find(|steps| f64::from(*steps) * step >= most).unwrap_or(5) }
    }

    /// The figures at its lines, from nothing on.
    pub fn ticks(&self) -> impl Iterator<Item = f64> {
        let step = self.step;
        (0..=self.steps).map(move |number| f64::from(number) * step)
    }

    /// How far down a figure is drawn.
    pub fn y(&self, figure: f64) -> f64 {
        let most = self.step * f64::from(self.steps);
        let bottom = HEIGHT - BOTTOM;
        bottom - (figure / most).clamp(0.0, 1.0) * (bottom - TOP)
    }
}

/// The distance of the lines: as many as five of it reach the figure.
fn step(most: f64, unit: Unit) -> f64 {
    let reaches = |step: &f64| step * 5.0 >= most;
    if unit == Unit::Seconds
        && let Some(step) = SPANS.into_iter().filter(|_| most > 5.0).find(reaches)
    {
        return step;
    }
    let magnitude = 10f64.powf((most / 5.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * magnitude);
    let step = steps.into_iter().find(reaches).unwrap_or(magnitude * 10.0);
    if unit == Unit::Count { step.max(1.0) } else { step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_at_round_figures_and_reach_the_most() {
        for (most, last, count) in
            [(7.0, 8.0, 5), (100.0, 100.0, 6), (0.03, 0.03, 4), (1.0, 1.0, 6), (0.0, 1.0, 2)]
        {
            let ticks: Vec<f64> = Axis::reaching(most, Unit::Dollars).ticks().collect();
            assert!((ticks[ticks.len() - 1] - last).abs() < 1e-9, "{most}: {ticks:?}");
            assert_eq!(ticks.len(), count, "{most}: {ticks:?}");
        }
        assert_eq!(Axis::reaching(5_000.0, Unit::Seconds).ticks().nth(1), Some(1_800.0));
        assert_eq!(Axis::reaching(1.5, Unit::Count).ticks().collect::<Vec<_>>(), [0.0, 1.0, 2.0]);
    }
}
