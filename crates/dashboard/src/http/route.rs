//! One address: what it is for, what it takes, and what answers.

use super::ask::Ask;
use super::reply::Reply;
use super::trouble::Trouble;
use crate::site::Site;

/// An address that is read.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The path; `{name}` stands for a part.
    pub path: &'static str,
    /// What it answers, a few words.
    pub about: &'static str,
    /// The parameters that it takes.
    pub takes: &'static [Parameter],
    /// What its answer holds beside `ok`, where that is an object of JSON.
    pub gives: &'static [&'static str],
    /// Whether that says `ok` too, as all do but what has a form of its own.
    pub has_ok: bool,
    /// What answers.
    pub answer: fn(&Site, &Ask) -> Result<Reply, Trouble>,
}

/// A parameter of an address.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
}

impl Route {
    /// Whether it is for programs.
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }
}
