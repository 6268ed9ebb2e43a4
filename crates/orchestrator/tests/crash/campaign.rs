//! Many nights, a few at a time.

use std::io::Write;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::director::Strike;
use crate::night::{Night, play};
use crate::seen::Seen;

/// What came of a campaign.
#[derive(Default)]
pub struct Tally {
    pub nights: usize,
    /// Nights of which no strike came about, because they went another way or had nobody to kill. (Of a pair, the first one often
    /// keeps the night from coming by the second.)
    pub missed: Vec<String>,
    /// What diverged, in words, with how to have it again.
    pub diverged: Vec<String>,
}

/// Plays each of these nights, `at_once` of them at a time, and compares it with a quiet one.
pub fn campaign(nights: &[Vec<Strike>], at_once: usize, quiet: &Seen) -> Tally {
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(strikes) = nights.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let night = catch_unwind(|| play(strikes));
                    let mut tally = tally.lock().unwrap();
                    tally.add(strikes, night.ok(), quiet);
                    if tally.nights % 50 == 0 {
                        say(&format!(
                            "{} of {} nights in {:.0?}",
                            tally.nights,
                            nights.len(),
                            begun.elapsed()
                        ));
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

impl Tally {
    fn add(&mut self, strikes: &[Strike], night: Option<Night>, quiet: &Seen) {
        self.nights += 1;
        let Some(night) = night else {
            return self.diverge(strikes, "the test itself failed: see above");
        };
        if night.log.struck == 0 && !strikes.is_empty() {
            self.missed.push(words(strikes));
        }
        let mut wrong = night.faults;
        wrong.extend(quiet.difference(&night.seen));
        if !wrong.is_empty() {
            let (took, refused) = (night.took, night.log.refused);
            let wrong = wrong.join("\n  ");
            let told = format!("  {wrong}\n  (in {took:.1?}, {refused} calls refused)\n{}", night.said);
            self.diverge(strikes, &told);
        }
    }

    fn diverge(&mut self, strikes: &[Strike], what: &str) {
        let text = format!("{}\n{what}", again(strikes));
        say(&format!("DIVERGED {text}"));
        self.diverged.push(text);
    }
}

fn words(strikes: &[Strike]) -> String {
    strikes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The command that plays a night again.
fn again(strikes: &[Strike]) -> String {
    format!("{}='{}' cargo xtask test --suite crash-points", crate::NIGHT, words(strikes))
}

/// Says something at once, whatever the test runner keeps back.
pub fn say(text: &str) {
    // Nothing is lost but the words.
    let _ = writeln!(std::io::stderr(), "{text}");
}
