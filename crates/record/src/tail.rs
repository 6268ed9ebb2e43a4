//! Following a file.
