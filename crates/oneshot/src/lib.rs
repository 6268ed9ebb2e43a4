//! Runs one short program to its end, bounded in time and output.
