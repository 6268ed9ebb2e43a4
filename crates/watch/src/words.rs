//! Figures in few letters.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Bytes.
pub(crate) fn bytes(count: u64) -> String {
    let steps = [(1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
    match steps.into_iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) if count < 10 * size => format!("{:.1}{unit}", count as f64 / size as f64),
        Some((size, unit)) => format!("{}{unit}", count / size),
        None => format!("{count}B"),
    }
}

/// Time in its largest units, minutes at the least: what is shown changes no more often.
pub(crate) fn minutes(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "<1m".to_owned(),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) if hours < 24 => format!("{hours}h{minutes:02}m"),
        (hours, _) => format!("{}d{:02}h", hours / 24, hours % 24),
    }
}

/// A time of this day as a clock shows it; with its date where it is another day.
pub(crate) fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if at.date() == now.date() { "%H:%M" } else { "%b %d %H:%M" };
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0, 2_000, 5 << 20, 700 << 20, 3 << 30].map(bytes),
            ["0B", "2.0K", "5.0M", "700M", "3.0G"]
        );
        let spans = [30, 65, 3_700, 90_000].map(|seconds| minutes(Duration::from_secs(seconds)));
        assert_eq!(spans, ["<1m", "1m", "1h01m", "1d01h"]);
        let now = "2026-02-01T12:00:00Z".parse().unwrap();
        let shown = |at: &str| clock(at.parse().unwrap(), now, &TimeZone::UTC);
        assert_eq!([shown("2026-02-01T17:00:00Z"), shown("2026-02-02T07:05:00Z")], ["17:00", "Feb 02 07:05"]);
    }
}
