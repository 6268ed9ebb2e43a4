//! The project's own chores: test, ci, tidy.
fn main() {}
