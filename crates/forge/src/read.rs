//! What can be read: one file for each kind of thing.

pub mod check;
pub mod comment;
pub(crate) mod field;
pub mod history;
pub mod issue;
pub mod link;
pub mod pull;
pub mod queue;
pub mod repository;
pub mod review;
pub mod rule;
