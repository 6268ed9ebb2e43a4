//! Deeds carried out: by whoever can read and push refs.

use jiff::Timestamp;

use super::Terms;
use super::attempt::{Ask, Attempt, Heard, Turn};
use super::deed::Deed;
use super::record::Owner;
use super::view::{Change, Scope, View};

/// The refs of one repository at the forge. All calls block.
pub trait Refs {
    /// Reads them, all at one time.
    ///
    /// # Errors
    /// They could not be read: why.
    fn read(&self, scope: Scope) -> Result<View, String>;

    /// Moves refs, all of them from where they were seen, or none.
    ///
    /// # Errors
    /// It is not known to be done: why.
    fn push(&self, changes: &[Change]) -> Result<(), String>;
}

/// What was asked is not known. The same deed may be tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("learn whose a goal is: {0}")]
pub struct Unsure(pub String);

/// An orchestrator at one repository.
#[derive(Clone, Debug)]
pub struct Claims<R> {
    /// The refs.
    pub refs: R,
    /// The orchestrator.
    pub me: Owner,
    /// How long things hold.
    pub terms: Terms,
}

impl<R: Refs> Claims<R> {
    /// Carries a deed out. `clock` tells the server's time, where it was heard of lately.
    ///
    /// # Errors
    /// Nobody knows whether it was done.
    pub fn carry_out<D: Deed>(
        &self,
        deed: D,
        clock: impl Fn() -> Option<Timestamp>,
    ) -> Result<D::Answer, Unsure> {
        let (mut attempt, mut ask) = Attempt::begin(deed);
        loop {
            let heard = match ask {
                Ask::Read(scope) => self.refs.read(scope).map_or_else(Heard::Unread, Heard::View),
                Ask::Push(changes) => {
                    self.refs.push(&changes).map_or_else(Heard::NotPushed, |()| Heard::Pushed)
                }
            };
            match attempt.hear(heard, &self.me, clock(), &self.terms) {
                Turn::Ask(next) => ask = next,
                Turn::Answer(answer) => return Ok(answer),
                Turn::Unknown(why) => return Err(Unsure(why)),
            }
        }
    }
}
