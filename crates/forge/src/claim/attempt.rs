//! One deed on its way: read, decide, push, and after anything but a yes read again.

use jiff::Timestamp;

use super::Terms;
use super::deed::{Decision, Deed, Sight};
use super::record::Owner;
use super::view::{Change, Scope, View};

/// So often is read before it is left open: each time somebody else was faster, or an answer was lost.
const ROUNDS: u32 = 5;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Read this much, at one time.
    Read(Scope),
    /// Push all of these, each from where it was seen, or none.
    Push(Vec<Change>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What was read.
    View(View),
    /// It could not be read.
    Unread(String),
    /// All was pushed.
    Pushed,
    /// Somebody was faster, the forge said no, or the answer was lost.
    NotPushed(String),
}

/// Where the deed is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn<A> {
    /// On its way.
    Ask(Ask),
    /// At its end.
    Answer(A),
    /// Nobody knows, and why. It may be tried again at any time, by the same deed.
    Unknown(String),
}

/// One deed on its way.
#[derive(Clone, Debug)]
pub struct Attempt<D: Deed> {
    deed: D,
    left: u32,
    then: Option<D::Answer>,
}

impl<D: Deed> Attempt<D> {
    /// Begins.
    pub fn begin(deed: D) -> (Self, Ask) {
        let ask = Ask::Read(deed.scope());
        (Self { deed, left: ROUNDS, then: None }, ask)
    }

    /// Goes on with what was heard. `now` is the server's time, `None` where it was not heard of lately: then nothing
    /// can be said of leases.
    pub fn hear(
        &mut self,
        heard: Heard,
        me: &Owner,
        now: Option<Timestamp>,
        terms: &Terms,
    ) -> Turn<D::Answer> {
        match heard {
            Heard::View(view) => {
                let Some(now) = now else {
                    return Turn::Unknown("the server's time is not known yet".to_owned());
                };
                self.decide(&Sight { view: &view, me, now, terms })
            }
            Heard::Unread(why) => Turn::Unknown(why),
            Heard::Pushed => match self.then.take() {
                Some(answer) => Turn::Answer(answer),
                None => Turn::Unknown("nothing was to be pushed".to_owned()),
            },
            Heard::NotPushed(why) => self.again(why),
        }
    }

    fn decide(&mut self, sight: &Sight<'_>) -> Turn<D::Answer> {
        match self.deed.decide(sight) {
            Decision::Answer(answer) => Turn::Answer(answer),
            Decision::Unknown(why) => Turn::Unknown(why),
            Decision::Push { changes, then } => {
                self.then = Some(then);
                Turn::Ask(Ask::Push(changes))
            }
        }
    }

    fn again(&mut self, why: String) -> Turn<D::Answer> {
        self.then = None;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 { Turn::Unknown(why) } else { Turn::Ask(Ask::Read(self.deed.scope())) }
    }
}
