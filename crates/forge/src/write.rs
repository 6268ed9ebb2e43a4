//! What can be written: one file for each kind of thing. Each write says what makes a second one harmless.

pub mod automerge;
pub mod comment;
pub mod issue;
pub mod label;
pub mod link;
pub mod merge;
pub mod pull;
