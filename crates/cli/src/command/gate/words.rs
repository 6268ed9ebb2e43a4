//! What the gate said by hand, as JSON and as text.

use herder_domain::gate::{Said, Verdict};
use herder_ralph::Handed;
use serde::Serialize;
use serde_json::{Value, json};

/// One thing that fails.
#[derive(Debug, Serialize)]
struct Item<'h> {
    name: &'h str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'h str>,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It fails here; of the base branch nothing is known.
    Failing,
    /// It fails here and not on the base branch.
    New,
    /// It fails on the base branch as well.
    Known,
    /// It failed one time of two.
    Flaky,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::New => "new",
            Self::Known => "known",
            Self::Flaky => "flaky",
        }
    }
}

/// All that fails by name, what is against the work first.
fn items(handed: &Handed) -> Vec<Item<'_>> {
    let findings = &handed.findings;
    let own = match findings.base {
        Some(_) => State::New,
        None => State::Failing,
    };
    let bare = |name, state| Item { name, state, message: None };
    let mut items = Vec::new();
    match &findings.verdict {
        Verdict::Red(refusal) | Verdict::Undecided(refusal) => {
            items.extend(refusal.failures.iter().map(|failure| Item {
                name: &failure.name,
                state: own,
                message: failure.message.as_deref(),
            }));
            items.extend(refusal.known.iter().map(|name| bare(name, State::Known)));
        }
        Verdict::NoNewFailure { known } => items.extend(known.iter().map(|failure| Item {
            name: &failure.name,
            state: State::Known,
            message: failure.message.as_deref(),
        })),
        Verdict::Green | Verdict::Missing => {}
    }
    let flaky = findings.flake.iter().flat_map(|flake| &flake.items);
    items.extend(flaky.map(|name| bare(name, State::Flaky)));
    items
}

/// The answer for programs.
pub fn in_json(handed: &Handed) -> Value {
    let findings = &handed.findings;
    let refusal = findings.verdict.refusal();
    json!({
        "verdict": findings.verdict.word(),
        "commit": handed.subject.to_string(),
        "base": handed.base.to_string(),
        "base_is_green": findings.base.as_ref().map(|base| base.said == Said::Yes),
        "items": items(handed),
        "more": refusal.map_or(0, |refusal| refusal.more),
        "flake": findings.flake.is_some(),
        "output": refusal.map_or("", |refusal| &refusal.tail),
        "askings": handed.askings,
        "seconds": handed.elapsed.as_secs_f64(),
    })
}

/// The answer for a person, below what the gate itself has printed.
pub fn in_words(handed: &Handed) -> String {
    let findings = &handed.findings;
    let times = if handed.askings == 1 { "once".to_owned() } else { format!("{} times", handed.askings) };
    let seconds = handed.elapsed.as_secs_f64();
    let mut text = format!("the gate: {} (asked {times}, {seconds:.1} s)\n", findings.verdict.word());
    for Item { name, state, message } in items(handed) {
        let message = message.map(|message| format!(": {message}")).unwrap_or_default();
        text.push_str(&format!("{:<8} {name}{message}\n", state.word()));
    }
    if let Some(more) = findings.verdict.refusal().map(|refusal| refusal.more).filter(|more| *more > 0) {
        text.push_str(&format!("and {more} more\n"));
    }
    match findings.base.as_ref().map(|base| &base.said) {
        Some(Said::Yes) => text.push_str("the base branch itself is green\n"),
        Some(Said::No(_)) => text.push_str("the base branch itself is red\n"),
        None => {}
    }
    if let Some(flake) = &findings.flake {
        text.push_str(&format!("it changes its mind: {flake}\n"));
    }
    text
}
