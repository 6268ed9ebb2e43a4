//! What the dashboard is told and may order: by the very functions that carry commands out.

use herder_dashboard::{Desk, Kind, Trouble};
use herder_domain::repo::GoalRef;
use herder_domain::why::Answer;
use herder_domain::world::World;
use herder_record::StateDir;
use herder_store::Store;
use herder_view::Order;
use jiff::Timestamp;

use crate::args::{Named, Reference, Several};
use crate::call::Call;
use crate::command::{frost, goal, why};
use crate::failure::{self, Failure};
use crate::output::Output;

/// Answers the dashboard as the command line would.
#[derive(Debug)]
pub struct CommandDesk {
    state: StateDir,
}

impl CommandDesk {
    /// For this state directory, which is that of the environment.
    pub fn of(state: StateDir) -> Self {
        Self { state }
    }

    fn call() -> Call {
        Call { output: Output::new(true), repo: None, now: Timestamp::now() }
    }
}

impl Desk for CommandDesk {
    fn world(&self, store: &Store, now: Timestamp) -> Result<World, Trouble> {
        why::world(&Call { now, ..Self::call() }, &self.state, store).map_err(trouble)
    }

    fn why(&self, store: &Store, world: &World, goal: &GoalRef) -> Result<Answer, Trouble> {
        why::answer(&Self::call(), &self.state, store, world, goal).map_err(trouble)
    }

    fn orchestrator(&self) -> Option<String> {
        match herder_orchestrator::holder(&self.state) {
            Ok(Some(_)) => None,
            Ok(None) => Some("No orchestrator is at work: `herder up` starts one.".to_owned()),
            Err(error) => Some(format!("Whether an orchestrator is at work is not known: {error}")),
        }
    }

    fn order(&self, id: &GoalRef, order: &Order) -> Result<(), Trouble> {
        let call = Self::call();
        let number = Reference { repo: Some(id.repo.to_string()), number: id.number };
        let named = Named { number };
        let alone = Several { numbers: vec![named.number.clone()] };
        let done = match order {
            Order::Queue => goal::queue(&call, &alone),
            Order::Freeze => frost::freeze(&call, &alone),
            Order::Thaw => frost::thaw(&call, &alone),
            Order::Approve => goal::approve(&call, &named),
            Order::Reject { feedback } => goal::reject(&call, &named, feedback),
            Order::Answer { text } => goal::answer(&call, &named, text),
            Order::Retry => goal::retry(&call, &named),
            Order::Cancel => goal::cancel(&call, &named),
        };
        done.map(|_| ()).map_err(trouble)
    }
}

/// A failure as the dashboard says it: the same kind, sentence and hints.
fn trouble(failure: Failure) -> Trouble {
    let kind = match failure.kind {
        failure::Kind::Usage => Kind::Usage,
        failure::Kind::NotFound => Kind::NotFound,
        failure::Kind::Refused | failure::Kind::Unfinished => Kind::Refused,
        failure::Kind::Config => Kind::Config,
        failure::Kind::Environment => Kind::Environment,
        failure::Kind::Busy => Kind::Busy,
        failure::Kind::Internal => Kind::Internal,
    };
    failure.hints.into_iter().fold(Trouble::new(kind, failure.message), Trouble::hint)
}
