//! The pages. Each is written by the server, whole, and is readable without a script.

mod failures;
mod filter;
pub mod format;
mod goal;
mod groups;
mod layout;
mod link;
mod list;
mod log;
mod now;
mod numbers;
mod run;
mod timeline;
mod trouble;

pub use failures::failures;
pub use goal::{GoalPage, goal};
pub use layout::{Tab, Views, page};
pub use link::{asked, obeyed};
pub use list::{goals, repos, stories, story};
pub use now::now;
pub use numbers::numbers;
pub use run::{RunPage, run, stream};
pub use trouble::trouble;
