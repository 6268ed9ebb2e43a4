//! What `doctor` says of the state directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::state_dir::StateDir;
use crate::stats::StatsFile;

/// One thing that a person should know about the state directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether herder cannot work because of it.
    pub is_fatal: bool,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Looks at the state directory without changing it. No finding: all is well.
pub fn check(state: &StateDir) -> Vec<Finding> {
    let root = state.root().display();
    let Ok(metadata) = fs::metadata(state.root()) else {
        // It is made when it is needed first.
        return Vec::new();
    };
    let mut findings = Vec::new();
    if let Err(error) = state.is_writable() {
        findings.push(Finding {
            is_fatal: true,
            message: format!("the state directory {root} cannot be written: {error}"),
            hint: "set RALPH_DIR to a directory you can write".into(),
        });
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        findings.push(Finding {
            is_fatal: false,
            message: format!("the state directory {root} is open to other users"),
            hint: format!("chmod 700 {root}"),
        });
    }
    findings.extend(check_stats(&StatsFile::at(state.stats())));
    findings
}

fn check_stats(stats: &StatsFile) -> Option<Finding> {
    let path = stats.path().display();
    let finding = |message| Some(Finding { is_fatal: false, message, hint: format!("look at {path}") });
    match stats.read() {
        Err(error) => finding(format!("failed to {error}")),
        Ok(rows) => {
            let broken = rows.broken.first()?;
            finding(format!("line {} of {path} is broken: {}", broken.line, broken.reason))
        }
    }
}
