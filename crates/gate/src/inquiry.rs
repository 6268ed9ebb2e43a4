//! From askings to a verdict: what is red is asked once more, and what stays red is held against what the
//! gate says of the base branch itself. Everyone who wants a verdict comes this way: ralph, the landing, and
//! a person by hand.

use herder_domain::gate::{BaseSaid, Flake, Refusal, Said, Verdict};

/// What an inquiry needs of whoever inquires.
pub trait Inquirer {
    /// Why a gate could not be asked.
    type Error;

    /// Asks the gate about the work.
    ///
    /// # Errors
    /// It could not be asked.
    fn ask(&mut self) -> Result<Said, Self::Error>;

    /// What the gate is known to say of the base branch, without asking it.
    fn known_base(&mut self) -> Option<BaseSaid>;

    /// What the gate says of the base branch; `None` where that cannot be learnt now.
    ///
    /// # Errors
    /// It could not be asked, for reasons that hold for the work as well.
    fn ask_base(&mut self) -> Result<Option<BaseSaid>, Self::Error>;

    /// Whether there is no point in asking on: nobody wants the answer any more, or no time is left.
    fn is_over(&self) -> bool;
}

/// What an inquiry came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// The verdict.
    pub verdict: Verdict,
    /// The gate said now one thing and now another.
    pub flake: Option<Flake>,
    /// What the gate says of the base branch, where that came up.
    pub base: Option<BaseSaid>,
}

impl Findings {
    fn of(verdict: Verdict) -> Self {
        Self { verdict, flake: None, base: None }
    }
}

/// Asks until there is a verdict.
///
/// # Errors
/// The gate could not be asked, which is no verdict.
pub fn inquire<I: Inquirer>(inquirer: &mut I) -> Result<Findings, I::Error> {
    let refusal = match inquirer.ask()? {
        Said::Yes => return Ok(Findings::of(Verdict::Green)),
        Said::No(refusal) => refusal,
    };
    if inquirer.is_over() {
        return Ok(Findings::of(Verdict::Red(refusal)));
    }
    let known = inquirer.known_base();
    if let Some(accepted) = accepted_already(&refusal, known.as_ref()) {
        return Ok(Findings { base: known, ..Findings::of(accepted) });
    }
    let (said, flake) = settle(refusal, inquirer.ask()?);
    let Said::No(refusal) = said else {
        return Ok(Findings { flake, ..Findings::of(Verdict::Green) });
    };
    if inquirer.is_over() {
        return Ok(Findings { flake, ..Findings::of(Verdict::Red(refusal)) });
    }
    let base = match known {
        Some(base) => Some(base),
        None => inquirer.ask_base()?,
    };
    let verdict = Said::No(refusal).beside(base.as_ref().map(|base| &base.said));
    Ok(Findings { verdict, flake, base })
}

/// Asks about one thing, and once more where the answer is no.
///
/// # Errors
/// The gate could not be asked.
pub fn ask_twice<E>(
    mut ask: impl FnMut() -> Result<Said, E>,
    is_over: impl Fn() -> bool,
) -> Result<(Said, Option<Flake>), E> {
    match ask()? {
        Said::No(refusal) if !is_over() => Ok(settle(refusal, ask()?)),
        said => Ok((said, None)),
    }
}

/// What a no and a second answer come to.
fn settle(first: Refusal, second: Said) -> (Said, Option<Flake>) {
    match second {
        Said::Yes => {
            let flake = Flake::of(first.failures.into_iter().map(|failure| failure.name));
            (Said::Yes, Some(flake))
        }
        Said::No(second) => {
            let (agreed, flake) = first.agreed(second);
            (Said::No(agreed), flake)
        }
    }
}

