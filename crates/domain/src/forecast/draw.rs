//! Drawing a run for a goal from those that were like it.

use super::past::{Drawable, Kindred};

/// Numbers that look like chance and are the same for the same seed, so that a forecast is as pure as all else here:
/// SplitMix64, <https://doi.org/10.1145/2714064.2660195>.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn with_seed(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of them; that some come a little more often, by one in 2^56 for a few hundred, does not matter here.
    fn choice<'c, T>(&mut self, choices: &'c [T]) -> Option<&'c T> {
        let count = u64::try_from(choices.len()).ok().filter(|count| *count > 0)?;
        choices.get(usize::try_from(self.next() % count).ok()?)
    }
}

/// A run that is played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn<'p> {
    /// The run that it goes like.
    pub like: &'p Drawable,
    /// Seconds that it still takes.
    pub seconds: f64,
    /// Which part of that run is still to come.
    pub share: f64,
}

/// A whole run.
pub(super) fn anew<'p>(kindred: &Kindred<'p>, dice: &mut Dice) -> Option<Drawn<'p>> {
    let like = *dice.choice(&kindred.runs)?;
    Some(Drawn { like, seconds: like.run.seconds, share: 1.0 })
}

/// The rest of a run that has been at work for so many seconds: of one that took longer. Where none did, it takes as
/// long again as it has taken.
pub(super) fn rest<'p>(kindred: &Kindred<'p>, worked: f64, dice: &mut Dice) -> Option<Drawn<'p>> {
    let longer: Vec<&Drawable> =
        kindred.runs.iter().copied().filter(|one| one.run.seconds > worked).collect();
    let like = match dice.choice(&longer) {
        Some(longer) => *longer,
        None => *dice.choice(&kindred.runs)?,
    };
    let seconds = if like.run.seconds > worked { like.run.seconds - worked } else { worked };
    Some(Drawn { like, seconds, share: seconds / like.run.seconds.max(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_numbers_come_out_and_each_choice_as_often_as_another() {
        let mut dice = Dice::with_seed(1_234_567);
        assert_eq!([dice.next(), dice.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
        let mut counts = [0_u32; 5];
        (0..5_000).for_each(|_| counts[*dice.choice(&[0, 1, 2, 3, 4]).unwrap()] += 1);
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_eq!(dice.choice::<u8>(&[]), None);
    }
}
