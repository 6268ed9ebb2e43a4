//! What is measured of a run.

use serde::Serialize;

use super::line::Line;

/// A figure of a run. Unknown is unknown, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// US dollars.
    Cost,
    /// Working time, in seconds: model, tools and the rest, without waiting.
    Working,
    /// The model thinks or writes, in seconds.
    Llm,
    /// Tools run, the gate included, in seconds.
    Tools,
    /// Working time that is neither, in seconds.
    Overhead,
    /// Waiting for a limit, a token or a thaw, in seconds.
    Waiting,
    /// Waiting in the queue before the run, in seconds.
    Queued,
    /// Iterations.
    Iterations,
    /// Tokens of all kinds.
    Tokens,
    /// Tokens that the model produced.
    Output,
    /// The share of what was sent that came from the provider's cache, 0 to 1.
    CacheShare,
    /// Lines added and deleted.
    Lines,
    /// The most memory held at once, in bytes.
    PeakMemory,
    /// Processor time, in seconds.
    Processor,
}

/// How a figure is written for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// US dollars.
    Dollars,
    /// Seconds.
    Seconds,
    /// A number of things.
    Count,
    /// A part of one.
    Share,
    /// Bytes.
    Bytes,
}

impl Measure {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 14] = [
        Self::Cost,
        Self::Working,
        Self::Llm,
        Self::Tools,
        Self::Overhead,
        Self::Waiting,
        Self::Queued,
        Self::Iterations,
        Self::Tokens,
        Self::Output,
        Self::CacheShare,
        Self::Lines,
        Self::PeakMemory,
        Self::Processor,
    ];

    /// Its name in the interface for programs and in tables that are downloaded.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost_usd",
            Self::Working => "working_seconds",
            Self::Llm => "llm_seconds",
            Self::Tools => "tools_seconds",
            Self::Overhead => "overhead_seconds",
            Self::Waiting => "waiting_seconds",
            Self::Queued => "queued_seconds",
            Self::Iterations => "iterations",
            Self::Tokens => "tokens",
            Self::Output => "output_tokens",
            Self::CacheShare => "cache_share",
            Self::Lines => "lines",
            Self::PeakMemory => "peak_memory_bytes",
            Self::Processor => "processor_seconds",
        }
    }

    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cost => "Cost",
            Self::Working => "Working time",
            Self::Llm => "Thinking",
            Self::Tools => "Tools",
            Self::Overhead => "Overhead",
            Self::Waiting => "Waiting",
            Self::Queued => "In the queue",
            Self::Iterations => "Iterations",
            Self::Tokens => "Tokens",
            Self::Output => "Tokens produced",
            Self::CacheShare => "From the cache",
            Self::Lines => "Lines changed",
            Self::PeakMemory => "Peak memory",
            Self::Processor => "Processor time",
        }
    }

    /// How it is written.
    pub fn unit(self) -> Unit {
        match self {
            Self::Cost => Unit::Dollars,
            Self::Working
            | Self::Llm
            | Self::Tools
            | Self::Overhead
            | Self::Waiting
            | Self::Queued
            | Self::Processor => Unit::Seconds,
            Self::Iterations | Self::Tokens | Self::Output | Self::Lines => Unit::Count,
            Self::CacheShare => Unit::Share,
            Self::PeakMemory => Unit::Bytes,
        }
    }

    /// The figure of a row, where the row tells it.
    pub fn of(self, line: &Line<'_>) -> Option<f64> {
        let tokens = line.tokens;
        let time = line.time_seconds;
        let figure = match self {
            Self::Cost => line.cost_usd.known(),
            Self::Working => Some(time.total),
            Self::Llm => Some(time.llm),
            Self::Tools => Some(time.tools),
            Self::Overhead => Some(time.other),
            Self::Waiting => line.waiting_seconds,
            Self::Queued => line.queue_seconds,
            Self::Iterations => Some(line.iterations as f64),
            Self::Tokens => tokens.map(|tokens| tokens.total() as f64),
            Self::Output => tokens.map(|tokens| tokens.output as f64),
            Self::CacheShare => tokens.and_then(|tokens| {
                let sent = tokens.input.saturating_add(tokens.cache_read).saturating_add(tokens.cache_create);
                (sent > 0).then(|| tokens.cache_read as f64 / sent as f64)
            }),
            Self::Lines => match (line.lines_added, line.lines_deleted) {
                (None, None) => None,
                (added, deleted) => Some(added.unwrap_or(0).saturating_add(deleted.unwrap_or(0)) as f64),
            },
            Self::PeakMemory => line.peak_memory_bytes.map(|bytes| bytes as f64),
            Self::Processor => line.cpu_seconds,
        };
        figure.filter(|figure| figure.is_finite())
    }
}
