//! Measuring side by side: two ways of doing a thing take turns, and what counts is the ratio within a pair.
//!
//! A machine that others use is faster in one second than in the next. Two measurements that follow each other
//! meet about the same machine, so their ratio says more than either of them.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;

/// The variable that names a file to which every [`Figure`] is appended as one line of JSON.
pub const RESULTS: &str = "HERDER_BENCH_RESULTS";

/// How many pairs are measured where nothing else is said: the fewest whose second and second to last ratio
/// bound the median with 95 % confidence.
const PAIRS: usize = 9;

/// The variable that has benchmarks show that they still run, and no more: one pair each, the smallest sizes.
pub const QUICK: &str = "HERDER_BENCH_QUICK";

/// Whether a benchmark is only to show that it runs.
pub fn is_quick() -> bool {
    std::env::var_os(QUICK).is_some()
}

/// How many pairs are to be measured where nothing else is said.
pub fn pairs() -> usize {
    if is_quick() { 1 } else { PAIRS }
}

/// What a benchmark may fail with: it is a program for a developer.
pub type Failure = Box<dyn std::error::Error>;

/// One measured pair: ours and the peer's, in the same unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Ours.
    pub ours: f64,
    /// The peer's.
    pub theirs: f64,
}

/// Measures `count` pairs; who begins changes from pair to pair.
///
/// # Errors
/// The first failure of either side.
pub fn interleaved(
    count: usize,
    mut ours: impl FnMut() -> Result<f64, Failure>,
    mut theirs: impl FnMut() -> Result<f64, Failure>,
) -> Result<Vec<Pair>, Failure> {
    let mut pair = |round: usize| {
        if round.is_multiple_of(2) {
            let ours = ours()?;
            return Ok(Pair { ours, theirs: theirs()? });
        }
        let theirs = theirs()?;
        Ok(Pair { ours: ours()?, theirs })
    };
    (0..count).map(&mut pair).collect()
}

/// How long `act` takes.
///
/// # Errors
/// Those of `act`.
pub fn seconds<T>(act: impl FnOnce() -> Result<T, Failure>) -> Result<f64, Failure> {
    let begun = Instant::now();
    act()?;
    Ok(begun.elapsed().as_secs_f64())
}

/// The seconds of processor time that `act` costs this process and the children that it waits for, in steps of
/// a hundredth (`utime` to `cstime` of proc_pid_stat(5)): what others do on the machine at the same time hardly
/// shows in it.
///
/// # Errors
/// Those of `act`, and when `/proc` cannot be read.
pub fn cpu_seconds<T>(act: impl FnOnce() -> Result<T, Failure>) -> Result<f64, Failure> {
    let before = cpu_ticks()?;
    act()?;
    Ok((cpu_ticks()? - before) as f64 / TICKS_A_SECOND)
}

/// Clock ticks a second as Linux shows them to programs (`USER_HZ`), on every machine that we know.
const TICKS_A_SECOND: f64 = 100.0;

fn cpu_ticks() -> Result<u64, Failure> {
    let stat = fs_err::read_to_string("/proc/self/stat")?;
    // The name of the program, which may hold anything, stands in brackets; utime is the 12th field after it.
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/self/stat has no name")?;
    let times = fields.split(' ').skip(11).take(4).map(str::parse::<u64>);
    Ok(times.sum::<Result<u64, _>>()?)
}

/// Lets `span` go by, for what can only be seen over time: how much something that idles does.
pub fn let_pass(span: Duration) {
    std::thread::sleep(span);
}

/// What is aimed for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// The ratio of ours to theirs is to be at most this.
    RatioAtMost(f64),
    /// The ratio of ours to theirs is to be at least this.
    RatioAtLeast(f64),
    /// Ours is to be at most this, in its unit.
    AtMost(f64),
    /// Ours is to be at least this, in its unit.
    AtLeast(f64),
}

/// What a measurement says of a [`Bar`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval is on the right side.
    Met,
    /// The whole interval is on the wrong side.
    Missed,
    /// The bar lies within the interval: this measurement does not tell.
    Undecided,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Undecided => "undecided",
        }
    }

    /// Of a bar that nothing of the interval may be above.
    fn at_most(bar: f64, (low, high): Interval) -> Self {
        match (low <= bar, high <= bar) {
            (_, true) => Self::Met,
            (true, false) => Self::Undecided,
            (false, false) => Self::Missed,
        }
    }

    /// Of a bar that nothing of the interval may be below.
    fn at_least(bar: f64, (low, high): Interval) -> Self {
        Self::at_most(-bar, (-high, -low))
    }
}

/// Two values between which a median lies.
type Interval = (f64, f64);

