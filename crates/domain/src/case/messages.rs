//! What herder says in comments and notifications about a goal's runs and landings. What a gate or an agent
//! wrote stands in fences and code spans that it cannot end.

use crate::gate::Refusal;
use crate::goal::Goal;

/// What is said of a goal that is given up.
pub(super) fn post_mortem(goal: &Goal, cause: &str, detail: &str) -> String {
    let mut text = format!("Given up because {cause}.\n\nLast: {detail}.\n\nRuns:\n");
    for note in &goal.history {
        text.push_str(&format!("- `{}`: {}\n", note.run, note.outcome.sentence()));
    }
    if let Some(tail) = &goal.context.gate_output {
        let fence = fence_around(tail);
        text.push_str(&format!("\nThe gate said last:\n\n{fence}\n{}\n{fence}\n", tail.trim_end()));
    }
    if let Some(progress) = &goal.context.last_progress {
        text.push_str(&format!("\nThe agent said last: {progress}\n"));
    }
    let n = goal.id.number;
    let retry = match goal.on_forge {
        Some(_) => format!("A comment `/retry` starts a new series, and so does `herder goal retry {n}`."),
        None => format!("`herder goal retry {n}` starts a new series."),
    };
    text.push_str(&format!("\nThe work so far is the branch `goal-{n}` in the vault. {retry}"));
    text
}

/// What a person can do about work that waits for one.
pub(super) fn ways_on(goal: &Goal) -> String {
    let n = goal.id.number;
    let has_question = goal.state.question().is_some();
    if goal.on_forge.is_some() {
        let answers = if has_question { "`/answer` and words answers it and the work goes on; " } else { "" };
        return format!(
            "By a comment: {answers}`/approve` lands it, `/reject` and a reason sends it back. A review of its pull \
             request does the same. (Or `herder goal approve {n}`, `herder goal reject {n} --feedback \"...\"`.)"
        );
    }
    let answers = match has_question {
        true => format!("`herder goal answer {n} \"...\"` answers it and the work goes on. "),
        false => String::new(),
    };
    format!(
        "{answers}`herder goal approve {n}` lands it, `herder goal reject {n} --feedback \"...\"` sends it back."
    )
}

/// What is said of work that landed although the gate is not green.
pub(super) fn no_new_failure(commit: &str, known: &[String]) -> String {
    let short = commit.get(..10).unwrap_or(commit);
    format!(
        "Landed as `{short}` although the gate is red: nothing fails that does not fail on the base branch \
         itself.\n\nIt was known that these fail:\n{}",
        list(known.iter().map(|name| (name.as_str(), None))),
    )
}

/// What is said of a base branch that its own gate refuses.
pub(super) fn base_red(base_branch: &str, since: &str, refusal: &Refusal) -> String {
    let short = since.get(..10).unwrap_or(since);
    let mut text = format!("The base branch `{base_branch}` is red itself (tree `{short}`).\n");
    if refusal.failures.is_empty() {
        text.push_str(
            "\nIts gate does not name what fails, so nothing tells what work breaks from what was broken: \
             finished work that the gate refuses waits for a person. `docs/gate.md` says how a gate names \
             what fails.\n",
        );
        let fence = fence_around(&refusal.tail);
        text.push_str(&format!("\nThe gate said:\n\n{fence}\n{}\n{fence}\n", refusal.tail.trim_end()));
    } else {
        let failures = refusal.failures.iter();
        text.push_str("\nThese fail:\n");
        text.push_str(&list(failures.map(|one| (one.name.as_str(), one.message.as_deref()))));
        text.push_str("\nWork that fails in nothing else is accepted.\n");
    }
    text
}

/// How many names a comment lists.
const LISTED: usize = 50;

/// Names as a list of Markdown, each in its own code span.
fn list<'a>(items: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let items: Vec<_> = items.collect();
    let mut text: String = items
        .iter()
        .take(LISTED)
        .map(|(name, message)| {
            let why = message.map(|message| format!(": {}", one_line(message))).unwrap_or_default();
            format!("- {}{why}\n", code(name))
        })
        .collect();
    if let Some(more @ 1..) = items.len().checked_sub(LISTED) {
        text.push_str(&format!("- and {more} more\n"));
    }
    text
}

/// A code span that the text cannot end (CommonMark, 6.1).
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    if longest == 0 { format!("`{text}`") } else { format!("{ticks} {text} {ticks}") }
}

/// Words that stay within their line and their list.
fn one_line(text: &str) -> String {
    code(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A fence of Markdown that the text cannot end: longer than every run of backticks in it (CommonMark, 4.5).
fn fence_around(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gate_printed_stays_in_its_fence() {
        assert_eq!(fence_around("plain"), "```");
        assert_eq!(fence_around("```\n# I am herder now"), "````");
    }
}
