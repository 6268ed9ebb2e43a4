//! What the view cannot know or do by itself: the queue, what there is room for, a person's orders.

use std::fmt;

use herder_domain::repo::GoalRef;
use herder_view::Order;
use jiff::Timestamp;

use crate::sight::Sight;

/// Whoever started the view, as it is asked by it. Orders take the way that they take on the command line.
pub trait Desk: Send + fmt::Debug {
    /// What is so at this moment.
    ///
    /// # Errors
    /// A sentence: the database or the settings cannot be read.
    fn look(&mut self, now: Timestamp) -> Result<Sight, String>;

    /// Records what a person wants of a goal, and wakes the orchestrator.
    ///
    /// # Errors
    /// A sentence: the goal's state forbids it, or it cannot be recorded.
    fn order(&mut self, goal: &GoalRef, order: &Order) -> Result<(), String>;

    /// Has a browser show an address.
    ///
    /// # Errors
    /// A sentence: there is none here, as over ssh.
    fn open(&mut self, address: &str) -> Result<(), String>;
}
