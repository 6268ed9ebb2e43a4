//! A loop that does and undoes: the files go to and fro between two states.

use std::collections::VecDeque;

/// So many iterations in a row between two states end the run: each state was left and come back to twice.
const SWINGS: usize = 6;

/// The trees after the last iterations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Oscillation {
    trees: VecDeque<String>,
}

impl Oscillation {
    /// Takes the tree after an iteration; true when it went to and fro once too often.
    pub(super) fn note(&mut self, tree: &str) -> bool {
        if self.trees.len() == SWINGS {
            self.trees.pop_front();
        }
        self.trees.push_back(tree.to_owned());
        let back = |lag: usize| self.trees.iter().zip(self.trees.iter().skip(lag));
        self.trees.len() == SWINGS && back(2).all(|(a, b)| a == b) && back(1).all(|(a, b)| a != b)
    }

    /// What is said of it.
    pub(super) fn sentence() -> String {
        format!("the files went to and fro between two states over {SWINGS} iterations")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(trees: &str) -> Vec<bool> {
        let mut oscillation = Oscillation::default();
        trees.chars().map(|tree| oscillation.note(&tree.to_string())).collect()
    }

    #[test]
    fn two_states_in_turn_are_too_many_at_the_sixth_and_a_third_state_begins_anew() {
        assert_eq!(noted("ABABAB"), [false, false, false, false, false, true]);
        assert!(!noted("ABABACABAB").contains(&true));
        assert_eq!(noted("XYABABABA").iter().filter(|is_over| **is_over).count(), 2);
    }

    #[test]
    fn standing_still_is_not_going_to_and_fro() {
        assert!(!noted("AAAAAAAA").contains(&true) && !noted("AABBAABB").contains(&true));
    }
}
