//! A row, as far as numbers are asked of it.

use std::borrow::Cow;

use herder_domain::ledger::{Cost, Tokens};
use herder_record::stats::TimeSeconds;
use serde::Deserialize;

/// The fields of a row that are kept. It borrows from the file's text: a row is read once and put into columns.
#[derive(Debug, Deserialize)]
pub struct Line<'l> {
    #[serde(borrow)]
    pub(super) started_at: Cow<'l, str>,
    #[serde(default)]
    pub(super) ended_at: Option<Cow<'l, str>>,
    #[serde(borrow)]
    pub(super) exit_reason: Cow<'l, str>,
    #[serde(borrow, default)]
    pub(super) model: Cow<'l, str>,
    #[serde(borrow, default)]
    pub(super) reasoning: Cow<'l, str>,
    #[serde(borrow, default)]
    pub(super) goal_file: Cow<'l, str>,
    #[serde(default)]
    pub(super) iterations: u64,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
    #[serde(default = "unknown")]
    pub(super) cost_usd: Cost,
    #[serde(default)]
    pub(super) time_seconds: TimeSeconds,
    #[serde(default)]
    pub(super) lines_added: Option<u64>,
    #[serde(default)]
    pub(super) lines_deleted: Option<u64>,
    #[serde(default)]
    pub(super) goal: Option<u64>,
    #[serde(default)]
    pub(super) repo: Option<Cow<'l, str>>,
    #[serde(default)]
    pub(super) story: Option<u64>,
    #[serde(default)]
    pub(super) agent: Option<Cow<'l, str>>,
    #[serde(default)]
    pub(super) host: Option<Cow<'l, str>>,
    #[serde(default)]
    pub(super) waiting_seconds: Option<f64>,
    #[serde(default)]
    pub(super) queue_seconds: Option<f64>,
    #[serde(default)]
    pub(super) peak_memory_bytes: Option<u64>,
    #[serde(default)]
    pub(super) cpu_seconds: Option<f64>,
    #[serde(default)]
    pub(super) labels: Option<Vec<Cow<'l, str>>>,
}

fn unknown() -> Cost {
    Cost::UNKNOWN
}
