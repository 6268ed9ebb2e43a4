//! Whole nights, in small: real git, real keepers, real ralphs, scripted agents.

mod budget;
mod dying;
mod failing;
mod landing;
mod limits;
mod mended;
mod order;
mod review;
mod stage;
