//! What `doctor` says of the state directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use herder_domain::finding::Finding;

use crate::state_dir::StateDir;
use crate::stats::StatsFile;
use crate::sweep::{abandoned, runs};

/// Looks at the state directory without changing it.
pub fn check(state: &StateDir) -> Vec<Finding> {
    let root = state.root().display();
    let Ok(metadata) = fs::metadata(state.root()) else {
        return vec![Finding::ok("state", format!("{root} is made when it is needed first"))];
    };
    let mut findings = Vec::new();
    if let Err(error) = state.is_writable() {
        findings.push(Finding::error(
            "state",
            format!("the state directory {root} cannot be written: {error}"),
            "set RALPH_DIR to a directory you can write",
        ));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        findings.push(Finding::warning(
            "state",
            format!("the state directory {root} is open to other users"),
            format!("chmod 700 {root}"),
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("state", root.to_string()));
    }
    findings.push(check_runs(state));
    findings.push(check_stats(&StatsFile::at(state.stats())));
    findings
}

fn check_runs(state: &StateDir) -> Finding {
    let (all, dead) = match runs(state).and_then(|all| Ok((all, abandoned(state)?))) {
        Ok(found) => found,
        Err(error) => {
            return Finding::warning("runs", format!("failed to {error}"), "look at the directory `runs`");
        }
    };
    match dead.first() {
        None => Finding::ok("runs", format!("{} run directories, each living or ended", all.len())),
        Some(first) => Finding::warning(
            "runs",
            format!("{} runs died without a word; one is {}", dead.len(), first.run()),
            "`herder up` settles those of goals, any other command settles the rest",
        ),
    }
}

fn check_stats(stats: &StatsFile) -> Finding {
    let path = stats.path().display();
    let hint = format!("look at {path}; what is no row is left out");
    match stats.read() {
        Err(error) => Finding::warning("stats", format!("failed to {error}"), hint),
        Ok(rows) => match rows.broken.first() {
            None => Finding::ok("stats", format!("{} rows in {path}", rows.rows.len())),
            Some(broken) => {
                let detail = format!("line {} of {path} is broken: {}", broken.line, broken.reason);
                Finding::warning("stats", detail, hint)
            }
        },
    }
}
