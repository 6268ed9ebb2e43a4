//! A context that is nearly full: the model forgets, or the agent throws away, what the work needs.
//!
//! Against it the history is folded harder, and the agent is told to take smaller steps; what still
//! overflows ends the run.

use herder_agent::ContextUse;

/// From this share on a context is nearly full. Claude Code makes room by itself at about the same share
/// (its documentation, "Costs", automatic compaction), so more is seldom reported.
const NEARLY_FULL: f64 = 0.9;

/// So many iterations in a row with a context nearly full end the run.
const FULL_MAX: u32 = 3;

/// The share of the context that a prompt may take; the agent's own instructions and tools take some
/// 20,000 tokens of the rest (seen with Claude Code 2.1.330).
const PROMPT_SHARE: f64 = 0.5;

/// Bytes of English text that make a token, cautiously: providers' documentation says about four.
const BYTES_A_TOKEN: f64 = 3.5;

/// Counts iterations whose context was nearly full.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fullness {
    /// What the context holds, tokens, as configured or as the agent said last.
    window: Option<u64>,
    count: u32,
}

impl Fullness {
    /// For a context of a known size.
    pub(super) fn of(window: Option<u64>) -> Self {
        Self { window, count: 0 }
    }

    /// Takes an iteration's context; true when it was nearly full once too often.
    pub(super) fn note(&mut self, context: Option<ContextUse>, overflowed: bool) -> bool {
        let used = context.map_or(0, |context| context.used);
        self.window = context.and_then(|context| context.window).or(self.window);
        #[allow(clippy::cast_precision_loss, reason = "tokens are far below 2^52")]
        let share = self.window.map_or(0.0, |window| used as f64 / window as f64);
        self.count = if overflowed || share >= NEARLY_FULL { self.count + 1 } else { 0 };
        self.count >= FULL_MAX
    }

    /// Whether the last iteration's context was nearly full.
    pub(super) fn is_tight(&self) -> bool {
        self.count > 0
    }

    /// How long a prompt may be, in bytes, where the context's size is known.
    pub(super) fn room(&self) -> Option<usize> {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a bound, rounded down"
        )]
        self.window.map(|window| (window as f64 * PROMPT_SHARE * BYTES_A_TOKEN) as usize)
    }

    /// What is said of it.
    pub(super) fn sentence() -> String {
        format!("the model's context was nearly full {FULL_MAX} iterations in a row")
    }
}

/// What is said of a prompt that does not fit even when all history is folded.
pub(super) fn too_long(bytes: usize, room: usize) -> String {
    format!("the prompt alone would nearly fill the model's context: {bytes} bytes of at most {room}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(used: u64, window: Option<u64>) -> Option<ContextUse> {
        Some(ContextUse { used, window })
    }

    #[test]
    fn three_that_are_nearly_full_are_too_many_and_one_with_room_begins_anew() {
        let mut full = Fullness::default();
        assert!(!full.note(used(190, Some(200)), false) && full.is_tight());
        assert!(!full.note(used(179, Some(200)), false) && !full.is_tight());
        assert!(!full.note(used(180, Some(200)), false));
        assert!(!full.note(None, true), "an overflow is one, whatever was told");
        // A process that was cut off does not say the size; it is known from the one before.
        assert!(full.note(used(181, None), false));
    }

    #[test]
    fn nothing_is_full_whose_size_nobody_knows() {
        let mut full = Fullness::default();
        assert!(!(0..9).any(|_| full.note(used(1 << 40, None), false)) && full.room().is_none());
        assert_eq!(Fullness::of(Some(1_000)).room(), Some(1_750));
    }
}
