//! A share of a number, with how sure one may be of it.

use serde::Serialize;

/// The quantile of the normal distribution that leaves 2.5 % on either side.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// How many are meant.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The lower end of the 95 % interval, 0 to 1 (Wilson's score interval, 1927).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Share {
    /// The share of `count` in `of`, with Wilson's interval, which stays sensible for few and for none.
    pub fn new(count: u64, of: u64) -> Self {
        if of == 0 {
            return Self { count, of, low: 0.0, high: 1.0 };
        }
        let (n, p) = (of as f64, count as f64 / of as f64);
        let z2 = Z * Z;
        let middle = p + z2 / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z2 / n;
        Self { count, of, low: ((middle - half) / scale).max(0.0), high: ((middle + half) / scale).min(1.0) }
    }

    /// The share itself, 0 to 1; `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of Wilson's interval from Brown, Cai and DasGupta, "Interval estimation for a binomial proportion"
    /// (2001), recomputed by hand.
    #[test]
    fn intervals_are_wilsons() {
        for (count, of, low, high) in [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)] {
            let share = Share::new(count, of);
            assert!((share.low - low).abs() < 1e-4, "{share:?}");
            assert!((share.high - high).abs() < 1e-4, "{share:?}");
        }
        assert_eq!(Share::new(0, 0).value(), None);
    }
}
