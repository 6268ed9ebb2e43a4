//! The terminal view of running ralphs.
