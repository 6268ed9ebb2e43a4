//! What a person reads in `ralph.log`.

use herder_agent::{AgentEvent, LimitState, Turn};
use herder_domain::agent::Answer;

/// The longest piece of text that is logged at once, in bytes.
const PIECE_MAX: usize = 4 << 10;

/// The longest reason of a failure that is logged, in bytes: the end of a standard error has room.
const REASON_MAX: usize = PIECE_MAX;

/// The beginning of a summary that is logged at an iteration's end, in bytes.
const FIRST_WORDS: usize = 200;

/// An event as lines for a person; most of the stream says nothing to one.
pub fn line(event: &AgentEvent) -> Option<String> {
    Some(match event {
        AgentEvent::Started { model, version, .. } => format!(
            "agent started{}{}",
            model.as_deref().map(|model| format!(", model {model}")).unwrap_or_default(),
            version.as_deref().map(|version| format!(", version {version}")).unwrap_or_default(),
        ),
        AgentEvent::Text(text) => piece(text).to_owned(),
        AgentEvent::ToolStarted { name, summary, .. } => format!("> {name} {}", piece(summary)),
        AgentEvent::ToolEnded { is_error: true, .. } => "> failed".into(),
        AgentEvent::ToolDenied { name } => format!("> {name} was refused"),
        AgentEvent::Waiting { wait, why } => format!("the agent waits {:.1} s: {why}", wait.as_secs_f64()),
        AgentEvent::LimitReported { state, window, resets_at, .. } => match state {
            LimitState::Allowed => return None,
            LimitState::Warned => format!("the {window} window is nearly spent"),
            LimitState::Rejected => {
                let until = resets_at.map(|at| format!(" until {at:.0}")).unwrap_or_default();
                format!("the {window} window is spent{until}")
            }
        },
        AgentEvent::TurnEnded(Turn::Invalid(problem)) => format!("no valid answer: {problem}"),
        AgentEvent::LineCut { length } => format!("(a line of {length} bytes was cut)"),
        AgentEvent::TurnEnded(Turn::Replied(_) | Turn::Failed)
        | AgentEvent::Thought(_)
        | AgentEvent::ToolEnded { is_error: false, .. }
        | AgentEvent::Ignored { .. } => return None,
    })
}

/// An iteration's end with an answer: its word and the first words of its summary.
pub(crate) fn answered(iteration: u32, answer: &Answer) -> String {
    let words = one_line(&answer.summary, FIRST_WORDS);
    format!("-- iteration {iteration} ended: {}: {words}", answer.status.as_str())
}

/// An iteration's end without one: the sentence that says why.
pub(crate) fn failed(iteration: u32, why: &str) -> String {
    format!("-- iteration {iteration} ended: {}", one_line(why, REASON_MAX))
}

/// A text on one line, and no more of it than `limit` bytes.
fn one_line(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = &line[..line.floor_char_boundary(limit)];
    if cut.len() < line.len() { format!("{cut}…") } else { line }
}

fn piece(text: &str) -> &str {
    &text[..text.floor_char_boundary(PIECE_MAX)]
}

#[cfg(test)]
mod tests {
    use herder_domain::agent::Status;

    use super::*;

    #[test]
    fn an_iterations_end_is_one_line() {
        let answer = Answer::new(Status::Blocked, "Which of\nthe two? ".repeat(40));
        let line = answered(3, &answer);
        assert!(line.starts_with("-- iteration 3 ended: blocked: Which of the two? Which"), "{line}");
        assert!(line.len() < 250 && line.ends_with('…'), "{line}");
        let line = failed(4, "the agent failed: ended by exit code 3: no\n  disk\n");
        assert_eq!(line, "-- iteration 4 ended: the agent failed: ended by exit code 3: no disk");
    }
}
