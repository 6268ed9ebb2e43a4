//! Settings, each with its source.