/// What a number of pairs came to.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    unit: &'static str,
    peer: String,
    bars: Vec<Bar>,
    pairs: Vec<Pair>,
}

impl Figure {
    /// The figure of a benchmark `name` in `unit` against `peer`.
    ///
    /// # Panics
    /// Without a pair.
    pub fn new(
        name: impl Into<String>,
        unit: &'static str,
        peer: impl Into<String>,
        pairs: Vec<Pair>,
    ) -> Self {
        assert!(!pairs.is_empty(), "a figure is made of pairs");
        Self { name: name.into(), unit, peer: peer.into(), bars: Vec::new(), pairs }
    }

    /// Says what is aimed for; there may be several aims.
    #[must_use]
    pub fn aiming_at(mut self, bar: Bar) -> Self {
        self.bars.push(bar);
        self
    }

    /// The median of ours.
    pub fn ours(&self) -> f64 {
        median(self.each_of_ours().into_iter())
    }

    /// The median of theirs.
    pub fn theirs(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.theirs))
    }

    /// The median of the ratios, ours by theirs.
    pub fn ratio(&self) -> f64 {
        median(self.ratios().into_iter())
    }

    /// Two ratios of the list between which the median lies with at least 95 % confidence; the extremes where
    /// there are too few.
    pub fn interval(&self) -> (f64, f64) {
        interval(self.ratios())
    }

    /// The bars, each with what the interval says of it: that of the ratios, or that of ours.
    pub fn verdicts(&self) -> Vec<(Bar, Verdict)> {
        let judged = |bar: &Bar| match *bar {
            Bar::RatioAtMost(most) => Verdict::at_most(most, self.interval()),
            Bar::RatioAtLeast(least) => Verdict::at_least(least, self.interval()),
            Bar::AtMost(most) => Verdict::at_most(most, interval(self.each_of_ours())),
            Bar::AtLeast(least) => Verdict::at_least(least, interval(self.each_of_ours())),
        };
        self.bars.iter().map(|bar| (*bar, judged(bar))).collect()
    }

    /// Prints the figure, and appends it to the file that [`RESULTS`] names.
    ///
    /// # Errors
    /// When that file cannot be written.
    #[expect(clippy::print_stdout, reason = "a figure is to be read")]
    pub fn tell(&self) -> Result<(), Failure> {
        println!("{}", self.sentence());
        if let Some(path) = std::env::var_os(RESULTS) {
            let mut file =
                fs_err::OpenOptions::new().create(true).append(true).open(std::path::PathBuf::from(path))?;
            writeln!(file, "{}", self.json())?;
        }
        Ok(())
    }

    fn each_of_ours(&self) -> Vec<f64> {
        self.pairs.iter().map(|pair| pair.ours).collect()
    }

    fn ratios(&self) -> Vec<f64> {
        self.pairs.iter().map(|pair| pair.ours / pair.theirs).collect()
    }

    fn sentence(&self) -> String {
        let ((low, high), (least, most)) = (self.interval(), interval(self.each_of_ours()));
        let mut text = format!(
            "{}: {:.3} [{least:.3}, {most:.3}] {unit}; {}: {:.3} {unit}; ratio {:.2} [{low:.2}, {high:.2}] of {} pairs",
            self.name,
            self.ours(),
            self.peer,
            self.theirs(),
            self.ratio(),
            self.pairs.len(),
            unit = self.unit,
        );
        for (bar, verdict) in self.verdicts() {
            text += &format!("; {}: {}", self.aim(bar), verdict.word());
        }
        text
    }

    fn aim(&self, bar: Bar) -> String {
        match bar {
            Bar::RatioAtMost(bar) => format!("ratio <= {bar}"),
            Bar::RatioAtLeast(bar) => format!("ratio >= {bar}"),
            Bar::AtMost(bar) => format!("<= {bar} {}", self.unit),
            Bar::AtLeast(bar) => format!(">= {bar} {}", self.unit),
        }
    }

    fn json(&self) -> serde_json::Value {
        let ((low, high), (least, most)) = (self.interval(), interval(self.each_of_ours()));
        let bars = self.verdicts().into_iter();
        let bars: Vec<_> =
            bars.map(|(bar, verdict)| json!({"bar": self.aim(bar), "verdict": verdict.word()})).collect();
        json!({
            "name": self.name, "unit": self.unit, "peer": self.peer, "pairs": self.pairs.len(),
            "ours": self.ours(), "least": least, "most": most, "theirs": self.theirs(),
            "ratio": self.ratio(), "low": low, "high": high, "bars": bars,
        })
    }
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Two of the values between which their median lies with at least 95 % confidence; the extremes of too few.
fn interval(values: Vec<f64>) -> Interval {
    let sorted = sorted(values.into_iter());
    let place = bounding_rank(sorted.len()).unwrap_or(1) - 1;
    (sorted[place], sorted[sorted.len() - 1 - place])
}

