//! Scripts: which reply a request gets.

use std::collections::VecDeque;

use super::reply::Reply;
use super::request::Seen;

/// The steps for all conversations that contain a marker.
pub(super) struct Script {
    pub marker: String,
    /// Whether it answers requests without tools instead of the agent's own.
    pub is_for_side: bool,
    /// Whether it begins again at its end.
    pub is_endless: bool,
    pub steps: VecDeque<Reply>,
}

impl Script {
    fn next(&mut self) -> Option<Reply> {
        let reply = self.steps.pop_front()?;
        if self.is_endless {
            self.steps.push_back(reply.clone());
        }
        Some(reply)
    }
}

/// What a request gets.
pub(super) enum Choice {
    /// The next step of the script with this marker.
    Step(String, Reply),
    /// A request without tools that no script wants: a title, a check, a summary.
    Default,
    /// Nothing foreseen, and why.
    Unforeseen(Option<String>, String),
}

/// Takes the next step of the script whose marker comes first in what the person said.
///
/// First in the text, not first in the list: a prompt names its own goal before it quotes others (the log of the
/// repository, a dependency's title). Results of tools are not searched for the same reason.
pub(super) fn choose(scripts: &mut [Script], seen: &Seen) -> Choice {
    let wanted = scripts
        .iter_mut()
        .filter(|script| script.is_for_side == seen.is_side)
        .filter_map(|script| Some((seen.user_text.find(&script.marker)?, script)))
        .min_by_key(|(place, script)| (*place, usize::MAX - script.marker.len()));
    match wanted {
        Some((_, script)) => match script.next() {
            Some(reply) => Choice::Step(script.marker.clone(), reply),
            None => {
                let why = format!("the script {:?} has no step left", script.marker);
                Choice::Unforeseen(Some(script.marker.clone()), why)
            }
        },
        None if seen.is_side => Choice::Default,
        None => Choice::Unforeseen(None, "no script has a marker that this conversation contains".to_owned()),
    }
}
