//! Where a conversation with an agent stands: what its last turn brought, and what is still to be tried.

use herder_domain::agent::Answer;

use crate::answer;
use crate::session::{Ending, Exit, MAX_CORRECTIONS, Reply, Turn, without_verdict};

/// The verdict so far.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    state: State,
    corrections: u32,
}

#[derive(Debug, Default)]
enum State {
    /// The turn is under way.
    #[default]
    Open,
    Replied(Reply),
    Invalid(String),
    Failed(Ending),
}

impl Standing {
    /// A turn brought what was asked for. That stands, whatever comes behind it.
    pub(crate) fn replied(&mut self, reply: Reply) -> Turn {
        self.state = State::Replied(reply.clone());
        Turn::Replied(reply)
    }

    /// A turn brought a structured answer, or what should be one.
    pub(crate) fn answered(&mut self, answer: Result<Answer, answer::Invalid>) -> Turn {
        match answer {
            Ok(answer) => self.replied(Reply::Answer(answer)),
            Err(problem) => self.invalid(problem.to_string()),
        }
    }

    /// A turn brought text where text was asked for.
    pub(crate) fn wrote(&mut self, text: &str) -> Turn {
        match text.trim() {
            "" => self.invalid("the answer was empty".into()),
            text => self.replied(Reply::Text(text.to_owned())),
        }
    }

    /// A turn brought something else.
    pub(crate) fn invalid(&mut self, problem: String) -> Turn {
        self.settle(State::Invalid(problem.clone()));
        Turn::Invalid(problem)
    }

    /// A turn brought nothing.
    pub(crate) fn failed(&mut self, ending: Ending) -> Turn {
        self.settle(State::Failed(ending));
        Turn::Failed
    }

    fn settle(&mut self, state: State) {
        if !matches!(self.state, State::Replied(_)) {
            self.state = state;
        }
    }

    /// What to say about an invalid answer, as often as that is tried; then the next turn is under way.
    pub(crate) fn correction(&mut self) -> Option<String> {
        let State::Invalid(problem) = &self.state else { return None };
        if self.corrections == MAX_CORRECTIONS {
            return None;
        }
        let text = answer::correction(problem);
        self.corrections += 1;
        self.state = State::Open;
        Some(text)
    }

    /// The verdict at the end of the process.
    pub(crate) fn end(&mut self, exit: Exit, stderr_tail: &str) -> Ending {
        match std::mem::take(&mut self.state) {
            State::Replied(Reply::Answer(answer)) => Ending::Answered(answer),
            State::Replied(Reply::Text(text)) => Ending::Replied(text),
            State::Failed(ending) => ending,
            State::Invalid(problem) => Ending::Invalid { problem },
            State::Open => without_verdict(exit, stderr_tail),
        }
    }
}
