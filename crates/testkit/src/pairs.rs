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
pub enum Target {
    /// The ratio of ours to theirs is to be at most this.
    RatioAtMost(f64),
    /// The ratio of ours to theirs is to be at least this.
    RatioAtLeast(f64),
    /// Ours is to be at most this, in its unit.
    AtMost(f64),
    /// Ours is to be at least this, in its unit.
    AtLeast(f64),
    /// Nothing; it is good to know.
    Known,
}

/// What a number of pairs came to.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    unit: &'static str,
    peer: String,
    target: Target,
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
        Self { name: name.into(), unit, peer: peer.into(), target: Target::Known, pairs }
    }

    /// Says what is aimed for.
    #[must_use]
    pub fn aiming_at(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// The median of ours.
    pub fn ours(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.ours))
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
        let sorted = sorted(self.ratios().into_iter());
        let place = bounding_rank(sorted.len()).unwrap_or(1) - 1;
        (sorted[place], sorted[sorted.len() - 1 - place])
    }

    /// Whether the aim was reached; nothing where there is none.
    pub fn is_reached(&self) -> Option<bool> {
        match self.target {
            Target::RatioAtMost(bar) => Some(self.ratio() <= bar),
            Target::RatioAtLeast(bar) => Some(self.ratio() >= bar),
            Target::AtMost(bar) => Some(self.ours() <= bar),
            Target::AtLeast(bar) => Some(self.ours() >= bar),
            Target::Known => None,
        }
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

    fn ratios(&self) -> Vec<f64> {
        self.pairs.iter().map(|pair| pair.ours / pair.theirs).collect()
    }

    fn sentence(&self) -> String {
        let (low, high) = self.interval();
        format!(
            "{}: {:.3} {unit}; {}: {:.3} {unit}; ratio {:.2} [{low:.2}, {high:.2}] of {} pairs{}",
            self.name,
            self.ours(),
            self.peer,
            self.theirs(),
            self.ratio(),
            self.pairs.len(),
            self.aim(),
            unit = self.unit,
        )
    }

    fn aim(&self) -> String {
        let verdict = if self.is_reached() == Some(true) { "reached" } else { "missed" };
        match self.target {
            Target::RatioAtMost(bar) => format!("; aim: ratio <= {bar}, {verdict}"),
            Target::RatioAtLeast(bar) => format!("; aim: ratio >= {bar}, {verdict}"),
            Target::AtMost(bar) => format!("; aim: <= {bar} {}, {verdict}", self.unit),
            Target::AtLeast(bar) => format!("; aim: >= {bar} {}, {verdict}", self.unit),
            Target::Known => String::new(),
        }
    }

    fn json(&self) -> serde_json::Value {
        let (low, high) = self.interval();
        json!({
            "name": self.name, "unit": self.unit, "peer": self.peer, "pairs": self.pairs.len(),
            "ours": self.ours(), "theirs": self.theirs(), "ratio": self.ratio(), "low": low, "high": high,
            "aim": self.aim().trim_start_matches("; aim: "), "reached": self.is_reached(),
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
    fn an_aim_is_reached_or_missed_and_said_so() {
        let reached = figure(&[(3.0, 2.0)]).aiming_at(Target::RatioAtMost(1.5));
        assert_eq!(reached.is_reached(), Some(true));
        assert!(reached.sentence().ends_with("aim: ratio <= 1.5, reached"), "{}", reached.sentence());
        let missed = figure(&[(3.0, 2.0)]).aiming_at(Target::AtMost(2.5));
        assert!(missed.sentence().ends_with("aim: <= 2.5 ms, missed"), "{}", missed.sentence());
        assert_eq!(figure(&[(3.0, 2.0)]).is_reached(), None);
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