/// Work that fails in nothing but what is known of the base branch need not be asked about again.
fn accepted_already(refusal: &Refusal, base: Option<&BaseSaid>) -> Option<Verdict> {
    let verdict = Said::No(refusal.clone()).beside(base.map(|base| &base.said));
    match verdict {
        Verdict::NoNewFailure { .. } => Some(verdict),
        Verdict::Green | Verdict::Red(_) | Verdict::Undecided(_) | Verdict::Missing => None,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use herder_domain::gate::Failure;

    use super::*;

    /// Says what stands in a script, and writes down what it was asked.
    #[derive(Default)]
    struct Script {
        work: Vec<Said>,
        known: Option<Said>,
        base: Option<Said>,
        over_after: Option<usize>,
        asked: Vec<&'static str>,
    }

    fn base(said: Said) -> BaseSaid {
        BaseSaid { said, since: "ab12".into() }
    }

    impl Inquirer for Script {
        type Error = Infallible;

        fn ask(&mut self) -> Result<Said, Infallible> {
            self.asked.push("work");
            Ok(self.work.remove(0))
        }

        fn known_base(&mut self) -> Option<BaseSaid> {
            self.known.clone().map(base)
        }

        fn ask_base(&mut self) -> Result<Option<BaseSaid>, Infallible> {
            self.asked.push("base");
            Ok(self.base.clone().map(base))
        }

        fn is_over(&self) -> bool {
            self.over_after.is_some_and(|count| self.asked.len() >= count)
        }
    }

    fn no(names: &str) -> Said {
        let failures = names.split_whitespace().map(Failure::named).collect();
        Said::No(Refusal { failures, ..Refusal::unnamed("tail") })
    }

    /// The verdict, the flake, and what was asked.
    fn found(mut script: Script) -> (String, Option<String>, String) {
        let Ok(findings) = inquire(&mut script);
        let verdict = match &findings.verdict {
            Verdict::Red(refusal) => format!("red: {}", refusal.in_a_line()),
            other => other.word().to_owned(),
        };
        (verdict, findings.flake.map(|flake| flake.items.join(" ")), script.asked.join(" "))
    }

    #[test]
    fn nothing_is_asked_that_need_not_be() {
        let (green, red) = (|| vec![Said::Yes], |names: &str| vec![no(names); 2]);
        let script = |work, known: Option<Said>, base| Script { work, known, base, ..Script::default() };
        let table = [
            (script(green(), None, None), "green", "work"),
            (script(green(), Some(no("a")), None), "green", "work"),
            (script(red("a"), Some(no("a b")), None), "no new failure", "work"),
            (script(red("a"), Some(Said::Yes), None), "red: a", "work work"),
            (script(red("c"), Some(no("a b")), None), "red: c", "work work"),
            (script(red("a"), None, Some(no("a"))), "no new failure", "work work base"),
            (script(red("a"), None, Some(Said::Yes)), "red: a", "work work base"),
            (script(red("a"), None, Some(no(""))), "undecided", "work work base"),
            (script(red("a"), None, None), "red: a", "work work base"),
        ];
        for (script, verdict, asked) in table {
            let (found, flake, was_asked) = found(script);
            assert_eq!((found.as_str(), flake, was_asked.as_str()), (verdict, None, asked));
        }
    }

    #[test]
    fn what_is_red_once_and_green_then_is_green_and_a_flake() {
        let script = Script { work: vec![no("a b"), Said::Yes], ..Script::default() };
        assert_eq!(found(script), ("green".into(), Some("a b".into()), "work work".into()));
        let script = Script { work: vec![no("a b"), no("a c")], base: Some(no("a")), ..Script::default() };
        assert_eq!(found(script), ("no new failure".into(), Some("b c".into()), "work work base".into()));
    }

    #[test]
    fn nobody_is_asked_when_nobody_wants_to_know() {
        for (count, asked) in [(1, "work"), (2, "work work")] {
            let script = Script { work: vec![no("a"); 2], over_after: Some(count), ..Script::default() };
            assert_eq!(found(script), ("red: a".into(), None, asked.into()));
        }
        let mut answers = vec![no("a"), Said::Yes].into_iter();
        let ask = || Ok::<_, Infallible>(answers.next().unwrap());
        let Ok((said, flake)) = ask_twice(ask, || false);
        assert_eq!((said, flake.map(|flake| flake.items)), (Said::Yes, Some(vec!["a".into()])));
    }
}
