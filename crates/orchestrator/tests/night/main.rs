//! Whole nights, in small: real git, real keepers, real ralphs, scripted agents.

mod landing;
mod stage;
