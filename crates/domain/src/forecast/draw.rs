//! Drawing a run for a goal from those that were like it.

use super::past::{Drawable, Kindred};

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
pub(super) fn anew<'p>(kindred: &Kindred<'p>, rng: &mut fastrand::Rng) -> Option<Drawn<'p>> {
    let like = *rng.choice(&kindred.runs)?;
    Some(Drawn { like, seconds: like.run.seconds, share: 1.0 })
}

/// The rest of a run that has been at work for so many seconds: of one that took longer. Where none did, it takes as
/// long again as it has taken.
pub(super) fn rest<'p>(kindred: &Kindred<'p>, worked: f64, rng: &mut fastrand::Rng) -> Option<Drawn<'p>> {
    let longer: Vec<&Drawable> =
        kindred.runs.iter().copied().filter(|one| one.run.seconds > worked).collect();
    let like = match rng.choice(&longer) {
        Some(longer) => *longer,
        None => *rng.choice(&kindred.runs)?,
    };
    let seconds = if like.run.seconds > worked { like.run.seconds - worked } else { worked };
    Some(Drawn { like, seconds, share: seconds / like.run.seconds.max(1.0) })
}
