//! What a living ralph says of itself, again and again.

use herder_domain::ledger::Spend;
use herder_domain::usage_window::UsageWindow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a ralph is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It has its lock and prepares.
    Starting,
    /// The agent is at work.
    Working,
    /// It waits for a limit, a provider, a token or a thaw; no working time passes.
    Waiting,
    /// The gate runs.
    Gating,
    /// Old progress is folded into the summary.
    Summarizing,
    /// A person works in its workspace; there is no ralph.
    ByHand,
    /// It stops what is below it.
    Stopping,
    /// It has written, or is about to write, its outcome.
    Ended,
}

impl Phase {
    /// Whether a model is being asked, at a cost that is known only afterwards.
    pub fn is_calling(self) -> bool {
        match self {
            Self::Working | Self::Summarizing => true,
            Self::Starting | Self::Waiting | Self::Gating | Self::ByHand | Self::Stopping | Self::Ended => {
                false
            }
        }
    }

    /// The word for tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Gating => "gating",
            Self::Summarizing => "summarizing",
            Self::ByHand => "by hand",
            Self::Stopping => "stopping",
            Self::Ended => "ended",
        }
    }
}

/// `status.json`. A pid means something only together with its start time and the boot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveStatus {
    /// The version of this shape, [`LiveStatus::SCHEMA`].
    pub schema: u32,
    /// What ralph is at.
    pub state: Phase,
    /// The iteration it is in, from 1; 0 before the first.
    pub iteration: u32,
    /// Ralph's process.
    pub pid: u32,
    /// Its start time in clock ticks after boot (field 22 of `/proc/PID/stat`, see proc(5)).
    pub start_time: u64,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// When ralph wrote this.
    pub heartbeat: Timestamp,
    /// Until when it waits, where that is known.
    #[serde(default)]
    pub waiting_until: Option<Timestamp>,
    /// What it waits for, a few words.
    #[serde(default)]
    pub waiting_for: Option<String>,
    /// What the run spent so far.
    #[serde(default)]
    pub spend: Spend,
    /// What its agent reported of its account's usage windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<UsageWindow>,
    /// What exactly it is at, a few words.
    #[serde(default)]
    pub detail: Option<String>,
    /// By what its processes are found when nobody is left to ask: the marker in their environment.
    #[serde(default)]
    pub run_key: Option<String>,
    /// The run's control group, where it has one.
    #[serde(default)]
    pub cgroup: Option<String>,
}

impl LiveStatus {
    /// The version of this shape.
    pub const SCHEMA: u32 = 1;
}
