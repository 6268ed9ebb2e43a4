//! What the dashboard cannot know or do by itself: settings, the planner's picture, a person's orders.

use std::fmt;

use herder_domain::repo::GoalRef;
use herder_domain::why::Answer;
use herder_domain::world::World;
use herder_store::Store;
use herder_view::Order;
use jiff::Timestamp;

use crate::http::Trouble;

/// Whoever started the dashboard, as it is asked by it. Orders take the way that they take on the command line.
pub trait Desk: Send + Sync + fmt::Debug {
    /// The whole picture, as the planner would see it now.
    ///
    /// # Errors
    /// The database or the settings cannot be read.
    fn world(&self, store: &Store, now: Timestamp) -> Result<World, Trouble>;

    /// Why a goal is where it is: the answer of `herder why`.
    ///
    /// # Errors
    /// The same, or there is no such goal.
    fn why(&self, store: &Store, world: &World, goal: &GoalRef) -> Result<Answer, Trouble>;

    /// What is to be known of the orchestrator, in a sentence; `None` where it simply is at work.
    fn orchestrator(&self) -> Option<String>;

    /// Records what a person wants of a goal, and wakes the orchestrator.
    ///
    /// # Errors
    /// The goal's state forbids it, or it cannot be recorded.
    fn order(&self, goal: &GoalRef, order: &Order) -> Result<(), Trouble>;
}
