//! Goals, runs and stories as they are shown: the same facts for the command line, the dashboard and programs.
//!
//! *Invariant:* nothing is written and nothing is decided: it puts together what the database and the run directories
//! say. How it looks (columns, pages) is the business of whoever shows it.

mod comment;
mod foretold;
mod goal;
mod line;
mod link;
mod log;
mod need;
mod now;
mod order;
mod picture;
mod printable;
mod repo;
mod run;
mod story;
mod turn;
mod whole;
mod whole_run;
mod work;

pub use comment::CommentItem;
pub use foretold::{Foretold, Outlook, foretell};
pub use goal::{Costs, GoalItem, PauseItem, pull_address};
pub use line::LineKind;
pub use link::{LinkSigner, OrderLink, Void};
pub use log::{last_lines, log_lines};
pub use need::{Need, Parking};
pub use now::{Capacities, Now, Waiting, queue};
pub use order::{Order, OrderKind, UnknownOrder};
pub use picture::Picture;
pub use printable::printable;
pub use repo::RepoItem;
pub use run::RunItem;
pub use story::{StoryItem, WholeStory};
pub use turn::turn;
pub use whole::{Linked, TransitionItem, WholeGoal};
pub use whole_run::{GateOutput, IterationItem, WholeRun};
pub use work::Work;
