//! The pages. Each is written by the server, whole, and is readable without a script.

mod failures;
mod filter;
pub mod format;
mod groups;
mod layout;
mod numbers;
mod trouble;

pub use failures::failures;
pub use layout::{Tab, page};
pub use numbers::numbers;
pub use trouble::trouble;
