//! A loop in which nothing moves any more: the agent answers, and neither the tree nor its answer's word
//! nor the gate's is another than before. It may go on so until all money is spent.

use herder_domain::agent::Status;
use herder_domain::gate::Verdict;

/// So many such iterations in a row end the run.
const STILL_MAX: u32 = 3;

/// What an iteration came to, in the words that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    status: Status,
    is_red: bool,
}

impl Said {
    /// Of a valid answer and of what the gate said of it.
    pub(super) fn of(status: Status, gate: Option<&Verdict>) -> Self {
        Self { status, is_red: gate.is_some_and(|verdict| verdict.refusal().is_some()) }
    }
}

/// Counts iterations in which nothing moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stillness {
    last: Option<Said>,
    count: u32,
}

impl Stillness {
    /// Takes an iteration that was answered; true when it was one too many.
    pub(super) fn note(&mut self, said: Said, has_changed: bool) -> bool {
        let is_still = !has_changed && self.last == Some(said);
        self.count = if is_still { self.count + 1 } else { 0 };
        self.last = Some(said);
        self.count >= STILL_MAX
    }

    /// What is said of it.
    pub(super) fn sentence() -> String {
        format!(
            "{STILL_MAX} iterations in a row changed neither a file nor the answer nor what the check says"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: Status, is_red: bool) -> Said {
        Said { status, is_red }
    }

    #[test]
    fn three_that_change_nothing_are_too_many_and_any_change_begins_anew() {
        let mut still = Stillness::default();
        let same = said(Status::Continue, false);
        assert_eq!([false; 4].map(|changed| still.note(same, changed)), [false, false, false, true]);
        let mut still = Stillness::default();
        for changed in [false, false, false, true, false, false] {
            assert!(!still.note(same, changed));
        }
        assert!(!still.note(said(Status::Done, true), false), "another word is a change");
    }
}
