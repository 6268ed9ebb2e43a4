//! The client against the double of GitHub, and against a server that misbehaves.

mod app;
mod issues;
mod limits;
mod lists;
mod lookups;
mod pulls;
mod scene;
mod tokens;
