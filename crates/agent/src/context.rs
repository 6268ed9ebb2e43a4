//! How full a model's context was.

use herder_domain::ledger::Tokens;

/// A model's context at its fullest, tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContextUse {
    /// What one request sent, plus what was known of its reply.
    pub used: u64,
    /// What the context holds, where the agent said so.
    pub window: Option<u64>,
}

impl ContextUse {
    /// Takes the account of one request.
    pub(crate) fn request(&mut self, tokens: &Tokens) {
        self.used = self.used.max(tokens.total());
    }

    /// Takes what the agent says that the context holds; nothing is no size.
    pub(crate) fn holds(&mut self, window: Option<u64>) {
        self.window = window.filter(|window| *window > 0).or(self.window);
    }

    /// What is known, if anything is.
    pub(crate) fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}
