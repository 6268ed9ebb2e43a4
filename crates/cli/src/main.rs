//! The herder command line: arguments in, text out.
fn main() {}
