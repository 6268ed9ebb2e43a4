//! The pages. Each is written by the server, whole, and is readable without a script.

pub mod format;
mod groups;
mod layout;
mod numbers;
mod trouble;

pub use layout::{Tab, page};
pub use numbers::numbers;
pub use trouble::trouble;
