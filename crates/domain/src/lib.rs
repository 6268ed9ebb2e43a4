//! The vocabulary of herder, its state machines, and the pure planner.
