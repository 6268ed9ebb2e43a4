//! What a person reads in `ralph.log`.

use herder_agent::{AgentEvent, LimitState, Turn};

/// The longest piece of text that is logged at once, in bytes.
const PIECE_MAX: usize = 4 << 10;

/// An event as lines for a person; most of the stream says nothing to one.
pub(crate) fn line(event: &AgentEvent) -> Option<String> {
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

fn piece(text: &str) -> &str {
    &text[..text.floor_char_boundary(PIECE_MAX)]
}
