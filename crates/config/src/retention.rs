//! How long things are kept that nobody needs any more.

use std::num::NonZeroU64;
use std::time::Duration;

use herder_domain::duration::Span;

use crate::error::ConfigError;
use crate::file::UserConfig;

/// A day, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// How long things are kept, counted from when their goal was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The large files of a run: the agent's stream, gate logs, the private git directory.
    pub runs: Duration,
    /// Snapshots in the vault.
    pub snapshots: Duration,
    /// What a run came to: its order, its outcome, its ledger, its log.
    pub records: Duration,
    /// How much all package caches together may take, in bytes.
    pub caches_max: u64,
}

impl Default for Retention {
    /// 30 days, 90 days, a year, 40 GiB.
    fn default() -> Self {
        let days = |count: u64| Duration::from_secs(count * DAY);
        Self { runs: days(30), snapshots: days(90), records: days(365), caches_max: 40 << 30 }
    }
}

impl UserConfig {
    /// How long things are kept.
    ///
    /// # Errors
    /// What a run came to would go before its large files.
    pub fn retention(&self) -> Result<Retention, ConfigError> {
        let (said, usual) = (&self.raw.retention, Retention::default());
        let or = |span: Option<Span>, usual| span.map_or(usual, |span| span.0);
        let bytes = |gib: NonZeroU64| gib.get().saturating_mul(1 << 30);
        let retention = Retention {
            runs: or(said.runs, usual.runs),
            snapshots: or(said.snapshots, usual.snapshots),
            records: or(said.records, usual.records),
            caches_max: said.caches_gib.map_or(usual.caches_max, bytes),
        };
        if retention.records < retention.runs {
            return Err(self.lines.bad_value(&["retention", "records"], "it is shorter than retention.runs"));
        }
        Ok(retention)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(text: &str) -> Result<Retention, ConfigError> {
        UserConfig::parse(Path::new("config.toml"), text)?.retention()
    }

    #[test]
    fn what_is_not_said_is_as_usual_and_records_outlive_large_files() {
        assert_eq!(read("").unwrap(), Retention::default());
        let short = read("[retention]\nruns = \"12h\"\ncaches_gib = 2\n").unwrap();
        assert_eq!((short.runs.as_secs(), short.caches_max), (43_200, 2 << 30));
        assert_eq!(short.snapshots, Retention::default().snapshots);
        let error = read("[retention]\nrecords = \"1d\"\n").unwrap_err().to_string();
        assert!(error.contains("retention.records") && error.contains("shorter"), "{error}");
        assert!(read("[retention]\nrun = \"1d\"\n").is_err(), "an unknown key");
    }
}