/// The median of some values; of an even number the mean of the middle two.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + sorted[middle]) / 2.0 } else { sorted[middle] }
}

/// Which of `count` sorted values, counted from either end, bound an interval that has the median with at least
/// 95 % confidence; nothing where there are too few. Each value lies below the median with probability one
/// half, so how many do is binomial (the interval of the sign test: Conover, Practical Nonparametric Statistics).
fn bounding_rank(count: usize) -> Option<usize> {
    let mut outside = 0.0;
    let mut probability = 0.5_f64.powi(count.try_into().unwrap_or(i32::MAX));
    let mut rank = 0;
    while rank < count / 2 && 2.0 * (outside + probability) <= 0.05 {
        outside += probability;
        probability *= (count - rank) as f64 / (rank + 1) as f64;
        rank += 1;
    }
    (rank > 0).then_some(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(pairs: &[(f64, f64)]) -> Figure {
        let pairs = pairs.iter().map(|&(ours, theirs)| Pair { ours, theirs }).collect();
        Figure::new("queue", "ms", "git", pairs)
    }

    #[test]
    fn the_interval_has_the_ranks_of_the_sign_test() {
        // Tabulated: up to 5 values none will do, 9 give the second, 15 the fourth, 25 the eighth.
        let ranks = [5, 6, 8, 9, 11, 15, 25].map(bounding_rank);
        assert_eq!(ranks, [None, Some(1), Some(1), Some(2), Some(2), Some(4), Some(8)]);
    }

    #[test]
    fn a_ratio_is_taken_within_each_pair() {
        // The machine was ten times slower in the last pair: the ratio does not see it.
        let figure = figure(&[(2.0, 1.0), (4.0, 2.0), (30.0, 10.0)]);
        assert_eq!((figure.ours(), figure.theirs(), figure.ratio()), (4.0, 2.0, 2.0));
        assert_eq!(figure.interval(), (2.0, 3.0));
    }

    #[test]
    fn a_bar_is_met_or_missed_by_the_interval_and_else_undecided() {
        let of = |pairs: &[(f64, f64)], bar| figure(pairs).aiming_at(bar).verdicts()[0].1;
        let pairs = [(1.0, 1.0), (4.0, 2.0), (9.0, 3.0)];
        assert_eq!(figure(&pairs).interval(), (1.0, 3.0));
        for (most, verdict) in [(3.0, Verdict::Met), (2.9, Verdict::Undecided), (0.9, Verdict::Missed)] {
            assert_eq!(of(&pairs, Bar::RatioAtMost(most)), verdict, "{most}");
        }
        for (least, verdict) in [(1.0, Verdict::Met), (1.1, Verdict::Undecided), (3.1, Verdict::Missed)] {
            assert_eq!(of(&pairs, Bar::RatioAtLeast(least)), verdict, "{least}");
        }
        // Ours has an interval of its own.
        assert_eq!(of(&pairs, Bar::AtMost(9.0)), Verdict::Met);
        assert_eq!(of(&pairs, Bar::AtLeast(9.5)), Verdict::Missed);
        assert_eq!(of(&pairs, Bar::AtLeast(2.0)), Verdict::Undecided);
    }

    #[test]
    fn each_bar_is_told_with_its_verdict() {
        let both = figure(&[(3.0, 2.0)]).aiming_at(Bar::RatioAtMost(1.5)).aiming_at(Bar::AtMost(2.5));
        let text = both.sentence();
        assert!(text.ends_with("; ratio <= 1.5: met; <= 2.5 ms: missed"), "{text}");
        assert_eq!(both.json()["bars"][1], json!({"bar": "<= 2.5 ms", "verdict": "missed"}));
        assert!(figure(&[(3.0, 2.0)]).verdicts().is_empty());
    }

    #[test]
    fn time_of_the_processor_is_that_of_this_process_and_its_children() {
        let idle = cpu_seconds(|| Ok(1)).unwrap();
        let child = cpu_seconds(|| {
            let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
            Ok(std::process::Command::new("sh").args(["-c", script]).status()?)
        });
        assert!(child.unwrap() > idle, "a child's time counts");
    }

    #[test]
    fn who_begins_changes_from_pair_to_pair() {
        let order = std::cell::RefCell::new(Vec::new());
        let note = |who: &'static str| {
            order.borrow_mut().push(who);
            Ok(1.0)
        };
        interleaved(2, || note("ours"), || note("theirs")).unwrap();
        assert_eq!(*order.borrow(), ["ours", "theirs", "theirs", "ours"]);
    }
}
