//! The one rule that tells what is new from what was there before.
//!
//! A base branch that is red itself must not trap a goal: no run of it could ever end well. So work is
//! accepted that fails in nothing but what fails on the base branch, too. That takes names. Where the base's
//! gate gives none, nothing tells the work's failures from the base's, and a person has to look.

use std::collections::BTreeSet;

use super::{Failure, Flake, Refusal, Said, Verdict};

impl Said {
    /// The verdict on work of which the gate said this, beside what it says of the base branch itself, where
    /// that is known.
    pub fn beside(self, base: Option<&Said>) -> Verdict {
        match (self, base) {
            (Self::Yes, _) => Verdict::Green,
            (Self::No(refusal), None | Some(Self::Yes)) => Verdict::Red(refusal),
            (Self::No(refusal), Some(Self::No(base))) => refusal.beside(base),
        }
    }
}

impl Refusal {
    fn beside(self, base: &Self) -> Verdict {
        if base.failures.is_empty() {
            return Verdict::Undecided(self);
        }
        // The base's gate names what fails: one that does not is a failure of another kind.
        if self.failures.is_empty() {
            return Verdict::Red(self);
        }
        let on_base: BTreeSet<&str> = base.failures.iter().map(|failure| failure.name.as_str()).collect();
        let (known, new): (Vec<Failure>, Vec<Failure>) =
            self.failures.iter().cloned().partition(|failure| on_base.contains(failure.name.as_str()));
        let is_told = base.more == 0;
        match (new.is_empty(), self.more) {
            (true, 0) => Verdict::NoNewFailure { known },
            // What it leaves unnamed cannot all be among what the base names.
            (_, _) if is_told => {
                let known = known.into_iter().map(|failure| failure.name).collect();
                Verdict::Red(Self { failures: new, known, ..self })
            }
            // It may be among what the base leaves unnamed.
            (_, _) => Verdict::Undecided(self),
        }
    }

    /// What two askings about the same files agree on, and what failed in one of them only.
    ///
    /// Where both name everything, a failure is what failed both times: like a gate that is red once and
    /// green once, what failed once and passed once has passed. Otherwise the second one is as good as any.
    #[must_use]
    pub fn agreed(self, second: Self) -> (Self, Option<Flake>) {
        let names = |refusal: &Self| -> BTreeSet<String> {
            refusal.failures.iter().map(|failure| failure.name.clone()).collect()
        };
        let (first_named, second_named) = (names(&self), names(&second));
        let is_whole = |refusal: &Self| refusal.more == 0 && !refusal.failures.is_empty();
        if !is_whole(&self) || !is_whole(&second) || first_named == second_named {
            return (second, None);
        }
        let flake = Flake::of(first_named.symmetric_difference(&second_named).cloned());
        let both: Vec<Failure> =
            second.failures.iter().filter(|failure| first_named.contains(&failure.name)).cloned().collect();
        // It was red twice: where nothing failed twice, that still has to be about something.
        let failures = if both.is_empty() { second.failures } else { both };
        (Self { failures, ..second }, Some(flake))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(names: &str) -> Refusal {
        let failures = names.split_whitespace().map(Failure::named).collect();
        Refusal { failures, ..Refusal::unnamed("tail") }
    }

    fn and_more(names: &str) -> Refusal {
        Refusal { more: 3, ..naming(names) }
    }

    /// The verdict's word and what counts as new in it.
    fn verdict(work: Refusal, base: Refusal) -> String {
        match Said::No(work).beside(Some(&Said::No(base))) {
            Verdict::Red(refusal) => format!("red: {}", refusal.in_a_line()),
            other => other.word().to_owned(),
        }
    }

    #[test]
    fn work_is_judged_by_what_is_new_in_it() {
        assert_eq!(Said::Yes.beside(Some(&Said::No(naming("a")))), Verdict::Green, "it repairs the base");
        assert_eq!(Said::No(naming("a")).beside(Some(&Said::Yes)), Verdict::Red(naming("a")));
        assert_eq!(Said::No(naming("a")).beside(None), Verdict::Red(naming("a")));
        let table = [
            (naming("a"), naming("a b"), "no new failure"),
            (naming("a b"), naming("a b"), "no new failure"),
            (naming("a c"), naming("a b"), "red: c"),
            (naming(""), naming("a b"), "red: "),
            (naming("a"), naming(""), "undecided"),
            (naming(""), naming(""), "undecided"),
            // A list that is cut short shows neither that all is old nor that something is new.
            (and_more("a"), naming("a b"), "red: "),
            (naming("a"), and_more("a b"), "no new failure"),
            (naming("c"), and_more("a b"), "undecided"),
            (and_more("a"), and_more("a b"), "undecided"),
        ];
        for (work, base, expected) in table {
            assert_eq!(verdict(work.clone(), base.clone()), expected, "{work:?} beside {base:?}");
        }
    }

    #[test]
    fn what_fails_on_the_base_too_is_told_apart_from_what_is_new() {
        let Verdict::Red(refusal) = Said::No(naming("a b c")).beside(Some(&Said::No(naming("a c d")))) else {
            panic!("something is new")
        };
        assert_eq!((refusal.in_a_line().as_str(), refusal.known), ("b", vec!["a".to_owned(), "c".into()]));
    }

    #[test]
    fn a_failure_is_what_failed_both_times() {
        let flaky = |items: &[&str]| Some(Flake::of(items.iter().map(|item| (*item).to_owned())));
        let table = [
            (naming("a"), naming("a"), naming("a"), None),
            (naming("a b"), naming("a c"), naming("a"), flaky(&["b", "c"])),
            (naming("a b"), naming("a"), naming("a"), flaky(&["b"])),
            (naming("a"), naming("b"), naming("b"), flaky(&["a", "b"])),
            // One that names nothing, or not all, says nothing of what the other one names.
            (naming(""), naming("a"), naming("a"), None),
            (naming("a"), naming(""), naming(""), None),
            (and_more("a"), naming("b"), naming("b"), None),
        ];
        for (first, second, agreed, flake) in table {
            assert_eq!(first.clone().agreed(second.clone()), (agreed, flake), "{first:?}, {second:?}");
        }
    }

    #[test]
    fn a_verdict_of_an_older_herder_loads() {
        let old = r#"{"verdict":"red","tail":"1 failed"}"#;
        let verdict: Verdict = serde_json::from_str(old).unwrap();
        assert_eq!(verdict, Verdict::Red(Refusal::unnamed("1 failed")));
        assert_eq!(serde_json::to_string(&verdict).unwrap(), old);
    }
}
